"""Requests to the public URL, as a client sends them: with HTTP/1.1, and in pieces where a check needs that."""

from __future__ import annotations

import json
import select
import ssl
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPMessage, HTTPResponse, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

from picasso.doctor.finding import Installation
from picasso.errors import PROBLEM_JSON

SECONDS = 30.0
MOST = 2**20
"""Bytes of an answer."""


class Unreachable(Exception):
    """There is no answer. The message is a sentence."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: HTTPMessage
    body: bytes

    def header(self, name: str) -> str:
        return self.headers.get(name, "")

    @property
    def is_problem(self) -> bool:
        """Whether this is an error of Picasso itself, or of a proxy that answers in the same form."""
        return self.status >= 400 and self.header("Content-Type").startswith(PROBLEM_JSON)

    def json(self) -> dict[str, Any]:
        """Empty if it is no JSON object."""
        try:
            found = json.loads(self.body)
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}

    @property
    def why(self) -> str:
        """For the sentence of a finding: the status, and what Picasso says of it."""
        return f"{self.status} ({self.json().get('detail', '')})" if self.is_problem else str(self.status)


class Site:
    def __init__(self, installation: Installation) -> None:
        parts = urlsplit(installation.url)
        self.url = installation.url
        self.is_secure = parts.scheme == "https"
        self.host = parts.hostname or ""
        self.port = parts.port or (443 if self.is_secure else 80)
        self.prefix = parts.path
        self._key = installation.key

    def connect(self, seconds: float = SECONDS) -> HTTPConnection:
        """Raises `OSError`, also for a certificate that is not valid."""
        if self.is_secure:
            context = ssl.create_default_context()
            connection: HTTPConnection = HTTPSConnection(self.host, self.port, timeout=seconds, context=context)
        else:
            connection = HTTPConnection(self.host, self.port, timeout=seconds)
        connection.connect()
        return connection

    @contextmanager
    def connected(self, seconds: float = SECONDS) -> Iterator[HTTPConnection]:
        """Raises `Unreachable`, also if the connection breaks while it is used."""
        try:
            with closing(self.connect(seconds)) as connection:
                yield connection
        except (OSError, HTTPException) as error:
            why = str(error) or type(error).__name__
            raise Unreachable(f"There is no answer from {self.url}: {why}.") from error

    def begin(
        self, connection: HTTPConnection, method: str, path: str, headers: Mapping[str, str] | None = None
    ) -> None:
        """Send the head of a request. ``path`` is that of the service, without the prefix."""
        connection.putrequest(method, self.prefix + path, skip_accept_encoding=True)
        own = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        for name, value in {
            "Accept": "application/json",
            "User-Agent": "picasso-doctor",
            **own,
            **(headers or {}),
        }.items():
            connection.putheader(name, value)
        connection.endheaders()

    def ask(self, method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes = b"") -> Answer:
        """One request on a connection of its own. Raises `Unreachable`."""
        with self.connected() as connection:
            length = {"Content-Length": str(len(body))} if body or method in {"POST", "PATCH"} else {}
            self.begin(connection, method, path, {**length, **(headers or {})})
            if body:
                connection.send(body)
            return read(connection.getresponse())

    def answer_to_head(self, method: str, path: str, headers: Mapping[str, str], seconds: float) -> Answer | None:
        """What is answered to a head alone, whose body does not follow; None for nothing. Raises `Unreachable`."""
        with self.connected() as connection:
            self.begin(connection, method, path, headers)
            return read(connection.getresponse()) if answers(connection, seconds) else None


def answers(connection: HTTPConnection, seconds: float) -> bool:
    return bool(select.select([connection.sock], [], [], seconds)[0])


def read(response: HTTPResponse) -> Answer:
    return Answer(response.status, response.headers, response.read(MOST))
