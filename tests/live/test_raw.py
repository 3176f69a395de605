"""A raw body in one request, digests, and Idempotency-Key on every door, on both engines."""

from __future__ import annotations

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.live.resumable import CHUNK, TUS, UPLOADS, digest, left_behind, metadata, patch, path_of, stored
from tests.live.wire import UPLOAD, check_problem, count, head, wire
from tests.stack import Stack, until

pytestmark = pytest.mark.live

CONTENT = random.Random(6).randbytes(5 * 2**20)


@pytest.mark.parametrize("method", ["POST", "PUT"])
@pytest.mark.parametrize("size", [1, 100_000, len(CONTENT)])
def test_a_body_is_a_file(service: Stack, method: str, size: int) -> None:
    answer = service.client.request(method, f"{UPLOAD}a%20b.bin", content=CONTENT[:size])
    assert answer.status_code == 201
    assert answer.json()["name"] == "a b.bin"
    assert stored(service, answer.headers) == CONTENT[:size]


def test_the_name_is_in_the_disposition_before_the_address(service: Stack) -> None:
    for address, disposition, name in [
        (UPLOAD, 'attachment; filename="x.txt"', "x.txt"),
        (UPLOAD, "attachment; filename*=UTF-8''%e2%82%ac.txt; filename=\"e.txt\"", "€.txt"),
        (f"{UPLOAD}y.txt", 'attachment; filename="x.txt"', "x.txt"),
        (f"{UPLOAD}y.txt", "attachment", "y.txt"),
        (f"{UPLOAD}%e2%82%ac.txt", "", "€.txt"),
        (f"{UPLOAD}folder/%2e%2e/z.txt", "", "folder/../z.txt"),
    ]:
        headers = {"Content-Disposition": disposition} if disposition else {}
        with wire(service) as connection:
            connection.send(head(service, "PUT", address, Content_Length=1, **headers), b"x")
            assert connection.read().json()["name"] == name


def test_the_type_is_what_the_client_said_and_what_it_is(service: Stack) -> None:
    file = service.client.put(f"{UPLOAD}a", content=b"%PDF-1.4\n%", headers={"Content-Type": "image/png"}).json()
    assert (file["declared_type"], file["media_type"]) == ("image/png", "application/pdf")


def test_the_pipeline_is_in_the_query(service: Stack) -> None:
    assert service.client.put(f"{UPLOAD}a?pipeline=default", content=b"x").status_code == 201
    check_problem(service.client.put(f"{UPLOAD}a?pipeline=none", content=b"x"), 400, "invalid-field", "pipeline")


def test_what_is_no_raw_upload_is_refused(service: Stack) -> None:
    before = count(service)
    for content, headers, status in [
        (b"a=b", {"Content-Type": "application/x-www-form-urlencoded"}, 415),
        (b"{}", {"Content-Type": "application/octet-stream"}, 415),
        (b"x", {}, 415),
        (b"x", {"Content-Disposition": "attachment"}, 415),
    ]:
        check_problem(service.client.post(UPLOAD, content=content, headers=headers), status)
    named = {"Content-Disposition": "attachment; filename=a"}
    check_problem(service.client.post(UPLOAD, content=b"", headers=named), 400, "invalid-field", "file")
    check_problem(service.client.put(f"{UPLOAD}a", content=iter([b"x"])), 411)
    check_problem(service.client.get(f"{UPLOAD}a"), 405)
    check_problem(service.client.put(f"{UPLOADS}{uuid4()}", content=b"x"), 405)
    assert count(service) == before


@pytest.mark.parametrize("address", [UPLOAD, UPLOAD.rstrip("/")])
def test_a_put_without_a_name_hears_of_the_slash(service: Stack, address: str) -> None:
    problem = check_problem(service.client.put(address, content=b"x"), 415, "unsupported-media-type")
    assert "an address that ends with a slash" in problem["detail"]


def test_a_body_that_is_too_large_is_refused(limited: Stack) -> None:
    before = set(limited.stored_files())
    check_problem(limited.client.put(f"{UPLOAD}a", content=CONTENT), 413)
    headers = {"Repr-Digest": f"sha-256=:{digest(CONTENT)}:"}
    check_problem(limited.client.put(f"{UPLOAD}a", content=iter([CONTENT]), headers=headers), 413)
    until(lambda: set(limited.stored_files()) <= before, 15, lambda: "something stayed")


def test_a_cut_stores_nothing(service: Stack) -> None:
    before, files = count(service), originals(service)
    with wire(service) as connection:
        connection.send(head(service, "PUT", f"{UPLOAD}a", Content_Length=len(CONTENT)), CONTENT[:-1])
    until(lambda: originals(service) <= files, 15, lambda: "something stayed")
    assert count(service) == before


def originals(stack: Stack) -> set[Path]:
    """And what arrives. Processing goes on meanwhile: what it makes does not count."""
    return {path for path in stack.stored_files() if not {"derived", "scratch"} & {*path.parts}}


# Digests


def form(content: bytes) -> tuple[bytes, dict[str, str]]:
    request = httpx.Request("POST", "http://x", files={"file": ("a", content)})
    return request.read(), {"Content-Type": request.headers["content-type"]}


