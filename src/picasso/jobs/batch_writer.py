"""Writes the starts and finishes of all threads of a worker, as many in one transaction as are waiting.

SQLite has one writer at a time. On PostgreSQL a few batches are under way at once, so that one is collected while the
disk flushes another. With many threads that more than halved the work for each job (decision 025).
"""

from __future__ import annotations

import queue
import threading
import uuid
from collections.abc import Collection
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from django.db import DataError, IntegrityError, connection

from picasso.jobs import batch
from picasso.jobs.batch import Finish, Start, Write
from picasso.jobs.states import StartedJob

MAX_BATCH = 64

CLOSE_SECONDS = 2.0

THREADS = {"sqlite": 1, "postgresql": 3}


@dataclass(slots=True, eq=False)
class PendingWrite:
    """A write that a thread waits for."""

    write: Write
    result: Future[Any] = field(default_factory=Future)


class BatchWriter:
    """If a batch fails because of a value in it, its members are written one by one. Thread-safe."""

    def __init__(self, unavailable: Collection[str] = ()) -> None:
        """``unavailable`` are the processors that this worker can't run; it gives their jobs back."""
        self._unavailable = unavailable
        self._queue: queue.SimpleQueue[PendingWrite | None] = queue.SimpleQueue()
        self._closing = threading.Lock()
        self._closed = False
        self._threads = [
            threading.Thread(target=self._run, name="batch writer", daemon=True)
            for _ in range(THREADS[connection.vendor])
        ]

    def open(self) -> None:
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """Write what is waiting, then end the threads; a database that does not answer is not waited for.

        Later writes are batches of one in the calling thread.
        """
        with self._closing:
            if self._closed:
                return
            self._closed = True
            for _ in self._threads:
                self._queue.put(None)
        for thread in self._threads:
            if thread.is_alive():
                thread.join(CLOSE_SECONDS)

    def start(self, job_id: uuid.UUID) -> StartedJob | None:
        """As `Start`."""
        started: StartedJob | None = self._write(Start(job_id))
        return started

    def finish(self, finish: Finish) -> bool:
        """As `Finish`."""
        return bool(self._write(finish))

    def _write(self, write: Write) -> Any:
        pending = PendingWrite(write)
        with self._closing:
            closed = self._closed
            if not closed:
                self._queue.put(pending)
        if closed:
            (result,) = batch.write_batch([write], self._unavailable)
            return result
        return pending.result.result()

    def _run(self) -> None:
        closed = False
        while not closed:
            batch_or_end = self._next_batch()
            closed = None in batch_or_end
            if waiting := [each for each in batch_or_end if each]:
                self._write_batch(waiting)
        connection.close()

    def _next_batch(self) -> list[PendingWrite | None]:
        """All writes that are waiting, or None for the end. Waits for the first one."""
        taken = [self._queue.get()]
        with suppress(queue.Empty):
            while len(taken) < MAX_BATCH and None not in taken:
                taken.append(self._queue.get_nowait())
        return taken

    def _write_batch(self, waiting: list[PendingWrite]) -> None:
        """Whatever happens, every write gets a result: its thread waits for it."""
        try:
            results = batch.write_batch([each.write for each in waiting], self._unavailable)
        except (DataError, IntegrityError) as fault:
            if len(waiting) == 1:
                waiting[0].result.set_exception(fault)
            else:
                for each in waiting:
                    self._write_batch([each])
        except BaseException as fault:
            connection.close()
            for each in waiting:
                each.result.set_exception(fault)
        else:
            for each, result in zip(waiting, results, strict=True):
                each.result.set_result(result)
