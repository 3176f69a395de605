"""The tray of uploads, on every view, and the view of unfinished uploads."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.console.pages import complaints, cookie, findings, focused, has_focus, look, press, write
from tests.devtools import Page, Window
from tests.stack import Stack
from tests.train import Train, train

MIB = 2**20
TRAY = "document.querySelector('.dock')"
THERE = f"!!{TRAY}"
INPUT = "#dock-files"
HOSTILE = ["<img src=x onerror=alert(1)>.txt", "invoice\u202etxt.exe", f"{'ä' * 120}-v1.txt"]

Open = Callable[[str], Page]


@pytest.fixture
def page(open_page: Open) -> Page:
    """A view that has nothing to do with uploads."""
    page = open_page("/uploads/")
    page.until(THERE)
    return page


@pytest.fixture
def line(stack: Stack) -> Iterator[Train]:
    with train(stack.port) as line:
        yield line


@pytest.fixture
def slow(chromium: Window, line: Train) -> Iterator[Page]:
    """Beyond a network that can be cut."""
    page = opened_on(chromium, line, "/uploads/")
    yield page
    page.close()
    assert complaints(page) == []


def opened_on(chromium: Window, line: Train, path: str) -> Page:
    page = chromium.page(f"{line.url}{path}", THERE)
    look(page)
    return page


def written(folder: Path, *names: str, size: int = 1000) -> list[Path]:
    folder.mkdir(exist_ok=True)
    paths = [folder / name for name in names]
    for path in paths:
        path.write_bytes(random.randbytes(size // 2).hex().encode())
    return paths


def in_state(page: Page, state: str) -> str:
    """The text of the first row in this state, once there is one."""
    row = f'.upload[data-state="{state}"]'
    page.until(f"!!document.querySelector('{row}')")
    return page.text(row)


def has_title(page: Page, title: str) -> None:
    """Wait until the tray has it."""
    page.once(lambda: page.text(".dock-title") == title, f"the title {title}")


def names_like(stack: Stack, text: str) -> list[str]:
    found = stack.client.get("/api/v1.0/files/", params={"name": text, "page_size": 100}).json()["results"]
    return [each["name"] for each in found]


def drop(page: Page, script: str) -> None:
    """Drop the files that the script adds to ``data``."""
    page.run(
        f"(() => {{ const data = new DataTransfer(); {script};"
        "const event = new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true });"
        "document.body.dispatchEvent(event); })()"
    )


def test_a_batch_is_counted_and_announced_once(page: Page, stack: Stack, tmp_path: Path) -> None:
    page.run(
        "window.said = []; new MutationObserver(() => said.push(document.querySelector('#announcer').textContent))"
        ".observe(document.querySelector('#announcer'), { childList: true, characterData: true, subtree: true })"
    )
    batch = random.randbytes(4).hex()
    paths = written(tmp_path, *(f"{batch}-{n}.txt" for n in range(8)))
    empty = tmp_path / "empty.txt"
    empty.touch()
    page.choose(*paths, empty, selector=INPUT)
    page.until(f"{TRAY}.dataset.state === 'failed' && document.querySelectorAll('[data-state=done]').length === 8")
    has_title(page, "8 of 9 · 1 failed")
    assert in_state(page, "error").splitlines() == ["empty.txt", "The file is empty.", "Remove"]
    assert sorted(names_like(stack, batch)) == sorted(path.name for path in paths)
    ended = "8 files uploaded, 1 failed"
    page.until(f"document.querySelector('#announcer').textContent === '{ended}'")
    # On a slow machine the first may be replaced before it shows.
    assert set(page.run("said.filter(Boolean)")) <= {"Uploading 9 files", ended}
    sent = page.sent("POST", "/api/v1.0/uploads/")
    assert [each.status for each in sent] == [201] * 8, "one request for each small file"
    assert findings(page) == []
    look(page, phone=True, dark=True)
    assert findings(page) == []
    look(page)
    page.click("[data-action=clear]")
    has_title(page, "Upload")
    page.until("!document.querySelector('.upload')")


def test_folders_are_opened(page: Page, stack: Stack, tmp_path: Path) -> None:
    """A folder that is dropped, and one that is chosen."""
    batch = random.randbytes(4).hex()
    for name in ("dropped", "chosen"):
        written(tmp_path / name, f"{batch}-{name}-1.txt")
        written(tmp_path / name / "deep", f"{batch}-{name}-2.txt", "Thumbs.db")
    drag(page, tmp_path / "dropped")
    page.until("document.querySelectorAll('[data-state=done]').length === 2")
    titles = page.run("[...document.querySelectorAll('.upload [title]')].map(({ title }) => title)")
    assert f"dropped/deep/{batch}-dropped-2.txt" in titles
    page.choose(tmp_path / "chosen", selector="#dock-folder")
    page.until(
        "document.querySelectorAll('[data-state=done]').length === 2 && "
        "document.querySelector('.upload').textContent.includes('chosen')"
    )
    assert len(names_like(stack, batch)) == 4
    assert "Thumbs.db" not in names_like(stack, "Thumbs.db")


def drag(page: Page, path: Path) -> None:
    """As a person drops something from a window of files."""
    data = {"items": [], "files": [str(path)], "dragOperationsMask": 1}
    for event in ("dragEnter", "dragOver"):
        page.ask("Input.dispatchDragEvent", type=event, x=300, y=300, data=data)
    page.until("document.querySelector('.tray-veil')?.checkVisibility()")
    assert page.text(".tray-veil") == "Drop to upload"
    page.ask("Input.dispatchDragEvent", type="drop", x=300, y=300, data=data)


def test_what_is_pasted_has_the_tags(page: Page, stack: Stack) -> None:
    batch = random.randbytes(4).hex()
    press(page, "u")
    page.click(".dock-more-options > summary")
    page.run("document.querySelector('#dock-tags').focus()")
    write(page, f"beach, {batch}")
    page.run(
        "(() => { const data = new DataTransfer();"
        f"data.items.add(new File(['pasted {batch}'], '{batch}.txt', {{ type: 'text/plain' }}));"
        "document.activeElement.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true })) })()"
    )
    in_state(page, "done")
    [found] = stack.client.get("/api/v1.0/files/", params={"tag": batch}).json()["results"]
    assert found["tags"] == sorted(["beach", batch])


def test_what_is_there_already_is_not_sent(page: Page, stack: Stack, tmp_path: Path) -> None:
    """By its bytes, whatever its name; with the keyboard only."""
    batch = random.randbytes(4).hex()
    [first, same] = written(tmp_path, f"{batch}-first.txt", f"{batch}-same.txt")
    same.write_bytes(first.read_bytes())
    known = stack.upload(first.read_bytes(), first.name)
    page.choose(same, selector=INPUT)
    assert "You have this already." in in_state(page, "known")
    assert page.run("document.querySelector('.upload-link').pathname") == f"/files/{known['id']}"
    assert page.sent("POST", "/api/v1.0/uploads/") == []
    assert findings(page) == []
    page.run("document.querySelector('.dock-toggle').focus()")
    for _ in range(20):
        if focused(page).startswith("Upload anyway"):
            break
        press(page, "Tab")
    assert focused(page) == f"Upload anyway: {same.name}"
    press(page, "Enter")
    in_state(page, "done")
    assert page.run("document.activeElement.closest('.dock') !== null"), "the focus is lost"
    assert names_like(stack, same.name) == [same.name]


def test_thousands_are_folded(page: Page) -> None:
    page.connected(False)
    drop(page, "for (let n = 0; n < 3000; n += 1) data.items.add(new File([`thousands ${n}`], `${n}.txt`))")
    page.until(f"/ of 3,000$/.test({TRAY}.querySelector('.dock-title')?.textContent)")
    page.until("document.querySelector('.dock-more')?.innerText.includes('more queued')")
    assert page.run("document.querySelectorAll('.upload progress').length") == 0, "bars of small files"
    assert page.run("document.querySelectorAll('.upload').length") < 100
    page.click("[data-action=cancel-all]")
    page.until("!document.querySelector('.upload')")
    page.connected(True)


def test_hostile_names(page: Page, tmp_path: Path) -> None:
    page.choose(*written(tmp_path, *HOSTILE), selector=INPUT)
    page.until("document.querySelectorAll('[data-state=done]').length === 3")
    shown = page.run("[...document.querySelectorAll('.upload-name')].map((name) => name.textContent)")
    assert {name[-6:] for name in shown} == {name[-6:] for name in HOSTILE}
    assert not any("\u202e" in name for name in shown)
    assert page.run("document.querySelectorAll('.dock img').length") == 0
    hidden = "({ right }) => right > document.querySelector('.uploads').getBoundingClientRect().right"
    ends = "[...document.querySelectorAll('.upload-name > span:last-child')].map((end) => end.getBoundingClientRect())"
    assert not page.run(f"{ends}.some({hidden})"), "the end of a name is cut"


def test_offline_has_no_countdown(slow: Page, line: Train, tmp_path: Path) -> None:
    [film] = written(tmp_path, "film.bin", size=4 * MIB)
    line.pace = MIB
    slow.choose(film, selector=INPUT)
    slow.once(lambda: line.came > MIB, "sent a mebibyte")
    line.pace = MIB // 32  # the rest takes a minute and a half
    percent = slow.until("/^\\d+% · /.exec(document.title)?.[0]")
    assert percent
    slow.connected(False)
    line.cut()
    slow.until("document.querySelector('.upload')?.dataset.state === 'lost'")
    slow.until("document.querySelector('.upload [data-slot=note]')?.innerText === 'Offline; continues by itself'")
    assert findings(slow) == []
    line.pace = float("inf")
    slow.connected(True)
    in_state(slow, "done")
    slow.until("document.title === 'Uploads · Picasso'")


WITHOUT_LONG_TIMERS = """
    const { setTimeout: timer } = window;
    window.setTimeout = (run, time = 0, ...rest) => (time < 1000 ? timer(run, time, ...rest) : 0);
