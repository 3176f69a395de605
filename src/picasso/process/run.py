"""Run one job, contained, and keep its results."""

from __future__ import annotations

import logging
import shutil
import threading
import time
import uuid
from collections.abc import Callable, Collection, Mapping
from hashlib import file_digest
from pathlib import Path
from typing import TypeVar

from django.db import DatabaseError, DataError, IntegrityError, InterfaceError, connection

from picasso.conf import Conf
from picasso.errors import StorageFull, Trouble
from picasso.jobs import states
from picasso.jobs.states import Step
from picasso.models import Derivative, File, Job
from picasso.process import contract, registry
from picasso.process.contain import Children, ShuttingDown, Troubled
from picasso.process.contract import JSON, ProcessorError, Result, Source
from picasso.storage import Folder, derived_key, plain_name

log = logging.getLogger(__name__)

T = TypeVar("T")

# A worker that can't reach the database keeps its result for about as long as its lease would have lasted.
KEEP_TRYING = 30.0

STORAGE = Trouble("storage", "The results of processing this file could not be stored.")
BAD_RESULT = Trouble("processor-error", "Processing this file failed for a reason on our side.")


def plan(media_type: str) -> tuple[Step, ...]:
    """The jobs that a new file of this type is to have."""
    return tuple(Step(processor.name, processor.queue) for processor in registry.claiming(media_type))


def options(conf: Conf) -> dict[str, Mapping[str, JSON]]:
    """Each processor's options."""
    return {"image": {"max_pixels": conf.max_image_pixels}}


class Runner:
    """Runs the jobs of one worker, several at a time in its threads."""

    def __init__(self, storage: Folder, children: Children, conf: Conf, slots: int) -> None:
        self._storage = storage
        self._children = children
        self._room = threading.Semaphore(slots)
        self._seconds = conf.job_time_limit
        self._options = options(conf)
        self._running: dict[uuid.UUID, int] = {}
        self._lock = threading.Lock()

    def running(self) -> Collection[tuple[uuid.UUID, int]]:
        """The jobs, with their attempts, whose leases are to be renewed."""
        with self._lock:
            return list(self._running.items())

    def run(self, job_id: uuid.UUID) -> None:
        """Whatever happens, the job ends in a state that says so, or its lease runs out and it runs again."""
        job = persist(lambda: states.start(job_id))
        if job is None:
            return
        with self._lock:
            self._running[job.pk] = job.attempt
        try:
            self._attempt(job)
        except (DatabaseError, InterfaceError) as fault:
            connection.close()
            log.warning("lost a job's outcome, its lease will bring it back: %s", fault)
        finally:
            with self._lock:
                self._running.pop(job.pk, None)

    def _attempt(self, job: Job) -> None:
        folder: Path | None = None
        try:
            folder = self._storage.scratch(str(job.pk), job.attempt)
            if job.attempt > 1:
                # Attempts before this one can't finish any more, and may have died before they could tidy up.
                self._storage.remove_other_attempts(self._derived(job))
            source = Source(self._storage.path(job.file.key), job.file.media_type, self._options.get(job.processor, {}))
            with self._room:
                result = self._children.run(job.processor, source, folder, self._seconds)
            self._keep(job, result, folder)
        except ProcessorError as verdict:
            self._fail(job, verdict)
        except Troubled as fault:
            self._retry(job, fault.trouble)
        except (OSError, StorageFull) as fault:
            log.warning("storage failed: %s", fault)
            self._retry(job, STORAGE)
        except (DataError, IntegrityError) as fault:
            log.warning("%s gave what the tables don't take: %s", job.processor, fault)
            self._retry(job, BAD_RESULT)
        except ShuttingDown:
            states.release(job)
        finally:
            if folder:
                shutil.rmtree(folder, ignore_errors=True)

    def _fail(self, job: Job, verdict: ProcessorError) -> None:
        log.info("%s of file %s failed: %s", job.processor, job.file_id, verdict.code)
        persist(lambda: states.fail(job, verdict.code, verdict.sentence))

    def _retry(self, job: Job, trouble: Trouble) -> None:
        log.warning("%s of file %s: %s", job.processor, job.file_id, trouble.code)
        persist(lambda: states.retry(job, trouble))

    def _keep(self, job: Job, result: Result, folder: Path) -> None:
        """Bytes first, rows second. If another attempt has taken over meanwhile, this one leaves nothing."""
        try:
            made = [self._place(job, derivative, folder) for derivative in result.derivatives]
            kept = persist(lambda: states.finish(job, dict(result.facts), made))
        except BaseException as fault:
            # When the COMMIT may have taken effect the bytes stay; if it did not, the next attempt removes them.
            if not in_doubt(fault):
                self._storage.remove_derived(self._derived(job))
            raise
        if not kept:
            self._storage.remove_derived(self._derived(job))
            if not File.objects.filter(pk=job.file_id).exists():
                # Deleted just now, when the folder was not empty yet.
                self._storage.remove(job.file.key)

    def _derived(self, job: Job) -> str:
        """The key of the folder for what this attempt makes."""
        return derived_key(job.file.key, job.processor, job.attempt, "")

    def _place(self, job: Job, derivative: contract.Derivative, folder: Path) -> Derivative:
        source = folder / derivative.file
        if not plain_name(derivative.file) or source.is_symlink() or not source.is_file():
            log.error("%s names a derivative that is not there: %r", job.processor, derivative.file)
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
