"""The same requests to @tus/server and to us: whatever differs is listed below, with the reason.

A difference that is not listed fails, and so does one that is listed and no longer there.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpx
import pytest

from tests.clients import node
from tests.clients.checks import TUS, UPLOADS
from tests.services import free_port
from tests.stack import Stack

MAX_SIZE = 5 * 2**30  # our default
FIELDS = (
    *("tus-resumable", "tus-version", "tus-extension", "tus-max-size", "upload-offset", "upload-length"),
    *("upload-defer-length", "upload-metadata", "upload-concat", "upload-expires", "location", "cache-control"),
)
OCTETS = {"Content-Type": "application/offset+octet-stream"}

Value = int | str | None


@dataclass(frozen=True)
class Ask:
    """One request: to the collection, to the upload that the first of its series created, or to one that never was."""

    method: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    to: str = "upload"


def create(body: bytes = b"", **headers: str) -> Ask:
    return Ask("POST", {**TUS, **_names(headers)}, body, to="collection")


def patch(offset: int, body: bytes, **headers: str) -> Ask:
    return Ask("PATCH", {**TUS, **OCTETS, "Upload-Offset": str(offset), **_names(headers)}, body)


def without(ask: Ask, *names: str) -> Ask:
    return Ask(ask.method, {name: value for name, value in ask.headers.items() if name not in names}, ask.body, ask.to)


def unknown(ask: Ask) -> Ask:
    return Ask(ask.method, ask.headers, ask.body, to="unknown")


def _names(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-").title(): value for name, value in headers.items()}


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


HEAD = Ask("HEAD", TUS)
DELETE = Ask("DELETE", TUS)
FIVE = create(upload_length="5")
DEFERRED = create(upload_defer_length="1")
METADATA = f"filename {b64('Arlequín.txt')},flag,empty ,filetype {b64('text/plain')}"

SERIES: dict[str, list[Ask]] = {
    "options": [Ask("OPTIONS", to="collection")],
    "options of another version": [Ask("OPTIONS", {"Tus-Resumable": "0.2.2"}, to="collection")],
    # Creation
    "whole": [FIVE, HEAD, patch(0, b"hello"), HEAD],
    "in pieces": [FIVE, patch(0, b"he"), HEAD, patch(2, b"l"), patch(3, b"lo"), HEAD],
    "no bytes": [create(upload_length="0"), HEAD],
    "metadata": [create(upload_length="5", upload_metadata=METADATA), HEAD],
    "metadata: one": [create(upload_length="5", upload_metadata=f"a {b64('b')}"), HEAD],
    "metadata: empty": [create(upload_length="5", upload_metadata="")],
    "metadata: a key twice": [create(upload_length="5", upload_metadata=f"a {b64('1')},a {b64('2')}")],
    "metadata: no base64": [create(upload_length="5", upload_metadata="a !!!!")],
    "metadata: no padding": [create(upload_length="5", upload_metadata="a YQ")],
    "metadata: three words": [create(upload_length="5", upload_metadata="a YQ== YQ==")],
    "metadata: an empty key": [create(upload_length="5", upload_metadata=f"a {b64('1')},,b {b64('2')}")],
    "metadata: spaces about the comma": [create(upload_length="5", upload_metadata=f"a {b64('1')}, b {b64('2')}")],
    "metadata: no text": [create(upload_length="5", upload_metadata="a gP8="), HEAD],
    "no version": [without(FIVE, "Tus-Resumable")],
    "another version": [create(upload_length="5", tus_resumable="0.2.2")],
    "no length": [create()],
    "two lengths": [create(upload_length="5", upload_defer_length="1")],
    "too large": [create(upload_length=str(MAX_SIZE + 1))],
    "just not too large": [create(upload_length=str(MAX_SIZE)), HEAD, DELETE],
    **{f"length {junk!r}": [create(upload_length=junk)] for junk in ("-1", "+5", "abc", "1.5", "1e3", "0x10", "05")},
    "length far too large": [create(upload_length="9" * 30)],
    "another way to defer": [create(upload_defer_length="2")],
    "to one that never was": [unknown(FIVE)],
    # Creation with upload
    "with all": [create(b"hello", upload_length="5", **OCTETS), HEAD],
    "with a part": [create(b"he", upload_length="5", **OCTETS), HEAD, patch(2, b"llo"), HEAD],
    "with too much": [create(b"hello, world", upload_length="5", **OCTETS)],
    "with a body of another type": [create(b"he", upload_length="5", content_type="text/plain"), HEAD],
    "deferred with a part": [create(b"he", upload_defer_length="1", **OCTETS), HEAD],
    # PATCH
    "an offset behind": [FIVE, patch(0, b"he"), patch(1, b"x"), HEAD],
    "an offset ahead": [FIVE, patch(3, b"x"), HEAD],
    "no offset": [FIVE, without(patch(0, b"he"), "Upload-Offset"), HEAD],
    **{f"offset {junk!r}": [FIVE, patch(0, b"he", upload_offset=junk), HEAD] for junk in ("-1", "abc", "0.0", "00")},
    "another type": [FIVE, patch(0, b"he", content_type="application/octet-stream"), HEAD],
    "a type with a parameter": [FIVE, patch(0, b"he", content_type="application/offset+octet-stream; a=b"), HEAD],
    "no type": [FIVE, without(patch(0, b"he"), "Content-Type"), HEAD],
    "nothing": [FIVE, patch(0, b""), HEAD],
    "too much": [FIVE, patch(0, b"hello, world"), HEAD],
    "too much at the end": [FIVE, patch(0, b"hell"), patch(4, b"oo"), HEAD],
    "nothing more": [FIVE, patch(0, b"hello"), patch(5, b""), HEAD],
    "more than all": [FIVE, patch(0, b"hello"), patch(5, b"!"), HEAD],
    "all once more": [FIVE, patch(0, b"hello"), patch(0, b"hello"), HEAD],
    "a length that is known": [FIVE, patch(0, b"he", upload_length="5"), HEAD],
    "no version to PATCH": [FIVE, without(patch(0, b"he"), "Tus-Resumable"), HEAD],
    "another version to PATCH": [FIVE, patch(0, b"he", tus_resumable="1.0.1"), HEAD],
    "PATCH of none": [unknown(patch(0, b"he"))],
    # Deferred lengths
    "deferred": [DEFERRED, HEAD, patch(0, b"he"), HEAD, patch(2, b"llo", upload_length="5"), HEAD],
    "deferred, told at once": [DEFERRED, patch(0, b"he", upload_length="5"), HEAD, patch(2, b"llo"), HEAD],
    "deferred, told with nothing": [DEFERRED, patch(0, b"hello"), patch(5, b"", upload_length="5"), HEAD],
    "deferred, told twice": [DEFERRED, patch(0, b"he", upload_length="5"), patch(2, b"l", upload_length="6"), HEAD],
    "deferred, told too little": [DEFERRED, patch(0, b"hello"), patch(5, b"", upload_length="3"), HEAD],
    "deferred, told too much": [DEFERRED, patch(0, b"he", upload_length=str(MAX_SIZE + 1)), HEAD],
    "deferred, told junk": [DEFERRED, patch(0, b"he", upload_length="abc"), HEAD],
    "deferred, less told than sent": [DEFERRED, patch(0, b"hello", upload_length="3"), HEAD],
    # HEAD and DELETE
    "HEAD of none": [unknown(HEAD)],
    "no version to HEAD": [FIVE, without(HEAD, "Tus-Resumable")],
    "another version to HEAD": [FIVE, Ask("HEAD", {"Tus-Resumable": "0.2.2"})],
    "deleted": [FIVE, DELETE, HEAD, DELETE, patch(0, b"hello")],
    "deleted half-way": [FIVE, patch(0, b"he"), DELETE, HEAD],
    "deleted when whole": [FIVE, patch(0, b"hello"), DELETE, HEAD],
    "DELETE of none": [unknown(DELETE)],
    "no version to DELETE": [FIVE, without(DELETE, "Tus-Resumable"), HEAD],
    # What only one of the two has
    "PATCH as POST": [FIVE, Ask("POST", {**patch(0, b"").headers, "X-HTTP-Method-Override": "PATCH"}, b"hello"), HEAD],
    "DELETE as POST": [FIVE, Ask("POST", {**TUS, "X-HTTP-Method-Override": "DELETE"}), HEAD],
    "a wrong checksum": [FIVE, patch(0, b"he", upload_checksum=f"sha1 {b64('x' * 20)}"), HEAD],
    "an unknown checksum": [FIVE, patch(0, b"he", upload_checksum=f"crc32 {b64('x' * 4)}"), HEAD],
    "a part": [create(upload_length="5", upload_concat="partial"), HEAD],
    "a final of nothing": [create(upload_concat="final;")],
    "another method": [FIVE, Ask("PUT", TUS, b"hello")],
}


@dataclass(frozen=True)
class Difference:
    theirs: Value
    ours: Value
    why: str


DIFFERENCES: dict[tuple[str, int, str], Difference] = {}


@pytest.fixture(scope="module")
def rival(javascript: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The origin of a @tus/server."""
    origin = f"http://127.0.0.1:{(port := free_port())}"
    with node.running("server.mjs", str(port), str(tmp_path_factory.mktemp("tus")), str(MAX_SIZE)):
        deadline = time.monotonic() + 20
        while not _answers(origin):
            assert time.monotonic() < deadline, "@tus/server did not come up"
            time.sleep(0.05)
        yield origin


