"""A client of clamd, the daemon of ClamAV. The protocol: clamd(8), "COMMANDS".

clamd may answer before it has read everything, and then closes the connection: a stream that is too long ends so. The
sender sees a broken pipe before it sees the answer, so after a failed write the answer is read all the same. An answer
counts only with the NUL at its end (decision 036).
"""

from __future__ import annotations

import select
import socket
import struct
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

# How often a wait for clamd asks whether it is still wanted, in seconds.
CHECK_SECONDS = 0.25

# When an idle connection is probed, and how often, in seconds; and how many probes may stay without an answer.
KEEPALIVE = {"TCP_KEEPIDLE": 15, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 3}

MAX_ANSWER = 16 * 2**10


class ClamdError(Exception):
    """clamd gave no usable answer."""


class Unreachable(ClamdError):
    """No connection to clamd could be made."""


class AnswerLost(ClamdError):
    """The connection ended, or the time was up, before there was a complete answer."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """In seconds."""

    connect: float = 5.0
    send: float = 60.0
    """For clamd to take some of the bytes that are sent."""
    answer: float = 600.0
    """After the last byte. clamd's own limit for a scan, MaxScanTime, is two minutes."""


Check = Callable[[], None]
"""Called several times a second while clamd is waited for. Raises to end the wait."""


def no_check() -> None: ...


class Clamd:
    """One clamd. Each command has a connection of its own. Thread-safe."""

    def __init__(self, address: str, timeouts: Timeouts | None = None) -> None:
        """``address``: ``tcp://host:port`` or ``unix:///path``."""
        self._address = address
        self._timeouts = timeouts or Timeouts()

    def ping(self) -> None:
        """Raises `ClamdError` if clamd does not answer."""
        if (answer := self._ask("PING")) != "PONG":
            raise AnswerLost(f"an unexpected answer: {answer!r}")

    def version(self) -> str:
        """Such as ``ClamAV 1.4.3/27800/Sat Nov 28 09:25:14 2026``: the engine, its signatures and their date.

        Raises `ClamdError`.
        """
        return self._ask("VERSION")

    def scan(self, chunks: Iterable[bytes], check: Check = no_check) -> str:
        """clamd's answer to this content, without the NUL: ``stream: OK``. Raises `ClamdError`."""
        with Connection(self._address, self._timeouts, check) as connection:
            connection.send(b"zINSTREAM\0")
            for chunk in chunks:
                if not connection.send(struct.pack(">I", len(chunk)) + chunk):
                    break
            else:
                connection.send(struct.pack(">I", 0))
            return connection.answer()

    def _ask(self, command: str) -> str:
        short = Timeouts(self._timeouts.connect, self._timeouts.connect, self._timeouts.connect)
        with Connection(self._address, short, no_check) as connection:
            connection.send(b"z%s\0" % command.encode())
            return connection.answer()


class Connection:
    def __init__(self, address: str, timeouts: Timeouts, check: Check) -> None:
        """Raises `Unreachable`."""
        self._timeouts = timeouts
        self._check = check
        self._socket = connect(address, timeouts.connect)
        self._poll = select.poll()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()

    def send(self, data: bytes) -> bool:
        """False if clamd takes no more: it has answered already, or the connection is broken."""
        rest = memoryview(data)
        while rest:
            if self._wait(select.POLLIN | select.POLLOUT, self._timeouts.send) & ~select.POLLOUT:
                return False
            try:
                rest = rest[self._socket.send(rest) :]
            except BlockingIOError:
                continue
            except OSError:
                return False
        return True

    def answer(self) -> str:
        """Without the NUL at its end. Raises `AnswerLost`."""
        received = b""
        until = time.monotonic() + self._timeouts.answer
        while b"\0" not in received:
            self._wait(select.POLLIN, until - time.monotonic())
            part = b""
            with suppress(BlockingIOError, OSError):
                part = self._socket.recv(4096)
            if not part or len(received) > MAX_ANSWER:
                raise AnswerLost(f"the connection ended after {received[:100]!r}")
            received += part
        return received.partition(b"\0")[0].decode(errors="replace")

    def _wait(self, events: int, seconds: float) -> int:
        """What has happened of these events, with errors. Raises `AnswerLost` when the time is up."""
        self._poll.register(self._socket, events)
        until = time.monotonic() + seconds
        while True:
            self._check()
            left = until - time.monotonic()
            if happened := self._poll.poll(1000 * max(0.0, min(left, CHECK_SECONDS))):
                return happened[0][1]
            if left <= 0:
                raise AnswerLost("clamd did not answer in time")


def connect(address: str, seconds: float) -> socket.socket:
    """Not blocking. Raises `Unreachable`."""
    parts = urlsplit(address)
    try:
        if parts.scheme == "unix":
            made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                made.settimeout(seconds)
                made.connect(parts.path)
            except BaseException:
                made.close()
                raise
        else:
            made = socket.create_connection((parts.hostname or "", parts.port or 0), seconds)
            keep_alive(made)
    except (OSError, ValueError) as fault:
        raise Unreachable(f"no connection to clamd at {address}: {fault}") from fault
    made.setblocking(False)
    return made


def keep_alive(connection: socket.socket) -> None:
    """Half a minute after clamd's machine has disappeared, the connection ends. By itself it would say nothing."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in KEEPALIVE.items():
        if (option := getattr(socket, name, None)) is not None:  # macOS has not all of them
            connection.setsockopt(socket.IPPROTO_TCP, option, value)
