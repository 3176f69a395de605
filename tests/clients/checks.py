"""What must hold whichever client sent it."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from typing import Any
from urllib.parse import urlsplit

from tests.stack import Stack, until

UPLOADS = "/api/v1.0/uploads/"
FILES = "/api/v1.0/files/"
TUS = {"Tus-Resumable": "1.0.0"}


def content(size: int) -> bytes:
    """Bytes that no other test has."""
    return os.urandom(size)


def endpoint(stack: Stack) -> str:
    return f"{stack.url}{UPLOADS}"


def check_stored(stack: Stack, address: str | None, sent: bytes, name: str = "", declared: str = "") -> dict[str, Any]:
    """The file at this address has these bytes, and no other file has them; returns it."""
    assert address, "the client was not told which file its upload has become"
    digest = hashlib.sha256(sent).hexdigest()
    file = stack.file(urlsplit(address).path.rstrip("/").rpartition("/")[2])
    assert (file["size"], file["sha256"]) == (len(sent), digest)
    assert hashlib.sha256(stack.client.get(file["file"]).content).hexdigest() == digest
    assert times_stored(stack, sent) == 1
    if name:
        assert (file["name"], file["declared_type"]) == (name, declared)
    return file


def times_stored(stack: Stack, sent: bytes) -> int:
    """How many files have these bytes."""
    found = stack.client.get(FILES, params={"sha256": hashlib.sha256(sent).hexdigest(), "page_size": 1}).json()
    return int(found["count"])


def digests(stack: Stack) -> Counter[str]:
    """How many files have which SHA-256."""
    found: Counter[str] = Counter()
    page: int | None = 1
    while page:
        answer = stack.client.get(FILES, params={"page": page, "page_size": 100}).json()
        found.update(file["sha256"] for file in answer["results"])
        page = answer["next"]
    return found


def file_of(stack: Stack, upload: str, seconds: float = 20) -> str:
    """The address of the file that an upload has become, or becomes in the background."""
    path = urlsplit(upload).path
    addresses: list[str] = []

    def joined() -> bool:
        answer = stack.client.head(path, headers=TUS)
        assert answer.status_code == 200, answer
        addresses.extend(answer.headers.get_list("content-location"))
        return bool(addresses)

    until(joined, seconds, lambda: f"{upload} has become no file")
    return addresses[0]


def gone(stack: Stack, upload: str) -> bool:
    return stack.client.head(urlsplit(upload).path, headers=TUS).status_code in {404, 410}
