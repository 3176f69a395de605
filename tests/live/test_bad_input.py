"""Every row of the table of bad input: what is answered, and that nothing is left of it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

import pytest

from tests.live.conftest import web_only
from tests.live.wire import (
    END,
    FILES,
    FORM,
    UPLOAD,
    Answer,
    Wire,
    ask,
    check_problem,
    count,
    head,
    named,
    part,
    post,
    wire,
)
from tests.stack import Stack, migrated, until

pytestmark = pytest.mark.live

MIB = 2**20

NO_FILENAME = b'form-data; name="file"'


@contextmanager
def nothing_left(stack: Stack) -> Iterator[None]:
    """No row and no byte more than before, as soon as the service has noticed that nobody sends any more."""

    def state() -> tuple[int, set[Path]]:
        # Processing goes on meanwhile, and what it derives and works with is no upload's remains.
        return count(stack), {path for path in stack.stored_files() if not {"derived", "scratch"} & {*path.parts}}

    before, files = state()
    yield

    def is_as_before() -> bool:
        rows, found = state()
        return rows == before and found <= files  # what an earlier test has left may go meanwhile

    until(is_as_before, 15, lambda: f"{before} rows and {files} became {state()}")


# The form


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(END, id="empty form"),
        pytest.param(part(disposition=b'form-data; name="other"; filename="a.txt"') + END, id="another part"),
        pytest.param(part(disposition=b"form-data") + END, id="a part without a name"),
        pytest.param(part() + part() + END, id="two"),
        pytest.param(part(b"x" * 1_500_000) + part() + END, id="two, the first on disk already"),
        pytest.param(part(b"") + END, id="empty file"),
        pytest.param(part(b"", b'form-data; name="file"; filename=""') + END, id="nothing chosen in a browser"),
        pytest.param(part(disposition=NO_FILENAME) + END, id="a field and no file"),
        pytest.param(part() + part(disposition=NO_FILENAME) + END, id="a file and a field"),
        pytest.param(part() + part(b"") + END, id="a file and an empty one"),
    ],
)
def test_a_form_without_exactly_one_file(service: Stack, body: bytes) -> None:
    with nothing_left(service):
        check_problem(post(service, body), 400, "invalid-field", field="file")


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="no body"),
        pytest.param(b"\r\n", id="an empty line"),
        pytest.param(b"nonsense", id="nonsense"),
        pytest.param(b"--other\r\n" + part().partition(b"\r\n")[2], id="another boundary"),
        pytest.param(part(), id="no closing boundary"),
        pytest.param(part() + b"--wall", id="half a closing boundary"),
        pytest.param(part(b"x" * 6_000_000), id="no closing boundary after 6 MB"),
        pytest.param(part()[:40], id="cut in a part's head"),
        pytest.param(part().replace(b"\r\n", b"\n") + END, id="bare line feeds"),
        pytest.param(b"--wall\r\n\r\ncontent\r\n" + END, id="a part without a head"),
        pytest.param(b"--wall\r\nno colon\r\n\r\ncontent\r\n" + END, id="a header without a colon"),
        pytest.param(part(media_type=b"text/plain" * 1000) + END, id="a header of 10 kB"),
        pytest.param(part(b"x", b'form-data; name="n"', None) * 100 + part() + END, id="too many parts"),
        pytest.param(part(b"x" * 100_000, b'form-data; name="n"', None) + part() + END, id="other fields too large"),
    ],
)
def test_a_form_that_is_not_whole(service: Stack, body: bytes) -> None:
    with nothing_left(service):
        check_problem(post(service, body), 400, "invalid-upload")


@pytest.mark.parametrize(
    "media_type", ["application/octet-stream", "text/plain", "multipart/mixed; boundary=wall", "application/json", "?"]
)
def test_not_a_form(service: Stack, media_type: str) -> None:
    with nothing_left(service):
        check_problem(post(service, part() + END, media_type), 415, "unsupported-media-type")


def test_no_content_type(service: Stack) -> None:
    with wire(service) as connection:
        connection.send(head(service, Content_Length=7), b"content")
        check_problem(connection.read(), 415, "unsupported-media-type")


@pytest.mark.parametrize("rest", ["", "; boundary", "; boundary=", '; boundary=""', "; boundary=" + "x" * 71])
def test_no_boundary_to_go_by(service: Stack, rest: str) -> None:
    with nothing_left(service):
        check_problem(post(service, part() + END, f"multipart/form-data{rest}"), 400, "invalid-upload")


@pytest.mark.parametrize("boundary", ["\xe9", '"a\\\\b"', "a b", '"\x7f"', "\x01", "=?utf-8?q?x?=", "*"])
def test_a_boundary_that_no_form_has(service: Stack, boundary: str) -> None:
    with nothing_left(service):
        answer = post(service, part() + END, f"multipart/form-data; boundary={boundary}")
        check_problem(answer, 400)


@pytest.mark.parametrize(
    "declared", [b"text/\0plain", b"\xff\xfe/\x80", b"x" * 3000, b"text/plain; \x01=\x02", b"\x1b[31m/x"]
)
def test_a_declared_type_of_any_bytes(service: Stack, declared: bytes) -> None:
    """It is shown or it is refused, and the service is none the worse."""
    answer = post(service, part(media_type=declared) + END)
    if answer.status != 201:
        check_problem(answer, 400)
        return
    shown = answer.json()["declared_type"]
    assert len(shown) <= 255
    assert "\0" not in shown
    assert service.file(answer.json()["id"])["declared_type"] == shown


# The length


def test_content_length_over_the_limit_is_refused_before_the_body(limited: Stack) -> None:
    with nothing_left(limited), wire(limited) as connection:
        connection.send(head(limited, Content_Type=FORM, Content_Length=10 * 2**40))
        check_problem(connection.read(), 413, "too-large")  # a server that waited for the body would say 408


def test_with_expect_nothing_but_the_refusal_is_said(limited: Stack) -> None:
    with nothing_left(limited), wire(limited) as connection:
        connection.send(head(limited, Content_Type=FORM, Content_Length=2 * MIB, Expect="100-continue"))
        answer = connection.read()
        check_problem(answer, 413, "too-large")
        assert answer.headers["connection"] == "close"


def test_who_sends_all_the_same_still_reads_the_refusal(limited: Stack) -> None:
    body = part(b"x" * 12 * MIB) + END
    with nothing_left(limited), wire(limited) as connection:
        connection.send(head(limited, Content_Type=FORM, Content_Length=len(body)))
        for start in range(0, len(body), MIB):
            connection.send(body[start : start + MIB])
        check_problem(connection.read(), 413, "too-large")
        assert connection.closed()


@pytest.mark.parametrize("announced", [True, False])
def test_who_never_stops_sending_can_read_the_refusal(limited: Stack, announced: bool) -> None:
    """The connection is closed on them at last, but the answer is there before."""
    size = 200 * MIB
    length = {"Content_Length": size} if announced else {"Transfer_Encoding": "chunked"}
    with nothing_left(limited), wire(limited) as connection:
        connection.send(head(limited, Content_Type=FORM, **length), b"" if announced else b"%x\r\n" % size, part(b""))
        sent = 0
        with suppress(ConnectionError):
            for sent in range(MIB, size, MIB):  # noqa: B007 - how far it got is looked at
                connection.send(b"x" * MIB)
        assert sent < size // 2, "nobody stopped it"
        check_problem(connection.read(), 413, "too-large")


def test_a_common_client_reads_the_refusal(limited: Stack, tmp_path: Path) -> None:
    path = tmp_path / "big"
    path.write_bytes(b"x" * 8 * MIB)
    with path.open("rb") as big:
        answer = limited.client.post(UPLOAD, files={"file": big})
    check_problem(answer, 413, "too-large")


def test_a_chunked_body_is_refused_as_soon_as_it_is_too_long(limited: Stack) -> None:
    chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"
    with nothing_left(limited), wire(limited) as connection:
        start = part(b"").removesuffix(b"\r\n")
        connection.send(head(limited, Content_Type=FORM, Transfer_Encoding="chunked"))
        connection.send(b"%x\r\n" % len(start), start, b"\r\n")
        for _ in range(17):
            connection.send(chunk)
        check_problem(connection.read(), 413, "too-large")


def test_no_part_may_hide_what_is_too_long(limited: Stack) -> None:
    """A preamble or an epilogue without end is no way around the limit."""
    for body in (b"x" * 2 * MIB, part() + END + b"x" * 2 * MIB):
        with nothing_left(limited), wire(limited) as connection:
            connection.send(head(limited, Content_Type=FORM, Transfer_Encoding="chunked"))
            connection.send(b"%x\r\n" % len(body), body, b"\r\n")
            check_problem(connection.read(), 413, "too-large")


def test_exactly_the_limit_is_taken_and_a_byte_more_is_not(limited: Stack) -> None:
    assert post(limited, part(b"x" * MIB) + END).status == 201
    with nothing_left(limited):
        check_problem(post(limited, part(b"x" * (MIB + 1)) + END), 413, "too-large")


def test_nobody_waits_for_ever(limited: Stack) -> None:
    with nothing_left(limited), wire(limited) as connection:
        started = time.monotonic()
        connection.send(head(limited, Content_Type=FORM, Content_Length=5000), part()[:50])
        answer = connection.read()
        assert 1.5 < time.monotonic() - started < 20
        check_problem(answer, 408, "upload-timeout")
        assert answer.headers["connection"] == "close"
        assert connection.closed()


def test_a_slow_client_is_not_a_stalled_one(limited: Stack) -> None:
    form = part() + END
    with wire(limited) as connection:
        connection.send(head(limited, Content_Type=FORM, Content_Length=len(form)))
        for start in range(0, len(form), 15):
            connection.send(form[start : start + 15])
            time.sleep(0.25)
        assert connection.read().status == 201


@pytest.mark.parametrize("name", [b"nowhere", b"x" * 65, b"\xff", b"d\x00"])
@pytest.mark.parametrize("first", [True, False])
def test_a_pipeline_that_is_not_there(service: Stack, name: bytes, first: bool) -> None:
    field = part(name, b'form-data; name="pipeline"', None)
    with nothing_left(service):
        check_problem(
            post(service, (field + part() if first else part() + field) + END), 400, "invalid-field", "pipeline"
        )


def test_two_pipelines(service: Stack) -> None:
    field = part(b"default", b'form-data; name="pipeline"', None)
    with nothing_left(service):
        check_problem(post(service, field + part() + field + END), 400, "invalid-field", "pipeline")


# The client is gone


def _reset(connection: Wire) -> None:
    connection.reset()


def _shut(connection: Wire) -> None:
    connection.sock.shutdown(socket.SHUT_WR)


@pytest.mark.parametrize("leave", [_reset, _shut])
@pytest.mark.parametrize("size", [1000, 6 * MIB])
@pytest.mark.parametrize("encoding", ["length", "chunked"])
def test_gone_in_mid_body(service: Stack, leave: Callable[[Wire], None], size: int, encoding: str) -> None:
    body = part(b"x" * size)
    with nothing_left(service), wire(service) as connection:
        if encoding == "chunked":
            connection.send(head(service, Content_Type=FORM, Transfer_Encoding="chunked"), b"7fffffff\r\n", body)
        else:
            connection.send(head(service, Content_Type=FORM, Content_Length=size * 2), body)
        if size > MIB:
            seen = lambda: any((service.data / "incoming").iterdir())  # noqa: E731
            until(seen, 5, lambda: "the bytes never got to the disk, so this would prove nothing")
        leave(connection)


@pytest.mark.parametrize("leave", [_reset, _shut])
def test_content_length_not_met_by_a_whole_form(service: Stack, leave: Callable[[Wire], None]) -> None:
    """A form that looks whole is a cut one all the same if its body was to be longer."""
    body = part() + END
    with nothing_left(service), wire(service) as connection:
        connection.send(head(service, Content_Type=FORM, Content_Length=len(body) + 1), body)
        time.sleep(0.1)
        leave(connection)


def test_chunks_without_an_end(service: Stack) -> None:
    body = part() + END
    with nothing_left(service), wire(service) as connection:
        connection.send(head(service, Content_Type=FORM, Transfer_Encoding="chunked"), b"%x\r\n" % len(body), body)
        time.sleep(0.1)
        connection.reset()


def test_broken_chunks(service: Stack) -> None:
    with nothing_left(service), wire(service) as connection:
        connection.send(head(service, Content_Type=FORM, Transfer_Encoding="chunked"), b"zz\r\n", part())
        check_problem(connection.read(), 400, "bad-request")


# Disk full


def test_no_space_by_the_head_alone(full: Stack) -> None:
    with nothing_left(full), wire(full) as connection:
        connection.send(head(full, Content_Type=FORM, Content_Length=10_000_000))
        check_problem(connection.read(), 507, "storage-full")


@pytest.mark.parametrize("size", [10, 3 * MIB])
def test_no_space_while_it_arrives(full: Stack, size: int) -> None:
    body = part(b"x" * size) + END
    with nothing_left(full), wire(full) as connection:
        connection.send(head(full, Content_Type=FORM, Transfer_Encoding="chunked"))
        connection.send(b"%x\r\n" % len(body), body, b"\r\n0\r\n\r\n")
        check_problem(connection.read(), 507, "storage-full")


def test_a_full_service_is_not_ready_but_alive(full: Stack) -> None:
    assert ask(full, "GET", "/healthz").status == 200
    assert (
        "storage: There is not enough free space"
        in check_problem(_without_checks(ask(full, "GET", "/readyz")), 503)["detail"]
    )


def _without_checks(answer: Answer) -> Answer:
    assert answer.headers["retry-after"]
    return answer


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """On a disk of 12 MiB, with nothing that is to stay free: what runs out is the disk itself."""
    folder = tmp_path_factory.mktemp("tiny")
    mount = ["mount", "-t", "tmpfs", "-o", "size=12m", "picasso-test", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("mounting a small disk takes root")
    database = f"sqlite:///{shutil.copy(migrated() / 'picasso.sqlite3', tmp_path_factory.mktemp('rows'))}"
    try:
        with web_only(folder / "data", PICASSO_MIN_FREE_SPACE="0", DATABASE_URL=database) as stack:
            stack.log.touch()
            yield stack
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_the_disk_is_full_while_writing(tiny: Stack) -> None:
    body = part(b"x" * 20 * MIB) + END
    with nothing_left(tiny), wire(tiny) as connection:
        connection.send(head(tiny, Content_Type=FORM, Transfer_Encoding="chunked"), b"%x\r\n" % len(body))
        for start in range(0, len(body), MIB):
            connection.send(body[start : start + MIB])
        connection.send(b"\r\n0\r\n\r\n")
        check_problem(connection.read(), 507, "storage-full")
    assert post(tiny, named(b"after.txt")).status == 201


def test_the_disk_is_full_for_a_small_file(tiny: Stack) -> None:
    """A small file is written when it lands, so that it fails there."""
    filler = tiny.data / "filler"
    with filler.open("wb") as fill, suppress(OSError):
        fill.write(b"x" * 13 * MIB)
    assert filler.stat().st_size < 13 * MIB
    with nothing_left(tiny):
        check_problem(post(tiny, named(b"one.txt", b"y" * 5000)), 507, "storage-full")
    filler.unlink()
    assert post(tiny, named(b"two.txt", b"y" * 5000)).status == 201


# Methods, paths and pages


ROUTES = {
    "/": {"GET", "HEAD", "OPTIONS"},
    "/api/v1.0/": {"GET", "HEAD", "OPTIONS"},
    UPLOAD: {"OPTIONS", "POST", "PUT"},
    UPLOAD.rstrip("/"): {"OPTIONS", "POST", "PUT"},
    FILES: {"GET", "HEAD", "OPTIONS"},
    f"{FILES}{{id}}/": {"GET", "HEAD", "PATCH", "DELETE", "OPTIONS"},
    "/api/v1.0/schema/": {"GET", "HEAD", "OPTIONS"},
    "/api/v1.0/docs/": {"GET", "HEAD", "OPTIONS"},
    "/files/{id}/a.txt": {"GET", "HEAD"},
    "/healthz": {"GET", "HEAD"},
    "/readyz": {"GET", "HEAD"},
}


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND"])
def test_wrong_method(service: Stack, route: str, method: str) -> None:
    """405 exactly where the method is none of the route's, and `Allow` says which are."""
    path = route.format(id=uuid4())
    with wire(service) as connection:
        connection.send(head(service, method, path, Content_Length=0))
        answer = connection.read(head=method == "HEAD")
    if method in ROUTES[route]:
        assert answer.status in {200, 404, 415}
        return
    assert answer.status == 405
    if method != "HEAD":
        check_problem(answer, 405, "method-not-allowed")
    assert set(answer.headers["allow"].split(", ")) >= ROUTES[route] - {"OPTIONS"}
    assert method not in answer.headers["allow"].split(", ")