@pytest.mark.parametrize("field", ["Repr-Digest", "Content-Digest"])
@pytest.mark.parametrize("algorithm", ["sha-256", "sha-512"])
def test_digests_are_verified(service: Stack, field: str, algorithm: str) -> None:
    before = count(service)
    name = algorithm.replace("-", "")
    body, typed = form(CONTENT)
    for method, address, content, headers in (
        ("PUT", f"{UPLOAD}a", CONTENT, {}),
        ("PUT", f"{UPLOAD}a", CONTENT, {"Transfer-Encoding": "chunked"}),
        ("POST", UPLOAD, body, typed),
    ):

        def send(value: str) -> httpx.Response:
            chunked = "Transfer-Encoding" in headers  # noqa: B023 - called within its turn
            sent: Any = iter([content]) if chunked else content  # noqa: B023
            return service.client.request(method, address, content=sent, headers={**headers, field: value})  # noqa: B023

        answer = send(f"md5=:AAAA:, {algorithm}=:{digest(content, name)}:")
        assert stored(service, answer.headers) == CONTENT
        assert answer.headers["repr-digest"] == f"sha-256=:{digest(CONTENT)}:"
        check_problem(send(f"{algorithm}=:{digest(b'other', name)}:"), 400, "digest-mismatch")
        check_problem(send(f"{algorithm}=nonsense"), 400, "bad-request")
    assert count(service) == before + 3


def test_downloads_carry_their_digest(service: Stack) -> None:
    content = b"some text\n"
    file = service.upload(content)
    for answer in (service.client.get(file["file"]), service.client.head(file["file"])):
        assert answer.headers["repr-digest"] == f"sha-256=:{digest(content)}:"


# Idempotency-Key


def tus(service: Stack, content: bytes, name: str, key: str) -> httpx.Response:
    said = {"Upload-Length": str(len(content)), "Upload-Metadata": metadata(filename=name), "Idempotency-Key": key}
    return service.client.post(UPLOADS, content=content, headers={**TUS, **CHUNK, **said})


def draft(service: Stack, content: bytes, name: str, key: str) -> httpx.Response:
    headers = {"Upload-Complete": "?1", "Idempotency-Key": key}
    return service.client.post(f"{UPLOAD}{name}", content=content, headers=headers)


def raw(service: Stack, content: bytes, name: str, key: str) -> httpx.Response:
    return service.client.put(f"{UPLOAD}{name}", content=content, headers={"Idempotency-Key": key})


def by_form(service: Stack, content: bytes, name: str, key: str) -> httpx.Response:
    return service.client.post(UPLOAD, files={"file": (name, content)}, headers={"Idempotency-Key": key})


DOORS = [tus, draft, raw, by_form]


@pytest.mark.parametrize("door", DOORS)
def test_a_key_makes_one_file(service: Stack, door: Callable[..., httpx.Response]) -> None:
    before, key = count(service), str(uuid4())
    first = door(service, b"content", "a.txt", key)
    again = door(service, b"content", "a.txt", key)
    assert first.status_code == again.status_code == 201
    assert again.headers["content-location"] == first.headers["content-location"]
    assert again.headers["location"] == first.headers["location"]
    assert again.json()["id"] == first.json()["id"]
    assert count(service) == before + 1
    for content, name in ((b"CONTENT", "a.txt"), (b"contents", "a.txt"), (b"content", "b.txt")):
        check_problem(door(service, content, name, key), 422, "idempotency-key-reused")
    assert count(service) == before + 1


def test_a_key_is_not_another_doors(service: Stack) -> None:
    key = str(uuid4())
    assert raw(service, b"content", "a.txt", key).status_code == 201
    check_problem(tus(service, b"content", "a.txt", key), 422)


@pytest.mark.parametrize("door", DOORS)
def test_many_at_once_with_one_key_make_one_file(service: Stack, door: Callable[..., httpx.Response]) -> None:
    before, key = count(service), str(uuid4())
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: door(service, CONTENT[:200_000], "a.bin", key), range(8)))
    statuses = {answer.status_code for answer in answers}
    assert 201 in statuses
    assert statuses <= {201, 409}
    assert len({answer.headers["content-location"] for answer in answers if answer.status_code == 201}) == 1
    assert count(service) == before + 1


def begun(service: Stack) -> set[str]:
    return {path.name for path in (service.data / "uploads").glob("*/*")}


def test_a_key_is_in_use_while_its_first_request_is_under_way(service: Stack) -> None:
    key, before = str(uuid4()), begun(service)
    with wire(service) as connection:
        connection.send(head(service, "PUT", f"{UPLOAD}a", Content_Length=7, Idempotency_Key=key), b"con")
        until(lambda: bool(begun(service) - before), 15, lambda: "it never began")
        check_problem(raw(service, b"content", "a", key), 409, "idempotency-key-in-use")
        connection.send(b"tent")
        first = connection.read()
    assert first.status == 201
    assert raw(service, b"content", "a", key).json()["id"] == first.json()["id"]


def test_a_key_whose_request_was_cut_is_free_again(service: Stack) -> None:
    key = str(uuid4())
    with wire(service) as connection:
        connection.send(head(service, "PUT", f"{UPLOAD}a", Content_Length=7, Idempotency_Key=key), b"con")
    answer: Any = None

    def stored_at_last() -> bool:
        nonlocal answer
        answer = raw(service, b"content", "a", key)
        return bool(answer.status_code == 201)

    until(stored_at_last, 5, lambda: answer.text)
    assert stored(service, answer.headers) == b"content"


def test_an_upload_that_was_begun_with_a_key_is_found_again(service: Stack) -> None:
    """A creation whose answer was lost: the same upload, not a second one."""
    headers = {**TUS, "Upload-Length": "7", "Idempotency-Key": str(uuid4())}
    first, again = (service.client.post(UPLOADS, headers=headers) for _ in range(2))
    assert first.headers["location"] == again.headers["location"]
    path = path_of(first.headers["location"])
    patch(service, path, 0, b"content")
    assert service.client.post(UPLOADS, headers=headers).headers["content-location"]
    check_problem(service.client.post(UPLOADS, headers={**headers, "Upload-Length": "8"}), 422)
    assert not left_behind(service, path)


def test_a_key_is_not_endless(service: Stack) -> None:
    check_problem(raw(service, b"content", "a", "k" * 256), 400)
