"""Run one job, contained, and keep its results."""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from hashlib import file_digest
from pathlib import Path
from typing import TypeVar

from django.db import DatabaseError, DataError, IntegrityError, InterfaceError, connection

from picasso.conf import Conf
from picasso.errors import StorageFull, Trouble
from picasso.jobs import states
from picasso.jobs.states import Attempt, Running
from picasso.models import Derivative, File, Job
from picasso.process import contract
from picasso.process.attempt import Ticket
from picasso.process.child_pool import Cancelled, Children, ShuttingDown
from picasso.process.child_protocol import Troubled
from picasso.process.contract import ProcessorError, Result, Source
from picasso.process.pipelines import load
from picasso.storage import Folder, derived_key, plain_name
from picasso.workdir import remove

log = logging.getLogger(__name__)

T = TypeVar("T")

# A worker that can't reach the database keeps its result for about as long as its lease would have lasted.
KEEP_TRYING = 30.0

STORAGE = Trouble("storage", "The results of processing this file could not be stored.")
BAD_RESULT = Trouble("processor-error", "Processing this file failed for a reason on our side.")


class Runner:
    """Runs the jobs of one worker, several at a time in its threads."""

    def __init__(
        self, storage: Folder, children: Children, conf: Conf, slots: int, seconds: float | None = None
    ) -> None:
        """``seconds`` is the time limit of a job, by default that of quick ones."""
        self._storage = storage
        self._children = children
        self._room = threading.Semaphore(slots)
        self._seconds = seconds or conf.job_time_limit
        self._pipelines = load(conf)
        self._tickets: dict[Attempt, Ticket] = {}
        self._lock = threading.Lock()

    def running(self) -> list[Running]:
        """The attempts whose leases are to be renewed, and how far they are."""
        with self._lock:
            return [Running(job, attempt, ticket.progress) for (job, attempt), ticket in self._tickets.items()]

    def stop(self, attempts: Collection[Attempt]) -> None:
        """End these attempts: their jobs were cancelled, or are no longer ours."""
        with self._lock:
            tickets = [ticket for which, ticket in self._tickets.items() if which in attempts]
        for ticket in tickets:
            ticket.cancel()

    def run(self, job_id: uuid.UUID) -> None:
        """Whatever happens, the job ends in a state that says so, or its lease runs out and it runs again."""
        job = persist(lambda: states.start(job_id))
        if job is None:
            return
        ticket = Ticket()
        with self._lock:
            self._tickets[job.pk, job.attempt] = ticket
        try:
            self._attempt(job, ticket)
        except (DatabaseError, InterfaceError) as fault:
            connection.close()
            log.warning("lost a job's outcome, its lease will bring it back: %s", fault)
        finally:
            with self._lock:
                self._tickets.pop((job.pk, job.attempt), None)

    def _attempt(self, job: Job, ticket: Ticket) -> None:
        try:
            self._tidy(job)
            try:
                result, made = self._made(job, ticket)
                kept = persist(lambda: states.finish(job, dict(result.facts), made, log=ticket.log))
            except BaseException as fault:
                # When the COMMIT may have taken effect the bytes stay; if it did not, the next attempt removes them.
                if not in_doubt(fault):
                    self._storage.remove_derived(self._derived(job))
                raise
            self._finished(job) if kept else self._undo(job)
        except Cancelled:
            log.info("%s of file %s was cancelled", job.processor, job.file_id)
            states.release(job)  # moves nothing, unless the row was never told
        except ProcessorError as verdict:
            self._fail(job, verdict, ticket)
        except Troubled as fault:
            self._retry(job, fault.trouble, ticket)
        except (OSError, StorageFull) as fault:
            log.warning("storage failed: %s", fault)
            self._retry(job, STORAGE, ticket)
        except (DataError, IntegrityError) as fault:
            log.warning("%s gave what the tables don't take: %s", job.processor, fault)
            self._retry(job, BAD_RESULT, ticket)
        except ShuttingDown:
            states.release(job)

    def _made(self, job: Job, ticket: Ticket) -> tuple[Result, list[Derivative]]:
        """What a child makes of the file, in its place but for the rows. Nothing of it is left in scratch."""
        chosen = self._pipelines.options(job.pipeline, job.processor)
        source = Source(self._storage.path(job.file.key), job.file.media_type, chosen)
        with self._results(job) as folder:
            with self._room:
                result = self._children.run(job.processor, source, folder, self._seconds, ticket)
            return result, [self._place(job, derivative, folder) for derivative in result.derivatives]

    @contextmanager
    def _results(self, job: Job) -> Iterator[Path]:
        """The name of a folder for what comes out of the child, which is gone afterwards."""
        folder = self._children.scratch.job(f"{job.pk}.{job.attempt}")
        try:
            yield folder
        finally:
            if folder.exists():
                remove(folder)

    def _tidy(self, job: Job) -> None:
        """Remove what attempts before this one derived and no row names: they may have died before they could.

        What rows name stays until new derivatives take its place, so a job that is done once more never takes away what
        there is; if it fails then, the old ones stay, and the file's state says that the last word was a failure.
        """
        if job.attempt > 1:
            named = Derivative.objects.filter(file_id=job.file_id, processor=job.processor)
            self._storage.remove_earlier_attempts(self._derived(job), list(named.values_list("key", flat=True)))

    def _finished(self, job: Job) -> None:
        if job.attempt > 1:
            self._storage.remove_earlier_attempts(self._derived(job))

    def _undo(self, job: Job) -> None:
        """Another attempt has taken over, or the file is gone."""
        self._storage.remove_derived(self._derived(job))
        if not File.objects.filter(pk=job.file_id).exists():
            # Deleted just now, when the folder was not empty yet.
            self._storage.remove(job.file.key)

    def _fail(self, job: Job, verdict: ProcessorError, ticket: Ticket) -> None:
        log.info("%s of file %s failed: %s", job.processor, job.file_id, verdict.code)
        persist(lambda: states.fail(job, verdict.code, verdict.sentence, log=ticket.log))

    def _retry(self, job: Job, trouble: Trouble, ticket: Ticket) -> None:
        log.warning("%s of file %s: %s\n%s", job.processor, job.file_id, trouble.code, ticket.log)
        persist(lambda: states.retry(job, trouble, log=ticket.log))

    def _derived(self, job: Job) -> str:
        """The key of the folder for what this attempt makes."""
        return derived_key(job.file.key, job.processor, job.attempt, "")

    def _place(self, job: Job, derivative: contract.Derivative, folder: Path) -> Derivative:
        source = folder / derivative.file
        if not plain_name(derivative.file):
            log.error("%s gives a derivative a bad name: %r", job.processor, derivative.file)
            raise Troubled(BAD_RESULT)
        with source.open("rb") as stored:
            digest = file_digest(stored, "sha256").hexdigest()
        row = Derivative(
            file_id=job.file_id,
            processor=job.processor,
            role=derivative.role,
            key=derived_key(job.file.key, job.processor, job.attempt, derivative.file),
            media_type=derivative.media_type,
            size=source.stat().st_size,
            sha256=digest,
            width=derivative.width,
            height=derivative.height,
        )
        self._storage.place_derived(source, row.key)
        return row


def persist(write: Callable[[], T]) -> T:
    """Do a write that is too dear to lose to a database that is away for a moment. Raises what it raised at last.

    It may have taken effect although it raised, so it must be such that a second time does no harm.
    """
    deadline = time.monotonic() + KEEP_TRYING
    while True:
        try:
            return write()
        except (DatabaseError, InterfaceError) as fault:
            connection.close()
            if not in_doubt(fault) or time.monotonic() > deadline:
                raise
            time.sleep(0.5)


def in_doubt(fault: BaseException) -> bool:
    """Whether a write that raised this may have taken effect, or would when tried again."""
    return isinstance(fault, DatabaseError | InterfaceError) and not isinstance(fault, DataError | IntegrityError)
