"""tus-js-client and Uppy in a page of another origin: what they may send and read is what CORS lets them."""

from __future__ import annotations

import socket
from itertools import product
from typing import Any

import pytest

from tests.clients.checks import UPLOADS, check_stored, content, file_of, gone, times_stored
from tests.clients.pages import Page, Site
from tests.clients.test_kills import kill_all, kill_web
from tests.devtools import Window
from tests.ports import free_port
from tests.sampling import sample
from tests.stack import Stack

# Of one test, without the start of the service and of the browser.
pytestmark = pytest.mark.timeout(180)

NAME, TYPE = "Arlequín.bin", "application/x-harlequin"
ONE = {"name": NAME, "type": TYPE}
PROTOCOLS = ["tus-v1", "ietf-draft-03", "ietf-draft-05"]
CHUNK = 100_000
OPTIONS: list[dict[str, Any]] = [{}, {"uploadDataDuringCreation": True}, {"chunkSize": CHUNK}]
# A page costs a second of processor time. In Node the same client does all of it every day (`test_tus_js_client`).
WAYS = sample(product(PROTOCOLS, OPTIONS), lambda way: way[0], 1 / 3)


def one_protocol(of: str) -> list[str]:
    return sample(PROTOCOLS, lambda _: of, 1 / 3)


def task(stack: Stack, options: dict[str, Any], **more: object) -> dict[str, Any]:
    # By the name that makes it another origin, and not another site: Chromium keeps pages off addresses of other sites.
    endpoint = f"http://localhost:{stack.port}{UPLOADS}"
    return {"client": "tus", "endpoint": endpoint, "files": [ONE], "options": options, **more}


def done(result: dict[str, Any]) -> dict[str, Any]:
    assert not result.get("error"), result
    return result


def offsets(result: dict[str, Any], method: str) -> list[int]:
    return [offset for asked, status, offset in result["requests"] if asked == method and status < 300]


@pytest.mark.parametrize(("protocol", "options"), WAYS, ids=str)
def test_a_file(stack: Stack, page: Page, protocol: str, options: dict[str, Any]) -> None:
    sent = content(250_000)
    result = done(page.do(sent, **task(stack, {"protocol": protocol, **options})))
    check_stored(stack, result["files"][0], sent, NAME, TYPE)


@pytest.mark.parametrize("protocol", one_protocol("deferred length"))
def test_a_length_that_is_not_known_at_first(stack: Stack, page: Page, protocol: str) -> None:
    sent = content(250_000)
    options = {"protocol": protocol, "uploadLengthDeferred": True, "chunkSize": CHUNK}
    check_stored(stack, done(page.do(sent, **task(stack, options)))["files"][0], sent, NAME, TYPE)


def test_parts_at_the_same_time(stack: Stack, page: Page) -> None:
    sent = content(1_000_001)
    result = done(page.do(sent, **task(stack, {"parallelUploads": 4})))
    check_stored(stack, file_of(stack, result["url"]), sent, NAME, TYPE)


@pytest.mark.parametrize("protocol", one_protocol("ended for good"))
def test_an_upload_is_ended_for_good(stack: Stack, page: Page, protocol: str) -> None:
    sent = content(500_000)
    options = {"protocol": protocol, "chunkSize": CHUNK}
    result = done(page.do(sent, **task(stack, options, stopAt=2 * CHUNK, terminate=True)))
    assert result["requests"][-1][:2] == ["DELETE", 204]
    assert gone(stack, result["url"])
    assert not times_stored(stack, sent)


@pytest.mark.parametrize("protocol", one_protocol("page loaded anew"))
def test_the_page_is_loaded_anew(stack: Stack, page: Page, protocol: str) -> None:
    sent = content(500_000)
    options = {"protocol": protocol, "chunkSize": CHUNK}
    stopped = done(page.do(sent, **task(stack, options, stopAt=2 * CHUNK)))["stopped"]
    result = done(page.do(sent, **task(stack, options)))
    assert offsets(result, "HEAD") == [stopped]
    check_stored(stack, result["files"][0], sent, NAME, TYPE)


