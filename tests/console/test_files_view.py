"""The view of the files: finding, selecting, deleting and restoring, as a person does it."""

from __future__ import annotations

import base64
import io
import json
import re
import secrets
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.console.pages import CONTROL, SHIFT, check_looks, findings, live, look, press, sheet_of_keys, write
from tests.devtools import CLICK, Page
from tests.stack import Stack, until

API = "/api/v1.0/"
PROJECT = f"{API}projects/default/"
PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAFUlEQVR4nGP8z8DAgBcw4ZccVgoAlxgCD1tUf2gAAAAASUVORK5CYII="
)
LONG = f"{'ä' * 120}-v1.txt"
HOSTILE = ["<img src=x onerror=alert(1)>.txt", "invoice\u202etxt.exe", "تقرير سنوي-v1.pdf", LONG]

NAMES = "[...document.querySelectorAll('.window [data-id] .whole-name')].map((name) => name.title)"
SELECTED = "document.querySelectorAll('.window [aria-selected=true]').length"
TOTAL = "document.querySelector('.count')?.innerText"
READY = "document.querySelector('.window [data-id]') && !document.querySelector('[aria-busy]')"

Open = Callable[[str], Page]


@pytest.fixture
def tag() -> str:
    """Of the files of this test: the service has those of others as well."""
    return f"t-{secrets.token_hex(4)}"


@pytest.fixture
def trash(stack: Stack) -> Iterator[None]:
    """The project keeps what is deleted."""
    keep_deleted(stack, 7)
    yield
    keep_deleted(stack, 0)


def keep_deleted(stack: Stack, days: int) -> None:
    """A process remembers a project for some seconds."""
    assert stack.client.patch(PROJECT, json={"trash_days": days}).status_code == 200
    until(lambda: stack.client.get(f"{API}me/").json()["trash_days"] == days, 20, lambda: f"trash_days is not {days}")


def stored(stack: Stack, tag: str, *names: str, content: bytes | None = None) -> list[str]:
    """Uploads files of these names, the first one first. Returns their ids."""

    def one(name: str) -> str:
        form = {"tags": tag}
        sent = {"file": (name, content or f"{name} {tag}".encode(), "application/octet-stream")}
        answer = stack.client.post(f"{API}upload/", data=form, files=sent)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    return [one(name) for name in names]


def many(stack: Stack, tag: str, number: int) -> None:
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda n: stored(stack, tag, f"file-{n:04}.txt"), range(number)))


def names(page: Page) -> list[str]:
    found: list[str] = page.run(NAMES)
    return found


def shows(page: Page, *wanted: str) -> None:
    """Wait until exactly these files are listed."""
    page.until(f"{NAMES}.join('|') === {json.dumps('|'.join(wanted))}")


def selected(page: Page, text: str) -> None:
    """Wait until the bar says so."""
    page.until(f"document.querySelector('.selected-count')?.innerText === {json.dumps(text)}")


def press_at(page: Page, selector: str, key: str, modifiers: int = 0) -> None:
    page.run(f"document.querySelector({json.dumps(selector)}).focus()")
    press(page, key, modifiers)


TOAST = "[...document.querySelectorAll('.toast .button')].find((each) => each.innerText.includes({}))"


def stays(page: Page, text: str) -> None:
    """The message with this button does not go away by itself, as it has the focus."""
    button = TOAST.format(json.dumps(text))
    page.until(f"(({button})?.focus(), {button} === document.activeElement)")


def toast_action(page: Page, text: str) -> None:
    button = TOAST.format(json.dumps(text))
    page.until(CLICK.format(button))


# The first list


def test_the_list_is_there_before_the_script_and_stays_as_it_was(stack: Stack, open_page: Open, tag: str) -> None:
    stored(stack, tag, *HOSTILE)
    html = stack.client.get("/", headers={"accept": "text/html"}).text
    drawn = re.findall(r'<span role="cell" class="column-(?:kind|size)"[^>]*>([^<]*)</span>', html)[:8]
    assert drawn[::2] == ["Text", "Text", "Text", "Web page"]
    assert "<img src=x" not in html
    page = open_page("/")
    page.until(READY)
    cells = "[...document.querySelectorAll('.window .column-kind, .window .column-size')].map((cell) => cell.innerText)"
    assert page.run(cells)[:8] == drawn
    shown = names(page)[:4]
    assert shown == list(reversed([HOSTILE[0], "invoice⟨U+202E⟩txt.exe", *HOSTILE[2:]]))
    assert page.run("document.querySelector('.name-tail').innerText") == LONG[-12:]
    assert "Processed" not in page.text(".window")


