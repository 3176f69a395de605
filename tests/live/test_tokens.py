"""Tokens over the wire, on one web process and on two."""

from __future__ import annotations

import json
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import httpx
import jwt
import pytest

from tests.live.wire import FORM, UPLOAD
from tests.live.wire import wire as connected
from tests.stack import NO_TLS, Stack

pytestmark = pytest.mark.live

KEYS, UPLOADS = "/api/v1.0/keys/", "/api/v1.0/uploads/"
TEXT = b"Nothing here begins as a picture does.\n" * 4000
LENGTH = 200_000_000


def token(service: Stack, **claims: Any) -> str:
    """Signed with a new key."""
    key = service.client.post(KEYS, json={"name": "tokens", "scopes": ["files:read", "files:write"]}).json()
    payload = {"aud": "picasso", "exp": time.time() + 600, **claims}
    return jwt.encode(payload, key["signing_secret"], "HS256", headers={"kid": key["id"]})


def test_max_files_is_exact_among_parallel_uploads(service: Stack) -> None:
    """32 at once, of which 7 may be stored: forms, raw bodies, tus and the draft."""
    text, together = token(service, max_files=7, owner="race"), Barrier(32)

    def upload(number: int) -> tuple[int, str]:
        content = f"content {number} {text}".encode()
        with httpx.Client(
            base_url=service.url, timeout=60, verify=NO_TLS, headers={"Authorization": f"Bearer {text}"}
        ) as client:
            together.wait()
            answer = WAYS[number % len(WAYS)](client, content)
        return answer.status_code // 100, answer.json()["code"] if answer.is_error else ""

    with ThreadPoolExecutor(32) as threads:
        outcomes = Counter(threads.map(upload, range(32)))
    assert outcomes == {(2, ""): 7, (4, "token-used-up"): 25}
    reader = token(service, owner="race", scopes=["files:read"])
    files = service.client.get("/api/v1.0/files/", headers={"Authorization": f"Bearer {reader}"}).json()
    assert files["count"] == 7


def by_form(client: httpx.Client, content: bytes) -> httpx.Response:
    return client.post(UPLOAD, files={"file": ("a.txt", content)})


def by_raw(client: httpx.Client, content: bytes) -> httpx.Response:
    return client.put(f"{UPLOAD}a.txt", content=content)


def by_tus(client: httpx.Client, content: bytes) -> httpx.Response:
    tus = {"Tus-Resumable": "1.0.0"}
    made = client.post(UPLOADS, headers={**tus, "Upload-Length": str(len(content))})
    if made.is_error:
        return made
    kind = {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
    return client.patch(made.headers["location"], headers={**tus, **kind}, content=content)


def by_draft(client: httpx.Client, content: bytes) -> httpx.Response:
    return client.post(f"{UPLOAD}a.txt", headers={"Upload-Complete": "?1"}, content=content)


WAYS = [by_form, by_raw, by_tus, by_draft]


def heads(text: str) -> dict[str, tuple[str, bytes]]:
    """The start of a request that announces 200 MB, by its kind, and the first bytes of its body."""
    credential = f"Authorization: Bearer {text}\r\n"
    part = b'--wall\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n'
    file = part % (b"file", b'; filename="a.jpg"') + TEXT
    field = part % (b"token", b"") + text.encode() + b"\r\n"
    tus = f"Tus-Resumable: 1.0.0\r\nUpload-Length: {LENGTH}\r\nUpload-Metadata: filename YS5qcGc=\r\n"
    tus += "Content-Type: application/offset+octet-stream\r\n"
    return {
        "form": (f"POST {UPLOAD} HTTP/1.1\r\n{credential}Content-Type: {FORM}\r\n", file),
        "form with the token in a field": (f"POST {UPLOAD} HTTP/1.1\r\nContent-Type: {FORM}\r\n", field + file),
        "raw": (f"PUT {UPLOAD}a.jpg HTTP/1.1\r\n{credential}Content-Type: image/jpeg\r\n", TEXT),
        "raw with the token in the query": (f"PUT {UPLOAD}a.jpg?token={text} HTTP/1.1\r\n", TEXT),
        "tus": (f"POST {UPLOADS} HTTP/1.1\r\n{credential}{tus}", TEXT),
        "draft": (f"POST {UPLOAD}a.jpg HTTP/1.1\r\n{credential}Upload-Complete: ?0\r\n", TEXT),
    }


@pytest.mark.parametrize("way", heads(""))
def test_a_type_that_is_not_allowed_is_refused_at_the_first_bytes(embedded: Stack, way: str) -> None:
    """Of 200 MB that are announced, 150 KB are sent."""
    head, body = heads(token(embedded, media_types=["image/*"]))[way]
    with connected(embedded) as wire:
        wire.send(f"{head}Host: localhost\r\nContent-Length: {LENGTH}\r\n\r\n".encode(), body)
        answer = wire.read()
    assert (answer.status, json.loads(answer.body)["code"]) == (415, "type-not-allowed")


def test_a_size_that_is_not_allowed_is_refused_by_the_head(embedded: Stack) -> None:
    for way, (head, _) in heads(token(embedded, max_size=1_000_000)).items():
        if "field" in way or way == "draft":
            continue
        with connected(embedded) as wire:
            wire.send(f"{head}Host: localhost\r\nContent-Length: {LENGTH}\r\n\r\n".encode())
            answer = wire.read()
        assert (answer.status, json.loads(answer.body)["code"]) == (413, "too-large"), way
