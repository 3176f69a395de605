"""tus 1.0.0 and its extensions, to the letter, on both engines."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from uuid import uuid4

import httpx
import pytest

from tests.live.resumable import (
    CHUNK,
    TUS,
    UPLOADS,
    create,
    created,
    digest,
    file_of,
    joined,
    left_behind,
    look,
    metadata,
    offset,
    patch,
    path_of,
    stored,
)
from tests.live.wire import check_problem, chunked, count, head, wire
from tests.stack import Stack, until

pytestmark = pytest.mark.live

CONTENT = random.Random(4).randbytes(300_000)


def test_options_say_all_that_it_can(service: Stack) -> None:
    for headers in ({}, {"Tus-Resumable": "0.2.1"}):
        answer = service.client.options(UPLOADS, headers=headers)
        assert answer.status_code == 204
        assert answer.headers["tus-version"] == "1.0.0"
        assert int(answer.headers["tus-max-size"]) == 5 * 2**30
        assert answer.headers["tus-checksum-algorithm"].split(",") == ["sha1", "sha256"]
        assert set(answer.headers["tus-extension"].split(",")) == {
            *("creation", "creation-with-upload", "creation-defer-length", "expiration", "checksum"),
            *("checksum-trailer", "termination", "concatenation", "concatenation-unfinished"),
        }


def test_an_upload_in_three_pieces_becomes_one_file(service: Stack) -> None:
    before = count(service)
    said = metadata(filename="Arlequín.bin", filetype="image/png", other="x")
    answer = create(service, Upload_Length=len(CONTENT), Upload_Metadata=said)
    assert answer.status_code == 201
    assert answer.headers["tus-resumable"] == "1.0.0"
    assert answer.headers["location"].startswith(f"{service.url}{UPLOADS}")
    path = path_of(answer.headers["location"])
    for start, end in ((0, 1), (1, 100_000), (100_000, len(CONTENT))):
        shown = look(service, path)
        assert (shown.status_code, shown.headers["upload-offset"]) == (200, str(start))
        assert shown.headers["upload-length"] == str(len(CONTENT))
        assert shown.headers["upload-metadata"] == said
        assert shown.headers["cache-control"] == "no-store"
        assert "content-location" not in shown.headers
        answer = patch(service, path, start, CONTENT[start:end])
        assert (answer.status_code, answer.headers["upload-offset"]) == (204, str(end))
        assert answer.headers["tus-resumable"] == "1.0.0"
    file = file_of(service, answer.headers)
    assert (file["name"], file["declared_type"]) == ("Arlequín.bin", "image/png")
    assert answer.headers["content-location"].rstrip("/").rpartition("/")[2] == file["id"]
    assert stored(service, answer.headers) == stored(service, look(service, path).headers) == CONTENT
    assert count(service) == before + 1
    until(lambda: not left_behind(service, path), 15, lambda: "it was left")


def test_content_can_come_along_with_the_creation(service: Stack) -> None:
    answer = create(service, CONTENT, Upload_Length=len(CONTENT))
    assert (answer.status_code, answer.headers["upload-offset"]) == (201, str(len(CONTENT)))
    assert stored(service, answer.headers) == CONTENT
    answer = create(service, CONTENT[:1000], Upload_Length=len(CONTENT))
    assert (answer.status_code, answer.headers["upload-offset"]) == (201, "1000")
    answer = patch(service, path_of(answer.headers["location"]), 1000, CONTENT[1000:])
    assert stored(service, answer.headers) == CONTENT


def test_content_of_unknown_size_can_come_along_where_the_limit_is_small(limited: Stack) -> None:
    headers = {**TUS, **CHUNK, "Upload-Defer-Length": "1"}
    answer = limited.client.post(UPLOADS, content=iter([CONTENT[:1000]]), headers=headers)
    assert (answer.status_code, answer.headers["upload-offset"]) == (201, "1000")


def test_an_empty_file_is_refused(service: Stack) -> None:
    """As in a form and in a raw body. A part of a file may be empty."""
    check_problem(create(service, Upload_Length=0), 400, "invalid-field", "file")
    path = created(service)
    check_problem(patch(service, path, 0, b"", Upload_Length=0), 400, "invalid-field", "file")
    assert patch(service, path, 0, b"x", Upload_Length=1).status_code == 204
    parts = [created(service, 0, Upload_Concat="partial"), created(service, Upload_Concat="partial")]
    joined = f"final;{' '.join(parts)}"
    check_problem(create(service, Upload_Concat=f"final;{parts[0]}"), 400, "invalid-field", "file")
    path = created(service, Upload_Concat=joined)
    assert patch(service, parts[1], 0, b"", Upload_Length=0).status_code == 204
    until(lambda: look(service, path).status_code == 410, 10, lambda: "the final upload is left")
    until(lambda: not left_behind(service, path, *parts), 10, lambda: "its parts are left")


def test_a_length_that_is_deferred_is_said_once(service: Stack) -> None:
    path = created(service)
    shown = look(service, path)
    assert shown.headers["upload-defer-length"] == "1"
    assert "upload-length" not in shown.headers
    assert patch(service, path, 0, CONTENT[:10]).status_code == 204
    check_problem_type(patch(service, path, 10, b"", Upload_Length=9), 400)
    assert patch(service, path, 10, CONTENT[10:20], Upload_Length=len(CONTENT)).status_code == 204
    shown = look(service, path)
    assert shown.headers["upload-length"] == str(len(CONTENT))
    assert "upload-defer-length" not in shown.headers
    check_problem_type(patch(service, path, 20, b"", Upload_Length=21), 400)
    assert stored(service, patch(service, path, 20, CONTENT[20:], Upload_Length=len(CONTENT)).headers) == CONTENT


def check_problem_type(answer: httpx.Response, status: int) -> None:
    assert answer.status_code == status, answer.text
    assert answer.json()["type"].startswith("https://iana.org/")


def test_a_deferred_length_may_turn_out_to_be_what_is_there(service: Stack) -> None:
    path = created(service)
    patch(service, path, 0, CONTENT)
    assert "content-location" not in look(service, path).headers
    assert stored(service, patch(service, path, len(CONTENT), b"", Upload_Length=len(CONTENT)).headers) == CONTENT


def test_what_is_not_asked_for_properly_is_refused(service: Stack) -> None:
    path = created(service, 100)
    ok = {**TUS, **CHUNK, "Upload-Offset": "0"}
    for method, address, headers, status in [
        ("POST", UPLOADS, {"Upload-Length": "1"}, 412),
        ("POST", UPLOADS, {"Upload-Length": "1", "Tus-Resumable": "0.2.2"}, 412),
        ("HEAD", path, {"Tus-Resumable": "2.0.0"}, 412),
        ("PATCH", path, {**CHUNK, "Upload-Offset": "0"}, 412),
        ("POST", UPLOADS, TUS, 400),
        ("POST", UPLOADS, {**TUS, "Upload-Length": "1", "Upload-Defer-Length": "1"}, 400),
        ("POST", UPLOADS, {**TUS, "Upload-Defer-Length": "2"}, 400),
        ("POST", UPLOADS, {**TUS, "Upload-Length": "-1"}, 400),
        ("POST", UPLOADS, {**TUS, "Upload-Length": "1e3"}, 400),
        ("POST", UPLOADS, {**TUS, "Upload-Length": "٣"}, 400),
        ("POST", UPLOADS, {**TUS, "Upload-Length": str(5 * 2**30 + 1)}, 413),
        ("POST", UPLOADS, {**TUS, "Upload-Length": "1", "Upload-Metadata": "name *"}, 400),
        ("POST", UPLOADS, {**TUS, "Upload-Length": "1", "Upload-Metadata": "a YQ==,a YQ=="}, 400),
        ("POST", UPLOADS, {**TUS, "Upload-Length": "1", "Upload-Metadata": metadata(pipeline="none")}, 400),
        ("POST", UPLOADS, {**TUS, "Upload-Length": "1", "Upload-Metadata": metadata(a="x" * 30_720)}, 400),
        ("POST", UPLOADS, {**TUS, "Upload-Length": "1", "Upload-Concat": "whole"}, 400),
        ("PATCH", path, {**ok, "Content-Type": "application/octet-stream"}, 415),
        ("PATCH", path, {**TUS, **CHUNK}, 400),
        ("PATCH", path, {**ok, "Upload-Offset": "1"}, 409),
        ("PATCH", path, {**ok, "Upload-Checksum": "md5 YQ=="}, 400),
        ("PATCH", path, {**ok, "Upload-Checksum": "sha1 YQ=="}, 400),
        ("PATCH", f"{UPLOADS}{uuid4()}", ok, 404),
        ("HEAD", f"{UPLOADS}{uuid4()}", TUS, 404),
        ("DELETE", f"{UPLOADS}{uuid4()}", TUS, 404),
        ("HEAD", f"{UPLOADS}nothing", TUS, 404),
        ("PUT", path, TUS, 405),
    ]:
        raw = {name.encode(): value.encode() for name, value in headers.items()}
        answer = service.client.request(method, address, headers=raw)
        assert answer.status_code == status, (method, headers, answer.status_code, answer.text)
        if "Tus-Resumable" in headers or status == 412:
            assert answer.headers["tus-resumable"] == "1.0.0"
        if status == 412:
            assert answer.headers["tus-version"] == "1.0.0"
        if status == 409:
            assert answer.headers["upload-offset"] == "0"
        assert "upload-offset" not in answer.headers or status == 409
    assert offset(service, path) == 0
    assert service.client.delete(path, headers=TUS).status_code == 204


def test_more_than_the_length_is_refused_and_nothing_of_it_is_taken(service: Stack) -> None:
    path = created(service, 100)
    assert patch(service, path, 0, CONTENT[:40]).status_code == 204
    check_problem(patch(service, path, 40, CONTENT[:61]), 413)
    check_problem(patch(service, path, 40, iter([CONTENT[:50], CONTENT[:50]])), 413)  # chunked: its size is not said
    assert offset(service, path) == 40
    assert patch(service, path, 40, CONTENT[40:100]).status_code == 204
    assert stored(service, look(service, path).headers) == CONTENT[:100]
    check_problem(patch(service, path, 100, b"x"), 413)
    assert patch(service, path, 100, b"").status_code == 204


def test_a_chunk_counts_when_its_checksum_is_right(service: Stack) -> None:
    path = created(service, len(CONTENT))
    for algorithm, start, end in (("sha1", 0, 1000), ("sha256", 1000, 2000)):
        right, wrong = digest(CONTENT[start:end], algorithm), digest(CONTENT[start : end - 1], algorithm)
        answer = patch(service, path, start, CONTENT[start:end], Upload_Checksum=f"{algorithm} {wrong}")
        assert check_problem(answer, 460)["code"] == "checksum-mismatch"
        assert offset(service, path) == start
        assert patch(service, path, start, CONTENT[start:end], Upload_Checksum=f"{algorithm} {right}").is_success
    answer = patch(service, path, 2000, CONTENT[2000:], Upload_Checksum=f"sha1 {digest(CONTENT[2000:], 'sha1')}")
    assert stored(service, answer.headers) == CONTENT


def test_a_checksum_may_come_in_a_trailer(service: Stack) -> None:
    path = created(service, 1000)
    for trailer, status in ((digest(b"other"), 460), (digest(CONTENT[:1000]), 204)):
        fields = {"Transfer_Encoding": "chunked", "Trailer": "Upload-Checksum", "Upload_Offset": 0}
        body = b"".join(chunked([CONTENT[:400], CONTENT[400:1000]])).removesuffix(b"\r\n")
        with wire(service) as connection:
            connection.send(
                head(service, "PATCH", path, Tus_Resumable="1.0.0", Content_Type=CHUNK["Content-Type"], **fields),
                body + f"Upload-Checksum: sha256 {trailer}\r\n\r\n".encode(),
            )
            assert connection.read().status == status
        assert offset(service, path) == (1000 if status == 204 else 0)


def test_a_trailer_that_was_announced_must_come(service: Stack) -> None:
    path = created(service, 1000)
    headers = {**TUS, **CHUNK, "Upload-Offset": "0", "Trailer": "Upload-Checksum"}
    check_problem(service.client.patch(path, content=iter([CONTENT[:1000]]), headers=headers), 400)
    assert offset(service, path) == 0


def test_what_was_cut_counts_unless_it_had_to_be_verified(service: Stack) -> None:
    path = created(service, len(CONTENT))
    for checksum in ({}, {"Upload_Checksum": f"sha1 {digest(CONTENT[5000:], 'sha1')}"}):
        at = offset(service, path)
        fields = {"Upload_Offset": at, "Content_Length": len(CONTENT) - at, "Tus_Resumable": "1.0.0", **checksum}
        with wire(service) as connection:
            connection.send(head(service, "PATCH", path, Content_Type=CHUNK["Content-Type"], **fields))
            connection.send(CONTENT[at : at + 5000])
        until(lambda: offset(service, path) == 5000, 5, lambda: f"{offset(service, path)}")
    assert stored(service, patch(service, path, 5000, CONTENT[5000:]).headers) == CONTENT


def test_an_upload_can_be_cancelled(service: Stack) -> None:
    path = created(service, len(CONTENT))
    patch(service, path, 0, CONTENT[:1000])
    assert service.client.delete(path, headers=TUS).status_code == 204
    for answer in (look(service, path), patch(service, path, 1000, b"x"), service.client.delete(path, headers=TUS)):
        assert answer.status_code == 404
        assert "upload-offset" not in answer.headers
    until(lambda: not left_behind(service, path), 15, lambda: "it was left")


def test_cancelling_what_is_a_file_leaves_the_file(service: Stack) -> None:
    answer = create(service, CONTENT, Upload_Length=len(CONTENT))
    assert service.client.delete(path_of(answer.headers["location"]), headers=TUS).status_code == 204
    assert stored(service, answer.headers) == CONTENT


def test_an_upload_whose_file_was_deleted_is_gone(service: Stack) -> None:
    answer = create(service, CONTENT, Upload_Length=len(CONTENT))
    assert service.client.delete(answer.headers["content-location"]).status_code == 204
    assert look(service, path_of(answer.headers["location"])).status_code == 410


def test_methods_can_be_overridden(service: Stack) -> None:
    path = created(service, 10)
    headers = {**TUS, **CHUNK, "Upload-Offset": "0", "X-HTTP-Method-Override": "PATCH"}
    assert service.client.post(path, content=CONTENT[:5], headers=headers).headers["upload-offset"] == "5"
    headers = {**TUS, "X-HTTP-Method-Override": "DELETE"}
    assert service.client.post(path, headers=headers).status_code == 204
    assert look(service, path).status_code == 404
    check_problem(service.client.post(path, headers=TUS), 405)
    check_problem(service.client.post(path, headers={**TUS, "X-HTTP-Method-Override": "PUT"}), 405)


def test_the_expiry_that_it_tells_is_a_day_after_the_last_byte(service: Stack) -> None:
    """Without a byte it is a quarter of an hour, but for parts and what is made of them: they wait for each other."""
    answer = create(service, Upload_Length=100)
    path, one, other = (
        path_of(answer.headers["location"]),
        part(service, b"1"),
        created(service, 1, Upload_Concat="partial"),
    )
    quarter, day = timedelta(minutes=15), timedelta(days=1)
    check_expiry(answer, quarter)
    check_expiry(look(service, path), quarter)
    check_expiry(patch(service, path, 0, b""), quarter)
    check_expiry(patch(service, path, 0, b"x"), day)
    check_expiry(look(service, one), day)
    check_expiry(look(service, other), quarter)
    check_expiry(create(service, Upload_Concat=f"final;{one} {other}"), day)
    check_expiry(look(service, other), day)


def check_expiry(answer: httpx.Response, expected: timedelta) -> None:
    at = parsedate_to_datetime(answer.headers["upload-expires"])
    assert abs(at - datetime.now(UTC) - expected) < timedelta(seconds=60)


# Concatenation


def part(service: Stack, content: bytes) -> str:
    path = created(service, len(content), Upload_Concat="partial")
    answer = patch(service, path, 0, content)
    assert answer.status_code == 204
    assert "content-location" not in answer.headers
    assert look(service, path).headers["upload-concat"] == "partial"
    return path


def test_parts_become_one_file_in_their_order(service: Stack) -> None:
    before = count(service)
    parts = [part(service, CONTENT[100_000:]), part(service, CONTENT[:50_000]), part(service, b"")]
    answer = create(
        service,
        Upload_Concat=f"final;{service.url}{parts[1]} {parts[0]} {parts[2]}",
        Upload_Metadata=metadata(filename="whole.bin"),
    )
    assert answer.status_code == 201
    path = path_of(answer.headers["location"])
    whole = joined(service, path)
    assert stored(service, whole) == CONTENT[:50_000] + CONTENT[100_000:]
    assert file_of(service, whole)["name"] == "whole.bin"
    shown = look(service, path)
    assert shown.headers["upload-offset"] == shown.headers["upload-length"] == str(len(CONTENT) - 50_000)
    assert shown.headers["upload-concat"].startswith("final;")
    check_problem(patch(service, path, len(CONTENT) - 50_000, b""), 403)
    until(lambda: not left_behind(service, path, *parts), 15, lambda: "parts were left")
    assert all(look(service, each).status_code == 404 for each in parts)
    assert count(service) == before + 1


def test_a_part_that_is_named_twice_is_refused(service: Stack) -> None:
    """A mebibyte would become as many as the address has room for."""
    one, other = part(service, CONTENT[:70_000]), part(service, CONTENT[:999])
    for concat in (f"final;{one} {other} {one}", f"final;{one} {service.url}{one}", f"final;{one}/ {one}"):
        check_problem(create(service, Upload_Concat=concat), 400, "bad-request")
    path = created(service, Upload_Concat=f"final;{one} {other}")
    assert stored(service, joined(service, path)) == CONTENT[:70_000] + CONTENT[:999]


def test_a_final_upload_may_be_asked_for_before_its_parts_are_whole(service: Stack) -> None:
    done, half = part(service, CONTENT[:1000]), created(service, 1000, Upload_Concat="partial")
    patch(service, half, 0, CONTENT[1000:1500])
    answer = create(service, Upload_Concat=f"final;{done} {half}")
    assert answer.status_code == 201
    assert "content-location" not in answer.headers
    path = path_of(answer.headers["location"])
    assert "upload-offset" not in look(service, path).headers
    check_problem(service.client.delete(done, headers=TUS), 409)
    assert patch(service, half, 500, CONTENT[1500:2000]).status_code == 204
    assert stored(service, joined(service, path)) == CONTENT[:2000]
    until(lambda: not left_behind(service, path, done, half), 5, lambda: "parts were left")


def test_a_final_upload_of_what_is_no_part_is_refused(service: Stack) -> None:
    one, whole = part(service, b"one"), created(service, 3)
    for concat, status in [
        (f"final;{whole}", 409),
        (f"final;{UPLOADS}{uuid4()}", 404),
        ("final;", 400),
        ("final", 400),
        ("final;/elsewhere/1", 400),
        (f"final;{one} {whole}", 409),
    ]:
        assert create(service, Upload_Concat=concat).status_code == status, concat
    check_problem(create(service, Upload_Concat=f"final;{one}", Upload_Length=3), 400)
    final = created(service, Upload_Concat=f"final;{one}")
    assert stored(service, joined(service, final)) == b"one"
    for path in (whole, final):
        assert service.client.delete(path, headers=TUS).status_code == 204


def test_parts_that_are_too_large_together_are_refused(limited: Stack) -> None:
    parts = [part(limited, CONTENT) for _ in range(4)]
    check_problem(create(limited, Upload_Concat=f"final;{' '.join(parts)}"), 413)
    assert create(limited, Upload_Concat=f"final;{' '.join(parts[:3])}").status_code == 201


def test_parts_that_turn_out_to_be_too_large_together_are_told_so(limited: Stack) -> None:
    open_end = created(limited, Upload_Concat="partial")
    patch(limited, open_end, 0, CONTENT)
    parts = [part(limited, CONTENT) for _ in range(3)]
    path = created(limited, Upload_Concat=f"final;{' '.join(parts)} {open_end}")
    assert look(limited, path).status_code == 200
    assert patch(limited, open_end, len(CONTENT), b"", Upload_Length=len(CONTENT)).status_code == 204
    until(lambda: look(limited, path).status_code == 410, 10, lambda: str(look(limited, path)))
    assert "too large" in limited.client.get(path).text or "larger" in limited.client.get(path).text
    until(lambda: not left_behind(limited, path, *parts, open_end), 5, lambda: "parts were left")
