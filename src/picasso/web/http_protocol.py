"""Uvicorn's HTTP protocol, extended to offer more than plain ASGI.

It uses internals of Uvicorn and httptools. `picasso.compatibility` lists them; where they are missing,
`picasso.web.server` does not load this module.
"""

from __future__ import annotations

import asyncio
from asyncio import TimerHandle
from contextlib import AbstractAsyncContextManager, nullcontext
from functools import partial
from typing import Any, cast

import httptools
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.httptools_impl import (
    HEADER_RE,
    HEADER_VALUE_RE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from picasso.errors import PROBLEM_JSON, HeadersTooLarge, PicassoError, Problem, json_bytes
from picasso.web.connection import EXTENSION, Headers, Receive
from picasso.web.direct_answer import DirectAnswer
from picasso.web.direct_body import DirectBody
from picasso.web.request_head import NotHttp, origin_form, require_known_framing
from picasso.web.security_headers import OTHER as SECURITY_HEADERS

# Limits for the head of a request, which is kept in memory until it is complete.
MAX_HEAD = 64 * 2**10
HEAD_SECONDS = 30

# How long a client that was refused may go on sending. Closing at once could reset the connection before the client
# has read the answer.
LINGER_SECONDS = 3

HEAD_TOO_LARGE = HeadersTooLarge().problem()

# Interim responses that a handler may send. Uvicorn itself sends 100, and 101 would be a final answer.
INTERIM = {102: b"Processing", 103: b"Early Hints", 104: b"Upload Resumption Supported"}


class RequestConnection:
    """The `Connection` of one request on this server."""

    __slots__ = ("_protocol", "cycle", "interim_allowed", "trailers")

    supports_trailers = True
    receive_loses_messages = False

    cycle: RequestResponseCycle
    """Set when the request starts to run."""

    def __init__(self, protocol: HttpProtocol) -> None:
        self._protocol = protocol
        self.trailers: list[tuple[bytes, bytes]] = []
        self.interim_allowed = True

    @property
    def gone(self) -> bool:
        return self.cycle.disconnected

    @property
    def has_arrived(self) -> bool:
        return self.cycle.message_event.is_set()

    def watch(self, receive: Receive) -> AbstractAsyncContextManager[None]:
        return nullcontext()  # the protocol itself sees that the client disconnects

    def direct_body(self) -> DirectBody | None:
        return self._protocol.direct_body(self.cycle)

    def direct_answer(self) -> DirectAnswer | None:
        return self._protocol.direct_answer(self.cycle)

    def send_interim(self, status: int, headers: Headers) -> bool:
        return self.interim_allowed and self._protocol.send_interim(self.cycle, status, headers)

    def send_body(self, body: bytes) -> bool:
        return self._protocol.send_body(self.cycle, body)


class HttpProtocol(HttpToolsProtocol):
    """Uvicorn's protocol, with upgrades declined, problem documents as errors, and a `Connection` for each request.

    A body of known length is not parsed, only counted. A handler can receive it directly (`DirectBody`).

    There are time limits for clients that do not finish a head or do not read their answer.
    """

    _running: RequestResponseCycle | None = None
    _refused = False
    _in_head = False
    _head_size = 0  # bytes of the head that the parser has reported
    _unreported = 0  # bytes fed to the parser since its last callback: it keeps a header until that is complete
    _stall: TimerHandle | None = None
    _latest: RequestConnection  # of the newest request, to which trailers belong
    remaining = 0
    """Bytes of a body of known length that have not arrived yet. These do not go through the parser."""

    def __init__(self, *args: Any, stall_seconds: float = 120, **more: Any) -> None:
        super().__init__(*args, **more)
        self.stall_seconds = stall_seconds

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._unset_keepalive_if_required()
        self._abandon()
        super().connection_lost(exc)
        self._unset_stall()

    def data_received(self, data: bytes) -> None:
        if self._refused:
            return
        if body := data[: self.remaining]:
            self.on_body(body)
            self._end_body()
        if rest := memoryview(data)[len(body) :]:
            self._parse_heads(rest)

    def _parse_heads(self, data: memoryview) -> None:
        self._unreported += len(data)
        try:
            self._parse(data)
        except httptools.HttpParserError:
            self._refuse(NotHttp().problem())
        if self._unreported > MAX_HEAD:
            self._refuse(HEAD_TOO_LARGE)
        if self.remaining:
            self.parser = self._new_parser()
        if self._in_head and not self.timeout_keep_alive_task:
            self._expect_head()

    def _parse(self, data: memoryview) -> None:
        while data:
            try:
                return self.parser.feed_data(data)
            except httptools.HttpParserUpgrade as offer:
                data = data[offer.args[0] :]
                self._decline()
        return None

    def _decline(self) -> None:
        """Parse the head again without its offer to upgrade, as RFC 9110 §7.8 allows.

        Java's client offers HTTP/2 with every first request, and the parser would treat its body as another protocol.
        """
        method, version = self.parser.get_method(), self.parser.get_http_version().encode()
        if method == b"CONNECT":
            raise httptools.HttpParserError
        kept = [(name, value) for name, value in self.headers if name != b"upgrade"]
        line = b"%s %s HTTP/%s\r\n" % (method, self.url, version)
        head = [line, *(b"%s: %s\r\n" % header for header in kept), b"\r\n"]
        self.parser = self._new_parser()
        self.parser.feed_data(b"".join(head))

    def _new_parser(self) -> httptools.HttpRequestParser:
        parser = httptools.HttpRequestParser(self)
        parser.set_dangerous_leniencies(lenient_data_after_close=True)
        return parser

    # Called by the parser

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._unset_keepalive_if_required()
        self._in_head, self._head_size, self._unreported = True, 0, 0

    def on_url(self, url: bytes) -> None:
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Also called for trailers, which belong to the latest request."""
        self._count(len(name) + len(value))
        if self._in_head:
            super().on_header(name, value)
        else:
            self._latest.trailers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        self._in_head, self._unreported = False, 0
        if not self.parser.should_upgrade():
            self._unset_keepalive_if_required()
            self._check_head()
            # The parser has checked that there is at most one, and that it is a number.
            self.remaining = next((int(value) for name, value in self.headers if name == b"content-length"), 0)
            self._latest = RequestConnection(self)
            self.scope["extensions"] = cast("Any", {EXTENSION: self._latest})
            super().on_headers_complete()

    def _check_head(self) -> None:
        version = self.parser.get_http_version()
        try:
            require_known_framing(version, self.headers)
            self.url = origin_form(self.url, version, self.headers)
        except PicassoError as fault:
            self._refuse(fault.problem())
            raise httptools.HttpParserError from fault  # ends the parsing

    def on_message_complete(self) -> None:
        if not self.parser.should_upgrade():
            super().on_message_complete()

    def on_body(self, body: bytes) -> None:
        """As Uvicorn's, but a single chunk is passed on without copying it to a bytearray and back."""
        self._unreported = 0
        self.remaining -= min(self.remaining, len(body))
        cycle = self.cycle
        if cycle.response_complete:
            return
        if not cycle.body:
            cycle.body = cast("bytearray", body)
        else:
            cycle.body = cycle.body if isinstance(cycle.body, bytearray) else bytearray(cycle.body)  # type: ignore[redundant-expr]
            cycle.body += body
        if len(cycle.body) > HIGH_WATER_LIMIT:
            self.flow.pause_reading()
        cycle.message_event.set()

    def _end_body(self) -> None:
        if not self.remaining:
            self.on_message_complete()

    async def _receive(self, cycle: RequestResponseCycle) -> Any:
        """As Uvicorn's, but reports what had arrived before it reports that the client disconnected."""
        if cycle.disconnected and cycle.body and not cycle.response_complete:
            body, cycle.body = bytes(cycle.body), bytearray()
            return {"type": "http.request", "body": body, "more_body": True}
        return await RequestResponseCycle.receive(cycle)

    # Direct bodies

    def direct_body(self, cycle: RequestResponseCycle) -> DirectBody | None:
        """The rest of the request's body; None if its length is unknown, it is complete or the client is gone."""
        if cycle is not self.cycle or not self.remaining or cycle.disconnected:
            return None
        self._continue(cycle)
        buffered, cycle.body = bytes(cycle.body), bytearray()
        cycle.message_event.clear()
        return DirectBody(self, buffered)

    def _continue(self, cycle: RequestResponseCycle) -> None:
        """As Uvicorn does at the first `receive`, which may not have been called."""
        if cycle.waiting_for_100_continue:
            cycle.waiting_for_100_continue = False
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def body_received(self, size: int) -> None:
        self.remaining -= size
        self._end_body()

    def pause_reading(self) -> None:
        self.flow.pause_reading()

    def resume_reading(self) -> None:
        self.flow.resume_reading()

    def _count(self, size: int) -> None:
        self._head_size, self._unreported = self._head_size + size, 0
        if self._head_size > MAX_HEAD:
            self._refuse(HEAD_TOO_LARGE)
            raise httptools.HttpParserError  # ends the parsing

    # Interim responses

    def send_interim(self, cycle: RequestResponseCycle, status: int, headers: Headers) -> bool:
        """Send a 1xx response if the client can read it as one for this request; whether it was sent.

        Earlier requests of a pipeline need no check: this request starts only after they are answered.
        """
        lines = [b"HTTP/1.1 %d %s\r\n" % (status, INTERIM[status]), *(header_line(*header) for header in headers)]
        late = cycle.response_started or cycle.disconnected or self.transport.is_closing()
        # A client that does not read would make responses pile up in memory.
        if late or self.flow.write_paused or cycle.scope["http_version"] != "1.1":
            return False
        self.transport.write(b"".join([*lines, b"\r\n"]))
        return True

    # Bodies that are sent without a task

    def send_body(self, cycle: RequestResponseCycle, body: bytes) -> bool:
        """A thousand clients that follow events get each of them for a fraction of the time that tasks would take."""
        ended = cycle.response_complete or cycle.disconnected or self.transport.is_closing()
        if ended or self.flow.write_paused or not cycle.chunked_encoding:
            return False
        self.transport.write(b"%x\r\n%b\r\n" % (len(body), body))
        return True

    # Stored files

    def direct_answer(self, cycle: RequestResponseCycle) -> DirectAnswer | None:
        """None if the client is gone, the length is not known, or the bytes are encrypted on their way."""
        socket = self.transport.get_extra_info("socket")
        encrypted = self.transport.get_extra_info("ssl_object") is not None
        if cycle.disconnected or self.transport.is_closing() or cycle.chunked_encoding is not False:
            return None
        return None if encrypted or socket is None else DirectAnswer(self, cycle, socket.fileno())

    # Ends

    def _refuse(self, body: Problem) -> None:
        """Answer once, then ignore everything else on this connection and close it."""
        if self._refused:
            return
        self._refused = True
        self._abandon()
        content = json_bytes(body)
        headers = [
            (b"content-type", PROBLEM_JSON.encode()),
            (b"content-language", b"en"),
            (b"content-length", b"%d" % len(content)),
            (b"connection", b"close"),
            *SECURITY_HEADERS,
        ]
        status = f"HTTP/1.1 {body['status']} {body['title']}\r\n".encode()
        self.transport.write(b"".join([status, *(header_line(*header) for header in headers), b"\r\n", content]))
        self.transport.write_eof()
        self.flow.resume_reading()
        self.loop.call_later(LINGER_SECONDS, self.transport.abort)

    def _abandon(self) -> None:
        """Report the disconnect also to the running request of a pipeline; Uvicorn reports it to the newest only."""
        self.pipeline.clear()
        for cycle in (self._running, self.cycle):
            if cycle is not None and not cycle.response_complete:
                cycle.disconnected = True
                cycle.waiting_for_100_continue = False  # nothing can be written after the answer of `_refuse`
                cycle.message_event.set()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._running = cycle
        cycle.receive = partial(self._receive, cycle)  # type: ignore[method-assign]
        extensions = cast("dict[str, RequestConnection]", cycle.scope["extensions"])
        extensions[EXTENSION].cycle = cycle
        super()._start_asgi_task(cycle, app)

    # Time limits

    def _expect_head(self) -> None:
        self._unset_keepalive_if_required()
        self.timeout_keep_alive_task = self.loop.call_later(HEAD_SECONDS, self.timeout_keep_alive_handler)

    def timeout_keep_alive_handler(self) -> None:
        """While a request is being answered nothing is read, so an incomplete head is not the client's fault."""
        if self.cycle is None or self.cycle.response_complete:  # type: ignore[redundant-expr]
            super().timeout_keep_alive_handler()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._watch()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._unset_stall()

    def _watch(self) -> None:
        left = self.transport.get_write_buffer_size()
        self._stall = self.loop.call_later(self.stall_seconds, self._on_stall, left)

    def _on_stall(self, before: int) -> None:
        if self.transport.get_write_buffer_size() < before:
            self._watch()
        else:
            self.transport.abort()

    def _unset_stall(self) -> None:
        if self._stall:
            self._stall.cancel()
            self._stall = None


def header_line(name: bytes, value: bytes) -> bytes:
    if HEADER_RE.search(name) or HEADER_VALUE_RE.search(value):
        raise ValueError(f"invalid header: {name!r}: {value!r}")
    return b"%s: %s\r\n" % (name, value)
