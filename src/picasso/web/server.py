"""One web process: Uvicorn on a socket that it is given."""

from __future__ import annotations

import asyncio
import json
import resource
import socket
from asyncio import TimerHandle
from contextlib import suppress
from functools import partial
from typing import Any, cast

import httptools
import uvicorn
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.httptools_impl import (
    HEADER_RE,
    HEADER_VALUE_RE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from picasso.conf import Conf
from picasso.errors import PROBLEM_JSON, BadRequest, HeadersTooLarge, Problem
from picasso.web.direct_body import Inlet

# Requests that are under way when the process is told to end have this long.
GRACEFUL_SECONDS = 5


# The head of a request is held in memory until it is whole: this much of it, and this long.
MAX_HEAD = 64 * 2**10
HEAD_SECONDS = 30

# How long a client that was refused may go on sending; closing at once might cost it the answer that says why.
LINGER_SECONDS = 3

MALFORMED = BadRequest("This is not a valid HTTP request.").problem()
HEAD_TOO_LARGE = HeadersTooLarge().problem()

# What may be said ahead of an answer. 100 is Uvicorn's to say, and 101 is an answer.
INTERIM = {102: b"Processing", 103: b"Early Hints", 104: b"Upload Resumption Supported"}


class Protocol(HttpToolsProtocol):
    """Uvicorn's, with upgrades declined, and with our form of the error it answers.

    A body of known length passes the parser by once its head is parsed: counting it is all there is to do. Who asks
    (`scope["state"]["inlet"]`) has it received in place.

    It waits for no client without end: not for a head, and not for one that reads nothing of its answer.
    """

    _running: RequestResponseCycle | None = None
    _refused = False
    _in_head = False
    _head = 0  # bytes of it that the parser has told us
    _untold = 0  # bytes that the parser took since it last told us anything: it hoards one header until that is whole
    _stall: TimerHandle | None = None
    left = 0
    """Bytes of a body of known length that are still to come. Between two calls these are not for the parser."""

    def __init__(self, *args: Any, stall_seconds: float = 120, **more: Any) -> None:
        super().__init__(*args, **more)
        self._stall_seconds = stall_seconds

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
        if body := data[: self.left]:
            self.on_body(body)
            self._end_body()
        if rest := memoryview(data)[len(body) :]:
            self._parse_heads(rest)

    def _parse_heads(self, data: memoryview) -> None:
        self._untold += len(data)
        try:
            self._parse(data)
        except httptools.HttpParserError:
            self._refuse(MALFORMED)
        if self._untold > MAX_HEAD:
            self._refuse(HEAD_TOO_LARGE)
        if self.left:
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
        """Parse a head anew without its offer to upgrade, as RFC 9110 §7.8 allows.

        Java's client offers HTTP/2 with every first request, and the parser would take its body for another protocol's.
        """
        method = self.parser.get_method()
        if method == b"CONNECT":
            raise httptools.HttpParserError
        kept = [(name, value) for name, value in self.headers if name not in {b"connection", b"upgrade"}]
        head = [b"%s %s HTTP/1.1\r\n" % (method, self.url), *(b"%s: %s\r\n" % header for header in kept), b"\r\n"]
        self.parser = self._new_parser()
        self.parser.feed_data(b"".join(head))

    def _new_parser(self) -> httptools.HttpRequestParser:
        parser = httptools.HttpRequestParser(self)
        parser.set_dangerous_leniencies(lenient_data_after_close=True)
        return parser

    # What the parser tells

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._unset_keepalive_if_required()
        self._in_head, self._head, self._untold = True, 0, 0

    def on_url(self, url: bytes) -> None:
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Trailers come here too; the request that they belong to is still the newest then."""
        self._count(len(name) + len(value))
        if self._in_head:
            super().on_header(name, value)
        else:
            self.cycle.scope["state"]["trailers"].append((name.lower(), value))

    def on_headers_complete(self) -> None:
        self._in_head, self._untold = False, 0
        if not self.parser.should_upgrade():
            self._unset_keepalive_if_required()
            # The parser has seen to it that there is one at most, and that it is a number.
            self.left = next((int(value) for name, value in self.headers if name == b"content-length"), 0)
            self.scope["state"]["trailers"] = []
            super().on_headers_complete()

    def on_message_complete(self) -> None:
        if not self.parser.should_upgrade():
            super().on_message_complete()

    def on_body(self, body: bytes) -> None:
        """Uvicorn gathers in a bytearray and then makes bytes of it; a chunk that is alone is handed on as it is."""
        self._untold = 0
        self.left -= min(self.left, len(body))
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
        if not self.left:
            self.on_message_complete()

    async def _receive(self, cycle: RequestResponseCycle) -> Any:
        """As Uvicorn's, which tells of the end of a connection before it tells what had come by then."""
        if cycle.disconnected and cycle.body and not cycle.response_complete:
            body, cycle.body = bytes(cycle.body), bytearray()
            return {"type": "http.request", "body": body, "more_body": True}
        return await RequestResponseCycle.receive(cycle)

    # Bodies that are received in place

    def _inlet(self, cycle: RequestResponseCycle) -> Inlet | None:
        """None for a body of unknown length, and for one that is all here or will never be."""
        if cycle is not self.cycle or not self.left or cycle.disconnected:
            return None
        self._continue(cycle)
        early, cycle.body = bytes(cycle.body), bytearray()
        cycle.message_event.clear()
        return Inlet(self, early)

    def _continue(self, cycle: RequestResponseCycle) -> None:
        """What Uvicorn does at the first `receive`, which there need not have been."""
        if cycle.waiting_for_100_continue:
            cycle.waiting_for_100_continue = False
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def passed_by(self, size: int) -> None:
        self.left -= size
        self._end_body()

    def pause_reading(self) -> None:
        self.flow.pause_reading()

    def resume_reading(self) -> None:
        self.flow.resume_reading()

    def _count(self, size: int) -> None:
        self._head, self._untold = self._head + size, 0
        if self._head > MAX_HEAD:
            self._refuse(HEAD_TOO_LARGE)
            raise httptools.HttpParserError  # ends the parsing

    # Ahead of the answer

    def _interim(self, cycle: RequestResponseCycle, status: int, headers: list[tuple[bytes, bytes]]) -> bool:
        """Nothing, unless what this client reads next can be an interim response to this very request.

        Earlier requests of a pipeline need no look: while one of them is not answered this one has not begun.
        """
        lines = [b"HTTP/1.1 %d %s\r\n" % (status, INTERIM[status]), *(header_line(*header) for header in headers)]
        late = cycle.response_started or cycle.disconnected or self.transport.is_closing()
        # Who does not read would have it pile up here.
        if late or self.flow.write_paused or cycle.scope["http_version"] != "1.1":
            return False
        self.transport.write(b"".join([*lines, b"\r\n"]))
        return True

    # Ends

    def _refuse(self, body: Problem) -> None:
        """Answer once, and neither parse nor answer anything more of this connection."""
        if self._refused:
            return
        self._refused = True
        self._abandon()
        content = json.dumps(body).encode()
        head = f"HTTP/1.1 {body['status']} {body['title']}\r\ncontent-type: {PROBLEM_JSON}\r\n"
        self.transport.write(f"{head}content-length: {len(content)}\r\nconnection: close\r\n\r\n".encode() + content)
        self.transport.write_eof()
        self.flow.resume_reading()
        self.loop.call_later(LINGER_SECONDS, self.transport.abort)

    def _abandon(self) -> None:
        """Uvicorn tells the newest request only; of several in a pipeline the one that runs would never hear of it."""
        self.pipeline.clear()
        for cycle in (self._running, self.cycle):
            if cycle is not None and not cycle.response_complete:
                cycle.disconnected = True
                cycle.message_event.set()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._running = cycle
        cycle.receive = partial(self._receive, cycle)  # type: ignore[method-assign]
        cycle.scope["state"]["gone"] = lambda: cycle.disconnected
        cycle.scope["state"]["inlet"] = partial(self._inlet, cycle)
        cycle.scope["state"]["interim"] = partial(self._interim, cycle)
        super()._start_asgi_task(cycle, app)

    # Clocks

    def _expect_head(self) -> None:
        self._unset_keepalive_if_required()
        self.timeout_keep_alive_task = self.loop.call_later(HEAD_SECONDS, self.timeout_keep_alive_handler)

    def timeout_keep_alive_handler(self) -> None:
        """While a request is answered no more is read, so that a half head is not the client's fault."""
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
        self._stall = self.loop.call_later(self._stall_seconds, self._on_stall, left)

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
        raise ValueError(f"this is no header: {name!r}: {value!r}")
    return b"%s: %s\r\n" % (name, value)


def serve(conf: Conf, listener: socket.socket) -> None:
    """Until SIGTERM or SIGINT."""
    allow_many_connections()
    config = configured(conf)
    with suppress(KeyboardInterrupt):  # Uvicorn ends in peace and then raises the signal once more
        asyncio.Runner(loop_factory=config.get_loop_factory()).run(uvicorn.Server(config).serve(sockets=[listener]))


def configured(conf: Conf, application: Any = "picasso.asgi:application") -> uvicorn.Config:
    return uvicorn.Config(
        application,
        loop="uvloop",
        http=cast("Any", partial(Protocol, stall_seconds=conf.upload_idle_timeout)),
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=True,
        proxy_headers=False,  # see `picasso.web.forwarded`
        timeout_keep_alive=75,
        timeout_graceful_shutdown=GRACEFUL_SECONDS,
        backlog=2048,
    )


def allow_many_connections() -> None:
    """Every upload in flight takes a socket and a file; the usual soft limit of 1,024 is soon reached."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 65_536 if hard == resource.RLIM_INFINITY else min(hard, 65_536)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