def _answers(origin: str) -> bool:
    try:
        return httpx.options(origin + UPLOADS).status_code == 204
    except httpx.TransportError:
        return False


@pytest.mark.parametrize("name", SERIES)
def test_the_same_answers(stack: Stack, rival: str, name: str) -> None:
    theirs, ours = (answers(origin, SERIES[name]) for origin in (rival, stack.url))
    found = {
        (name, step, what): (theirs[step][what], ours[step][what])
        for step in range(len(SERIES[name]))
        for what in theirs[step]
        if theirs[step][what] != ours[step][what]
    }
    expected = {key: (each.theirs, each.ours) for key, each in DIFFERENCES.items() if key[0] == name}
    assert found == expected


def answers(origin: str, series: list[Ask]) -> list[dict[str, Value]]:
    """What each request of a series was answered, as far as the protocol is concerned."""
    paths = {"collection": UPLOADS, "unknown": f"{UPLOADS}019ab3f27c1e7d3a9f523a4be0c5d1f7"}
    told: list[dict[str, Value]] = []
    with httpx.Client(base_url=origin, timeout=20) as client:
        for ask in series:
            answer = client.request(ask.method, paths[ask.to], headers=ask.headers, content=ask.body or None)
            told.append(shown(answer, origin))
            if "upload" not in paths:
                paths["upload"] = urlsplit(answer.headers.get("location", paths["unknown"])).path
    return told


def shown(answer: httpx.Response, origin: str) -> dict[str, Value]:
    """The status and the protocol's fields, with words for values that no two uploads share."""
    values: dict[str, Value] = {"status": answer.status_code, **{name: answer.headers.get(name) for name in FIELDS}}
    if values["upload-expires"]:
        time.strptime(str(values["upload-expires"]), "%a, %d %b %Y %H:%M:%S GMT")
        values["upload-expires"] = "a date"
    if str(values["location"]).startswith(origin + UPLOADS):
        values["location"] = "an upload"
    return values


def test_each_difference_is_explained() -> None:
    assert {name for name, *_ in DIFFERENCES} <= SERIES.keys()
    assert all(each.why.endswith(".") and each.theirs != each.ours for each in DIFFERENCES.values())
