"""Requests that Django answers: what they may hold in memory, how long others wait for them, and odd ones."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import httpx
import psutil
import pytest

from picasso.web.django_body import BUDGET
from tests.live.admin import superuser, token
from tests.live.conftest import web_only
from tests.live.wire import FILES, Answer, Wire, ask, check_problem, head, post, wire
from tests.stack import BUSY, Stack, until

pytestmark = pytest.mark.live

KIB = 2**10
MIB = 2**20
RETRY = "/api/v1.0/jobs/retry/"
PAUSE = "/api/v1.0/queues/quick/pause/"
KEYS = "/api/v1.0/keys/"
LOGIN = "/admin/login/"
SCHEMA = "/api/v1.0/schema/"
JSON = "application/json"


@pytest.fixture(scope="module")
def stack(new_data: Callable[[], Path]) -> Iterator[Stack]:
    """One of its own: wrong passwords lock the address of all tests."""
    with web_only(new_data()) as stack:
        yield stack


@pytest.fixture(scope="module", autouse=True)
def signed_in(stack: Stack) -> httpx.Cookies:
    """The cookies of an administrator, who signed in before the tests with wrong passwords."""
    superuser(stack)
    browser = {"Origin": stack.url, "Referer": f"{stack.url}{LOGIN}"}
    form = {"username": "dora", "password": "maar-1937", "csrfmiddlewaretoken": token(stack.client.get(LOGIN))}
    assert stack.client.post(LOGIN, data=form, headers=browser).status_code == 302
    cookies = httpx.Cookies(stack.client.cookies)
    stack.client.cookies.clear()
    return cookies


@pytest.fixture(scope="module")
def keys_only(new_data: Callable[[], Path]) -> Iterator[Stack]:
    with web_only(new_data(), PICASSO_ACCESS="keys") as stack:
        yield stack


@pytest.fixture(autouse=True)
def quiet(stack: Stack) -> Iterator[None]:
    """Nothing that a stranger sends writes a traceback into the log."""
    yield
    assert "Traceback" not in stack.log.read_text()


def seconds_of_a_list(stack: Stack) -> float:
    started = time.monotonic()
    assert ask(stack, "GET", FILES).status == 200
    return time.monotonic() - started


# Bodies


def refused_by_head(stack: Stack, method: str, path: str, length: int, **headers: str) -> Answer:
    """What is answered to a head before any byte of its body was sent."""
    with wire(stack, timeout=60) as connection:
        connection.send(head(stack, method, path, Content_Type=JSON, Content_Length=length, **headers))
        return connection.read(head=method == "HEAD")


@pytest.mark.parametrize(
    ("request_", "length", "status", "code"),
    [
        (("POST", RETRY), 64 * KIB + 1, 413, "too-large"),
        (("POST", KEYS), 64 * KIB + 1, 413, "too-large"),
        (("POST", LOGIN), 64 * KIB + 1, 413, "too-large"),
        (("POST", "/admin/picasso/file/"), MIB + 1, 413, "too-large"),
        (("POST", PAUSE), 17, 413, "too-large"),
        (("GET", FILES), 17, 413, "too-large"),
        (("DELETE", f"{FILES}019ab3f2-7c1e-7d3a-9f52-3a4be0c5d1f7/"), 17, 413, "too-large"),
        (("POST", "/api/v1.0/nowhere/"), 10, 404, "not-found"),
        (("POST", "/static/nowhere.js"), 10, 404, "not-found"),
        (("POST", FILES), 10, 405, "method-not-allowed"),
        (("POST", "/"), 10, 405, "method-not-allowed"),
    ],
)
def test_a_body_that_is_not_wanted_is_not_waited_for(
    stack: Stack, request_: tuple[str, str], length: int, status: int, code: str
) -> None:
    check_problem(refused_by_head(stack, *request_, length), status, code)


@pytest.mark.parametrize(("method", "path"), [("POST", RETRY), ("POST", KEYS), ("POST", PAUSE), ("PATCH", f"{KEYS}x/")])
def test_who_may_not_is_told_before_the_body(keys_only: Stack, method: str, path: str) -> None:
    check_problem(refused_by_head(keys_only, method, path, 10), 401, "unauthorized")


def test_a_body_of_unknown_length_is_counted(stack: Stack) -> None:
    for path, size in ((RETRY, 64 * KIB), (PAUSE, 16)):
        with wire(stack) as connection:
            connection.send(head(stack, "POST", path, Content_Type=JSON, Transfer_Encoding="chunked"))
            connection.send(b"%x\r\n%s\r\n" % (size, b" " * size))
            connection.send(b"%x\r\n%s\r\n" % (1, b" "))
            check_problem(connection.read(), 413, "too-large")


def test_small_bodies_are_taken_as_before(stack: Stack) -> None:
    for body in (b"", b"{}", b"null"):
        assert post(stack, body, JSON, PAUSE).status == 200
    assert post(stack, b'{"state": "failed"}' + b" " * 60_000, JSON, RETRY).status == 200


# Bodies that may be larger than 64 KiB.
LARGEST = {"/api/v1.0/files/batch/": 512 * KIB, "/api/v1.0/jobs/{id}/finish/": 128 * KIB}


def test_every_view_takes_a_body_or_does_not_as_its_description_says(stack: Stack) -> None:
    # Not by the client of the service, which has what other tests have left in it.
    document = ask(stack, "GET", SCHEMA, Accept=JSON)
    assert document.status == 200, document
    paths = document.json()["paths"]
    for path, methods in paths.items():
        for method, operation in methods.items():
            if path.startswith(("/api/v1.0/upload", "/files/", "/healthz", "/readyz")) or "/derivatives/" in path:
                continue
            unknown = "2000000000" if "/people/" in path else "019ab3f2-7c1e-7d3a-9f52-3a4be0c5d1f7"
            address = re.sub(r"{\w+}", unknown, path)
            if method == "head":
                continue  # an error without a body says nothing
            answer = refused_by_head(stack, method.upper(), address, LARGEST.get(path, 64 * KIB) + 1)
            has_body = "requestBody" in operation
            said = check_problem(answer, 413, "too-large")["detail"]
            assert ("no body" in said) != has_body, (
                f"{method} {path}: {said} A view without a body has `takes_body = False`."
            )


def memory(stack: Stack) -> int:
    return sum(psutil.Process(each.pid).memory_info().rss for each in stack.processes())


def stalled(stack: Stack, opened: ExitStack, size: int) -> Wire:
    """A client that sends nearly all of a body and waits."""
    connection = opened.enter_context(wire(stack))
    connection.send(head(stack, "POST", RETRY, Content_Type=JSON, Content_Length=size), b" " * (size - 1))
    return connection


def test_bodies_that_stall_have_one_budget(stack: Stack) -> None:
    """Whoever has been sending longest makes room for who comes now, so that nobody is locked out."""
    size, before = 60_000, memory(stack)
    number = BUDGET // size + 120
    with ExitStack() as opened:
        connections = [stalled(stack, opened, size) for _ in range(number)]
        answer = connections[0].read()
        check_problem(answer, 408, "upload-timeout")
        assert post(stack, b'{"state": "failed"}', JSON, RETRY).status == 200
        assert seconds_of_a_list(stack) < 2 * BUSY
        assert memory(stack) - before < 8 * BUDGET
        connections[-1].send(b" ")
        assert connections[-1].read().json()["code"] == "parse-error"


# Text that cannot be stored


@pytest.mark.parametrize(
    "body",
    [
        *(b'{"name": "\\u0000"}', b'{"name": "\\ud800"}', b'{"\\ud800": 1}', b'{"name": ["\\u0000"]}'),
        *(b"[" * 60_000, b'{"a":' * 12_000, b"\xff", b'{"name": NaN}', b"9" * 5000),
    ],
)
@pytest.mark.parametrize("path", [RETRY, KEYS, "/api/v1.0/projects/"])
def test_odd_json(stack: Stack, path: str, body: bytes) -> None:
    answer = post(stack, body, JSON, path)
    assert answer.status == 400, answer
    assert answer.json()["code"] in {"invalid-field", "parse-error"}


# Addresses


def test_a_thousand_parameters(stack: Stack) -> None:
    query = "&".join(f"a{number}=1" for number in range(1500))
    for path in (FILES, "/", LOGIN, SCHEMA, "/api/v1.0/docs/", "/nowhere"):
        check_problem(ask(stack, "GET", f"{path}?{query}"), 400, "bad-request")
    said = ask(stack, "GET", f"{FILES}?{query[:900]}")
    assert said.status == 400
    assert [error["field"] for error in said.json()["errors"]] == [f"a{number}" for number in range(20)]
    assert ask(stack, "GET", f"/?{query[:900]}").status == 200


def test_a_thousand_fields(stack: Stack) -> None:
    parts = b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n' * 1100
    for body, media_type in (
        (b"&".join(b"a%d=1" % number for number in range(1500)), "application/x-www-form-urlencoded"),
        (parts[:60_000], "multipart/form-data; boundary=b"),
        (b"nonsense", "multipart/form-data; boundary=b"),
        (b"a=1", "application/x-www-form-urlencoded; charset=utf-16"),
        (b"a=1", "multipart/form-data"),
    ):
        answer = post(stack, body, media_type, LOGIN)
        assert answer.status in {400, 403}, (body[:40], answer)


NULS = [
    *("/admin/r/1/%00/", "/admin/picasso/file/%00/change/", "/admin/%00", "/%00", "/static/%00", "/api/v1.0/jobs/%00/"),
]


@pytest.mark.parametrize("path", NULS)
def test_a_nul_in_an_address(service: Stack, path: str) -> None:
    """On both databases. For who has signed in as well: PostgreSQL refuses it with an error of its own."""
    check_problem(ask(service, "GET", path), 404, "not-found")


def test_a_nul_that_a_cookie_hides(service: Stack) -> None:
    for cookie in ('sessionid="\\000abcdefghij"', 'csrftoken="\\000"'):
        check_problem(ask(service, "GET", "/admin/", Cookie=cookie), 400, "bad-request")


# The admin itself redirects to the list with an error on it.
ODD = {200, 302, 400, 404}


def test_odd_addresses_of_the_admin(stack: Stack, signed_in: httpx.Cookies) -> None:
    stack.client.cookies.update(signed_in)
    for path in (
        *NULS,
        "/admin/r/1/%00",
        "/admin/r/99999999999999999999/1/",
        "/admin/picasso/file/?q=%00",
        "/admin/r/1/x/",
    ):
        answer = stack.client.get(path)
        assert answer.status_code in ODD, (path, answer.status_code)
    stack.client.cookies.clear()


# Waiting


def test_the_schema_is_made_once(stack: Stack) -> None:
    for media_type in (JSON, "application/yaml"):
        first = stack.client.get(SCHEMA, headers={"Accept": media_type})
        started = time.monotonic()
        with ThreadPoolExecutor(8) as threads:
            same = threads.map(lambda _, accept=media_type: ask(stack, "GET", SCHEMA, Accept=accept), range(100))
            assert {answer.body for answer in same} == {first.content}
        assert time.monotonic() - started < 60
        assert first.headers["content-type"].startswith(media_type)
    assert json.loads(ask(stack, "GET", f"{SCHEMA}?version=9&lang=de", Accept=JSON).body)["info"]["version"] != "9"


@pytest.fixture(scope="module")
def cookie(stack: Stack) -> str:
    return ask(stack, "GET", LOGIN).headers["set-cookie"].partition(";")[0]


@pytest.fixture
def drained(stack: Stack) -> Iterator[None]:
    """Afterwards there is room again for what costs as much as signing in."""
    yield
    until(lambda: ask(stack, "GET", SCHEMA, Accept=JSON).status == 200, 60, lambda: "sign-ins still wait")


def sign_in(stack: Stack, opened: ExitStack, cookie: str) -> Wire:
    """An attempt, whose password has to be checked."""
    body = f"username=dora&password=wrong&csrfmiddlewaretoken={cookie.partition('=')[2]}".encode()
    connection = opened.enter_context(wire(stack, timeout=60))
    fields = {"Content_Type": "application/x-www-form-urlencoded", "Content_Length": len(body), "Cookie": cookie}
    connection.send(head(stack, "POST", LOGIN, **fields), body)
    return connection


@pytest.mark.usefixtures("drained")
def test_sign_ins_hold_up_nobody_else(stack: Stack, cookie: str) -> None:
    with ExitStack() as opened:
        attempts = [sign_in(stack, opened, cookie) for _ in range(40)]
        started = time.monotonic()
        lists = [seconds_of_a_list(stack) for _ in range(3)]
        assert {attempt.read().status for attempt in attempts} <= {200, 403, 429}
        every_attempt = time.monotonic() - started
    # Where attempts are refused without checking the password, all of them take a moment.
    assert min(lists) < max(every_attempt / 2, 1)


@pytest.mark.usefixtures("drained")
def test_more_sign_ins_than_can_wait_are_refused(stack: Stack, cookie: str) -> None:
    with ExitStack() as opened:
        attempts = [sign_in(stack, opened, cookie) for _ in range(80)]
        time.sleep(0.5)
        answer = attempts[-1].read()
        assert answer.status in {200, 403, 429, 503}
        if answer.status == 503:
            check_problem(answer, 503, "unavailable")
            assert answer.headers["retry-after"]


@pytest.mark.usefixtures("drained")
def test_who_has_left_gets_no_thread(stack: Stack, cookie: str) -> None:
    """Sixty sign-ins whose clients are gone cost no more than the few that had begun."""
    with ExitStack() as opened:
        attempts = [sign_in(stack, opened, cookie) for _ in range(60)]
        for attempt in attempts:
            attempt.reset()
        started = time.monotonic()
        last = sign_in(stack, opened, cookie)
        assert last.read().status in {200, 403, 429}
        assert time.monotonic() - started < 5 * BUSY
    until(lambda: ask(stack, "GET", "/healthz").status == 200, 5, lambda: "it does not answer")
