"""Clients that mean harm, or are broken enough to look like it: each costs what it costs, and nobody else waits."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from tests.live.conftest import web_only
from tests.live.wire import END, FILES, FORM, UPLOAD, Answer, ask, check_problem, chunked, count, head, part, wire
from tests.stack import Stack, until

pytestmark = pytest.mark.live

MIB = 2**20

# The largest answer that Django gives to everybody.
LARGE = "/static/drf_spectacular_sidecar/swagger-ui-dist/swagger-ui-bundle.js"


def prompt(stack: Stack) -> None:
    started = time.monotonic()
    assert ask(stack, "GET", FILES).status == 200
    assert time.monotonic() - started < 20  # no client is given up so soon


def open_files(stack: Stack, name: str) -> int:
    return sum(name in opened.path for process in stack.processes() for opened in process.open_files())


def test_who_never_reads_holds_no_thread(service: Stack) -> None:
    with ExitStack() as opened:
        for _ in range(6):
            opened.enter_context(wire(service)).send(head(service, "GET", LARGE) * 12)
        time.sleep(1)
        prompt(service)
    prompt(service)


def test_a_pipeline_whose_client_left_is_not_answered(service: Stack) -> None:
    """Many of them, one after another, use up nothing."""
    for _ in range(12):
        with wire(service) as connection:
            connection.send(head(service, "GET", LARGE) * 12)
            time.sleep(0.05)
            connection.reset()
    prompt(service)


@pytest.mark.parametrize(
    "request_",
    [
        b"GET /" + b"x" * 100_000 + b" HTTP/1.1\r\n",
        b"GET / HTTP/1.1\r\nX: " + b"x" * 100_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 50_000,
        b"GET / HTTP/1.1\r\nX: " + b"x" * MIB,
        b"GET / HTTP/1.1\r\n" + b"x" * MIB,
    ],
    ids=["address", "one header", "many headers", "a header without end", "a name without end"],
)
def test_a_head_that_is_too_large(service: Stack, request_: bytes) -> None:
    with wire(service) as connection:
        connection.send(request_)
        answer = connection.read()
        check_problem(answer, 431, "headers-too-large")
        assert answer.headers["connection"] == "close"
        assert connection.closed()


def test_a_large_head_in_small_pieces_is_taken(service: Stack) -> None:
    """Many cookies are no attack."""
    with wire(service) as connection:
        request = head(service, "GET", FILES, Cookie="x" * 50_000)
        for start in range(0, len(request), 5000):
            connection.send(request[start : start + 5000])
            time.sleep(0.01)
        assert connection.read().status == 200


def test_a_head_behind_a_large_body(service: Stack) -> None:
    """Only what is of the head counts as head."""
    body = part(b"x" * 200_000) + END
    upload = head(service, Content_Type=FORM, Content_Length=len(body)) + body
    with wire(service) as connection:
        for _ in range(5):
            connection.send(upload, upload[:100])
            assert connection.read().status == 201
            connection.send(upload[100:])
            assert connection.read().status == 201


def test_trailers_are_no_headers(service: Stack) -> None:
    body = b"".join(chunked([part() + END])).removesuffix(b"\r\n") + b"Host: evil.example\r\nX: y\r\n\r\n"
    with wire(service) as connection:
        connection.send(head(service, Content_Type=FORM, Transfer_Encoding="chunked"), body)
        answer = connection.read()
    assert answer.status == 201
    assert "evil.example" not in answer.json()["file"]


@pytest.mark.parametrize("trailer", [b"X: " + b"x" * MIB, b"X: y\r\n" * 50_000])
def test_trailers_without_end(service: Stack, trailer: bytes) -> None:
    before = count(service)
    with wire(service) as connection:
        connection.send(head(service, Content_Type=FORM, Transfer_Encoding="chunked"))
        connection.send(b"".join(chunked([part() + END])).removesuffix(b"\r\n"))
        with suppress(ConnectionError):
            connection.send(trailer)
        check_problem(connection.read(), 431, "headers-too-large")
    assert count(service) == before


def test_a_head_that_never_ends_is_not_waited_for(embedded: Stack) -> None:
    """An idle connection stays meanwhile, as proxies keep them. On one engine: it is half a minute of waiting."""
    with ExitStack() as opened:
        idle = opened.enter_context(wire(embedded, timeout=40))
        idle.send(head(embedded, "GET", "/healthz"))
        assert idle.read().status == 200
        connections = [opened.enter_context(wire(embedded, timeout=40)) for _ in range(4)]
        heads = [b"", b"GET / HT", b"GET / HTTP/1.1\r\nX: a\r\n", b"\r\n"]
        for connection, said in zip(connections, heads, strict=True):
            connection.send(said)
        assert all(connection.closed() for connection in connections)
        idle.send(head(embedded, "GET", "/healthz"))
        assert idle.read().status == 200


def test_a_body_in_tiny_chunks(service: Stack) -> None:
    """A byte each costs no more than its parsing."""
    form = part(b"x" * 300_000) + END
    with wire(service, timeout=60) as connection:
        started = time.monotonic()
        connection.send(head(service, Content_Type=FORM, Transfer_Encoding="chunked"))
        connection.send(b"".join(chunked(bytes([byte]) for byte in form)))
        assert connection.read().json()["size"] == 300_000
        assert time.monotonic() - started < 40


def test_thousands_of_offers_to_upgrade(service: Stack) -> None:
    request = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: upgrade\r\nUpgrade: a\r\n\r\n"
    with wire(service) as connection:
        connection.send(request * 3500)
        assert {connection.read().status for _ in range(3500)} == {200}


def large(stack: Stack, path: str, **length: object) -> Answer:
    with wire(stack) as connection:
        connection.send(head(stack, "POST", path, Content_Length=3 * MIB), b"x" * 3 * MIB)
        return connection.read()


def test_a_large_body_to_no_upload(service: Stack) -> None:
    """The answer says what is wrong: the address, the method, or the size."""
    # The same address as with its slash, so what is wrong is the type of the body.
    check_problem(large(service, UPLOAD.rstrip("/")), 415, "unsupported-media-type")
    check_problem(large(service, "/api/v1.0/nowhere/"), 404, "not-found")
    answer = large(service, FILES)
    check_problem(answer, 405, "method-not-allowed")
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS"
    assert "64 KiB" in check_problem(large(service, "/admin/login/"), 413, "too-large")["detail"]
    assert "1024 KiB" in check_problem(large(service, "/admin/picasso/file/"), 413, "too-large")["detail"]
    assert "64 KiB" in check_problem(large(service, "/api/v1.0/jobs/retry/"), 413, "too-large")["detail"]
    assert "no body" in check_problem(large(service, "/api/v1.0/queues/quick/pause/"), 413, "too-large")["detail"]


@pytest.fixture(scope="module")
def impatient(new_data: Callable[[], Path]) -> Iterator[Stack]:
    with web_only(new_data(), PICASSO_UPLOAD_IDLE_TIMEOUT="2") as stack:
        yield stack


def test_a_stalled_reader_is_cut_off(impatient: Stack) -> None:
    sent = impatient.upload(b"x" * 40 * MIB, "large.bin", "application/octet-stream")
    path = sent["file"].removeprefix(impatient.url)
    with wire(impatient) as connection:
        connection.send(head(impatient, "GET", path))
        until(lambda: open_files(impatient, sent["id"]) == 1, 5, lambda: "it was never opened")
        until(lambda: open_files(impatient, sent["id"]) == 0, 15, lambda: "it is open for ever")
        with pytest.raises((ConnectionError, AssertionError)):
            connection.read()


def test_a_large_file_that_trickles_and_one_that_stalls(impatient: Stack) -> None:
    """Both are received in place: who trickles is heard, who falls silent is cut off."""
    form = part(b"x" * 8 * MIB) + END
    request = head(impatient, Content_Type=FORM, Content_Length=len(form)) + form
    with wire(impatient) as connection:
        connection.send(request[: 4 * MIB])
        for start in range(4 * MIB, 4 * MIB + 50, 5):
            connection.send(request[start : start + 5])
            time.sleep(0.25)
        connection.send(request[4 * MIB + 50 :])
        assert connection.read().json()["size"] == 8 * MIB
    with wire(impatient) as connection:
        connection.send(request[: 5 * MIB])
        started = time.monotonic()
        check_problem(connection.read(), 408, "upload-timeout")
        assert 1 < time.monotonic() - started < 20
        assert connection.closed()
    until(lambda: not list((impatient.data / "incoming").iterdir()), 15, lambda: "the bytes are still there")
