"""Writes the starts and finishes of all threads of a worker, as many in one transaction as are waiting.

One of the threads that wait writes for all of them, with its own connection. SQLite has one writer at a time. On
PostgreSQL a few batches are under way at once, so that one is collected while the disk flushes another. With many
threads that more than halved the work for each job (decision 025).
"""

from __future__ import annotations

import threading
import uuid
from collections import deque
from collections.abc import Collection
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
class PendingWrite:
    """A write that a thread waits for."""

    write: Write
    result: Future[Any] = field(default_factory=Future)
    turn: threading.Event = field(default_factory=threading.Event)
    """Set when its thread must write a batch, or has a result."""


class BatchWriter:
    """If a batch fails because of a value in it, its members are written one by one. Thread-safe."""

    def __init__(self, unavailable: Collection[str] = ()) -> None:
        """``unavailable`` are the processors that this worker can't run; it gives their jobs back."""
        self._unavailable = unavailable
        self._lock = threading.Lock()
        self._waiting: deque[PendingWrite] = deque()
        self._free = BATCHES[connection.vendor]

    def start(self, job_id: uuid.UUID) -> StartedJob | None:
        """As `Start`."""
        started: StartedJob | None = self._write(Start(job_id))
        return started

    def finish(self, finish: Finish) -> bool:
        """As `Finish`."""
        return bool(self._write(finish))

    def _write(self, write: Write) -> Any:
        pending = PendingWrite(write)
        if not self._begin(pending):
            pending.turn.wait()
        if not pending.result.done():
            try:
                self._write_batch(self._take(pending))
            finally:
                self._pass_on()
        return pending.result.result()

    def _begin(self, pending: PendingWrite) -> bool:
        """Whether its thread may write a batch at once. If not, it waits in the queue."""
        with self._lock:
            if self._free:
                self._free -= 1
                return True
            self._waiting.append(pending)
            return False

    def _take(self, first: PendingWrite) -> list[PendingWrite]:
        """A batch of this write and those that wait."""
        with self._lock:
            others = min(len(self._waiting), MAX_BATCH - 1)
            return [first, *(self._waiting.popleft() for _ in range(others))]

    def _pass_on(self) -> None:
        """Let the thread that has waited for the longest write the next batch."""
        with self._lock:
            if self._waiting:
                self._waiting.popleft().turn.set()
            else:
                self._free += 1

    def _write_batch(self, waiting: list[PendingWrite]) -> None:
        """Whatever happens, every write gets a result: its thread waits for it."""
        try:
            results = batch.write_batch([each.write for each in waiting], self._unavailable)
        except (DataError, IntegrityError) as fault:
            if len(waiting) == 1:
                set_exception(waiting[0], fault)
            else:
                for each in waiting:
                    self._write_batch([each])
        except BaseException as fault:
            connection.close()
            for each in waiting:
                set_exception(each, fault)
        else:
            for each, result in zip(waiting, results, strict=True):
                if isinstance(result, BaseException):
                    set_exception(each, result)
                else:
                    each.result.set_result(result)
                    each.turn.set()


def set_exception(pending: PendingWrite, fault: BaseException) -> None:
    """A copy if it can be copied: each thread that raises an exception adds to its traceback."""
    own = fault
    with suppress(Exception):
        own = copy(fault)
        own.__cause__ = fault
    pending.result.set_exception(own)
    pending.turn.set()
