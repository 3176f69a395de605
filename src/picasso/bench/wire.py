"""Requests that cost this program as little as possible: what it takes itself is missing in what it measures."""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

from picasso_client.config import Login

TIMEOUT = 120
BLOCK = 2**20


class BenchError(Exception):
    """The service gave an answer that makes the figures worthless. The message is for people."""


class RateLimited(Exception):
    """The service allows no more requests for ``seconds``."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class Target:
    """A service, and for whom it is asked."""

    login: Login

    @property
    def headers(self) -> dict[str, str]:
        key, project = self.login.key, self.login.project
        return {
            **({"Authorization": f"Bearer {key}"} if key else {}),
            **({"Picasso-Project": project} if project else {}),
        }

    @contextmanager
    def connection(self) -> Iterator[Wire]:
        """Raises `BenchError` if the service can't be reached, or goes away."""
        address = urlsplit(self.login.url)
        host, port = address.hostname or "", address.port
        if address.scheme == "https":
            http: HTTPConnection = HTTPSConnection(host, port, timeout=TIMEOUT, context=ssl.create_default_context())
        else:
            http = HTTPConnection(host, port, timeout=TIMEOUT)
        try:
            yield Wire(http, address.path, self.headers)
        except (OSError, HTTPException) as fault:
            raise BenchError(f"{self.login.url} can't be reached: {fault!r}") from fault
        finally:
            http.close()


class Wire:
    """One connection that stays open."""

    def __init__(self, http: HTTPConnection, prefix: str, headers: Mapping[str, str]) -> None:
        self._http = http
        self._prefix = prefix
        self._headers = headers

    def put(self, path: str, body: bytes | Iterator[bytes], headers: Mapping[str, str], size: int) -> Any:
        """The JSON of the answer. Raises `RateLimited`, `BenchError`."""
        answer = self._ask("PUT", path, {**headers, "Content-Length": str(size)}, body)
        return self._json(answer, 201)

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Any:
        """As `put`."""
        return self._json(self._ask("GET", path, headers or {}), 200)

    def fetch(self, url: str) -> int:
        """How many bytes are at an address that the service gave. They go nowhere."""
        parts = urlsplit(url)
        answer = self._ask(
            "GET", parts.path.removeprefix(self._prefix) + (f"?{parts.query}" if parts.query else ""), {}
        )
        if answer.status != 200:
            self._json(answer, 200)
        room, total = bytearray(BLOCK), 0
        while count := answer.readinto(room):
            total += count
        return total

    def _ask(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes | Iterator[bytes] | None = None
    ) -> HTTPResponse:
        self._http.request(method, f"{self._prefix}{path}", body, {**self._headers, **headers})
        return self._http.getresponse()

    def _json(self, answer: HTTPResponse, wanted: int) -> Any:
        content = answer.read()
        if answer.status == 429:
            raise RateLimited(float(answer.headers.get("Retry-After") or 1))
        if answer.status != wanted:
            raise BenchError(f"The service answered {answer.status}: {sentence(content)}")
        return json.loads(content)


def sentence(content: bytes) -> str:
    """The detail of a problem document, or the beginning of what is none."""
    try:
        return str(json.loads(content)["detail"])
    except (ValueError, KeyError, TypeError):
        return repr(content[:200])


def blocks(block: bytes, size: int) -> Iterator[bytes]:
    """``size`` bytes, one block over and over."""
    for start in range(0, size, len(block)):
        yield block[: min(len(block), size - start)]


def seconds_since(begun: float) -> float:
    return time.perf_counter() - begun
