"""A worker's end of one child: ask it to do a job, listen while it works, and stop listening in time."""

from __future__ import annotations

import json
import os
import select
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from picasso.process.attempt import Ticket
from picasso.process.child_protocol import MAX_ANSWER, fraction
from picasso.workdir import Slot

if TYPE_CHECKING:
    from picasso.process.forkserver_client import Server

# What a job has written is measured this often; in between a fast disk takes a gigabyte more.
MEASURE_EVERY = 0.5

# A pipe's worth of output at a time. A child that fills it again and again is slowed down to some 6 MB/s by the pause,
# and costs its worker next to nothing.
PIPE = 2**16
PAUSE = 0.01

# A child tells its progress five times a second at most; one that goes far beyond that is no longer our code.
MAX_TOLD_A_SECOND = 20
MAX_TOLD = 100


class Died(EOFError):
    """The child is dead, or talks nonsense."""


@dataclass(slots=True, eq=False)
class Child:
    pid: int
    server: Server
    slot: Slot
    socket: socket.socket
    output: int
    """The end of a pipe that its stdout and stderr lead to; reading never blocks."""
    jobs: int = 0
    idle_since: float = 0.0
    """By `time.monotonic`; while it has no job."""

    def ask(self, question: dict[str, Any], seconds: float, ticket: Ticket, output_limit: int) -> dict[str, Any]:
        """Its answer. Progress and output go to the ticket.

        Raises `TimeoutError`, `scratch.TooMuch`, or `Died`.
        """
        self._drain(Ticket())  # what was said after the last job's end
        lines = self._lines(json.dumps(question).encode() + b"\n", seconds, ticket, output_limit)
        for told, reply in enumerate(map(parsed, lines)):
            if reply.keys() != {"progress"}:
                return reply
            if told > MAX_TOLD + MAX_TOLD_A_SECOND * seconds:
                raise Died
            ticket.progress = told_progress(reply)
        raise Died

    def hush(self, ticket: Ticket) -> None:
        """Hear its last words; nothing more is said to it."""
        self.socket.close()
        self._drain(ticket)
        os.close(self.output)

    def _lines(self, question: bytes, seconds: float, ticket: Ticket, output_limit: int) -> Iterator[bytes]:
        """What it says on its socket, until it says more than it was asked for. The deadline is that of all of it."""
        deadline = time.monotonic() + seconds
        self.socket.settimeout(seconds)
        try:
            self.socket.sendall(question)
            unread = b""
            for piece in self._pieces(deadline, ticket, output_limit):
                *lines, unread = (unread + piece).split(b"\n")
                if len(unread) > MAX_ANSWER:
                    raise Died
                yield from refuse_more_than_one(lines, unread)
        except OSError as fault:
            if isinstance(fault, TimeoutError):
                raise
            raise Died from fault

    def _pieces(self, deadline: float, ticket: Ticket, output_limit: int) -> Iterator[bytes]:
        poll = select.poll()
        poll.register(self.socket, select.POLLIN)
        poll.register(self.output, select.POLLIN)
        measured = time.monotonic()
        while True:
            now = time.monotonic()
            if now >= deadline:
                raise TimeoutError
            ready = {fd for fd, _ in poll.poll(min(deadline - now, MEASURE_EVERY) * 1000)}
            if self.output in ready and not self._hear(ticket):
                poll.unregister(self.output)
            if now - measured >= MEASURE_EVERY:
                self.slot.measure(output_limit, self.pid)
                self.slot.refuse_hoards(self.pid)
                measured = now
            if self.socket.fileno() in ready:
                piece = self.socket.recv(PIPE)
                if not piece:
                    raise Died
                yield piece

    def _hear(self, ticket: Ticket) -> bool:
        """Whether there may be more to hear, now or later."""
        try:
            said = os.read(self.output, PIPE)
        except BlockingIOError:
            return True
        ticket.hear(said)
        if len(said) == PIPE:
            time.sleep(PAUSE)
        return bool(said)

    def _drain(self, ticket: Ticket) -> None:
        """What was said until now: as much as the pipe holds, for whoever goes on is not waited for."""
        try:
            ticket.hear(os.read(self.output, PIPE))
        except BlockingIOError:
            return


def refuse_more_than_one(lines: list[bytes], unread: bytes) -> Iterator[bytes]:
    """Progress may come in any number; behind an answer nothing may come."""
    for n, line in enumerate(lines):
        last = n == len(lines) - 1
        if not line.startswith(b'{"progress"') and not (last and not unread):
            raise Died
        yield line


def parsed(line: bytes) -> dict[str, Any]:
    try:
        reply = json.loads(line)
    except (ValueError, RecursionError) as fault:
        raise Died from fault
    return reply if isinstance(reply, dict) else {}


def told_progress(reply: dict[str, Any]) -> float:
    try:
        return fraction(reply["progress"])
    except ValueError as fault:
        raise Died from fault


def waits(end: socket.socket) -> bool:
    """Of a socket whose other end has nothing to say: whether that still waits for a word of ours."""
    poll = select.poll()
    poll.register(end, select.POLLIN)
    return not poll.poll(0)
