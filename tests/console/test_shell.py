"""The frame around all views."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from picasso.api.console import add_imports
from tests.console.pages import CONTROL, SHIFT, SHOWN, check_looks, complaints, findings, live, look, press, write
from tests.console.signed_in import as_administrator
from tests.devtools import Page, Window
from tests.stack import Stack

ID = "01890a5d-ac96-774b-bcce-b302099a8057"
BROWSER = {"accept": "text/html,application/xhtml+xml", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
VIEWS = ["/", f"/files/{ID}", "/uploads/", "/trash/", "/jobs/", f"/jobs/{ID}", "/system/", "/webhooks/", "/keys/"]
VIEWS += [f"/webhooks/{ID}", "/people/", "/projects/", "/audit/", "/developers/", "/developers/events/"]


def get(stack: Stack, path: str, **headers: str) -> httpx.Response:
    return stack.client.get(path, headers={**BROWSER, **headers})


@pytest.mark.parametrize("path", VIEWS)
def test_each_view_has_an_address(stack: Stack, path: str) -> None:
    for each in {path, path.rstrip("/") or "/"}:
        answer = get(stack, each)
        assert answer.status_code == 200
        assert answer.text.count('<main id="view"') == 1
        assert "'unsafe-" not in answer.headers["content-security-policy"]


def test_the_page_has_the_language_and_the_theme_that_were_chosen(stack: Stack) -> None:
    plain = get(stack, "/system/")
    assert '<html lang="en">' in plain.text
    assert '<html lang="ru">' in get(stack, "/system/", **{"accept-language": "ru,en;q=0.5"}).text
    chosen = get(stack, "/system/", cookie="picasso-language=ru; picasso-theme=dark")
    assert '<html lang="ru" data-theme="dark">' in chosen.text
    assert {"Cookie", "Accept-Language"} <= set(chosen.headers["vary"].replace(" ", "").split(","))
    odd = get(stack, "/system/", cookie="picasso-language=<b>; picasso-theme=<b>")
    assert '<html lang="en">' in odd.text


# Loading


def test_the_page_loads_no_script_that_it_has_not_announced(open_page: Callable[[str], Page]) -> None:
    """All scripts of the first view are asked for at once, not one after the other."""
    page = open_page("/")
    announced = page.run("[...document.querySelectorAll('link[rel=modulepreload]')].map((each) => each.href)")
    known = {urlsplit(each).path for each in announced}
    core = [each.path for each in page.sent("GET", "/static/picasso/console/core/")]
    assert core
    # What stands around the view is loaded once that is there.
    behind: dict[str, None] = {}
    for module in ("shell/health.js", "uploads/index.js"):
        add_imports(f"console/{module}", behind)
    assert set(core) <= known | {f"/static/picasso/{each}" for each in behind}


# The frame


def test_the_frame_and_what_it_opens(open_page: Callable[[str], Page]) -> None:
    page = open_page("/")
    assert page.run("document.querySelector('[data-nav=files]').getAttribute('aria-current')") == "page"
    cut = page.run(
        "(({ scrollHeight, clientHeight }) => scrollHeight - clientHeight)(document.querySelector('.sidebar'))"
    )
    assert cut == 0, "the foot of the sidebar is below the edge of the window"
    check_looks(page)
    for keys, modifiers, title in (("k", CONTROL, "Search"), ("?", SHIFT, "Shortcuts")):
        press(page, keys, modifiers)
        page.until("!!document.querySelector('dialog[open]')")
        assert page.text("dialog[open] h2").strip() in {title, ""}  # that of the palette is for screen readers
        check_looks(page)
        press(page, "Escape")
        page.until("!document.querySelector('dialog')")  # its field has the focus until it is gone


def test_the_light_says_what_is_wrong_and_has_the_button(open_page: Callable[[str], Page], stack: Stack) -> None:
    page = open_page("/")
    page.until("document.querySelector('.health-words')?.textContent === 'All is well'")
    stack.client.post("/api/v1.0/queues/quick/pause/").raise_for_status()
    try:
        page.run("document.dispatchEvent(new Event('visibilitychange'))")
        page.until("document.querySelector('.health-words')?.textContent.startsWith('The queue quick is paused since')")
        page.click("[data-shell=health]")
        page.until("!!document.querySelector('.health-list .button')")
        check_looks(page)
        page.click(".health-list .button")
        page.until("document.querySelector('.health-words')?.textContent === 'All is well'")
        queues = {each["name"]: each["paused"] for each in stack.client.get("/api/v1.0/queues/").json()}
        assert not queues["quick"]
    finally:
        stack.client.post("/api/v1.0/queues/quick/resume/").raise_for_status()


def test_the_light_says_that_it_does_not_know_while_the_browser_is_offline(open_page: Callable[[str], Page]) -> None:
    page = open_page("/")
    page.until("document.querySelector('[data-shell=health]').dataset.state === 'good'")
    page.connected(False)
    page.until("document.querySelector('[data-shell=health]').dataset.state === 'unknown'")
    assert "not known" in page.text(".health-words")
    check_looks(page)
    page.connected(True)
    page.until("document.querySelector('[data-shell=health]').dataset.state === 'good'")


def test_the_palette_by_keys_alone(open_page: Callable[[str], Page], stack: Stack) -> None:
    file = stack.upload(b"hello", "palette \u202egnp.<img src=x onerror=alert(1)>.txt")
    page = open_page("/")
    press(page, "k", CONTROL)
    page.until("document.activeElement.getAttribute('role') === 'combobox'")
    write(page, "palette")
    page.until("[...document.querySelectorAll('.palette-item')].some((each) => each.innerText.startsWith('palette '))")
    assert "⟨U+202E⟩gnp.<img src=x onerror=alert(1)>" in page.text(".palette-list")
    selected = "document.getElementById(document.activeElement.getAttribute('aria-activedescendant'))"
    assert page.run(f"{selected}.getAttribute('aria-selected')") == "true"
    press(page, "ArrowUp")
    press(page, "ArrowDown")
    press(page, "Enter")
    page.until(f"location.pathname === '/files/{file['id']}'")


def test_the_bar_of_a_phone_has_the_rest_in_a_sheet(open_page: Callable[[str], Page]) -> None:
    page = open_page("/")
    look(page, phone=True)
    page.run("document.querySelector('[data-shell=more]').focus()")
    press(page, "Enter")
    page.until("!!document.querySelector('.more-sheet [data-shell=theme]')")
    assert findings(page) == []
    press(page, "Escape")
    page.until("document.querySelector('.sidebar > .sidebar-foot') && !document.querySelector('dialog[open]')")
    page.until("document.activeElement.dataset.shell === 'more'")


BLACK_ICONS = """
    [...document.querySelectorAll('#swagger-ui svg *')]
        .filter((each) => each.getClientRects().length && getComputedStyle(each).fill === 'rgb(0, 0, 0)')
        .map((each) => each.closest('svg').parentElement.className)
