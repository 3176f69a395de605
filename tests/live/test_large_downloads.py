"""Downloads whose bytes the kernel sends: whole, in parts, to slow clients, to clients that leave."""

from __future__ import annotations

import hashlib
import secrets
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.stack import Stack

pytestmark = pytest.mark.live

CONTENT = secrets.token_bytes(24 * 2**20 + 4321)


@pytest.fixture(scope="module")
def large(service: Stack) -> str:
    """The path of a file that no socket takes at once."""
    path: str = urlsplit(service.upload(CONTENT, "large.bin")["file"]).path
    return path


@contextmanager
def asked(stack: Stack, *requests: str, buffer: int | None = None) -> Iterator[socket.socket]:
    """A connection on which these requests have been sent."""
    address = urlsplit(stack.url)
    with socket.socket() as connection:
        if buffer:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        connection.settimeout(60)
        connection.connect((address.hostname, address.port))
        head = f"Host: {address.netloc}\r\n\r\n"
        connection.sendall("".join(f"{request}\r\n{head}" for request in requests).encode())
        yield connection


def answer(connection: socket.socket, size: int = 2**16) -> tuple[bytes, bytes]:
    """The head and the body of the next answer, read in steps of ``size`` bytes."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += connection.recv(1)
    length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
    body = bytearray()
    while len(body) < length:
        got = connection.recv(min(size, length - len(body)))
        assert got, f"cut after {len(body)} of {length} bytes"
        body += got
    return head, bytes(body)


def test_everything_comes_and_the_connection_goes_on(service: Stack, large: str) -> None:
    with asked(service, f"GET {large} HTTP/1.1", f"GET {large} HTTP/1.1\r\nRange: bytes=-9") as connection:
        head, body = answer(connection)
        assert head.startswith(b"HTTP/1.1 200")
        assert hashlib.sha256(body).digest() == hashlib.sha256(CONTENT).digest()
        head, body = answer(connection)
        assert head.startswith(b"HTTP/1.1 206")
        assert body == CONTENT[-9:]


@pytest.mark.parametrize(("start", "stop"), [(1, 2**20 + 1), (12 * 2**20 + 7, len(CONTENT) - 1), (0, 10**6)])
def test_a_large_part(service: Stack, large: str, start: int, stop: int) -> None:
    with asked(service, f"GET {large} HTTP/1.1\r\nRange: bytes={start}-{stop - 1}") as connection:
        assert answer(connection)[1] == CONTENT[start:stop]


def test_large_parts_in_one_answer(service: Stack, large: str) -> None:
    wanted = "Range: bytes=0-299999,9000000-9599999"
    with asked(service, f"GET {large} HTTP/1.1\r\n{wanted}") as connection:
        body = answer(connection)[1]
    assert CONTENT[:300_000] in body
    assert CONTENT[9_000_000:9_600_000] in body


def test_a_client_that_takes_little_at_a_time(service: Stack, large: str) -> None:
    with asked(service, f"GET {large} HTTP/1.1", buffer=4096) as connection:
        assert answer(connection, 5000)[1] == CONTENT


def test_clients_that_leave_harm_nobody(service: Stack, large: str) -> None:
    for taken in (1, 2**20, 5 * 2**20):
        with asked(service, f"GET {large} HTTP/1.1") as connection:
            left = taken
            while left > 0:
                left -= len(connection.recv(2**16))
    with asked(service, f"GET {large} HTTP/1.1") as connection:
        assert answer(connection)[1] == CONTENT


def test_many_at_once_each_get_their_own(service: Stack, large: str) -> None:
    """Those that wait are looked up together, also with what is not there."""
    files = {urlsplit(service.upload(text, "a.txt")["file"]).path: text for text in texts(40)}
    wrong = {f"{path}x": None for path in files}

    def fetch(path: str) -> Any:
        found = service.client.get(path)
        return found.content if found.status_code == 200 else None

    wanted = {**files, **wrong, large: CONTENT, "/files/not-an-id/a.txt": None}
    with ThreadPoolExecutor(16) as pool:
        assert dict(zip(wanted, pool.map(fetch, wanted), strict=True)) == wanted


def texts(number: int) -> list[bytes]:
    return [f"text number {n}\n".encode() * 50 for n in range(number)]
