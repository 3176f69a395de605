"""What a policy refuses, on each way in: at the head, at the first bytes, and at the commit."""

from __future__ import annotations

import base64
import io
import random
import socket
import time
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from tests.formats import active, document
from tests.live.resumable import CHUNK, TUS, UPLOADS, metadata, path_of
from tests.live.wire import BOUNDARY, FORM, PNG, UPLOAD, Wire, head
from tests.stack import Stack, until

pytestmark = pytest.mark.live

GIB = 2**30

EXE = b"MZ" + random.Random(3).randbytes(3 * 2**20)
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"/>'

Send = Callable[[Stack, bytes, str, str], httpx.Response]


def by_form(stack: Stack, content: bytes, name: str, pipeline: str) -> httpx.Response:
    return stack.client.post(UPLOAD, data={"pipeline": pipeline}, files={"file": (name, content, "image/png")})


def by_raw_body(stack: Stack, content: bytes, name: str, pipeline: str) -> httpx.Response:
    url = f"{UPLOAD}{name}?pipeline={pipeline}"
    return stack.client.put(url, content=content, headers={"Content-Type": "image/png"})


def by_tus(stack: Stack, content: bytes, name: str, pipeline: str) -> httpx.Response:
    sent = metadata(filename=name, pipeline=pipeline, filetype="image/png")
    headers = {**TUS, "Upload-Length": str(len(content)), "Upload-Metadata": sent}
    answer = stack.client.post(UPLOADS, headers=headers)
    if answer.status_code != 201:
        return answer
    path = path_of(answer.headers["location"])
    return stack.client.patch(path, content=content, headers={**TUS, **CHUNK, "Upload-Offset": "0"})


def by_tus_at_once(stack: Stack, content: bytes, name: str, pipeline: str) -> httpx.Response:
    sent = metadata(filename=name, pipeline=pipeline, filetype="image/png")
    headers = {**TUS, **CHUNK, "Upload-Length": str(len(content)), "Upload-Metadata": sent}
    return stack.client.post(UPLOADS, content=content, headers=headers)


def by_draft(stack: Stack, content: bytes, name: str, pipeline: str) -> httpx.Response:
    disposition = f'attachment; filename="{name}"'
    headers = {"Upload-Complete": "?1", "Content-Disposition": disposition, "Content-Type": "image/png"}
    return stack.client.post(f"{UPLOADS}?pipeline={pipeline}", content=content, headers=headers)


def by_parts(stack: Stack, content: bytes, name: str, pipeline: str) -> httpx.Response:
    """By a tus upload of two parts."""
    paths, half = [], len(content) // 2
    for part in (content[:half], content[half:]):
        headers = {**TUS, **CHUNK, "Upload-Length": str(len(part)), "Upload-Concat": "partial"}
        paths.append(path_of(stack.client.post(UPLOADS, content=part, headers=headers).headers["location"]))
    sent = metadata(filename=name, pipeline=pipeline, filetype="image/png")
    headers = {**TUS, "Upload-Concat": f"final;{' '.join(paths)}", "Upload-Metadata": sent}
    answer = stack.client.post(UPLOADS, headers=headers)
    return joined(stack, answer) if answer.status_code == 201 else answer


def joined(stack: Stack, answer: httpx.Response) -> httpx.Response:
    """On a busy machine the parts are joined later than the answer comes."""
    path, deadline = path_of(answer.headers["location"]), time.monotonic() + 30
    while time.monotonic() < deadline:
        now = stack.client.get(path)
        if now.status_code == 410:
            return now
        if now.json()["complete"]:
            break
        time.sleep(0.1)
    return answer


WAYS = [by_form, by_raw_body, by_tus, by_tus_at_once, by_draft, by_parts]


CODES = {
    "of more than": (413, "too-large"),
    "are not accepted here": (415, "type-not-allowed"),
    "was declared": (415, "type-not-allowed"),
    "has content": (422, "forbidden-content"),
}


def refused(answer: httpx.Response) -> tuple[int, str]:
    if answer.status_code == 410:  # the reason is all that is left
        return next(code for words, code in CODES.items() if words in answer.json()["detail"])
    return answer.status_code, answer.json().get("code", "") if answer.content else ""


def leftovers(stack: Stack) -> list[Path]:
    """What is stored of files and unfinished uploads."""
    folders = (stack.data / "media", stack.data / "incoming", stack.data / "uploads")
    return [each for folder in folders for each in folder.rglob("*") if each.is_file() and each.stat().st_size > 1000]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("content", "name", "expected"),
    [
        (EXE, "photo.png", (415, "type-not-allowed")),
        (EXE[:30_000], "photo.png", (415, "type-not-allowed")),
        (SVG, "photo.png", (415, "type-not-allowed")),
        (document.docx(), "photo.png", (415, "type-not-allowed")),
        (PNG + bytes(200_000), "a.png", (413, "too-large")),
    ],
    ids=["program", "small program", "drawing", "document", "large picture"],
)
def test_types_and_sizes_on_each_way_in(
    policies: Stack, way: Send, content: bytes, name: str, expected: tuple[int, str]
) -> None:
    # What an earlier test has left may go meanwhile.
    before = set(leftovers(policies))
    assert refused(way(policies, content, name, "pictures")) == expected
    until(lambda: not set(leftovers(policies)) - before, 10, lambda: str(set(leftovers(policies)) - before))