def test_a_refused_method_with_a_body(service: Stack) -> None:
    for path in ("/healthz", FILES, f"/files/{uuid4()}/a"):
        with wire(service) as connection:
            connection.send(head(service, "POST", path, Content_Length=500_000), b"x" * 500_000)
            check_problem(connection.read(), 405, "method-not-allowed")


@pytest.mark.parametrize(
    "path",
    [
        "/nowhere",
        "/api/v2/",
        "/api/v1.0/files/1/",
        "/api/v1.0/files/..%2f..%2fetc/",
        f"{FILES}00000000-0000-0000-0000-000000000000/",
        f"{FILES}{'x' * 3000}/",
        "/files/",
        "/files/x",
        "/files/------------------------------------/x",
        f"/files/00000000-0000-0000-0000-000000000000/{'x' * 3000}",
        "/%ff%fe",
        "/%00",
        "/%F0%9F%98%80",
        "/files/%ff",
        "/files/00000000-0000-0000-0000-000000000000/%00",
        "/files/00000000-0000-0000-0000-000000000000/%ff%fe",
        "/files/00000000-0000-0000-0000-000000000000/derived/image/%00",
        "/api/v1.0/files/%ff/",
        "/static/picasso/../../settings.py",
        "/static/%2e%2e/%2e%2e/settings.py",
        "//",
        "/%2f",
    ],
)
def test_unknown_path(service: Stack, path: str) -> None:
    check_problem(ask(service, "GET", path), 404, "not-found")