# Finding


def test_finding(stack: Stack, open_page: Open, tag: str) -> None:
    stored(stack, tag, "apple.txt", "banana.txt")
    stored(stack, tag, "cherry.png", content=PICTURE + tag.encode())
    page = open_page(f"/?tag={tag}&sort=name")
    shows(page, "apple.txt", "banana.txt", "cherry.png")
    page.until(f"{TOTAL} === '3'")
    page.run("document.querySelector('[name=q]').focus()")
    write(page, "AN")
    shows(page, "banana.txt")
    page.until("new URLSearchParams(location.search).get('q') === 'AN'")
    page.click(".chips button[aria-label*='AN']")
    shows(page, "apple.txt", "banana.txt", "cherry.png")
    page.run("document.querySelector('.filters').open = true")
    page.run(
        "type = document.querySelector('#filter-type'); type.value = 'image'; type.dispatchEvent(new Event('change'))"
    )
    shows(page, "cherry.png")
    page.click(".sort")
    page.until("new URLSearchParams(location.search).get('sort') === '-name'")
    page.run("document.querySelector('.filters').open = false")
    page.run("document.querySelector('[name=q]').focus()")
    write(page, "nothing")
    page.until("!!document.querySelector('.state-empty')")
    assert findings(page) == []
    page.click(".state-empty .button")
    page.until("location.search === '?sort=-name'")
    # The names of the API.
    page = open_page(f"/?tag={tag}&name=an&ordering=name")
    shows(page, "banana.txt")
    page.click(".chips button[aria-label*='an']")
    shows(page, "apple.txt", "banana.txt", "cherry.png")
    page.until("location.search.endsWith('&sort=name')")


def test_a_long_list_has_few_rows_and_every_file(stack: Stack, open_page: Open, tag: str) -> None:
    many(stack, tag, 230)
    page = open_page(f"/?tag={tag}&sort=name")
    page.until(READY)
    page.until(f"{TOTAL} === '230'")
    press_at(page, ".grid", "End")
    page.until(f"{NAMES}.at(-1) === 'file-0229.txt'")
    assert page.run("document.querySelectorAll('.window .row').length") < 80
    press(page, "Home")
    page.until(f"{NAMES}[0] === 'file-0000.txt'")
    # A place in the list, and what was chosen there, outlive a look at another view.
    press(page, " ")
    selected(page, "1 selected")
    page.run("scrollTo(0, 5000)")
    page.until(f"{NAMES}.includes('file-0110.txt')")
    at = page.run("scrollY")
    page.click("[data-nav=trash]")
    page.until("!!document.querySelector('.view-trash')")
    page.run("history.back()")
    page.until(
        f"document.querySelector('.view-files') && Math.abs(scrollY - {at}) < 2 && {NAMES}.includes('file-0110.txt')"
    )
    selected(page, "1 selected")
    # By day: all have their place from the beginning, and few of them are there.
    one_day = f"{READY} && document.querySelectorAll('.day h2').length === 1 && {TOTAL} === '230'"
    page.go(f"{stack.url}/?tag={tag}&view=days", one_day)
    height = page.run("document.querySelector('.rows').offsetHeight")
    press_at(page, ".grid", "End")
    page.until("document.querySelector('[data-active][data-id]')?.dataset.place === '229'")
    assert page.run("document.querySelector('.rows').offsetHeight") == height
    assert page.run("document.querySelectorAll('.window .tile').length") < 80


# Selecting


