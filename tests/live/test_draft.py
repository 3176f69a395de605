"""Resumable Uploads for HTTP, the IETF draft, in its interop versions and its newest form, on both engines."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from uuid import uuid4

import pytest

from tests.live.resumable import (
    PARTIAL,
    UPLOADS,
    append,
    digest,
    file_of,
    left_behind,
    metadata,
    path_of,
    state,
    stored,
)
from tests.live.wire import UPLOAD, Answer, Wire, ask, check_problem, count, head, wire
from tests.stack import Stack, until

pytestmark = pytest.mark.live

CONTENT = random.Random(5).randbytes(200_000)
REGISTERED = "https://iana.org/assignments/http-problem-types#"


def start(service: Stack, connection: Wire, path: str, **headers: object) -> Answer:
    """Send the head of a POST; the interim response to it."""
    connection.send(head(service, "POST", path, **headers))
    interim = connection.read()
    assert interim.status == 104, interim
    return interim


def created(service: Stack, content: bytes = b"", **headers: str) -> str:
    more = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = service.client.post(UPLOADS, content=content, headers={"Upload-Complete": "?0", **more})
    assert answer.status_code == 201, answer.text
    assert answer.headers["upload-complete"] == "?0"
    assert answer.headers["upload-offset"] == str(len(content))
    return path_of(answer.headers["location"])


def test_a_plain_upload_can_be_resumed(service: Stack) -> None:
    """As URLSession does it: the whole in one request, and if that breaks the rest in another."""
    before = count(service)
    with wire(service) as connection:
        fields: dict[str, object] = {"Upload_Complete": "?1", "Content_Type": "image/png"}
        fields |= {"Content_Length": len(CONTENT), "Upload_Draft_Interop_Version": 6}
        interim = start(service, connection, f"{UPLOAD}a.png", **fields)
        assert interim.headers["upload-draft-interop-version"] == "6"
        assert interim.headers["upload-limit"].startswith("max-size=")
        path = path_of(interim.headers["location"])
        connection.send(CONTENT[:70_000])
        until(lambda: service.client.get(path).json()["offset"] == 70_000, 5, lambda: service.client.get(path).text)
        connection.reset()
    assert state(service, path) == ("?0", "70000")
    answer = append(service, path, 70_000, CONTENT[70_000:], "?1", Upload_Draft_Interop_Version=6)
    assert (answer.status_code, answer.headers["upload-complete"]) == (201, "?1")
    assert answer.json()["id"] == file_of(service, answer.headers)["id"]
    assert (answer.json()["name"], answer.json()["declared_type"]) == ("a.png", "image/png")
    assert stored(service, answer.headers) == CONTENT
    assert state(service, path) == ("?1", str(len(CONTENT)))
    assert count(service) == before + 1
    assert not left_behind(service, path)


def test_in_one_request_it_is_answered_as_a_plain_upload(service: Stack) -> None:
    for method, address in (("POST", UPLOAD), ("PUT", UPLOAD), ("PUT", f"{UPLOAD}a.bin"), ("POST", UPLOADS)):
        headers = {"Upload-Complete": "?1", "Content-Disposition": 'inline; filename="b.bin"'}
        answer = service.client.request(method, address, content=CONTENT, headers=headers)
        assert (answer.status_code, answer.headers["upload-complete"]) == (201, "?1")
        assert answer.json()["name"] == "b.bin"
        assert answer.headers["location"] == answer.headers["content-location"]
        assert stored(service, answer.headers) == CONTENT


@pytest.mark.parametrize("version", [3, 4, 5, 6, 7, 8, None])
def test_every_version_of_the_draft_is_spoken(service: Stack, version: int | None) -> None:
    said = {} if version is None else {"Upload-Draft-Interop-Version": str(version)}
    name, yes, no = ("Upload-Incomplete", "?0", "?1") if version == 3 else ("Upload-Complete", "?1", "?0")
    typed = PARTIAL if version is None or version >= 6 else {}
    with wire(service) as connection:
        connection.send(head(service, path=UPLOADS, Content_Length=10, **{name: no}, **said), CONTENT[:10])
        if version is not None:
            interim = connection.read()
            assert (interim.status, interim.headers["upload-draft-interop-version"]) == (104, str(version))
        answer = connection.read()
    assert answer.status == 201
    assert (answer.headers[name.lower()], answer.headers["upload-offset"]) == (no, "10")
    path = path_of(answer.headers["location"])
    shown = ask(service, "HEAD", path, **said)
    assert (shown.status, shown.headers["upload-offset"], shown.headers[name.lower()]) == (204, "10", no)
    assert shown.headers["cache-control"] == "no-store"
    limit = shown.headers.get("upload-limit", "")
    assert ("max-age=" in limit) == (version is None or version >= 7)
    assert ("expires=" in limit) == (version == 6)
    for at, flag, status in ((10, no, 204), (20, yes, 201)):
        headers = {**typed, **said, name: flag, "Upload-Offset": str(at)}
        done = service.client.patch(path, content=CONTENT[at : at + 10], headers=headers)
        assert (done.status_code, done.headers[name.lower()]) == (status, flag), done.text
        assert done.headers["upload-offset"] == str(at + 10)
    assert stored(service, done.headers) == CONTENT[:30]


def test_what_is_added_has_its_own_media_type_from_version_6_on(service: Stack) -> None:
    path = created(service)
    headers = {"Upload-Complete": "?0", "Upload-Offset": "0"}
    check_problem(service.client.patch(path, content=b"x", headers=headers), 415)
    headers["Upload-Draft-Interop-Version"] = "5"
    assert service.client.patch(path, content=b"x", headers=headers).status_code == 204


def test_options_tell_the_limits(service: Stack) -> None:
    for address in (UPLOAD, UPLOADS, created(service)):
        answer = service.client.options(address)
        assert answer.status_code == 204
        assert answer.headers["accept-patch"] == "application/partial-upload"
        assert f"max-size={5 * 2**30}" in answer.headers["upload-limit"]


def test_only_the_client_says_that_it_is_complete(service: Stack) -> None:
    path = created(service, Upload_Length=str(len(CONTENT)))
    assert append(service, path, 0, CONTENT, "?0").status_code == 204
    assert state(service, path) == ("?0", str(len(CONTENT)))
    answer = append(service, path, len(CONTENT), b"", "?1")
    assert stored(service, answer.headers) == CONTENT


def test_another_offset_is_a_conflict_that_tells_the_right_one(service: Stack) -> None:
    path = created(service, CONTENT[:100])
    for wrong in (0, 99, 101):
        answer = append(service, path, wrong, b"x", "?0")
        assert answer.status_code == 409
        assert (answer.headers["upload-offset"], answer.headers["upload-complete"]) == ("100", "?0")
        problem = answer.json()
        assert problem["type"] == f"{REGISTERED}mismatching-upload-offset"
        assert (problem["expected-offset"], problem["provided-offset"]) == (100, wrong)


def test_lengths_that_contradict_each_other_are_refused(service: Stack) -> None:
    path = created(service, CONTENT[:10], Upload_Length="20")
    for content, complete, length in [
        (b"x" * 9, "?1", 20),
        (b"", "?1", 20),
        (b"x", "?0", 21),
    ]:
        answer = append(service, path, 10, content, complete, Upload_Length=length)
        assert answer.status_code == 400, (content, complete, length)
        assert answer.json()["type"] == f"{REGISTERED}inconsistent-upload-length"
    assert state(service, path) == ("?0", "10")
    headers = {"Upload-Complete": "?1", "Upload-Length": "5"}
    assert service.client.post(UPLOADS, content=b"four", headers=headers).status_code == 400
    assert stored(service, append(service, path, 10, CONTENT[10:20], "?1").headers) == CONTENT[:20]


@pytest.mark.parametrize("complete", ["?0", "?1"])
@pytest.mark.parametrize("chunks", [[16], [10, 1], [1_000_000]], ids=str)
@pytest.mark.parametrize("announced", [True, False])
def test_more_than_was_said_cancels_the_upload(
    service: Stack, chunks: list[int], complete: str, *, announced: bool
) -> None:
    """The draft: the server must invalidate it, for nobody can rely on what was said."""
    path = created(service, CONTENT[:10], Upload_Length="20")
    pieces = [b"x" * size for size in chunks]
    answer = append(service, path, 10, b"".join(pieces) if announced else iter(pieces), complete)
    assert answer.status_code == 400
    assert answer.json()["type"] == f"{REGISTERED}inconsistent-upload-length"
    assert answer.headers["upload-complete"] == "?0"
    assert not left_behind(service, path)
    for method in ("HEAD", "GET", "HEAD"):
        assert ask(service, method, path).status == 410
    assert append(service, path, 10, CONTENT[10:20], "?1").status_code == 410


@pytest.mark.parametrize("vanish", [True, False])
def test_more_than_was_said_and_then_nothing_cancels_the_upload(service: Stack, *, vanish: bool) -> None:
    """The client sends a byte too many and vanishes, or waits for more."""
    path = created(service, CONTENT[:10], Upload_Length="20")
    fields: dict[str, object] = {"Content_Type": "application/partial-upload", "Upload_Offset": 10}
    with wire(service) as connection:
        fields |= {"Upload_Complete": "?0", "Transfer_Encoding": "chunked"}
        connection.send(head(service, "PATCH", path, **fields), b"b\r\n" + b"x" * 11 + b"\r\n")
        if vanish:
            connection.reset()
        until(lambda: ask(service, "GET", path).status == 410, 10, lambda: "it is left")


def test_get_shows_the_headers_of_head(service: Stack) -> None:
    path = created(service, CONTENT[:10], Upload_Length="20")
    names = ("upload-offset", "upload-length", "upload-complete", "cache-control", "content-location")
    for offset, complete in (("10", "?0"), ("20", "?1")):
        shown, asked = ask(service, "GET", path), ask(service, "HEAD", path)
        assert (shown.status, shown.headers["content-type"]) == (200, "application/json")
        assert [shown.headers.get(name) for name in names] == [asked.headers.get(name) for name in names]
        assert (shown.headers["upload-offset"], shown.headers["upload-length"]) == (offset, "20")
        assert (shown.headers["upload-complete"], shown.headers["cache-control"]) == (complete, "no-store")
        assert re.fullmatch(r"max-size=\d+, min-size=1, max-age=\d+", shown.headers["upload-limit"])
        append(service, path, 10, CONTENT[10:20], "?1")
    unknown = created(service)
    assert "upload-length" not in ask(service, "GET", unknown).headers
    assert ask(service, "GET", unknown, Upload_Draft_Interop_Version=3).headers["upload-incomplete"] == "?1"


def test_what_is_too_large_hears_the_limits(limited: Stack) -> None:
    """On every address where the draft could have been used."""
    large = b"x" * (limited_size(limited) + 1)
    path = created(limited)
    answers = [
        limited.client.post(UPLOAD, files={"file": large}),
        limited.client.put(f"{UPLOAD}a", content=large),
        limited.client.post(UPLOADS, content=large, headers={"Upload-Complete": "?1"}),
        limited.client.post(UPLOADS, headers={"Upload-Complete": "?0", "Upload-Length": str(len(large))}),
        append(limited, path, 0, large, "?0"),
        append(limited, path, 0, iter([large]), "?0"),
    ]
    for answer in answers:
        check_problem(answer, 413, "too-large")
        assert answer.headers["upload-limit"].startswith(f"max-size={len(large) - 1}, min-size=1")
    assert [answer.headers["upload-complete"] for answer in answers[2:]] == ["?0"] * 4


def limited_size(stack: Stack) -> int:
    return int(stack.client.options(UPLOADS).headers["tus-max-size"])


def test_errors_say_that_the_upload_is_not_complete(service: Stack) -> None:
    path = created(service, CONTENT[:10])
    answers = [
        append(service, path, 11, b"x", "?0"),
        append(service, path, 10, b"x", "?0", Content_Digest=f"sha-256=:{digest(b'other')}:"),
        service.client.patch(path, content=b"x", headers={"Upload-Complete": "?0", "Upload-Offset": "10"}),
        service.client.post(UPLOADS, content=b"x", headers={"Upload-Complete": "?1", "Upload-Length": "2"}),
        append(service, f"{UPLOADS}{uuid4()}", 0, b"x", "?1"),
    ]
    assert [answer.status_code for answer in answers] == [409, 400, 415, 400, 404]
    assert [answer.headers["upload-complete"] for answer in answers] == ["?0"] * 5
    old = append(service, path, 11, b"x", "?0", Upload_Draft_Interop_Version=3, Upload_Incomplete="?1")
    assert (old.status_code, old.headers["upload-incomplete"]) == (409, "?1")


@pytest.mark.parametrize("other", ["1", "?2", "true", "", '"?1"', "?1, ?0", ":?1:", "?1 ?1"])
def test_a_completeness_that_is_no_boolean_is_ignored(service: Stack, other: str) -> None:
    said = {"Upload-Complete": other}
    form = service.client.post(UPLOAD, files={"file": b"content"}, headers=said)
    raw = service.client.put(f"{UPLOAD}a.txt", content=b"content", headers=said)
    named = service.client.post(
        UPLOADS, content=b"content", headers={**said, "Content-Disposition": "inline; filename=a"}
    )
    for answer in (form, raw, named):
        assert answer.status_code == 201
        assert "upload-complete" not in answer.headers
        assert answer.json()["size"] == 7
    tus = service.client.post(UPLOADS, headers={**said, "Tus-Resumable": "1.0.0", "Upload-Length": "1"})
    assert (tus.status_code, tus.headers["tus-resumable"]) == (201, "1.0.0")
    old = service.client.post(UPLOADS, content=b"content", headers={**said, "Upload-Incomplete": "?0"})
    assert (old.status_code, old.headers["upload-complete"]) == (201, "?1")
    path = created(service)
    check_problem(append(service, path, 0, b"x", other), 400, "bad-request")
    assert state(service, path) == ("?0", "0")


@pytest.mark.parametrize("other", ["?1", "abc", "-5", "5.5", "9999999999999999", ""])
def test_a_length_that_is_no_integer_is_ignored(service: Stack, other: str) -> None:
    path = created(service, Upload_Length=other)
    assert ask(service, "HEAD", path).headers.get("upload-length") is None
    assert stored(service, append(service, path, 0, b"abc", "?1", Upload_Length=other).headers) == b"abc"


def test_what_is_complete_takes_nothing_more(service: Stack) -> None:
    answer = service.client.post(UPLOADS, content=b"all", headers={"Upload-Complete": "?0"})
    path = path_of(answer.headers["location"])
    done = append(service, path, 3, b"", "?1")
    for content, code in ((b"", "completed-upload"), (b"x", "inconsistent-upload-length")):
        answer = append(service, path, 3, content, "?1")
        assert (answer.status_code, answer.json()["type"]) == (400, REGISTERED + code)
        assert answer.headers["content-location"] == done.headers["content-location"]
    assert stored(service, done.headers) == b"all"


def test_what_is_not_asked_for_properly_is_refused(service: Stack) -> None:
    path = created(service)
    for headers in ({"Upload-Offset": "0"}, {"Upload-Offset": "0", "Upload-Complete": "1"}, {"Upload-Complete": "?0"}):
        answer = service.client.patch(path, content=b"x", headers={**PARTIAL, **headers})
        assert answer.status_code in {400, 412}, headers
    headers = {"Upload-Complete": "?1", "Content-Type": "multipart/form-data; boundary=x"}
    check_problem(service.client.post(UPLOADS, content=b"x", headers=headers), 415)
    check_problem(
        service.client.post(f"{UPLOAD}?pipeline=none", headers={"Upload-Complete": "?0"}), 400, field="pipeline"
    )
    assert state(service, path) == ("?0", "0")


def test_an_empty_file_is_refused(service: Stack) -> None:
    """As in a form and in a raw body."""
    for sent in ({"Upload-Complete": "?1"}, {"Upload-Complete": "?0", "Upload-Length": "0"}):
        check_problem(service.client.post(f"{UPLOAD}a", headers=sent), 400, "invalid-field", "file")
    chunks: Iterator[bytes] = iter([])
    answer = service.client.post(f"{UPLOAD}a", content=chunks, headers={"Upload-Complete": "?1"})
    check_problem(answer, 400, "invalid-field", "file")
    path = created(service)
    check_problem(append(service, path, 0, b"", "?1"), 400, "invalid-field", "file")
    assert stored(service, append(service, path, 0, b"x", "?1").headers) == b"x"


def test_an_upload_can_be_cancelled(service: Stack) -> None:
    path = created(service, b"something")
    assert service.client.delete(path).status_code == 204
    assert ask(service, "HEAD", path).status == 404
    assert not left_behind(service, path)


def test_metadata_of_tus_is_understood(service: Stack) -> None:
    """As tus-js-client sends it in this protocol too."""
    path = created(service, Upload_Metadata=metadata(filename="ü.txt", filetype="text/x-other"), Upload_Length="3")
    file = append(service, path, 0, b"abc", "?1").json()
    assert (file["name"], file["declared_type"]) == ("ü.txt", "text/x-other")


def test_digests_are_verified(service: Stack) -> None:
    right, wrong = digest(CONTENT), digest(b"other")
    for algorithm in ("sha-256", "sha-512"):
        said = {True: digest(CONTENT, algorithm.replace("-", "")), False: digest(b"x", algorithm.replace("-", ""))}
        for good in (True, False):
            path = created(service, CONTENT[:50], Repr_Digest=f"{algorithm}=:{said[good]}:")
            answer = append(service, path, 50, CONTENT[50:], "?1")
            assert answer.status_code == (201 if good else 400)
            if good:
                assert answer.headers["repr-digest"] == f"sha-256=:{right}:"
            else:
                assert check_problem(answer, 400)["code"] == "digest-mismatch"
                assert answer.headers["upload-complete"] == "?1", "all content was transferred"
                assert ask(service, "HEAD", path).status == 410
            assert not left_behind(service, path)
    path = created(service)
    answer = append(service, path, 0, CONTENT, "?0", Content_Digest=f"sha-256=:{wrong}:")
    check_problem(answer, 400, "digest-mismatch")
    assert state(service, path) == ("?0", "0")
    assert append(service, path, 0, CONTENT, "?1", Content_Digest=f"sha-256=:{right}:").status_code == 201


def test_who_was_not_told_where_leaves_nothing_behind_when_cut(service: Stack) -> None:

    def here() -> set[str]:
        return {path.name for path in (service.data / "uploads").glob("*/*")}

    before = here()
    with wire(service) as connection:
        connection.send(head(service, path=UPLOADS, Content_Length=100, Upload_Complete="?1"), b"x" * 50)
    until(lambda: here() <= before, 5, lambda: "it stayed")
