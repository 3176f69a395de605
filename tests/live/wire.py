"""HTTP by hand: requests that no decent client would send, and answers read to the letter."""

from __future__ import annotations

import json
import random
import re
import socket
import struct
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import httpx

from tests.stack import Stack

UPLOAD = "/api/v1.0/upload/"
FILES = "/api/v1.0/files/"
BOUNDARY = "wall"
FORM = f"multipart/form-data; boundary={BOUNDARY}"


def png(width: int = 1, height: int = 1) -> bytes:
    """A picture of noise that no two calls share."""
    rows = b"".join(b"\0" + random.randbytes(width * 3) for _ in range(height))

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 1)) + chunk(b"IEND", b"")


PNG = png()
PROBLEM = {"type", "title", "status", "detail", "code"}


class Server(Protocol):
    """Something that listens on this machine: a `Stack`, or less."""

    @property
    def port(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Answer:
    """One response; names of headers in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class Wire:
    """One connection. Reads exactly one answer at a time, so that a pipeline's next stays where it is."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self._reader = sock.makefile("rb")

    def send(self, *pieces: bytes) -> None:
        self.sock.sendall(b"".join(pieces))

    def read(self, *, head: bool = False) -> Answer:
        """The next answer, interim ones (1xx) included; ``head`` if it answers a HEAD."""
        line = self._reader.readline()
        assert line.startswith(b"HTTP/1.1 "), f"no answer but {line!r}"
        status = int(line.split()[1])
        headers = dict(self._headers())
        return Answer(status, headers, b"" if head or status < 200 or status in {204, 304} else self._body(headers))

    def closed(self) -> bool:
        """Whether the server has closed, after all that it had to say was read."""
        return self._reader.read(1) == b""

    def close(self) -> None:
        self._reader.close()
        self.sock.close()

    def reset(self) -> None:
        """Vanish as a killed client does."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        self.close()

    def _headers(self) -> Iterator[tuple[str, str]]:
        while (line := self._reader.readline()) not in {b"\r\n", b""}:
            name, _, value = line.decode("latin-1").partition(":")
            yield name.lower(), value.strip()

    def _body(self, headers: Mapping[str, str]) -> bytes:
        if "content-length" in headers:
            return self._exactly(int(headers["content-length"]))
        if headers.get("transfer-encoding") != "chunked":
            return self._reader.read()
        body = b""
        while length := int(self._reader.readline(), 16):
            body += self._exactly(length)
            self._reader.readline()
        self._reader.readline()
        return body

    def _exactly(self, length: int) -> bytes:
        body = self._reader.read(length)
        assert len(body) == length, f"the answer was cut after {len(body)} of {length} bytes"
        return body


@contextmanager
def wire(server: Server, timeout: float = 20) -> Iterator[Wire]:
    connection = Wire(socket.create_connection(("127.0.0.1", server.port), timeout=timeout))
    try:
        yield connection
    finally:
        connection.close()


def head(server: Server, method: str = "POST", path: str = UPLOAD, **headers: object) -> bytes:
    """The head of a request; underscores in names become hyphens."""
    all_headers = {"Host": f"127.0.0.1:{server.port}", **{k.replace("_", "-"): v for k, v in headers.items()}}
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in all_headers.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def part(
    content: bytes = b"content\n",
    disposition: bytes = b'form-data; name="file"; filename="a.txt"',
    media_type: bytes | None = b"text/plain",
) -> bytes:
    declared = b"Content-Type: " + media_type + b"\r\n" if media_type is not None else b""
    return b"--wall\r\nContent-Disposition: " + disposition + b"\r\n" + declared + b"\r\n" + content + b"\r\n"


END = b"--wall--\r\n"


def named(name: bytes, content: bytes = b"content\n") -> bytes:
    """A whole form with one file of this raw name."""
    return part(content, b'form-data; name="file"; filename="' + name + b'"') + END


def post(stack: Stack, body: bytes, media_type: str = FORM, path: str = UPLOAD, **headers: object) -> Answer:
    """One POST of a raw body, on a connection of its own."""
    more: dict[str, Any] = {"Content_Type": media_type, "Content_Length": len(body), **headers}
    with wire(stack) as connection:
        connection.send(head(stack, path=path, **more), body)
        return connection.read()


def ask(server: Server, method: str, path: str, **headers: object) -> Answer:
    """One request without a body, on a connection of its own."""
    with wire(server) as connection:
        connection.send(head(server, method, path, **headers))
        return connection.read(head=method == "HEAD")


def chunked(pieces: Iterable[bytes]) -> Iterator[bytes]:
    for piece in pieces:
        yield b"%x\r\n%s\r\n" % (len(piece), piece)
    yield b"0\r\n\r\n"


def check_problem(answer: Answer | httpx.Response, status: int, code: str = "", field: str = "") -> dict[str, Any]:
    """That this is a problem document to the letter of RFC 9457 and of ours; returns it."""
    body: dict[str, Any] = answer.json()
    found = answer.status if isinstance(answer, Answer) else answer.status_code
    assert found == status, (found, body)
    assert answer.headers["content-type"] == "application/problem+json"
    assert set(body) >= PROBLEM, body
    assert body["status"] == status
    assert body["type"] == "about:blank"
    assert body["detail"].endswith((".", "above", "path"))
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", body["code"])
    if code:
        assert body["code"] == code
    if field:
        assert [error["field"] for error in body["errors"]] == [field]
        assert body["errors"][0]["detail"]
    else:
        assert "errors" not in body
    return body


def count(stack: Stack) -> int:
    total: int = stack.client.get(FILES).json()["count"]
    return total
