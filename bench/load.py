"""Clients: wrk for many small uploads, curl for a big one, sockets for whatever these two can't do."""

import http.client
import json
import os
import re
import secrets
import socket
import subprocess
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from bench import tools

HOST = "127.0.0.1"
SCRIPT = Path(__file__).with_name("small.lua")
TEXT = (b"The quick brown fox jumps over the lazy dog, and the bench counts.\n" * 16)[:1024]
BLOCK = 1 << 20


class LoadError(Exception):
    """The server under test gave an answer that makes the numbers worthless."""


@dataclass(frozen=True)
class Load:
    """What wrk saw."""

    requests: int
    seconds: float
    not_created: int
    broken: int
    p50_ms: float
    p99_ms: float

    @property
    def rate(self) -> float:
        return self.requests / self.seconds


@dataclass(frozen=True)
class Sample:
    """What is sent. Each time a few bytes at its end differ."""

    path: Path
    name: str
    media_type: str


def small_uploads(
    port: int,
    path: str,
    seconds: int,
    connections: int = 16,
    headers: Mapping[str, str] | None = None,
    *,
    sample: Sample | None = None,
) -> Load:
    """Post small files for some seconds, by default 1 KB texts; every answer has to be a 201."""
    address = f"http://{HOST}:{port}{path}"
    command = [tools.need("wrk", "wrk"), "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s"]
    command += [f"-H{name}: {value}" for name, value in (headers or {}).items()]
    sent = ["--", str(sample.path), sample.name, sample.media_type] if sample else []
    done = subprocess.run([*command, "-s", str(SCRIPT), address, *sent], capture_output=True, text=True, check=True)
    marked = [line for line in done.stdout.splitlines() if line.startswith("BENCH ")]
    if not marked:
        raise LoadError(f"wrk did not report:\n{done.stdout}\n{done.stderr}")
    load = Load(**json.loads(marked[0].removeprefix("BENCH ")))
    if load.not_created or load.broken:
        raise LoadError(f"{load.not_created} answers were not 201, {load.broken} connections failed: {load}")
    return load


def pages(port: int, path: str, seconds: int, connections: int, headers: Mapping[str, str]) -> float:
    """How many times a second the same address is answered, with 200 each time."""
    command = [tools.need("wrk", "wrk"), "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s"]
    command += [f"-H{name}: {value}" for name, value in headers.items()]
    done = subprocess.run([*command, f"http://{HOST}:{port}{path}"], capture_output=True, text=True, check=True)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)
    if not rate or "Non-2xx" in done.stdout or "Socket errors" in done.stdout:
        raise LoadError(f"{path} was not always answered:\n{done.stdout}\n{done.stderr}")
    return float(rate[1])


def downloads(
    port: int, paths: Path, size: int, seconds: int, *, connections: int, headers: Mapping[str, str]
) -> float:
    """How many of the files at these addresses are fetched in a second; each has at least ``size`` bytes."""
    command = [tools.need("wrk", "wrk"), "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s"]
    command += [f"-H{name}: {value}" for name, value in headers.items()]
    command += ["-s", str(SCRIPT.with_name("paths.lua")), f"http://{HOST}:{port}"]
    env = os.environ | {"BENCH_PATHS": str(paths)}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    marked = [line for line in done.stdout.splitlines() if line.startswith("BENCH ")]
    found = json.loads(marked[0].removeprefix("BENCH ")) if marked else {"bad": 1}
    if found["bad"] or found["bytes"] < found["requests"] * size:
        raise LoadError(f"not all files came as a whole:\n{done.stdout}\n{done.stderr}")
    return float(found["requests"] / found["seconds"])


def curl(port: int, path: str, *options: str, wanted: str = "201") -> float:
    """Seconds that one curl request took, from connecting to the end of the answer, which has to be the wanted one."""
    address = f"http://{HOST}:{port}{path}"
    # Without the Expect header nobody waits for a 100.
    command = ["curl", "--silent", "--show-error", "--output", "/dev/null", "--noproxy", "*", "--max-time", "600"]
    command += ["--header", "Expect:", "--write-out", "%{http_code} %{time_total}", *options, address]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    status, seconds = done.stdout.split()
    if status != wanted:
        raise LoadError(f"{path} answered {status}")
    return float(seconds)


def multipart_ends(name: str = "note.txt", media_type: str = "text/plain") -> tuple[str, bytes, bytes]:
    """The Content-Type of a form with one file, and what stands before and after the file's bytes."""
    boundary = secrets.token_hex(16)
    head = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
        f"Content-Type: {media_type}\r\n\r\n"
    )
    return f"multipart/form-data; boundary={boundary}", head.encode(), f"\r\n--{boundary}--\r\n".encode()


class Client:
    """One keep-alive connection that speaks JSON."""

    def __init__(self, port: int, headers: Mapping[str, str] | None = None) -> None:
        self._headers = dict(headers or {})
        self._connection = http.client.HTTPConnection(HOST, port, timeout=60)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def get(self, path: str) -> Any:
        return self._exchange("GET", path, None, {}, 200)

    def upload(self, path: str, content: bytes = TEXT, name: str = "note.txt", media_type: str = "text/plain") -> Any:
        kind, head, tail = multipart_ends(name, media_type)
        return self._exchange("POST", path, head + content + tail, {"Content-Type": kind}, 201)

    def post(self, path: str, content: bytes) -> Any:
        """Create something; ``content`` is JSON."""
        return self._exchange("POST", path, content, {"Content-Type": "application/json"}, 201)

    def _exchange(self, method: str, path: str, body: bytes | None, headers: dict[str, str], wanted: int) -> Any:
        self._connection.request(method, path, body, self._headers | headers)
        answer = self._connection.getresponse()
        content = answer.read()
        if answer.status != wanted:
            raise LoadError(f"{method} {path} answered {answer.status}: {content[:500]!r}")
        return json.loads(content)


def upload_many(port: int, path: str, number: int, connections: int = 8) -> None:
    """Exactly this many small uploads, for when their number matters and their speed doesn't."""

    def some(count: int) -> None:
        with Client(port) as client:
            for _ in range(count):
                client.upload(path)

    shares = [number // connections + (index < number % connections) for index in range(connections)]
    with ThreadPoolExecutor(connections) as pool:
        list(pool.map(some, shares))


def open_upload(port: int, path: str, size: int, name: str = "note.txt") -> tuple[socket.socket, bytes]:
    """Begin an upload of `size` bytes: headers and the form's head are sent. Also returns what has to end it."""
    kind, head, tail = multipart_ends(name, "application/octet-stream")
    length = len(head) + size + len(tail)
    request = (
        f"POST {path} HTTP/1.1\r\nHost: {HOST}:{port}\r\nContent-Type: {kind}\r\n"
        f"Content-Length: {length}\r\nConnection: close\r\n\r\n"
    )
    connection = socket.create_connection((HOST, port), timeout=600)
    connection.sendall(request.encode() + head)
    return connection, tail


def stream_upload(port: int, path: str, size: int) -> None:
    """Upload `size` bytes that are made on the way: one random block, over and over."""
    block = memoryview(secrets.token_bytes(BLOCK))
    connection, tail = open_upload(port, path, size, "stream.bin")
    with connection:
        for sent in range(0, size, BLOCK):
            connection.sendall(block[: min(BLOCK, size - sent)])
        connection.sendall(tail)
        status = connection.recv(BLOCK).split(b"\r\n", 1)[0]
    if b" 201" not in status:
        raise LoadError(f"the upload of {size} bytes was answered with {status!r}")