def test_selecting_with_keys_and_pointer(stack: Stack, open_page: Open, tag: str) -> None:
    stored(stack, tag, *(f"{letter}.txt" for letter in "abcdef"))
    page = open_page(f"/?tag={tag}&sort=name")
    shows(page, *(f"{letter}.txt" for letter in "abcdef"))
    known = sheet_of_keys(page)
    assert known["Move"] == ["↑", "↓", "←", "→"]
    assert known["Select all"] == ["CtrlA"]
    assert {"Search by name", "Open", "Select", "Delete what is selected", "Clear the selection"} < known.keys()
    press_at(page, ".files-top button", "a", CONTROL)
    selected(page, "6 selected")
    press(page, "Escape")
    page.until(f"{SELECTED} === 0")
    page.run("document.activeElement.blur()")
    press(page, "ArrowDown")
    press(page, " ")
    page.until(f"{SELECTED} === 1 && document.querySelector('[data-place=\"0\"]').ariaSelected === 'true'")
    press(page, "ArrowDown")
    press(page, " ")
    page.until(f"{SELECTED} === 2")
    press(page, "Escape")
    press(page, " ")
    page.until(f"{SELECTED} === 1")
    press(page, "ArrowDown", SHIFT)
    press(page, "ArrowDown", SHIFT)
    page.until(f"{SELECTED} === 3")
    press(page, "Escape")
    page.until(f"{SELECTED} === 0")
    press(page, "a", CONTROL)
    selected(page, "6 selected")
    click(page, "[data-place='0'] .column-kind")
    page.until(f"{SELECTED} === 1")
    click(page, "[data-place='2'] .column-kind", CONTROL)
    page.until(f"{SELECTED} === 2")
    click(page, "[data-place='5'] .column-kind", SHIFT)
    page.until(f"{SELECTED} === 4")
    press(page, "Enter")
    page.until("/^.files.[0-9a-f-]{36}$/.test(location.pathname)")


CENTRE = """
    (({{ x, y, width, height }}) => [x + width / 2, y + height / 2])(document.querySelector({}).getBoundingClientRect())
"""


def click(page: Page, selector: str, modifiers: int = 0) -> None:
    x, y = page.run(CENTRE.format(json.dumps(selector)))
    mouse = {"x": x, "y": y, "button": "left", "clickCount": 1, "modifiers": modifiers}
    for kind in ("mousePressed", "mouseReleased"):
        page.ask("Input.dispatchMouseEvent", type=kind, **mouse)


