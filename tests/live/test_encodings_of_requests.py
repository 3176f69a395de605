"""Requests that say how their content is encoded or framed: done as they say, or refused; never stored regardless."""

from __future__ import annotations

import gzip

import pytest

from tests.live.resumable import CHUNK, PARTIAL, TUS, UPLOADS, create, created, state
from tests.live.wire import END, FORM, UPLOAD, Answer, check_problem, count, part, post, wire
from tests.live.wire import head as request_head
from tests.stack import Stack

pytestmark = pytest.mark.live

CONTENT = b"content\n"


def part_with(line: bytes, content: bytes = CONTENT) -> bytes:
    """A part that has this line in its head as well."""
    return part(content).replace(b"Content-Type", line + b"\r\nContent-Type", 1)


def stored(service: Stack, answer: Answer) -> bytes:
    assert answer.status == 201, answer
    content: bytes = service.client.get(answer.json()["file"]).content
    return content


# Content-Encoding

ZIPPED = gzip.compress(CONTENT)
GZIP = {"Content-Encoding": "gzip"}
WAYS: dict[str, tuple[str, str, dict[str, str]]] = {
    "form": ("POST", UPLOAD, {"Content-Type": FORM}),
    "raw": ("PUT", f"{UPLOAD}a.txt", {}),
    "tus": ("POST", UPLOADS, {**TUS, **CHUNK, "Upload-Length": str(len(ZIPPED))}),
    "draft": ("POST", UPLOADS, {"Upload-Complete": "?1"}),
    "draft, to be continued": ("POST", UPLOADS, {"Upload-Complete": "?0"}),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("coding", ["gzip", "br", "aws-chunked", "GZIP, identity"])
def test_encoded_content_is_refused(service: Stack, way: str, coding: str) -> None:
    before = count(service)
    method, path, headers = WAYS[way]
    answer = service.client.request(method, path, content=ZIPPED, headers={**headers, "Content-Encoding": coding})
    check_problem(answer, 415, "unsupported-content-encoding", "Content-Encoding")
    assert answer.headers["accept-encoding"] == "identity"
    assert count(service) == before


def test_encoded_content_is_not_appended(service: Stack) -> None:
    tus = created(service, 100)
    headers = {**TUS, **CHUNK, **GZIP, "Upload-Offset": "0"}
    check_problem(service.client.patch(tus, content=ZIPPED, headers=headers), 415, field="Content-Encoding")
    draft = create(service, None, Upload_Length=100).headers["location"]
    headers = {**PARTIAL, **GZIP, "Upload-Offset": "0", "Upload-Complete": "?0"}
    check_problem(service.client.patch(draft, content=ZIPPED, headers=headers), 415, field="Content-Encoding")
    assert state(service, tus)[1] == "0"


@pytest.mark.parametrize("coding", ["identity", "Identity", ""])
def test_content_that_is_not_encoded_is_stored(service: Stack, coding: str) -> None:
    assert stored(service, post(service, part() + END, Content_Encoding=coding)) == CONTENT


def test_an_encoded_part_is_refused(service: Stack) -> None:
    body = part_with(b"Content-Encoding: gzip", ZIPPED) + END
    check_problem(post(service, body), 415, "unsupported-content-encoding", "Content-Encoding")


@pytest.mark.parametrize("encoding", [b"base64", b"BASE64", b"quoted-printable", b"uuencode", b"x-any"])
def test_a_part_in_a_transfer_encoding_is_refused(service: Stack, encoding: bytes) -> None:
    body = part_with(b"Content-Transfer-Encoding: " + encoding, b"Y29udGVudAo=") + END
    assert "Content-Transfer-Encoding" in check_problem(post(service, body), 400, "invalid-upload")["detail"]


@pytest.mark.parametrize("encoding", [b"binary", b"8bit", b"7bit", b"Binary ", b""])
def test_a_part_whose_bytes_are_as_they_are_is_stored(service: Stack, encoding: bytes) -> None:
    assert stored(service, post(service, part_with(b"Content-Transfer-Encoding: " + encoding) + END)) == CONTENT


# The length of a part


@pytest.mark.parametrize("size", [1, 8, 200_000, 9_000_000], ids=str)
def test_a_part_may_have_its_content_length(service: Stack, size: int) -> None:
    """As OkHttp up to 4, Retrofit, multipart-post and Faraday send it; also where content is received directly."""
    content = b"x" * size
    field = b'--wall\r\nContent-Disposition: form-data; name="pipeline"\r\nContent-Length: 7\r\n\r\ndefault\r\n'
    body = field + part_with(b"Content-Length: %d" % size, content) + field.replace(b"pipeline", b"other") + END
    assert stored(service, post(service, body)) == content


@pytest.mark.parametrize("size", [8, 9_000_000], ids=str)
@pytest.mark.parametrize("by", [-1, 1, 1000, -8])
def test_a_part_with_another_content_length_is_refused(service: Stack, size: int, by: int) -> None:
    body = part_with(b"Content-Length: %d" % (size + by), b"x" * size) + END
    check_problem(post(service, body), 400, "invalid-upload")


@pytest.mark.parametrize("length", [b"-1", b"8x", b"", b"8, 8", b"8\r\nContent-Length: 8"])
def test_a_content_length_that_is_none_is_refused(service: Stack, length: bytes) -> None:
    check_problem(post(service, part_with(b"Content-Length: " + length) + END), 400, "invalid-upload")


# Boundaries


@pytest.mark.parametrize("quoted", [True, False])
@pytest.mark.parametrize("boundary", ["a/b:c=d", "=_Part_1?", "kj(x),y'z+", "----=_Part_12_34.56", "a b", "x" * 70])
def test_a_boundary_with_any_of_its_characters(service: Stack, boundary: str, *, quoted: bool) -> None:
    """Unquoted too, as React Native sends it on iOS."""
    body = (part() + END).replace(b"--wall", b"--" + boundary.encode())
    value = f'"{boundary}"' if quoted else boundary
    assert stored(service, post(service, body, f"multipart/form-data; boundary={value}")) == CONTENT
    assert stored(service, post(service, body, f"multipart/form-data; boundary={value} ; charset=utf-8")) == CONTENT


@pytest.mark.parametrize("padding", [b" ", b"\t", b"  \t ", b" " * 200])
def test_padding_behind_boundaries(service: Stack, padding: bytes) -> None:
    """RFC 2046 §5.1.1: transport padding."""
    body = (part(b"1", b'form-data; name="n"') + part(b"x" * 100_000)) + part(b"2", b'form-data; name="n"') + END
    padded = body.replace(b"--wall\r\n", b"--wall" + padding + b"\r\n") + padding
    assert padded.count(b"--wall" + padding) == 3
    assert stored(service, post(service, padded)) == b"x" * 100_000
    with wire(service) as connection:
        connection.send(request_head(service, Content_Type=FORM, Content_Length=len(padded)))
        for start in range(0, len(padded), 9_001):
            connection.send(padded[start : start + 9_001])
        answer = connection.read()
    assert stored(service, answer) == b"x" * 100_000


@pytest.mark.parametrize("behind", [b"x", b" x", b" " * 1000, b"-"])
def test_something_else_behind_a_boundary(service: Stack, behind: bytes) -> None:
    body = part() + part(b"", b'form-data; name="n"') + END
    body = body.replace(b'--wall\r\nContent-Disposition: form-data; name="n"', b"--wall" + behind + b"\r\nA: b", 1)
    check_problem(post(service, body), 400, "invalid-upload")