@pytest.mark.parametrize("way", WAYS)
def test_what_is_allowed_comes_in(policies: Stack, way: Send) -> None:
    assert way(policies, PNG, "a.png", "pictures").status_code in {201, 204}
    assert way(policies, b"text", "a.txt", "default").status_code in {201, 204}


@pytest.mark.parametrize("way", WAYS)
def test_a_declared_type_that_does_not_match(policies: Stack, way: Send) -> None:
    assert refused(way(policies, b"plain text", "a.png", "strict")) == (415, "type-not-allowed")
    assert way(policies, PNG, "a.png", "strict").status_code in {201, 204}


@pytest.mark.parametrize("way", WAYS)
def test_macros_and_passwords_at_the_door(policies: Stack, way: Send) -> None:
    locked = bytearray(document.zipped({"a.txt": b"secret"}))
    locked[locked.index(b"PK\x01\x02") + 8] |= 1
    for content in (active.docm(), bytes(locked)):
        answer = way(policies, content, "a.bin", "strict") if way is not by_form else None
        answer = answer or policies.client.post(UPLOAD, data={"pipeline": "strict"}, files={"file": ("a.bin", content)})
        assert refused(answer)[1] in {"forbidden-content", "type-not-allowed"}
    answer = policies.client.put(f"{UPLOAD}a.docm?pipeline=strict", content=active.docm())
    assert refused(answer) == (422, "forbidden-content")
    assert "macros" in answer.json()["detail"]
    answer = policies.client.put(f"{UPLOAD}a.docx?pipeline=strict", content=document.locked())
    assert refused(answer) == (422, "forbidden-content")


def test_flags_are_facts(policies: Stack) -> None:
    answer = policies.client.put(
        f"{UPLOAD}a.docm?pipeline=watch", content=active.docm(), headers={"Content-Type": "image/png"}
    )
    assert answer.status_code == 201
    facts = policies.client.get(f"/api/v1.0/files/{answer.json()['id']}/").json()["facts"]
    assert facts["file"]["policy_flags"] == ["type_mismatch", "macros"]


# A gigabyte that is not allowed


def begin_huge(stack: Stack, way: str) -> Wire:
    """A connection on which the head of an upload of a gibibyte was sent."""
    wire = Wire(socket.create_connection(("127.0.0.1", stack.port), timeout=60))
    if way == "form":
        part = b'--%s\r\nContent-Disposition: form-data; name="pipeline"\r\n\r\npictures\r\n' % BOUNDARY.encode()
        part += b'--%s\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n' % BOUNDARY.encode()
        wire.send(head(stack, "POST", UPLOAD, Content_Type=FORM, Content_Length=4_000_000), part)
    elif way == "raw":
        wire.send(head(stack, "PUT", f"{UPLOAD}a.png?pipeline=pictures", Content_Length=4_000_000))
    elif way == "raw-chunked":
        path = f"{UPLOAD}a.png?pipeline=pictures"
        digest = base64.b64encode(bytes(32)).decode()
        wire.send(head(stack, "PUT", path, Transfer_Encoding="chunked", Repr_Digest=f"sha-256=:{digest}:"))
    else:
        sent = {"Upload_Metadata": metadata(filename="a.png", pipeline="pictures")}
        length = {"Content_Length": 4_000_000, "Upload_Defer_Length": 1}
        wire.send(
            head(stack, "POST", UPLOADS, Tus_Resumable="1.0.0", Content_Type=CHUNK["Content-Type"], **length, **sent)
        )
    return wire


@pytest.mark.parametrize("way", ["form", "raw", "raw-chunked", "tus"])
def test_a_forbidden_type_ends_at_its_first_bytes(policies: Stack, way: str) -> None:
    wire = begin_huge(policies, way)
    first = EXE[:70_000]
    with closing(wire.sock):
        wire.send(b"%x\r\n%s\r\n" % (len(first), first) if way == "raw-chunked" else first)
        answer = wire.read()
    assert (answer.status, answer.json()["code"]) == (415, "type-not-allowed")


@pytest.mark.parametrize("way", ["raw", "tus", "draft"])
def test_a_declared_size_is_refused_at_the_head(policies: Stack, way: str) -> None:
    with socket.create_connection(("127.0.0.1", policies.port), timeout=60) as connection:
        wire, size = Wire(connection), 6_000_000
        sent = {"Upload_Metadata": metadata(filename="a.png", pipeline="pictures")}
        if way == "raw":
            wire.send(head(policies, "PUT", f"{UPLOAD}a.png?pipeline=pictures", Content_Length=size))
        elif way == "tus":
            wire.send(
                head(policies, "POST", UPLOADS, Tus_Resumable="1.0.0", Upload_Length=size, Content_Length=0, **sent)
            )
        else:
            wire.send(
                head(policies, "POST", UPLOADS, Upload_Complete="?0", Upload_Length=size, Content_Length=0, **sent)
            )
        answer = wire.read()
        assert (answer.status, answer.json()["code"]) == (413, "too-large")


def test_a_type_that_only_the_end_tells_is_refused_at_the_commit(policies: Stack) -> None:
    """An OpenRaster picture is a ZIP, so a ZIP may become one until its directory is there."""
    content = document.zipped({"a.bin": random.Random(1).randbytes(300_000)})
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.namelist() == ["a.bin"]
    assert refused(by_raw_body(policies, content, "a.png", "pictures")) == (415, "type-not-allowed")
