"""Writes the starts and finishes of all threads of a worker, as many in one transaction as are waiting.

One of the threads that wait writes for all of them, with its own connection. SQLite has one writer at a time. On
PostgreSQL a few batches are under way at once, so that one is collected while the disk flushes another. With many
threads that more than halved the work for each job (decision 025).
"""

from __future__ import annotations

import threading
import uuid
from collections import deque
from collections.abc import Collection, Sequence
from concurrent.futures import Future
from contextlib import suppress
from copy import copy
from dataclasses import dataclass, field
from typing import Any

from django.db import DataError, IntegrityError, connection

from picasso.jobs import batch
from picasso.jobs.batch import Finish, Start, Write
from picasso.jobs.states import StartedJob

MAX_BATCH = 64

# How many batches may be under way at once.
BATCHES = {"sqlite": 1, "postgresql": 3}


@dataclass(slots=True, eq=False)
class PendingWrites:
    """Writes that a thread waits for."""

    writes: Sequence[Write]
    results: Future[list[Any]] = field(default_factory=Future)
    """Of each write its result, or the fault that is its own."""
    turn: threading.Event = field(default_factory=threading.Event)
    """Set when its thread must write a batch, or has the results."""

    def end(self, results: list[Any]) -> None:
        self.results.set_result(results)
        self.turn.set()

    def fail(self, fault: BaseException) -> None:
        """A copy of it if it can be copied: each thread that raises an exception adds to its traceback."""
        own = fault
        with suppress(Exception):
            own = copy(fault)
            own.__cause__ = fault
        self.results.set_exception(own)
        self.turn.set()


class BatchWriter:
    """If a batch fails because of a value in it, its members are written one by one. Thread-safe."""

    def __init__(self, unavailable: Collection[str] = ()) -> None:
        """``unavailable`` are the processors that this worker can't run; it gives their jobs back."""
        self._unavailable = unavailable
        self._lock = threading.Lock()
        self._waiting: deque[PendingWrites] = deque()
        self._free = BATCHES[connection.vendor]

    def start(self, jobs: Sequence[uuid.UUID]) -> list[StartedJob]:
        """Begin attempts at those of these jobs that may start, in their order."""
        return [started for started in self._write([Start(job) for job in jobs]) if started]

    def finish(self, finishes: Sequence[Finish]) -> list[bool | Exception]:
        """Of each the result of `Finish`, or the fault that is its own. Raises those that they have in common."""
        return self._write(finishes)

    def _write(self, writes: Sequence[Write]) -> list[Any]:
        pending = PendingWrites(writes)
        if not self._begin(pending):
            pending.turn.wait()
        if not pending.results.done():
            try:
                self._write_batch(self._take(pending))
            finally:
                self._pass_on()
        return pending.results.result()

    def _begin(self, pending: PendingWrites) -> bool:
        """Whether its thread may write a batch at once. If not, it waits in the queue."""
        with self._lock:
            if self._free:
                self._free -= 1
                return True
            self._waiting.append(pending)
            return False

    def _take(self, first: PendingWrites) -> list[PendingWrites]:
        """A batch of these writes and those that wait."""
        batch, size = [first], len(first.writes)
        with self._lock:
            while self._waiting and size + len(self._waiting[0].writes) <= MAX_BATCH:
                batch.append(self._waiting.popleft())
                size += len(batch[-1].writes)
        return batch

    def _pass_on(self) -> None:
        """Let the thread that has waited for the longest write the next batch."""
        with self._lock:
            if self._waiting:
                self._waiting.popleft().turn.set()
            else:
                self._free += 1

    def _write_batch(self, waiting: list[PendingWrites]) -> None:
        """Whatever happens, all get results: their threads wait for them."""
        try:
            results = iter(self._write_together([write for each in waiting for write in each.writes]))
            for each in waiting:
                each.end([next(results) for _ in each.writes])
        except BaseException as fault:
            connection.close()
            for each in waiting:
                if not each.results.done():
                    each.fail(fault)

    def _write_together(self, writes: list[Write]) -> list[Any]:
        try:
            return batch.write_batch(writes, self._unavailable)
        except (DataError, IntegrityError) as fault:
            if len(writes) == 1:
                return [fault]
            return [result for write in writes for result in self._write_together([write])]
