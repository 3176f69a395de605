"""The page in a real browser: what it uploads survives cuts, crashes and reloads, and becomes one file."""

from __future__ import annotations

import hashlib
import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import nginx
from tests.console.pages import press
from tests.devtools import Browser, Page, Sent, Window, required
from tests.live.conftest import web_only
from tests.ports import free_port
from tests.stack import Stack, until
from tests.train import Train, train

pytestmark = pytest.mark.live

MIB = 2**20
PICTURE = Path(__file__).parents[2] / "docs/picture.jpg"
UPLOADS = "/api/v1.0/uploads/"
# Of an upload that is not over.
ROW = ".upload:not([data-state=done])"
INPUT = "#dock-files"
TRAY = "document.querySelector('.dock')"
THERE = f"!!{TRAY}"
# What the browser remembers of unfinished uploads.
KEPT = "Object.keys(localStorage).filter((key) => key.startsWith('picasso ')).length"
NOTE = f"document.querySelector('{ROW} [data-slot=note]')?.innerText"
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\1\0\0\0\1\0\10\2\0\0\0\xd3\x10\x3f\x31"
# By itself the page asks again after four seconds at the earliest.
AT_ONCE = 3.5


@pytest.fixture(scope="module")
def stack(processing: Stack) -> Stack:
    return processing


@pytest.fixture(scope="module")
def line_port() -> int:
    """The same one for all tests, so that the browser has compiled the scripts of this address already."""
    return free_port()


@pytest.fixture
def line(stack: Stack, line_port: int) -> Iterator[Train]:
    with train(stack.port, line_port) as line:
        yield line


@pytest.fixture
def page(chromium: Window, line: Train) -> Iterator[Page]:
    """Beyond the train's Wi-Fi."""
    page = chromium.page(f"{line.url}/", THERE)
    yield page
    page.close()
    assert page.complaints == []


@pytest.fixture
def film(tmp_path: Path) -> Path:
    return made(tmp_path / "film.bin", 6 * MIB)


def made(path: Path, size: int) -> Path:
    path.write_bytes(random.randbytes(size))
    return path


