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
from tests.clients.conftest import running_again
from tests.ports import free_port
from tests.stack import Stack

MAX_SIZE = 5 * 2**30  # our default
# Without Cache-Control: all our answers about uploads say no-store, theirs only those to HEAD.
FIELDS = (
    *("tus-resumable", "tus-version", "tus-extension", "tus-max-size", "upload-offset", "upload-length"),
    *("upload-defer-length", "upload-metadata", "upload-concat", "upload-expires", "location"),
)
# Read once, as that takes longer than most series.
CERTIFICATES = httpx.create_ssl_context()

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


# What is seen of one answer, and what it was for each of the two: (step, field) → (theirs, ours)
Seen = dict[tuple[int, str], tuple[Value, Value]]


@dataclass(frozen=True)
class Difference:
    why: str
    seen: Seen


def created(theirs: int, step: int = 0) -> Seen:
    """We create what they refuse."""
    return {(step, "status"): (theirs, 201), (step, "location"): (None, "an upload"), **expiring(step)}


def added(theirs: int, offset: str, before: str = "0", step: int = 1) -> Seen:
    """We take what they refuse, and the HEAD after it shows that."""
    taken: Seen = {(step, "status"): (theirs, 204), (step, "upload-offset"): (None, offset)}
    return {**taken, **expiring(step), (step + 1, "upload-offset"): (before, offset)}


def refused(ours: int) -> Seen:
    """We refuse what they take."""
    taken: Seen = {
        (1, "status"): (204, ours),
        (1, "upload-offset"): ("2", None),
        (1, "upload-expires"): ("a date", None),
    }
    return {**taken, (2, "upload-offset"): ("2", "0")}


def expiring(step: int) -> Seen:
    return {(step, "upload-expires"): (None, "a date")}


def not_there(step: int) -> Seen:
    """The HEAD of what we have deleted, or not created, and they have."""
    seen: Seen = {(step, "status"): (200, 404)}
    return {**seen, (step, "upload-offset"): ("0", None), (step, "upload-length"): ("5", None)}


# By method and field, wherever they occur.
EVERYWHERE: dict[tuple[str, str, Value, Value], str] = {
    ("HEAD", "upload-expires", None, "a date"): "Who asks where to go on is told how long there is to do so.",
    ("PATCH", "upload-expires", None, "a date"): (
        "tus wants it on every PATCH; they leave it out of the last, and we forget whole uploads at that time."
    ),
    ("POST", "upload-expires", None, "a date"): "The same, of an upload that is whole from the start.",
}

THEIR_EXTENSIONS = "creation,creation-with-upload,creation-defer-length,termination,expiration"
OUR_EXTENSIONS = (
    "creation,creation-with-upload,creation-defer-length,expiration,checksum,checksum-trailer,"
    "termination,concatenation,concatenation-unfinished"
)

NO_VERSION = "It MUST be 412 with Tus-Version; they leave that out."
OTHER_VERSION = "It MUST be 412 with Tus-Version; they find the field malformed."
SHARED = "An upload has one address for two protocols, and of the draft's HEAD and DELETE no field is required."
LENIENT = "A number is a number; nothing forbids leading zeros."
LISTS = "It is a list, and RFC 9110 §5.6.1 has recipients take empty members and space about the commas."
WHERE = "The offset is told with the refusal, which spares a HEAD."
MORE = "We have checksums and concatenation as well."
OTHER_TYPE = "tus has it that the type MUST be that one; 415 says which of the many things was wrong."
OVERRIDE = "tus has X-HTTP-Method-Override; they take it for a POST."