@pytest.mark.parametrize("page", ["0", "-1", "abc", "1.0", "+1", "", "%ff", "%00", "1e3", "٣", "9" * 5000])
def test_a_bad_page(service: Stack, page: str) -> None:
    for parameter in ("page", "page_size"):
        answer = service.client.get(f"{FILES}?{parameter}={page}")
        check_problem(answer, 400, "invalid-field", field=parameter)


def test_a_page_past_the_end(service: Stack) -> None:
    service.upload(b"so that there is one\n")
    pages = -(-count(service) // 100)
    assert service.client.get(FILES, params={"page_size": 100, "page": pages}).status_code == 200
    for page in (pages + 1, 1_000_000):
        check_problem(service.client.get(FILES, params={"page_size": 100, "page": page}), 404)


def test_a_query_of_raw_bytes(service: Stack) -> None:
    with wire(service) as connection:
        connection.send(b"GET /api/v1.0/files/?x=\xe9\xff HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n" % service.port)
        answer = connection.read()
    assert answer.status in {200, 400}


# The host


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "a b", "", "127.0.0.1:80:80", "[::1", "évil"]
)
@pytest.mark.parametrize("path", [FILES, "/"])
def test_a_host_that_we_are_not(service: Stack, host: str, path: str) -> None:
    check_problem(ask(service, "GET", path, Host=host), 400)