def files_like(stack: Stack, path: Path) -> list[dict[str, Any]]:
    """Those of the service with this content."""
    found = stack.client.get("/api/v1.0/files/?page_size=100").json()["results"]
    return [each for each in found if each["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()]


def the_file(page: Page, stack: Stack, path: Path) -> dict[str, Any]:
    """The one that the page's upload has become, once nothing is left to be done."""
    until(lambda: files_like(stack, path) != [], 60, lambda: f"it became no file; the page says:\n{page.text('main')}")
    page.until(f"!document.querySelector('{ROW}')", 60)
    (found,) = files_like(stack, path)
    assert (found["name"], found["size"]) == (path.name, path.stat().st_size)
    page.until(f"document.querySelectorAll('[data-id=\"{found['id']}\"]').length === 1")
    assert stack.client.get(found["file"]).content == path.read_bytes()
    page.until(f"{KEPT} === 0")
    until(lambda: unfinished(stack) == [], 10, lambda: f"left: {unfinished(stack)}")
    return found


def unfinished(stack: Stack) -> list[Path]:
    return [path for path in (stack.data / "uploads").rglob("*") if path.is_file()]


def offsets(page: Page) -> list[int]:
    return [int(each.headers["upload-offset"]) for each in page.sent("PATCH", UPLOADS)]


def begun(page: Page) -> list[Sent]:
    return page.sent("POST", UPLOADS)


def note(page: Page) -> str:
    return page.text(f"{ROW} [data-slot=note]")


# What a row says is drawn a moment after a click or an event.


def notes(page: Page, text: str) -> None:
    """Wait until the row's note has this text."""
    page.once(lambda: text in note(page), text)


def offers(page: Page, text: str) -> None:
    """Wait until this is the row's first button."""
    page.once(lambda: page.text(f"{ROW} [data-slot=first]") == text, text)


def state(page: Page) -> str:
    return str(page.run(f"document.querySelector('{ROW}')?.dataset.state"))


def half_sent(page: Page, line: Train, path: Path) -> None:
    """Begin the upload, and have some of it there. The rest would take a minute if nothing changed."""
    line.pace = 2 * MIB
    page.choose(path, selector=INPUT)
    carried(page, line, 2)
    line.pace = MIB // 16


def carried(page: Page, line: Train, mebibytes: float) -> None:
    page.once(lambda: line.came > mebibytes * MIB, f"carried {mebibytes} MiB")


# Small ones


def test_small_files_go_in_one_request_each(page: Page, stack: Stack, tmp_path: Path) -> None:
    names = ["note.txt", "Fußnote «5» 50%.txt", "it's (a) 'list'*.csv", "日本語 🎨.txt"]
    paths = [made(tmp_path / name, 1000 * n) for n, name in enumerate(names, 1)]
    page.choose(*paths, selector=INPUT)
    page.once(lambda: [each.status for each in begun(page)] == [201] * len(paths), "uploaded them")
    page.until(f"!document.querySelector('{ROW}')")
    for path in paths:
        (found,) = files_like(stack, path)
        assert found["name"] == path.name
        assert found["declared_type"] == ("text/csv" if path.suffix == ".csv" else "text/plain")
    assert [each.status for each in begun(page)] == [201] * len(paths)
    assert len({each.headers["idempotency-key"] for each in begun(page)}) == len(paths)
    assert page.sent("PATCH") == page.sent("HEAD") == []
    page.until("/uploaded/.test(document.querySelector('#announcer').textContent)")


def test_an_empty_file_is_refused(page: Page, tmp_path: Path) -> None:
    page.choose(made(tmp_path / "empty.txt", 0), selector=INPUT)
    page.until(f"document.querySelector('{ROW}')?.dataset.state === 'error'")
    assert "The file is empty" in page.text(ROW)


@pytest.mark.sampled("the line of a page is cut", 1 / 2)
def test_a_lost_answer_makes_no_second_file(page: Page, stack: Stack, line: Train, tmp_path: Path) -> None:
    path = made(tmp_path / "note.txt", 1000)
    lost = iter([True])
    line.swallow = lambda data: data.startswith(b"POST") and next(lost, False)
    page.choose(path, selector=INPUT)
    the_file(page, stack, path)
    assert next(lost, "swallowed") == "swallowed"


# Large ones


def test_a_large_file_arrives(page: Page, stack: Stack, film: Path) -> None:
    page.choose(film, selector=INPUT)
    the_file(page, stack, film)
    assert offsets(page) == [0]
    assert page.sent("HEAD") == []


def test_an_upload_survives_cuts(page: Page, stack: Stack, line: Train, film: Path) -> None:
    line.pace = 4 * MIB
    page.choose(film, selector=INPUT)
    for arrived in (1, 2.5, 4):
        carried(page, line, arrived)
        line.tunnel = True
        line.cut()
        page.until(f"/Connection lost at [1-9]\\d*%, trying again in \\d s/.test({NOTE})")
        line.tunnel = False
    the_file(page, stack, film)
    assert len(begun(page)) == 1
    assert len(offsets(page)) >= 4
    assert offsets(page) == sorted(set(offsets(page)))
    assert line.came < 8 * MIB  # what had arrived was not sent again


@pytest.mark.sampled("the line of a page is cut", 1 / 2)
def test_an_upload_needs_no_connection_that_lasts(page: Page, stack: Stack, line: Train, film: Path) -> None:
    line.reach = 1.5 * MIB
    line.pace = 4 * MIB  # a state that lasts less than a frame is not drawn
    page.run(WATCH_STATES)
    page.choose(film, selector=INPUT)
    the_file(page, stack, film)
    states = page.run("[...window.states]")
    assert "sending" in states
    assert "error" not in states
    assert len(begun(page)) == 1
    assert len(offsets(page)) > 3


# Collects every state that a row is in, however short.
WATCH_STATES = """
    window.states = new Set();
    new MutationObserver(() => document.querySelectorAll('.upload').forEach((row) => states.add(row.dataset.state)))
        .observe(document.querySelector('#tray'), { subtree: true, childList: true, attributes: true });
"""


def test_an_upload_survives_the_deaths_of_the_service(page: Page, stack: Stack, line: Train, film: Path) -> None:
    line.pace = 2 * MIB
    page.choose(film, selector=INPUT)
    for arrived in (1.5, 4):
        carried(page, line, arrived)
        for process in stack.processes("web"):
            process.kill()
    the_file(page, stack, film)
    assert len(begun(page)) == 1


@pytest.mark.sampled("the line of a page is cut", 1 / 2)
def test_an_upload_whose_beginning_was_not_heard_is_begun_once(
    page: Page, stack: Stack, line: Train, film: Path
) -> None:
    lost = iter([True])
    line.swallow = lambda data: data.startswith(b"POST") and next(lost, False)
    page.choose(film, selector=INPUT)
    the_file(page, stack, film)
    assert next(lost, "swallowed") == "swallowed"


@pytest.mark.sampled("the line of a page is cut", 1 / 2)
def test_a_lost_last_answer_ends_well(page: Page, stack: Stack, line: Train, film: Path) -> None:
    """All has arrived, and nobody heard."""
    lost = iter([True])
    line.swallow = lambda data: data.startswith(b"PATCH") and next(lost, False)
    page.choose(film, selector=INPUT)
    the_file(page, stack, film)
    assert len(begun(page)) == 1


@pytest.mark.sampled("the line of a page is cut", 1 / 2)
def test_it_goes_on_as_soon_as_the_browser_is_online(page: Page, stack: Stack, line: Train, film: Path) -> None:
    half_sent(page, line, film)
    page.connected(False)
    line.cut()
    page.until(f"document.querySelector('{ROW}').dataset.state === 'lost'")
    page.once(lambda: note(page) == "Offline; continues by itself", "offline")
    offers(page, "Retry now")
    line.pace = float("inf")
    failed = len(page.sent("HEAD"))
    page.connected(True)
    page.once(lambda: len(page.sent("HEAD")) > failed, "asked", AT_ONCE)
    the_file(page, stack, film)


@pytest.mark.sampled("the line of a page is cut", 1 / 2)
def test_it_goes_on_when_it_is_told_to(page: Page, stack: Stack, line: Train, film: Path) -> None:
    half_sent(page, line, film)
    line.tunnel = True
    line.cut()
    page.until(f"/ in [4-9] s/.test(document.querySelector('{ROW}').textContent)")
    line.tunnel, line.pace = False, float("inf")
    failed = len(page.sent("HEAD"))
    page.click(f"{ROW} [data-slot=first]")
    page.once(lambda: len(page.sent("HEAD")) > failed, "asked", AT_ONCE)
    the_file(page, stack, film)


@pytest.mark.sampled("the line of a page is cut", 1 / 2)
def test_pause_and_go_on(page: Page, stack: Stack, line: Train, film: Path) -> None:
    half_sent(page, line, film)
    offers(page, "Pause")
    page.click(f"{ROW} [data-slot=first]")
    notes(page, "Paused at")
    came = line.came
    offers(page, "Resume")
    line.pace = float("inf")
    page.click(f"{ROW} [data-slot=first]")
    the_file(page, stack, film)
    assert offsets(page)[-1] > 0
    assert came < line.came < 8 * MIB


# Reloads


@pytest.mark.sampled("a page goes on later", 1 / 2)
def test_it_goes_on_after_a_reload(chromium: Window, page: Page, stack: Stack, line: Train, tmp_path: Path) -> None:
    film = made(tmp_path / "long.bin", 20 * MIB)
    half_sent(page, line, film)
    page.go(ready=THERE)
    other = chromium.page(f"{line.url}/", THERE)
    for each in (page, other):
        left(each)
        assert "Choose the file again to resume." in note(each)
    line.pace = 2 * MIB
    page.requests.clear()
    page.choose(film, selector=INPUT)
    page.until(f"/continued from [1-9]/.test(document.querySelector('{ROW}')?.textContent)")
    other.until(f"!document.querySelector('{ROW}')")
    other.close()
    line.pace = float("inf")
    the_file(page, stack, film)
    assert begun(page) == []
    assert offsets(page)[0] >= MIB
    assert line.came < 22 * MIB


def left(page: Page) -> None:
    """Open the tray, in which an upload of an earlier page waits."""
    page.until(f"/unfinished/.test({TRAY}.textContent)")
    page.click(".dock-toggle")
    page.until(f"document.querySelector('{ROW}')?.dataset.state === 'left'")


@pytest.mark.sampled("a page goes on later", 1 / 2)
def test_it_goes_on_after_a_restart_of_the_browser(stack: Stack, line: Train, film: Path, tmp_path: Path) -> None:
    program, profile = required(), tmp_path / "profile"
    first = Browser(program, profile)
    half_sent(first.page(f"{line.url}/", THERE), line, film)
    first.close()
    second = Browser(program, profile)
    page = second.page(f"{line.url}/", THERE)
    line.pace = float("inf")
    page.choose(film, selector=INPUT)
    the_file(page, stack, film)
    assert offsets(page)[0] >= MIB
    second.close()


@pytest.mark.sampled("a page goes on later", 1 / 2)
def test_what_has_expired_is_begun_anew(page: Page, stack: Stack, line: Train, film: Path) -> None:
    half_sent(page, line, film)
    page.click(f"{ROW} [data-slot=first]")
    upload = page.sent("PATCH")[0].path
    until(lambda: stack.client.delete(upload).status_code == 204, 10, lambda: "never deleted")
    page.click(f"{ROW} [data-slot=first]")
    page.until(f"/started again/.test(document.querySelector('{ROW}').textContent)")
    line.pace = float("inf")
    the_file(page, stack, film)
    assert len(begun(page)) == 2


@pytest.mark.sampled("a page goes on later", 1 / 2)
def test_another_file_of_the_same_name_and_size_is_another_upload(
    page: Page, stack: Stack, line: Train, film: Path
) -> None:
    half_sent(page, line, film)
    page.go(ready=THERE)
    changed = os.stat(film)
    content = bytearray(film.read_bytes())
    content[:MIB] = random.randbytes(MIB)
    film.write_bytes(content)
    os.utime(film, ns=(changed.st_atime_ns, changed.st_mtime_ns))
    line.pace = float("inf")
    page.requests.clear()
    page.choose(film, selector=INPUT)
    until(lambda: unfinished(stack) == [], 10, lambda: "the first one is still there")
    the_file(page, stack, film)
    assert offsets(page) == [0]


@pytest.mark.sampled("a page goes on later", 1 / 2)
def test_the_same_file_twice_is_two_files(page: Page, stack: Stack, line: Train, film: Path) -> None:
    """As it always was; one of them must not go on where the other one is."""
    line.pace = 4 * MIB
    page.choose(film, selector=INPUT)
    page.choose(film, selector=INPUT)
    until(lambda: len(files_like(stack, film)) == 2, 60, lambda: f"the page says:\n{page.text('main')}")
    page.until(f"!document.querySelector('{ROW}')", 60)
    assert len(files_like(stack, film)) == 2
    until(lambda: unfinished(stack) == [], 10, lambda: f"left: {unfinished(stack)}")
    page.until(f"{KEPT} === 0")


@pytest.mark.sampled("a page goes on later", 1 / 2)
def test_what_is_left_is_another_windows_while_that_goes_on(
    chromium: Window, page: Page, stack: Stack, line: Train, film: Path
) -> None:
    half_sent(page, line, film)
    other = chromium.page(f"{line.url}/", THERE)
    other.once(lambda: other.sent("GET", UPLOADS), "asked")
    assert other.text(ROW) == ""
    line.pace = float("inf")
    the_file(page, stack, film)
    other.close()


# Its end


def just_chosen(page: Page, line: Train, path: Path) -> None:
    line.pace = MIB
    page.choose(path, selector=INPUT)


@pytest.mark.sampled("an upload of a page is cancelled", 1 / 2)
@pytest.mark.parametrize("begin", [half_sent, just_chosen])
def test_cancel_leaves_nothing_behind(
    begin: Callable[[Page, Train, Path], None], page: Page, stack: Stack, line: Train, film: Path
) -> None:
    begin(page, line, film)
    page.click(f"{ROW} [data-action=cancel]")
    gone(page, stack, film)


@pytest.mark.sampled("an upload of a page is cancelled", 1 / 2)
def test_cancel_in_a_tunnel_leaves_nothing_behind(page: Page, stack: Stack, line: Train, film: Path) -> None:
    """What could not be said is said later, by the next page if need be."""
    half_sent(page, line, film)
    line.tunnel = True
    line.cut()
    page.until(f"document.querySelector('{ROW}').dataset.state === 'lost'")
    page.click(f"{ROW} [data-action=cancel]")
    page.until(f"{KEPT} === 1")
    page.once(lambda: page.sent("DELETE"), "tried")
    assert len(unfinished(stack)) > 0
    line.tunnel = False
    page.go(ready=THERE)
    gone(page, stack, film)


@pytest.mark.sampled("an upload of a page is cancelled", 1 / 2)
def test_what_is_left_can_be_discarded(page: Page, stack: Stack, line: Train, film: Path) -> None:
    half_sent(page, line, film)
    page.go(ready=THERE)
    left(page)
    assert page.text(f"{ROW} [data-action=cancel]") == "Discard"
    page.click(f"{ROW} [data-action=cancel]")
    gone(page, stack, film)


def gone(page: Page, stack: Stack, film: Path) -> None:
    until(lambda: unfinished(stack) == [], 10, lambda: f"left: {unfinished(stack)}")
    page.until(f"{KEPT} === 0")
    assert files_like(stack, film) == []
    page.once(lambda: not page.text(ROW), "an empty list")


def test_a_file_that_is_gone_says_so(page: Page, stack: Stack, line: Train, film: Path) -> None:
    half_sent(page, line, film)
    film.unlink()
    line.cut()
    page.until(f"document.querySelector('{ROW}').dataset.state === 'error'")
    notes(page, "has changed since it was chosen")
    page.click(f"{ROW} [data-action=cancel]")
    until(lambda: unfinished(stack) == [], 10, lambda: f"left: {unfinished(stack)}")


# Elsewhere


def test_below_a_path_and_by_another_name(new_data: Callable[[], Path], chromium: Window, film: Path) -> None:
    """What the service calls itself need not be how this page reaches it: without TLS, to which browsers give less."""
    with web_only(new_data(), PICASSO_PUBLIC_URL="http://files.example/picasso", PICASSO_ALLOWED_HOSTS="*") as stack:
        page = chromium.page(f"http://inside.example:{stack.port}/picasso/", THERE)
        assert page.run("isSecureContext") is False
        page.choose(film, selector=INPUT)
        page.until("!!document.querySelector('.upload[data-state=done]')")
        assert len(files_like(stack, film)) == 1
        assert {each.path.partition("/api/")[0] for each in page.sent("PATCH")} == {"/picasso"}
        # The browser says that it ignores this header there.
        assert [each for each in page.complaints if "Cross-Origin-Opener-Policy" not in each] == []
        page.close()


@pytest.mark.sampled("an upload of a page is refused", 1 / 2)
def test_what_is_too_large_is_not_sent(listed: Stack, chromium: Window, film: Path) -> None:
    page = chromium.page(f"{listed.url}/", THERE)
    page.choose(film, selector=INPUT)
    page.until(f"document.querySelector('{ROW}')?.dataset.state === 'error'")
    notes(page, "This file is 6.29 MB, and the limit is 1.05 MB.")
    assert begun(page) == []
    page.close()


def refused(page: Page) -> str:
    """What the row says once the upload has failed for good."""
    page.until(f"document.querySelector('{ROW}')?.dataset.state === 'error'")
    assert page.run("document.title") == page.run("document.title.replace(/^\\d+% · /, '')")
    return note(page)


@pytest.mark.sampled("an upload of a page is refused", 1 / 2)
def test_the_limit_of_the_service_is_not_tried_again(page: Page, tmp_path: Path) -> None:
    """A 413 of a proxy may mean the size of one request. Ours has a code. A type is known after the first bytes."""
    picture = made(tmp_path / "picture.png", 2 * MIB)
    picture.write_bytes(PNG + picture.read_bytes())
    with_pipeline(page, "pictures")
    page.choose(picture, selector=INPUT)
    assert refused(page) == "This file is 2.1 MB, and the limit is 100 kB. Choose a smaller file."
    assert [each.status for each in page.sent("PATCH")] == [413]
    assert page.text(f"{ROW} .upload-actions") == "Remove"


@pytest.mark.sampled("an upload of a page is refused", 1 / 2)
def test_a_type_that_is_not_accepted(page: Page, tmp_path: Path) -> None:
    note_file = tmp_path / "note.txt"
    note_file.write_text("This is not a picture. " * 9)
    with_pipeline(page, "pictures")
    assert "Up to 5 MB each. Accepted: image/*." in page.text(".dock-add")
    page.choose(note_file, selector=INPUT)
    assert refused(page) == "Files of type text/plain are not accepted here. Accepted: image/*."
    assert page.text(f"{ROW} .upload-actions") == "Remove"


def with_pipeline(page: Page, name: str) -> None:
    press(page, "u")
    page.until(f"!!document.querySelector('#dock-pipeline [value={name}]')")
    page.run(
        f"(() => {{ const field = document.querySelector('#dock-pipeline'); field.value = '{name}';"
        "field.dispatchEvent(new Event('change')) })()"
    )


@pytest.mark.sampled("an upload of a page is refused", 1 / 2)
def test_a_full_disk_promises_nothing(full: Stack, chromium: Window, film: Path) -> None:
    page = chromium.page(f"{full.url}/", THERE)
    page.choose(film, selector=INPUT)
    assert refused(page).endswith("Retry when there is space again.")
    assert page.text(f"{ROW} .upload-actions").split("\n") == ["Retry now", "Remove"]
    tried = len(begun(page)) + len(page.sent("PATCH"))
    page.click("[data-action=retry-failed]")
    page.once(lambda: len(begun(page)) + len(page.sent("PATCH")) > tried, "tried again")
    refused(page)
    page.close()


def test_a_proxy_that_takes_small_requests_only(stack: Stack, chromium: Window, film: Path, tmp_path: Path) -> None:
    """A file above its limit, and one of a single request."""
    note_file = made(tmp_path / "note.bin", MIB)
    port = free_port()
    block = f"client_max_body_size 600k; location / {{ proxy_pass {stack.url}; proxy_set_header Host $http_host; }}"
    with nginx.server(tmp_path / "nginx", port, block) as url:
        page = chromium.page(f"{url}/", THERE)
        page.choose(film, note_file, selector=INPUT)
        for each in (film, note_file):
            the_file(page, stack, each)
        page.close()


def test_files_have_a_picture_whatever_the_sizes(stack: Stack, chromium: Window) -> None:
    """The page shows a thumbnail of the sizes and formats of the pipeline, before and after its script has run."""
    page = chromium.page(f"{stack.url}/", THERE)
    page.choose(PICTURE, selector=INPUT)
    until(
        lambda: files_like(stack, PICTURE) != [], 60, lambda: f"it became no file; the page says:\n{page.text('main')}"
    )
    thumbnail = f"document.querySelector('[data-id=\"{files_like(stack, PICTURE)[0]['id']}\"] .thumb img')"
    page.until(f"/[/]thumbnail-320[.]webp$/.test({thumbnail}?.src)", 60)
    address = page.run(f"{thumbnail}.src")
    assert address in stack.client.get("/", headers={"Accept": "text/html"}).text
    assert stack.client.get(address).headers["content-type"] == "image/webp"
    assert page.complaints == []
    page.close()