@pytest.mark.sampled("the service of a client is killed", 1 / 2)
@pytest.mark.parametrize("protocol", one_protocol("page and service killed"))
def test_the_service_is_killed(stack: Stack, page: Page, protocol: str) -> None:
    sent = content(2_000_000)
    page.start(sent, **task(stack, {"protocol": protocol, "chunkSize": CHUNK}, gated=True))
    killed_in_the_middle(stack, page)
    result = done(page.result())
    assert offsets(result, "HEAD")
    check_stored(stack, result["files"][0], sent, NAME, TYPE)


def killed_in_the_middle(stack: Stack, page: Page) -> None:
    """Once so that a request has to wait for the next web process, and once so that one fails."""
    stop_after(page, 4)
    kill_web(stack)
    stop_after(page, 3)
    kill_all(stack.processes())
    stack.kill()
    with socket.create_server(("127.0.0.1", stack.port)) as refusing:
        refusing.settimeout(20)
        page.gate.let_through(1)
        refusing.accept()[0].close()
    # The next try waits at the gate: a client gives up after a while, and a start may take longer.
    stack.start()
    page.gate.open()


def stop_after(page: Page, requests: int) -> None:
    """Return when the page has sent so many more requests and waits before the next one."""
    page.gate.let_through(requests)
    page.gate.hold_next(60)


def test_uppy(stack: Stack, page: Page) -> None:
    """Several files in several chunks each, at the same time."""
    sent = content(900_000)
    parts = [[0, 300_000], [300_000, 600_001], [600_001, 900_000]]
    files = [{"name": f"{n}-{NAME}", "type": TYPE, "part": part} for n, part in enumerate(parts)]
    result = done(page.do(sent, **task(stack, {"chunkSize": CHUNK}, client="uppy", files=files)))
    assert len(result["files"]) == len(set(result["urls"])) == 3
    found = {stack.file(each.rstrip("/").rpartition("/")[2])["name"]: each for each in result["files"]}
    for file, (start, end) in zip(files, parts, strict=True):
        check_stored(stack, found[str(file["name"])], sent[start:end], str(file["name"]), TYPE)


@pytest.mark.parametrize("options", [{"chunkSize": CHUNK}, {"chunkSize": CHUNK, "uploadDataDuringCreation": True}])
def test_uppy_rests_for_a_while(stack: Stack, page: Page, options: dict[str, Any]) -> None:
    sent = content(1_000_000)
    result = done(page.do(sent, **task(stack, options, client="uppy", stopAt=3 * CHUNK)))
    assert result["rested"]
    assert offsets(result, "HEAD")
    check_stored(stack, result["files"][0], sent, NAME, TYPE)


def test_uppy_and_parts(stack: Stack, page: Page) -> None:
    sent = content(1_000_001)
    result = done(page.do(sent, **task(stack, {"parallelUploads": 3}, client="uppy")))
    check_stored(stack, file_of(stack, result["urls"][0]), sent, NAME, TYPE)


@pytest.mark.sampled("the service of a client is killed", 1 / 2)
def test_uppy_and_a_killed_service(stack: Stack, page: Page) -> None:
    sent = content(2_000_000)
    page.start(sent, **task(stack, {"chunkSize": CHUNK}, client="uppy", gated=True))
    killed_in_the_middle(stack, page)
    result = done(page.result())
    assert offsets(result, "HEAD")
    check_stored(stack, result["files"][0], sent, NAME, TYPE)


def test_a_page_of_a_site_that_is_not_named(stack: Stack, javascript: str, chromium: Window) -> None:
    """Lest any of the above worked without CORS."""
    sent = content(1000)
    with Site(free_port()).served() as site, site.shown(chromium) as stranger:
        result = stranger.do(sent, **task(stack, {"retryDelays": None}))
    assert "error" in result
    assert not times_stored(stack, sent)
