"""Heads of requests to the letter of RFC 9112: targets, codings, versions and offers to upgrade."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from picasso.web.request import Request
from tests.live.conftest import Shared
from tests.live.handlers import Served, served
from tests.live.wire import FILES, FORM, UPLOAD, Answer, check_problem, head, wire
from tests.stack import Stack, until

pytestmark = pytest.mark.live


async def tell(request: Request) -> None:
    body, more = b"", True
    while more:
        chunk, more = await request.receive_or_gone()
        body += chunk
    shown = {"path": request.path, "query": request.scope["query_string"].decode(), "base": request.base}
    version = request.scope["http_version"]
    await request.answer_json(200, {**shown, "headers": request.headers, "body": body.decode(), "version": version})


@pytest.fixture(scope="module")
def echo() -> Iterator[Served]:
    with served(tell) as server:
        yield server


@pytest.fixture(scope="module")
def stack(shared_web: Shared) -> Stack:
    return shared_web()


def sent(server: Served | Stack, *lines: str, body: bytes = b"") -> Answer:
    with wire(server) as connection:
        connection.send("\r\n".join([*lines, "", ""]).encode("latin-1"), body)
        return connection.read()


# Targets


@pytest.mark.parametrize(
    ("target", "path", "query", "host"),
    [
        ("http://a.example/x/y?z=1", "/x/y", "z=1", "a.example"),
        ("http://a.example:8000/", "/", "", "a.example:8000"),
        ("HTTPS://a.example", "/", "", "a.example"),
        ("http://a.example?z=1", "/", "z=1", "a.example"),
        ("http://[::1]:80/x", "/x", "", "[::1]:80"),
        ("/x?z=http://a.example/", "/x", "z=http://a.example/", "b.example"),
        ("//a.example/x", "//a.example/x", "", "b.example"),
    ],
)
def test_the_authority_of_an_absolute_target_is_the_host(
    echo: Served, target: str, path: str, query: str, host: str
) -> None:
    for host_line in ("Host: b.example", "host:b.example"):
        told = sent(echo, f"GET {target} HTTP/1.1", host_line).json()
        assert (told["path"], told["query"], told["headers"]["host"]) == (path, query, host)
        assert told["base"] == f"http://{host}"


def test_an_absolute_target_of_http_1_0_needs_no_host(echo: Served) -> None:
    assert sent(echo, "GET http://a.example/x HTTP/1.0").json()["headers"]["host"] == "a.example"


@pytest.mark.parametrize(
    "target", ["ftp://127.0.0.1/x", "http://u@127.0.0.1/", "http://u:p@127.0.0.1/x", "http:///x", "x/y", "127.0.0.1:80"]
)
def test_a_target_of_another_form(echo: Served, target: str) -> None:
    check_problem(sent(echo, f"GET {target} HTTP/1.1", "Host: a.example"), 400, "bad-request")


def test_a_name_that_is_not_ours_in_an_absolute_target(stack: Stack) -> None:
    own = f"Host: 127.0.0.1:{stack.port}"
    check_problem(sent(stack, f"GET http://evil.example{FILES} HTTP/1.1", own), 400, "bad-request")
    answer = sent(stack, f"GET http://localhost:{stack.port}/api/v1.0/ HTTP/1.1", "Host: evil.example")
    assert answer.json()["files"] == f"http://localhost:{stack.port}{FILES}"
    for hosts in ([], [own, own]):
        check_problem(sent(stack, f"GET {stack.url}{FILES} HTTP/1.1", *hosts), 400, "bad-request")


# Codings


@pytest.mark.parametrize("version", ["1.0", "1.1"])
@pytest.mark.parametrize("lines", [["gzip, chunked"], ["gzip", "chunked"], ["x;q=1, Chunked"], ["identity,chunked"]])
def test_a_coding_that_is_not_supported(echo: Served, version: str, lines: list[str]) -> None:
    codings = [f"Transfer-Encoding: {line}" for line in lines]
    with wire(echo) as connection:
        request = "\r\n".join([f"POST / HTTP/{version}", "Host: a.example", *codings, "", ""])
        connection.send(request.encode(), b"3\r\nabc\r\n0\r\n\r\n")
        if version == "1.0":
            check_problem(connection.read(), 400, "bad-request")
        else:
            check_problem(connection.read(), 501, "unsupported-transfer-encoding")
        assert connection.closed()


@pytest.mark.parametrize("coding", ["gzip", "chunked, gzip", "chunked, chunked", "identity", "", ",", "chunkedx"])
def test_a_body_without_an_end(echo: Served, coding: str) -> None:
    answer = sent(echo, "POST / HTTP/1.1", "Host: a.example", f"Transfer-Encoding: {coding}", body=b"0\r\n\r\n")
    check_problem(answer, 400, "bad-request")


@pytest.mark.parametrize("coding", ["chunked", "CHUNKED", " chunked\t", ", chunked"])
def test_chunks_by_any_spelling(echo: Served, coding: str) -> None:
    body = b"3\r\nabc\r\n0\r\n\r\n"
    answer = sent(echo, "POST / HTTP/1.1", "Host: a.example", f"Transfer-Encoding: {coding}", body=body)
    if answer.status == 200:
        assert answer.json()["body"] == "abc"
    else:
        check_problem(answer, 400, "bad-request")


def test_http_1_0_has_no_codings(echo: Served) -> None:
    """RFC 9112 §6.1: also with a length."""
    for more in ([], ["Content-Length: 3"]):
        with wire(echo) as connection:
            lines = ["POST / HTTP/1.0", "Host: a.example", "Transfer-Encoding: chunked", *more, "", ""]
            connection.send("\r\n".join(lines).encode(), b"3\r\nabc\r\n0\r\n\r\n")
            check_problem(connection.read(), 400, "bad-request")
            assert connection.closed()


# Versions


@pytest.mark.parametrize("version", ["0.9", "1.2", "2.0", "3.0"])
def test_another_version(echo: Served, version: str) -> None:
    check_problem(sent(echo, f"GET / HTTP/{version}", "Host: a.example"), 400, "bad-request")


def test_an_offer_to_upgrade_does_not_change_the_version(echo: Served) -> None:
    """RFC 9110 §7.8: HTTP/1.0 has no Upgrade, so it is ignored, and the rest of the head is as it was sent."""
    offer = ["Connection: upgrade, close", "Upgrade: h2c"]
    for version in ("1.0", "1.1"):
        with wire(echo) as connection:
            lines = [f"POST /x HTTP/{version}", "Host: a.example", *offer, "Content-Length: 3", "", ""]
            connection.send("\r\n".join(lines).encode(), b"abc")
            told = connection.read().json()
            assert (told["version"], told["body"], told["path"]) == (version, "abc", "/x")
            assert "upgrade" not in told["headers"]
            assert connection.closed()


# A malformed body whose client waits to be told to send it


@pytest.mark.parametrize("path", [UPLOAD, f"{UPLOAD}a.txt", "/api/v1.0/jobs/retry/", "/admin/login/", "/nowhere"])
def test_a_malformed_chunk_behind_an_expectation(stack: Stack, path: str) -> None:
    media_type = "application/json" if "jobs" in path else FORM
    fields = {"Content_Type": media_type, "Transfer_Encoding": "chunked", "Expect": "100-continue"}
    digest = {"Content_Digest": "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:"}
    for more in (digest, {}):
        with wire(stack) as connection:
            connection.send(head(stack, "POST", path, **fields, **more), b"zz\r\n")
            answer = connection.read()
            check_problem(connection.read() if answer.status == 100 else answer, 400)
    quiet(stack)


def quiet(stack: Stack) -> None:
    """That nothing a stranger sends writes a traceback into the log."""
    until(lambda: stack.client.get(FILES).status_code == 200, 5, lambda: "it does not answer")
    assert "Traceback" not in stack.log.read_text()