"""


def test_the_api_reference_can_be_tried_out(chromium: Window, stack: Stack, tmp_path: Path) -> None:
    page = chromium.page(f"{stack.url}/api/v1.0/docs/", "document.querySelectorAll('.opblock-tag').length > 10")
    look(page, dark=True)
    assert findings(page) == []
    page.click("#operations-tag-upload")
    page.click("#operations-upload-upload_file .opblock-summary-control")
    assert page.run(BLACK_ICONS) == []
    page.click(".try-out button")
    page.until("!!document.querySelector('button.execute')")
    # What it begins with is drawn and named a frame later.
    page.until("[...document.querySelectorAll('.opblock select')].every((each) => each.hasAttribute('aria-label'))")
    assert findings(page, "#operations-upload-upload_file .opblock-section") == []
    path = tmp_path / "tried.txt"
    path.write_text("tried out")
    page.choose(path, selector="[data-property-name=file] input[type=file]")
    page.click("button.execute")
    page.until("!!document.querySelector('.live-responses-table tbody .response-col_status')")
    assert page.text(".live-responses-table tbody .response-col_status").startswith("201")
    page.close()
    assert complaints(page) == []


HEARD = """
    import(document.body.dataset.static + 'console/core/live.js').then(({ follow }) => {
        window.heard = [];
        follow('file.received', ({ type, data }) => heard.push(type === 'reset' ? type : data.id));
    })"""


def test_windows_share_a_connection_and_read_nothing_twice(open_page: Callable[[str], Page], stack: Stack) -> None:
    pages = [open_page("/"), open_page("/trash/")]
    for page in pages:
        page.run(HEARD)
        live(page)
    file_id = stack.upload(b"shared", "shared.txt")["id"]
    for page in pages:
        page.until(f"heard.includes('{file_id}')")
    assert [len(page.sent("GET", "/api/v1.0/events/")) for page in pages] == [1, 0]
    # Each page knew since which event it has to listen, so nothing has to be read anew.
    assert not pages[0].run("heard.includes('reset')")


# Choices


def test_colours_and_language_are_chosen_and_stay(open_page: Callable[[str], Page]) -> None:
    page = open_page("/")
    colour = "getComputedStyle(document.body.parentElement).backgroundColor"
    light = page.run(colour)
    choose(page, "theme", "dark")
    dark = page.run(colour)
    assert dark != light
    page.go("", SHOWN)
    assert page.run(colour) == dark
    look(page, dark=True)
    choose(page, "theme", "light")
    assert page.run(colour) == light
    choose(page, "language", "ru")
    page.until(f"document.documentElement?.lang === 'ru' && {SHOWN}")
    page.until("document.querySelector('.health-words')?.textContent === 'Всё в порядке'")
    assert page.text("[data-nav=files]").strip() == "Файлы"
    press(page, "?", SHIFT)
    page.until("document.querySelector('dialog[open] h2')?.textContent === 'Клавиши'")


def choose(page: Page, name: str, value: str) -> None:
    options = f"[...(document.querySelector('select[data-shell={name}]')?.options ?? [])]"
    page.until(f"{options}.some((each) => each.value === '{value}')")
    page.run(f"""(() => {{
        const select = document.querySelector('select[data-shell={name}]');
        select.value = '{value}';
        select.dispatchEvent(new Event('change', {{ bubbles: true }}));
    }})()""")


def test_an_administrator_changes_the_project(open_page: Callable[[str], Page], stack: Stack) -> None:
    name = f"shop-{uuid.uuid4().hex[:8]}"
    stack.client.post("/api/v1.0/projects/", json={"name": name}).raise_for_status()
    page = open_page("/")
    shown = "JSON.parse(document.getElementById('session')?.textContent ?? '{}').me?.project"
    with as_administrator(page, stack):
        page.go("", SHOWN)
        assert page.run(shown) == "default"
        choose(page, "project", name)
        page.until(f"{SHOWN} && {shown} === '{name}'")
        assert page.run("fetch('/api/v1.0/me/').then((each) => each.json()).then((me) => me.project)") == name
    stack.client.delete(f"/api/v1.0/projects/{name}/").raise_for_status()


# Offline


LINE = "document.getElementById('shell-connection')"


def test_a_line_says_that_the_browser_is_offline_until_it_is_back(open_page: Callable[[str], Page]) -> None:
    page = open_page("/")
    page.connected(False)
    page.until(f"!{LINE}.hidden && {LINE}.textContent.startsWith('You are offline')")
    assert findings(page) == []
    page.connected(True)
    page.until(f"{LINE}.hidden")


def test_a_line_says_that_the_server_is_away_until_it_is_back(open_page: Callable[[str], Page]) -> None:
    page = open_page("/")
    page.until("document.querySelector('[data-shell=health]').dataset.state === 'good'")
    page.ask("Network.setBlockedURLs", urls=["*"])
    page.run("document.dispatchEvent(new Event('visibilitychange'))")
    page.until(f"!{LINE}.hidden && {LINE}.textContent.startsWith('The server can')")
    page.until("document.querySelector('[data-shell=health]').dataset.state === 'bad'")
    page.ask("Network.setBlockedURLs", urls=[])
    page.until(f"{LINE}.hidden")
    page.until("document.querySelector('[data-shell=health]').dataset.state === 'good'")


# Pages outside the console


@pytest.mark.parametrize("path", ["/nowhere", "/sign-in/", "/files/nothing/nothing.txt"])
def test_other_pages_have_the_same_look(chromium: Window, stack: Stack, path: str) -> None:
    page = chromium.page(f"{stack.url}{path}", "document.readyState === 'complete'")
    assert page.text(".top .brand").strip() == "Picasso"
    check_looks(page)
    page.close()


def test_an_error_page_has_the_language_and_the_theme_that_were_chosen(stack: Stack) -> None:
    for path in ("/nowhere", "/files/nothing/nothing.txt"):
        answer = get(stack, path, cookie="picasso-language=ru; picasso-theme=dark")
        assert (answer.status_code, answer.headers["content-language"]) == (404, "ru")
        assert '<html lang="ru" data-theme="dark">' in answer.text
        program = stack.client.get(path, headers={"cookie": "picasso-language=ru"})
        assert program.headers["content-language"] == "en"
