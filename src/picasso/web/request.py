"""The HTTP that a raw ASGI handler needs: the head of a request, its body, answers, and early answers."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from contextlib import AbstractAsyncContextManager
from functools import lru_cache
from typing import Any

from django.conf import settings

from picasso.access.actor import Actor
from picasso.access.audit_queries import actor_of
from picasso.access.principal import Principal, principal_of
from picasso.addresses import base_url
from picasso.errors import ERROR_CODE, PROBLEM_JSON, BadRequest, ClientGone, PicassoError, json_bytes
from picasso.html_answers import HEADERS, Look, asked_for, is_page_load, problem_page
from picasso.languages import preferences
from picasso.languages.accept import language_of
from picasso.languages.problems import VARY, localized
from picasso.web.connection import LosslessReceive, Receive, connection_of
from picasso.web.direct_answer import DirectAnswer
from picasso.web.direct_body import DirectBody
from picasso.web.recheck import Recheck

Message = MutableMapping[str, Any]
AsgiScope = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
Handler = Callable[["Request"], Awaitable[None]]
Header = tuple[bytes, bytes]

MORE_HEADERS = "picasso.more_headers"
"""The key in the scope of the headers that are added to the answer, whoever sends it."""

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
"""Of other methods no address has any."""

# How long, and how much, to go on reading from a client that still sends after it was refused. Closing at once could
# reset the connection before the client has read the answer.
LINGER_SECONDS = 3
LINGER_BYTES = 16 * 2**20

# RFC 9110 §6.5.1: fields that frame, route, authorize or modify a request, or say how to read its content, are not
# allowed in trailers. There they could bypass a check that looked at the head only.
HEAD_ONLY = re.compile(
    r"(proxy-)?(authorization|connection)|cookie|content-(disposition|encoding|length|range|type)|transfer-encoding|te"
    r"|trailer|upgrade|host|origin|referer|forwarded|via|x-(forwarded|real|http)-.*|sec-.*|if-.*|range|expect|prefer"
    r"|max-forwards|cache-control|pragma|keep-alive|idempotency-key"
)

# Of a Content-Length.
MAX_DIGITS = 18


class Request:
    """One HTTP request of which only the head has been read."""

    def __init__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        self.method: str = scope["method"]
        self.scope = scope
        self.send = send
        self.answered = False
        self.linger_seconds: float = LINGER_SECONDS
        self.extra_headers: dict[str, str] = {}
        """Headers for every answer to this request, also for errors."""
        self._headers: dict[str, str] = {}
        self._read_from: Any = None
        # Not cached properties, whose lock costs a microsecond in Python 3.11.
        self._media_type: str | None = None
        self.recheck: Recheck | None = None
        """Asks again who sends it. None as long as nobody was asked for."""
        self._connection = connection_of(scope)
        self._receive = LosslessReceive(receive) if self._connection.receive_loses_messages else receive
        self.more_body = True

    @property
    def path(self) -> str:
        """The path without the prefix that the service is mounted at."""
        path: str = self.scope["path"]
        return path

    @property
    def client_address(self) -> str:
        """The client's IP address, as trusted proxies report it; empty if it is not known."""
        client = self.scope.get("client")
        return client[0] if client else ""

    @property
    def principal(self) -> Principal:
        """On whose behalf the request is made."""
        return principal_of(self.scope)

    @property
    def actor(self) -> Actor:
        """Who makes the request, for the audit."""
        client = self.scope.get("client")
        return actor_of(self.principal, str(client[0]) if client else "")

    @property
    def headers(self) -> dict[str, str]:
        """By lower-case name. `picasso.web.forwarded` may have replaced some."""
        headers = self.scope["headers"]
        if headers is not self._read_from:
            self._read_from, self._headers = headers, by_name(headers)
        return self._headers

    def add_headers(self, headers: Mapping[str, str]) -> None:
        """To the answer, whoever sends it. `WebApp` completes the head of each answer."""
        self.scope.setdefault(MORE_HEADERS, []).extend(encoded(headers))

    @property
    def trailers(self) -> dict[str, str]:
        """The fields after a chunked body, as `headers`; complete when the body is. Head-only fields are left out."""
        found = by_name(self._connection.trailers)
        return {name: value for name, value in found.items() if not HEAD_ONLY.fullmatch(name)}

    @property
    def base(self) -> str:
        """The service's public URL as this client reaches it, without a slash at the end. See `picasso.web.hosts`."""
        host = self.headers.get("host", "")
        return base_url(settings.PICASSO.public_url, self.scope["scheme"], host, self.prefix)

    @property
    def media_type(self) -> str:
        """Of the body, in lower case and without parameters; empty if the request does not say it."""
        if self._media_type is None:
            self._media_type = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        return self._media_type

    @property
    def content_length(self) -> int | None:
        """Raises `BadRequest`."""
        text = self.headers.get("content-length")
        if text is None:
            return None
        if not text.isascii() or not text.isdigit() or len(text) > MAX_DIGITS:
            raise BadRequest("Content-Length is not a number.")
        return int(text)

    @property
    def has_framing(self) -> bool:
        """Whether the head says that there is a body. Also for a length that is wrong: such a request is answered."""
        return self.headers.get("content-length", "0") != "0" or "transfer-encoding" in self.headers

    @property
    def prefix(self) -> str:
        """The path that the service is mounted at, without a slash at the end."""
        prefix: str = self.scope["root_path"]
        return prefix

    @property
    def is_page_load(self) -> bool:
        """Whether a browser shows the answer in its window."""
        return is_page_load(self.headers)

    @property
    def _accept_language(self) -> str:
        """What people have chosen on the page counts for pages only: an API answers by its request."""
        return (
            preferences.accept_language(self.headers) if self.is_page_load else self.headers.get("accept-language", "")
        )

    @property
    def language(self) -> str:
        """Of a page that answers it."""
        return language_of(self._accept_language)

    def look(self, language: str) -> Look:
        return Look(language, self.prefix, preferences.theme(self.headers))

    @property
    def gone(self) -> bool:
        """Whether the client is known to have disconnected; what is sent to it then is dropped."""
        return self._connection.gone

    def watch_connection(self) -> AbstractAsyncContextManager[None]:
        """A context for a long answer, after the body was received: `gone` becomes true while the answer is sent."""
        return self._connection.watch(self._receive)

    @property
    def supports_trailers(self) -> bool:
        """Whether the server passes on the fields after a chunked body."""
        return self._connection.supports_trailers

    async def receive(self) -> tuple[bytes, bool] | None:
        """The next bytes of the body and whether more follow; None if the client has disconnected."""
        message = await self._receive()
        if message["type"] == "http.disconnect":
            return None
        self.more_body = message.get("more_body", False)
        return message.get("body", b""), self.more_body

    @property
    def has_arrived(self) -> bool:
        """Whether `receive` is known to return at once."""
        return self._connection.has_arrived

    def close(self) -> None:
        """Nothing more of the request is read."""
        if isinstance(self._receive, LosslessReceive):
            self._receive.close()

    def direct_body(self) -> DirectBody | None:
        """For receiving the rest of the body without copies; None if that is not possible. Does not set `more_body`."""
        return self._connection.direct_body()

    def direct_answer(self) -> DirectAnswer | None:
        """For sending stored bytes without copies, after `start` with a length; None if that is not possible."""
        return self._connection.direct_answer()

    async def receive_or_gone(self) -> tuple[bytes, bool]:
        """As `receive`; raises `ClientGone`."""
        got = await self.receive()
        if got is None:
            raise ClientGone
        return got

    def interim(self, status: int, headers: Mapping[str, str]) -> bool:
        """Send an interim response (102, 103 or 104), also while the body is still arriving.

        Returns whether it was sent: not to clients that cannot read it or are gone, not through most proxies, and not
        after the answer has begun.
        """
        return self._connection.send_interim(status, encoded(headers))

    def send_body(self, body: bytes) -> bool:
        """As `body` with more to follow, but at once; False where that is not possible now, and nothing was sent."""
        return self._connection.send_body(body)

    async def start(self, status: int, headers: Mapping[str, str]) -> None:
        self.answered = True
        await self.send({"type": "http.response.start", "status": status, "headers": encoded(headers)})

    async def body(self, chunk: bytes, more: bool = False) -> None:
        await self.send({"type": "http.response.body", "body": chunk, "more_body": more})

    async def answer(self, status: int, body: bytes = b"", headers: Mapping[str, str] | None = None) -> None:
        head = {"X-Content-Type-Options": "nosniff", **self.extra_headers, **(headers or {})}
        if status not in {204, 304}:  # RFC 9110 §8.6: with a 304 it would be the length of the 200
            head["Content-Length"] = str(len(body))
        early = self.more_body and self.has_framing
        if early:
            head["Connection"] = "close"
        await self.start(status, head)
        if early:
            await self.body(body, more=True)
            await self._linger()
            body = b""
        await self.body(b"" if self.method == "HEAD" else body)

    async def answer_json(self, status: int, data: Any, headers: Mapping[str, str] | None = None) -> None:
        await self.answer(status, json_bytes(data), {"Content-Type": "application/json", **(headers or {})})

    async def answer_problem(self, error: PicassoError, *, as_page: bool = True) -> None:
        """As a page, if a browser shows it in its window and ``as_page`` allows that."""
        self.scope[ERROR_CODE] = error.code
        problem, language = localized(error.problem(), self._accept_language)
        headers = {"Content-Type": PROBLEM_JSON, **error.headers, **language}
        if as_page and self.is_page_load:
            asked = asked_for(self.path, self.scope["query_string"].decode("latin-1"))
            # In a thread, as the first page takes as long as a hundred requests.
            page = await asyncio.to_thread(problem_page, problem, self.look(language["Content-Language"]), asked)
            await self.answer_page(error.status, page, headers)
        else:
            await self.answer_json(error.status, problem, headers)

    async def answer_page(self, status: int, page: bytes, headers: Mapping[str, str]) -> None:
        await self.answer(status, page, {**headers, **HEADERS, "Vary": VARY})

    async def _linger(self) -> None:
        left = LINGER_BYTES
        try:
            async with asyncio.timeout(self.linger_seconds):
                while left > 0 and (got := await self.receive()):
                    left -= len(got[0])
                    if not got[1]:
                        return
        except (TimeoutError, asyncio.CancelledError):
            return  # also when the process stops: the end of the answer is still sent


def by_name(headers: Iterable[Header]) -> dict[str, str]:
    """Values by lower-case name; several values of one name are joined with commas (RFC 9110 §5.3)."""
    found: dict[str, str] = {}
    for name, value in headers:
        key = name.decode("latin-1")
        text = value.decode("latin-1").strip(" \t")  # the parser keeps whitespace after a value
        found[key] = f"{found[key]}, {text}" if key in found else text
    return found


def encoded(headers: Mapping[str, str]) -> list[Header]:
    return [(encoded_name(name), value.encode("latin-1")) for name, value in headers.items()]


@lru_cache(maxsize=256)
def encoded_name(name: str) -> bytes:
    return name.lower().encode("latin-1")
