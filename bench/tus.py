"""Clients that upload one file by tus: curl for one PATCH, sendfile for many on one connection, blocks for a stream."""

import http.client
import secrets
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from bench.load import BLOCK, HOST, LoadError, curl

VERSION = {"Tus-Resumable": "1.0.0"}
PATCH = VERSION | {"Content-Type": "application/offset+octet-stream"}
FILENAME = "filename YmlnLmJpbg=="  # big.bin

# From the last byte to the answer, whatever that needs.
PATIENCE = 600


def connection(port: int) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(HOST, port, timeout=PATIENCE)


def create(port: int, path: str, size: int) -> tuple[str, float]:
    """A new upload's address on its server, and the seconds it took to get."""
    begun = time.perf_counter()
    headers = VERSION | {"Upload-Length": str(size), "Upload-Metadata": FILENAME}
    client = connection(port)
    client.request("POST", path, headers=headers)
    location = _answer(client, 201).headers["Location"]
    client.close()
    return urlsplit(location).path, time.perf_counter() - begun


def offset(port: int, upload: str) -> int:
    client = connection(port)
    client.request("HEAD", upload, headers=VERSION)
    found = int(_answer(client, 200).headers["Upload-Offset"])
    client.close()
    return found


def by_curl(port: int, path: str, file: Path) -> float:
    """Seconds from the creation to the final 204, in one PATCH."""
    upload, seconds = create(port, path, file.stat().st_size)
    headers = [part for name, value in PATCH.items() for part in ("--header", f"{name}: {value}")]
    options = ["--request", "PATCH", "--upload-file", str(file), "--header", "Upload-Offset: 0", *headers]
    return seconds + curl(port, upload, *options, wanted="204")


def by_sendfile(port: int, path: str, file: Path, step: int) -> float:
    """Seconds from the creation to the final 204, in PATCHes of `step` bytes on one connection."""
    size = file.stat().st_size
    begun = time.perf_counter()
    upload, _ = create(port, path, size)
    client = connection(port)
    with file.open("rb") as source:
        for start in range(0, size, step):
            count = min(step, size - start)
            _begin_patch(client, upload, start, count)
            client.sock.sendfile(source, start, count)
            _answer(client, 204)
    client.close()
    return time.perf_counter() - begun


class Stream:
    """One PATCH from `start` to `end` of bytes that are made on the way: one random block, over and over."""

    def __init__(self, port: int, upload: str, start: int, end: int) -> None:
        self._blocks = _blocks(start, end)
        self._client = connection(port)
        _begin_patch(self._client, upload, start, end - start)

    def send(self, most: int) -> None:
        """As many blocks as `most` bytes have, or what is left."""
        for _ in range(most // BLOCK):
            if (block := next(self._blocks, None)) is None:
                return
            self._client.send(block)

    def finish(self) -> float:
        """Send what is left. Seconds from the last byte to the final answer."""
        for block in self._blocks:
            self._client.send(block)
        begun = time.perf_counter()
        _answer(self._client, 204)
        seconds = time.perf_counter() - begun
        self.break_off()
        return seconds

    def break_off(self) -> None:
        self._client.close()


def _blocks(start: int, end: int) -> Iterator[memoryview]:
    block = memoryview(secrets.token_bytes(BLOCK))
    for at in range(start, end, BLOCK):
        yield block[: min(BLOCK, end - at)]


def _begin_patch(client: http.client.HTTPConnection, upload: str, start: int, count: int) -> None:
    client.putrequest("PATCH", upload)
    for name, value in PATCH.items():
        client.putheader(name, value)
    client.putheader("Upload-Offset", str(start))
    client.putheader("Content-Length", str(count))
    client.endheaders()


def _answer(client: http.client.HTTPConnection, wanted: int) -> http.client.HTTPResponse:
    answer = client.getresponse()
    content = answer.read()
    if answer.status != wanted:
        raise LoadError(f"answered {answer.status} instead of {wanted}: {content[:500]!r}")
    return answer