"""


def test_the_view_of_uploads_starts_the_tray_itself(chromium: Window, stack: Stack) -> None:
    """It needs the tray, which otherwise starts once the view is there, or has had its time."""
    page = chromium.page("about:blank", "true")
    page.ask("Page.addScriptToEvaluateOnNewDocument", source=WITHOUT_LONG_TIMERS)
    page.go(f"{stack.url}/uploads/", f"{THERE} && !!document.querySelector('.view-uploads [data-action=upload]')")
    assert page.run("document.querySelectorAll('.dock').length") == 1
    page.close()
    assert complaints(page) == []


def test_unfinished_uploads(chromium: Window, slow: Page, line: Train, stack: Stack, tmp_path: Path) -> None:
    """The view of them: a server that can't be reached, the file chosen again, the upload cancelled."""
    films = written(tmp_path, "one.bin", "two.bin", size=6 * MIB)
    line.pace = 2 * MIB
    slow.choose(*films, selector=INPUT)
    slow.once(lambda: len(slow.sent("PATCH")) >= 2 and line.came > 2 * MIB, "sent some of both")
    line.pace = MIB // 16
    line.swallow = lambda head: head.startswith(b"GET /api/v1.0/uploads/")
    slow.go(ready=THERE)
    slow.until("!!document.querySelector('.state-error')")
    assert "The server can\u2019t be reached." in slow.text("#view")
    assert findings(slow) == []
    line.swallow = lambda head: False
    slow.until("document.querySelectorAll('.uploads-row').length === 2")
    assert "can\u2019t be reached" not in slow.text("#view")
    look(slow, phone=True, dark=True)
    assert findings(slow) == []
    look(slow)
    slow.click(".uploads-row [data-action=cancel]")
    slow.until("document.querySelectorAll('.uploads-row').length === 1")
    line.pace = float("inf")
    slow.choose(*films, selector=INPUT)
    slow.until("document.querySelectorAll('[data-state=done]').length === 2")
    slow.until("!!document.querySelector('.view-uploads .state-empty')")
    assert findings(slow) == []