DIFFERENCES: dict[str, Difference] = {
    **{
        name: Difference(MORE, {(0, "tus-extension"): (THEIR_EXTENSIONS, OUR_EXTENSIONS)})
        for name in ("options", "options of another version")
    },
    "metadata": Difference(
        "It comes back as it was sent; they put it together anew.",
        {(1, "upload-metadata"): (METADATA.replace("empty ", "empty"), METADATA)},
    ),
    "metadata: no text": Difference(
        "A value may be any bytes; they take it for UTF-8 and spoil it.",
        {(1, "upload-metadata"): ("a 77+977+9", "a gP8=")},
    ),
    "metadata: empty": Difference("tuspy sends it so if it has none.", created(400)),
    "metadata: an empty key": Difference(LISTS, created(400)),
    "metadata: spaces about the comma": Difference(LISTS, created(400)),
    "no version": Difference(NO_VERSION, {(0, "tus-version"): (None, "1.0.0")}),
    "another version": Difference(OTHER_VERSION, {(0, "status"): (400, 412), (0, "tus-version"): (None, "1.0.0")}),
    "no bytes": Difference(
        "An empty file is refused on every way in.",
        {
            (0, "status"): (201, 400),
            (0, "location"): ("an upload", None),
            **not_there(1),
            (1, "upload-length"): ("0", None),
        },
    ),
    "length '05'": Difference(LENIENT, created(400)),
    "to one that never was": Difference(
        "Nothing is created at the address of an upload; they look at no address.",
        {(0, "status"): (201, 405), (0, "location"): ("an upload", None), (0, "upload-expires"): ("a date", None)},
    ),
    "with a body of another type": Difference(
        "Content that can't be taken is refused; they create the upload and drop it without a word.",
        {
            (0, "status"): (201, 415),
            (0, "location"): ("an upload", None),
            (0, "upload-expires"): ("a date", None),
            **not_there(1),
        },
    ),
    "an offset behind": Difference(WHERE, {(2, "upload-offset"): (None, "2")}),
    "an offset ahead": Difference(WHERE, {(1, "upload-offset"): (None, "0")}),
    "all once more": Difference(WHERE, {(2, "upload-offset"): (None, "5")}),
    "no offset": Difference("A field is missing, and nothing forbidden.", {(1, "status"): (403, 400)}),
    "offset '00'": Difference(LENIENT, added(400, "2")),
    "another type": Difference(OTHER_TYPE, {(1, "status"): (400, 415)}),
    "no type": Difference(OTHER_TYPE, {(1, "status"): (403, 415)}),
    "a type with a parameter": Difference("It is the same type with a parameter that says nothing.", added(400, "2")),
    "a length that is known": Difference(
        "It MUST NOT change, and does not: who got no answer says it again.", added(400, "2")
    ),
    "no version to PATCH": Difference(NO_VERSION, {(1, "tus-version"): (None, "1.0.0")}),
    "another version to PATCH": Difference(
        OTHER_VERSION, {(1, "status"): (400, 412), (1, "tus-version"): (None, "1.0.0")}
    ),
    "no version to HEAD": Difference(
        SHARED,
        {
            (1, "status"): (412, 204),
            (1, "tus-resumable"): ("1.0.0", None),
            (1, "upload-offset"): (None, "0"),
            (1, "upload-length"): (None, "5"),
        },
    ),
    "another version to HEAD": Difference(
        OTHER_VERSION, {(1, "status"): (400, 412), (1, "tus-version"): (None, "1.0.0")}
    ),
    "no version to DELETE": Difference(
        SHARED, {(1, "status"): (412, 204), (1, "tus-resumable"): ("1.0.0", None), **not_there(2)}
    ),
    "deferred, less told than sent": Difference(
        "A request that is refused changes nothing.",
        {(2, "upload-defer-length"): (None, "1"), (2, "upload-length"): ("3", None)},
    ),
    "PATCH as POST": Difference(OVERRIDE, added(400, "5")),
    "DELETE as POST": Difference(OVERRIDE, {(1, "status"): (400, 204), **not_there(2)}),
    "a wrong checksum": Difference("We verify it.", refused(460)),
    "an unknown checksum": Difference("It MUST be 400; they don't look at checksums.", refused(400)),
    "a part": Difference(
        MORE,
        {
            **created(501),
            (1, "status"): (404, 200),
            (1, "upload-offset"): (None, "0"),
            (1, "upload-length"): (None, "5"),
            (1, "upload-concat"): (None, "partial"),
        },
    ),
    "a final of nothing": Difference(MORE, {(0, "status"): (501, 400)}),
    "another method": Difference(
        "The address is there, the method is not.",
        {(1, "status"): (404, 405)},
    ),
}


@pytest.fixture(scope="module")
def rival(javascript: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The origin of a @tus/server."""
    origin = f"http://127.0.0.1:{(port := free_port())}"
    with node.running("server.mjs", str(port), str(tmp_path_factory.mktemp("tus")), str(MAX_SIZE)):
        deadline = time.monotonic() + 60
        while not _answers(origin):
            assert time.monotonic() < deadline, "@tus/server did not come up"
            time.sleep(0.05)
        yield origin


def _answers(origin: str) -> bool:
    try:
        return httpx.options(origin + UPLOADS).status_code == 204
    except httpx.TransportError:
        return False


@pytest.fixture(scope="module")
def found(service_of_clients: Stack, rival: str) -> dict[str, Seen]:
    """All that differs, by series."""
    url = running_again(service_of_clients).url
    return {name: differing(answers(rival, asks), answers(url, asks)) for name, asks in SERIES.items()}


def differing(theirs: list[dict[str, Value]], ours: list[dict[str, Value]]) -> Seen:
    return {
        (step, what): (values[what], ours[step][what])
        for step, values in enumerate(theirs)
        for what in values
        if values[what] != ours[step][what]
    }


def general(name: str, key: tuple[int, str], values: tuple[Value, Value]) -> tuple[str, str, Value, Value]:
    step, what = key
    return (SERIES[name][step].method, what, *values)


@pytest.mark.parametrize("name", SERIES)
def test_the_same_answers(found: dict[str, Seen], name: str) -> None:
    expected = DIFFERENCES[name].seen if name in DIFFERENCES else {}
    particular = {
        key: values
        for key, values in found[name].items()
        if key in expected or general(name, key, values) not in EVERYWHERE
    }
    assert particular == expected


def test_what_is_listed_for_all_occurs(found: dict[str, Seen]) -> None:
    seen = {general(name, key, values) for name, series in found.items() for key, values in series.items()}
    assert seen >= EVERYWHERE.keys()


def answers(origin: str, series: list[Ask]) -> list[dict[str, Value]]:
    """What each request of a series was answered, as far as the protocol is concerned."""
    paths = {"collection": UPLOADS, "unknown": f"{UPLOADS}019ab3f27c1e7d3a9f523a4be0c5d1f7"}
    told: list[dict[str, Value]] = []
    with httpx.Client(base_url=origin, timeout=60, verify=CERTIFICATES) as client:
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


def test_each_difference_is_one_and_is_explained() -> None:
    assert DIFFERENCES.keys() <= SERIES.keys()
    for difference in DIFFERENCES.values():
        assert difference.why.endswith(".")
        assert all(theirs != ours for theirs, ours in difference.seen.values())