def test_every_part_names_the_setting_for_hosts(service: Stack) -> None:
    """Handlers and Django alike."""
    answers = [ask(service, "GET", FILES, Host="evil.example"), post(service, part() + END, Host="evil.example")]
    assert {answer.json()["detail"] for answer in answers} == {
        "This service is not known by that name (see PICASSO_ALLOWED_HOSTS)."
    }


@pytest.mark.parametrize("host", ["evil.example", "", "127.0.0.1:80:80", "127.0.0.1/x", "evil@127.0.0.1", "évil"])
def test_an_upload_to_a_host_that_we_are_not(service: Stack, host: str) -> None:
    """Its name would go into the URLs that we hand out."""
    with nothing_left(service):
        check_problem(post(service, part() + END, Host=host), 400, "bad-request")


def test_two_hosts(service: Stack) -> None:
    """RFC 9112 §3.2: a request with more than one Host is answered with 400."""
    body = part() + END
    for method, path in (("POST", UPLOAD), ("GET", FILES)):
        request = head(service, method, path, Content_Type=FORM, Content_Length=len(body))
        with nothing_left(service), wire(service) as connection:
            connection.send(request.replace(b"\r\n", b"\r\nHost: localhost\r\n", 1), body)
            check_problem(connection.read(), 400)