@pytest.mark.sampled("a view in Russian", 1 / 2)
def test_the_tray_speaks_russian(page: Page, stack: Stack, open_page: Open, tmp_path: Path) -> None:
    with cookie(page, stack, "picasso-language", "ru"):
        russian = open_page("/uploads/")
        russian.until(THERE)
        russian.until("document.querySelector('#view')?.textContent.includes('Незавершённых загрузок нет')")
        russian.choose(*written(tmp_path, "a.txt", "b.txt"), selector=INPUT)
        russian.until("document.querySelectorAll('[data-state=done]').length === 2")
        has_title(russian, "2 файла загружено")


# Without uploads, and on a phone


def test_it_covers_nothing_until_its_button_opens_it(open_page: Open) -> None:
    page = open_page("/system/")
    page.until(f"{TRAY}?.checkVisibility() === false")
    page.run("document.querySelector('[data-shell=uploads]').focus()")
    press(page, "Enter")
    page.until(f"{TRAY}.checkVisibility() && {TRAY}.contains(document.activeElement)")
    press(page, "Escape")
    page.until(f"!{TRAY}.checkVisibility()")
    has_focus(page, "Upload files")
    assert findings(page, ".sidebar") == []


def test_on_a_phone_it_covers_nothing_while_it_has_nothing_to_show(open_page: Open, tmp_path: Path) -> None:
    page = open_page("/jobs/")
    look(page, phone=True)
    page.until(f"{TRAY}?.checkVisibility() === false")
    page.choose(*written(tmp_path / "phone", "one.txt"), selector=INPUT)
    page.until(f"{TRAY}.checkVisibility() && {TRAY}.dataset.state === 'idle'")
    press(page, "Escape")
    page.run(f"{TRAY}.hasAttribute('data-open') && document.querySelector('.dock-toggle').click()")
    box = f"{TRAY}.getBoundingClientRect()"
    bar = "document.querySelector('.nav').getBoundingClientRect()"
    page.until(f"{box}.width === innerWidth && {box}.height < 60 && Math.abs({box}.bottom - {bar}.top) < 1")
    assert findings(page) == []
    look(page)