def test_a_finger_selects_by_a_long_press(stack: Stack, open_page: Open, tag: str) -> None:
    stored(stack, tag, "a.txt", "b.txt")
    page = open_page(f"/?tag={tag}&sort=name&view=grid")
    look(page, phone=True)
    shows(page, "a.txt", "b.txt")
    x, y = page.run(CENTRE.format("'[data-place] .thumb'"))
    page.ask("Input.dispatchTouchEvent", type="touchStart", touchPoints=[{"x": x, "y": y}])
    page.until(f"{SELECTED} === 1")
    page.ask("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])
    assert page.run("location.pathname") == "/"
    selected(page, "1 selected")


# Changing


@pytest.mark.usefixtures("trash")
def test_deleting_and_bringing_back(stack: Stack, open_page: Open, tag: str) -> None:
    stored(stack, tag, "a.txt", "b.txt", "c.txt")
    page = open_page(f"/?tag={tag}&sort=name")
    shows(page, "a.txt", "b.txt", "c.txt")
    press_at(page, ".grid", " ")
    press(page, "ArrowDown", SHIFT)
    page.until(f"{SELECTED} === 2")
    press(page, "Delete")
    stays(page, "Undo")
    shows(page, "c.txt")
    page.until(f"{TOTAL} === '1'")
    toast_action(page, "Undo")
    shows(page, "a.txt", "b.txt", "c.txt")
    press_at(page, ".grid", "a", CONTROL)
    press(page, "Delete")
    page.until("!!document.querySelector('.state-empty')")
    in_trash(stack, open_page, tag)


def in_trash(stack: Stack, open_page: Open, tag: str) -> None:
    page = open_page("/trash/")
    row = "[...document.querySelectorAll('tbody tr')].find((row) => row.innerText.includes('{}'))"
    page.until(f"!!{row.format('a.txt')}")
    assert page.run(f"{row.format('a.txt')}.querySelector('[data-label=Left]').innerText") == "7 days"
    check_looks(page)
    page.run(f"{row.format('a.txt')}.querySelector('input').click()")
    page.click("[data-action=restore]")
    page.until(f"!{row.format('a.txt')}")
    page.run(f"{row.format('b.txt')}.querySelector('input').click()")
    page.click("[data-action=delete]")
    page.click("dialog [data-action=agree]")
    page.until(f"!{row.format('b.txt')}")
    page.once(lambda: names_of(stack, tag) == ["a.txt"], "only a.txt is left")


def names_of(stack: Stack, tag: str) -> list[str]:
    found = stack.client.get(f"{API}files/", params={"tag": tag}).json()["results"]
    return [file["name"] for file in found]


def test_without_a_trash_deleting_is_asked_for(stack: Stack, open_page: Open, tag: str) -> None:
    stored(stack, tag, "a.txt", "b.txt")
    page = open_page(f"/?tag={tag}&sort=name")
    shows(page, "a.txt", "b.txt")
    press_at(page, ".grid", " ")
    press(page, "Delete")
    page.until("!!document.querySelector('dialog[open]')")
    assert "be undone" in page.text("dialog")
    assert findings(page) == []
    press(page, "Escape")
    page.until("!document.querySelector('dialog[open]')")
    shows(page, "a.txt", "b.txt")
    page.until("document.querySelector('.selection-bar [data-action=delete]:enabled') !== null")
    page.click(".selection-bar [data-action=delete]")
    page.click("dialog [data-action=agree]")
    shows(page, "b.txt")


def test_a_project_without_a_trash_says_so(stack: Stack, open_page: Open) -> None:
    while left := stack.client.get(f"{API}trash/").json()["results"]:
        for file in left:
            assert stack.client.delete(f"{API}files/{file['id']}/?permanently=true").status_code in {204, 404}
    page = open_page("/trash/")
    page.until("document.querySelector('.state-empty h2')?.innerText === 'This project has no trash'")
    assert findings(page) == []
    page.click(".state-empty a")
    page.until("location.pathname === '/projects/' && location.search === '?project=default'")


def test_tags_links_and_a_zip_file(stack: Stack, open_page: Open, tag: str) -> None:
    stored(stack, tag, "same.txt", "same.txt", "Ünïcode.txt")
    page = open_page(f"/?tag={tag}&sort=name")
    shows(page, "same.txt", "same.txt", "Ünïcode.txt")
    press_at(page, ".grid", "a", CONTROL)
    page.click("[data-action=tags]")
    page.until("document.activeElement.id === 'tags-field'")
    write(page, "red, blue")
    press(page, "Enter")
    page.until("document.querySelectorAll('.window .tag').length === 9")
    page.run("navigator.clipboard.writeText = (text) => { window.copied = text; return Promise.resolve(); }")
    page.click("[data-action=links]")
    page.until("!!window.copied")
    assert [url.rsplit("/", 1)[1] for url in page.run("copied").split("\n")] == [
        "same.txt",
        "same.txt",
        "%C3%9Cn%C3%AFcode.txt",
    ]
    page.run(
        "delete window.showSaveFilePicker; URL.createObjectURL = (blob) => { window.packed = blob; return '#'; }; true"
    )
    page.click("[data-action=download]")
    page.until("!!window.packed")
    content = page.run("packed.arrayBuffer().then((bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes))))")
    with zipfile.ZipFile(io.BytesIO(base64.b64decode(content))) as packed:
        assert sorted(packed.namelist()) == ["same (2).txt", "same.txt", "Ünïcode.txt"]
        assert packed.read("Ünïcode.txt") == f"Ünïcode.txt {tag}".encode()


# Live


def test_what_happens_elsewhere(stack: Stack, open_page: Open, tag: str) -> None:
    ids = stored(stack, tag, "a.txt", "b.txt")
    page = open_page(f"/?tag={tag}")
    shows(page, "b.txt", "a.txt")
    live(page)
    stored(stack, tag, "c.txt")
    page.until("document.querySelector('.fresh')?.innerText.startsWith('1 new file ')")
    assert names(page) == ["b.txt", "a.txt"]
    page.click(".fresh .button")
    shows(page, "c.txt", "b.txt", "a.txt")
    assert stack.client.delete(f"{API}files/{ids[1]}/").status_code == 204
    shows(page, "c.txt", "a.txt")
    changed = stack.client.patch(f"{API}files/{ids[0]}/", json={"name": "renamed.txt"})
    assert changed.status_code == 200
    shows(page, "c.txt", "renamed.txt")


def test_what_happens_before_the_page_is_connected(stack: Stack, open_page: Open, tag: str) -> None:
    page = open_page("/trash/")
    page.ask("Network.setBlockedURLs", urls=["*/events/*"])
    page.go(f"{stack.url}/?tag={tag}", "!!document.querySelector('.state-empty')")
    stored(stack, tag, "a.txt")
    page.ask("Network.setBlockedURLs", urls=[])
    shows(page, "a.txt")


# States and looks


def test_the_looks_of_all_layouts(stack: Stack, open_page: Open, tag: str) -> None:
    stored(stack, tag, *HOSTILE)
    stored(stack, tag, "picture.png", content=PICTURE + tag.encode())
    for layout in ("table", "grid", "days"):
        page = open_page(f"/?tag={tag}&view={layout}")
        page.until(f"document.querySelectorAll('.window [data-id]').length === {len(HOSTILE) + 1}")
        press_at(page, ".grid", " ")
        check_looks(page)


BOX = "document.querySelector('{}').getBoundingClientRect()"


def test_nothing_of_a_tile_is_cut_or_covered(stack: Stack, open_page: Open, tag: str) -> None:
    [broken] = stored(stack, tag, "a picture that is broken.jpg", content=b"\xff\xd8\xff\xe0" + bytes(2000))
    stored(stack, tag, "a.txt")
    stack.settled(broken)
    page = open_page(f"/?tag={tag}&view=grid")
    page.until("document.querySelectorAll('.window [data-id]').length === 2")
    page.until("!!document.querySelector('.tile > .badge')")
    cut = "[...document.querySelectorAll('.about')].filter((each) => each.scrollWidth > each.clientWidth).length"
    assert page.run(cut) == 0
    ticks = "[...document.querySelectorAll('.tile .tick')].map((each) => getComputedStyle(each).opacity).join()"
    assert page.run(ticks) == "0,0"
    press_at(page, ".grid", "ArrowRight")
    page.until(f"{ticks} === '0,1'")
    height = page.run(f"{BOX.format('.files-top')}.height")
    press(page, " ")
    page.until(f"{ticks} === '1,1'")
    assert page.run(f"{BOX.format('.selection-bar')}.bottom <= {BOX.format('.toolbar')}.top")
    assert page.run(f"{BOX.format('.files-top')}.height") == height
    assert page.run("!document.querySelector('.dock')?.checkVisibility()")


def test_tags_that_have_no_room_are_counted(stack: Stack, open_page: Open, tag: str) -> None:
    [file] = stored(stack, tag, "a.txt")
    tags = [tag, "t-1", "t-2", "t-3"]
    assert stack.client.patch(f"{API}files/{file}/", json={"tags": tags}).status_code == 200
    page = open_page(f"/?tag={tag}")
    page.until(READY)
    cell = "document.querySelector('.window .column-tags')"
    assert page.run(f"[{cell}.children.length, {cell}.lastElementChild.innerText]") == [3, "+2"]
    assert set(page.run(f"{cell}.title").split(", ")) == set(tags)


def test_an_answer_that_fails_and_none_at_all(stack: Stack, open_page: Open, tag: str) -> None:
    stored(stack, tag, "a.txt")
    page = open_page("/?after=never")
    page.until("!!document.querySelector('.state-error')")
    assert "uploaded_after" in page.text(".state-error")
    assert findings(page) == []
    page = open_page(f"/?tag={tag}")
    page.until(READY)
    page.connected(False)
    page.run("document.querySelector('[name=q]').focus()")
    write(page, "a.t")
    page.until("!!document.querySelector('.state-offline')")
    page.connected(True)
    # It may be back by itself already.
    page.run("document.querySelector('.state-offline .button')?.click()")
    shows(page, "a.txt")


@pytest.mark.sampled("a view in Russian", 1 / 2)
def test_russian(stack: Stack, open_page: Open, tag: str) -> None:
    stored(stack, tag, "a.txt", "b.txt", "c.txt")
    page = open_page("/")
    page.ask("Network.setCookie", url=stack.url, name="picasso-language", value="ru")
    page.go(f"{stack.url}/?tag={tag}", READY)
    page.ask("Network.deleteCookies", url=stack.url, name="picasso-language")
    press_at(page, ".grid", "a", CONTROL)
    selected(page, "Выбрано 3")
    assert page.text("h1").startswith("Файлы")
