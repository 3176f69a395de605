"""The two protocols of uploads that may go on, spoken to the letter by hand."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from typing import Any

import httpx

from tests.live.wire import Wire, ask, head
from tests.stack import Stack, until

UPLOADS = "/api/v1.0/uploads/"
TUS = {"Tus-Resumable": "1.0.0"}
CHUNK = {"Content-Type": "application/offset+octet-stream"}
PARTIAL = {"Content-Type": "application/partial-upload"}


def create(stack: Stack, content: bytes | None = None, /, **headers: object) -> httpx.Response:
    """By tus; underscores in names become hyphens. With content it comes along."""
    more = {name.replace("_", "-"): str(value) for name, value in headers.items()}
    return stack.client.post(UPLOADS, content=content, headers={**TUS, **(CHUNK if content else {}), **more})


def created(stack: Stack, length: int | None = None, **headers: object) -> str:
    """The path of a new upload."""
    told = {"Upload_Defer_Length": 1} if length is None else {"Upload_Length": length}
    if str(headers.get("Upload_Concat", "")).startswith("final"):
        told = {}
    answer = create(stack, None, **told, **headers)
    assert answer.status_code == 201, answer.text
    return path_of(answer.headers["location"])


def patch(stack: Stack, path: str, offset: int, content: Any, **headers: object) -> httpx.Response:
    more = {name.replace("_", "-"): str(value) for name, value in headers.items()}
    return stack.client.patch(path, content=content, headers={**TUS, **CHUNK, "Upload-Offset": str(offset), **more})


def look(stack: Stack, path: str) -> httpx.Response:
    return stack.client.head(path, headers=TUS)


def offset(stack: Stack, path: str) -> int:
    answer = look(stack, path)
    assert answer.status_code == 200, answer.status_code
    return int(answer.headers["upload-offset"])


def begin(stack: Stack, path: str, at: int, length: int, method: str = "PATCH") -> Wire:
    """A connection on which the head of a tus PATCH was sent, and nothing of its content."""
    import socket

    connection = Wire(socket.create_connection(("127.0.0.1", stack.port), timeout=60))
    fields = {"Upload_Offset": at, "Content_Length": length, "Tus_Resumable": "1.0.0"}
    connection.send(head(stack, method, path, Content_Type=CHUNK["Content-Type"], **fields))
    return connection


def append(
    stack: Stack, path: str, at: int, content: bytes | Iterator[bytes], complete: str, **headers: object
) -> httpx.Response:
    """By the draft; ``complete`` is ?0 or ?1."""
    more = {name.replace("_", "-"): str(value) for name, value in headers.items()}
    told = {"Upload-Offset": str(at), "Upload-Complete": complete}
    return stack.client.patch(path, content=content, headers={**PARTIAL, **told, **more})


def state(stack: Stack, path: str, **headers: object) -> tuple[str, str]:
    """Completeness and offset, by the draft."""
    answer = ask(stack, "HEAD", path, **headers)
    assert answer.status == 204, answer
    return answer.headers["upload-complete"], answer.headers["upload-offset"]


def path_of(url: str) -> str:
    return httpx.URL(url).path


def file_of(stack: Stack, headers: Any) -> dict[str, Any]:
    """The file that an upload has become, by the answer that says so."""
    answer = stack.client.get(headers["content-location"])
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def stored(stack: Stack, headers: Any) -> bytes:
    file = file_of(stack, headers)
    content = stack.client.get(file["file"]).content
    assert hashlib.sha256(content).hexdigest() == file["sha256"]
    assert len(content) == file["size"]
    return content


def joined(stack: Stack, path: str) -> httpx.Headers:
    """The head of a final upload once it is a file: the answer to its creation may come earlier."""
    until(lambda: "content-location" in look(stack, path).headers, 15, lambda: f"not joined: {look(stack, path)}")
    return look(stack, path).headers


def metadata(**values: str) -> str:
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in values.items())


def digest(content: bytes, algorithm: str = "sha256") -> str:
    return base64.b64encode(hashlib.new(algorithm, content).digest()).decode()


def left_behind(stack: Stack, *paths: str) -> list[str]:
    """Of these uploads, in the storage."""
    ids = [path.rpartition("/")[2] for path in paths]
    return sorted(each.name for one in ids for each in (stack.data / "uploads").rglob(f"{one}*"))