def test_no_host(service: Stack) -> None:
    body = part() + END
    request = head(service, Content_Type=FORM, Content_Length=len(body))
    with nothing_left(service), wire(service) as connection:
        connection.send(request.replace(b"Host:", b"X-Host:"), body)
        check_problem(connection.read(), 400)


# HTTP itself


@pytest.mark.parametrize(
    "request_",
    [
        b"nonsense\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost 127.0.0.1\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"FROBNICATE / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"POST /api/v1.0/upload/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: -1\r\n\r\n",
        b"POST /api/v1.0/upload/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: five\r\n\r\nhello",
        b"POST /api/v1.0/upload/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
        b"POST /api/v1.0/upload/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: " + b"9" * 100 + b"\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: a\0b\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
    ids=[
        *("nonsense", "no colon", "raw bytes in the path", "unknown method", "negative length", "length in words"),
        *("two lengths", "endless length", "length and chunks", "NUL in a header", "TLS"),
    ],
)
def test_malformed_http(service: Stack, request_: bytes) -> None:
    with nothing_left(service), wire(service) as connection:
        connection.send(request_)
        answer = connection.read()
        check_problem(answer, 400, "bad-request")
        assert answer.headers["connection"] == "close"
        assert connection.closed()


def test_a_large_body_for_django(service: Stack) -> None:
    """What is not for a door is small; more is refused before Django sees any of it, with what is really wrong."""
    refusals = [("/admin/login/", 413, "too-large"), (FILES, 405, "method-not-allowed"), ("/nowhere", 404, "not-found")]
    for path, status, code in refusals:
        with wire(service) as connection:
            connection.send(head(service, "POST", path, Content_Length=3 * MIB), b"x" * 3 * MIB)
            check_problem(connection.read(), status, code)
        with wire(service) as connection:
            connection.send(head(service, "POST", path, Transfer_Encoding="chunked"))
            connection.send(b"%x\r\n" % (3 * MIB), b"x" * 3 * MIB, b"\r\n0\r\n\r\n")
            check_problem(connection.read(), status, code)


def test_a_type_that_nobody_can_render(service: Stack) -> None:
    check_problem(service.client.get(FILES, headers={"Accept": "application/xml"}), 406, "not-acceptable")


def test_an_error_is_the_same_for_all_programs(service: Stack) -> None:
    for accept in ("application/json", "*/*", "image/png", "application/json, text/html"):
        check_problem(service.client.get("/nowhere", headers={"Accept": accept}), 404, "not-found")
        check_problem(service.client.get(f"{FILES}{uuid4()}/", headers={"Accept": f"{accept}, */*"}), 404, "not-found")
