"""The worker's side of one child process: send it a job, read its reply and its output, and enforce the time limit."""

from __future__ import annotations

import json
import math
import os
import select
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from picasso.process.attempt import RunningAttempt
from picasso.process.child_protocol import MAX_ANSWER, parse_progress
from picasso.process.forkserver_client import ForkedProcess, ForkServerClient
from picasso.workdir import Slot

# How often the size of a job's output is measured. A fast disk can take a gigabyte in between.
MEASURE_SECONDS = 0.5

# A job that takes longer lets go what waits for its thread.
LATE_SECONDS = 0.25

# A pipe's worth of output at a time. The pause slows a child that keeps filling it down to some 6 MB/s, so that it
# costs its worker next to nothing.
PIPE_SIZE = 2**16
PAUSE_SECONDS = 0.01

# Our own code in the child reports progress five times a second at most. Far more than that is not our code any more.
MAX_REPORTS_PER_SECOND = 20
EXTRA_REPORTS = 100


class ChildDied(EOFError):
    """The child is dead, or breaks the protocol."""


@dataclass(slots=True, eq=False)
class Child:
    process: ForkedProcess
    server: ForkServerClient
    slot: Slot
    jobs: int = 0
    idle_since: float = 0.0
    """By `time.monotonic`; while it has no job."""

    @property
    def pid(self) -> int:
        return self.process.pid

    def run(
        self, request: dict[str, Any], seconds: float, attempt: RunningAttempt, output_limit: int
    ) -> dict[str, Any]:
        """Run one job and return the child's answer. Progress and output go to the attempt.

        Raises:
            TimeoutError: after so many seconds.
            OutputTooLarge: the job wrote more than ``output_limit`` bytes.
            ChildDied: there is no valid answer.
        """
        self._drain_output(RunningAttempt())  # written after the last job's end
        lines = self._reply_lines(json.dumps(request).encode() + b"\n", seconds, attempt, output_limit)
        for reports, reply in enumerate(map(parse_reply, lines)):
            if reply.keys() != {"progress"}:
                return reply
            if reports > EXTRA_REPORTS + MAX_REPORTS_PER_SECOND * seconds:
                raise ChildDied
            attempt.progress = progress_in(reply)
        raise ChildDied

    def is_ready(self) -> bool:
        """Whether it waits for a job: alive, and it has sent nothing that nobody asked for."""
        return not self.server.dead and is_silent(self.process.socket)

    def disconnect(self) -> None:
        """End the conversation from any thread: `run` sees the end of the socket."""
        with suppress(OSError):
            self.process.socket.shutdown(socket.SHUT_RDWR)

    def end(self, *, patient: bool) -> int | None:
        """End the process; its status is `ForkServerClient.end`'s. Raises `ServerDied`."""
        return self.server.end(self.pid, patient=patient)

    def close(self, attempt: RunningAttempt) -> None:
        """Read its last output into the attempt, and close both connections."""
        self.process.socket.close()
        self._drain_output(attempt)
        os.close(self.process.output)

    def _reply_lines(
        self, request: bytes, seconds: float, attempt: RunningAttempt, output_limit: int
    ) -> Iterator[bytes]:
        """The lines that the child sends in reply. The deadline is for all of them together."""
        deadline = time.monotonic() + seconds
        self.process.socket.settimeout(seconds)
        try:
            self.process.socket.sendall(request)
            unread = b""
            for piece in self._receive(deadline, attempt, output_limit):
                *lines, unread = (unread + piece).split(b"\n")
                if len(unread) > MAX_ANSWER:
                    raise ChildDied
                yield from refuse_lines_after_answer(lines, unread)
        except OSError as fault:
            if isinstance(fault, TimeoutError):
                raise
            raise ChildDied from fault

    def _receive(self, deadline: float, attempt: RunningAttempt, output_limit: int) -> Iterator[bytes]:
        """What comes through the socket. Meanwhile output is read, and files are measured."""
        poll = select.poll()
        poll.register(self.process.socket, select.POLLIN)
        poll.register(self.process.output, select.POLLIN)
        measured = time.monotonic()
        late = measured + LATE_SECONDS
        while True:
            now = time.monotonic()
            if now >= deadline:
                raise TimeoutError
            if now >= late:
                attempt.let_go()
                late = math.inf
            ready = {fd for fd, _ in poll.poll((min(deadline, late, now + MEASURE_SECONDS) - now) * 1000)}
            if self.process.output in ready and not self._read_output(attempt):
                poll.unregister(self.process.output)
            if now - measured >= MEASURE_SECONDS:
                self.slot.check_size(output_limit, self.pid)
                self.slot.check_mapped_files(self.pid)
                measured = now
            if self.process.socket.fileno() in ready:
                piece = self.process.socket.recv(PIPE_SIZE)
                if not piece:
                    raise ChildDied
                yield piece

    def _read_output(self, attempt: RunningAttempt) -> bool:
        """False at the end of the output."""
        try:
            output = os.read(self.process.output, PIPE_SIZE)
        except BlockingIOError:
            return True
        attempt.add_output(output)
        if len(output) == PIPE_SIZE:
            time.sleep(PAUSE_SECONDS)
        return bool(output)

    def _drain_output(self, attempt: RunningAttempt) -> None:
        """Read what the pipe holds now. Nobody waits for more."""
        with suppress(BlockingIOError):
            attempt.add_output(os.read(self.process.output, PIPE_SIZE))


def refuse_lines_after_answer(lines: list[bytes], unread: bytes) -> Iterator[bytes]:
    """There may be any number of progress reports, but nothing after the answer."""
    for n, line in enumerate(lines):
        last = n == len(lines) - 1
        if not line.startswith(b'{"progress"') and not (last and not unread):
            raise ChildDied
        yield line


def parse_reply(line: bytes) -> dict[str, Any]:
    try:
        reply = json.loads(line)
    except (ValueError, RecursionError) as fault:
        raise ChildDied from fault
    return reply if isinstance(reply, dict) else {}


def progress_in(reply: dict[str, Any]) -> float:
    try:
        return parse_progress(reply["progress"])
    except ValueError as fault:
        raise ChildDied from fault


def is_silent(end: socket.socket) -> bool:
    """Whether the other end of a socket is open and has sent nothing."""
    poll = select.poll()
    poll.register(end, select.POLLIN)
    return not poll.poll(0)
