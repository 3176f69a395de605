"""Run the jobs of a message in child processes, and keep their results."""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from hashlib import file_digest
from pathlib import Path
from typing import TypeVar, cast

from django.db import DatabaseError, DataError, IntegrityError, InterfaceError, connection

from picasso.access import projects
from picasso.access.policies import Policies
from picasso.access.principal import SERVICE
from picasso.conf import Conf
from picasso.errors import NotFound, StorageFull
from picasso.files import queries as files
from picasso.jobs import holds, states, verdicts
from picasso.jobs.batch import Finish, Span
from picasso.jobs.batch_writer import BatchWriter
from picasso.jobs.retries import TransientError
from picasso.jobs.states import AttemptId, Progress, StartedJob
from picasso.models import Derivative, File, Job
from picasso.process import contract
from picasso.process.attempt import RunningAttempt
from picasso.process.child_pool import Cancelled, ChildPool, ShuttingDown
from picasso.process.child_protocol import TRANSIENT_ERRORS, AttemptFailed
from picasso.process.contract import JSON, ProcessorError, ServiceAway, ServiceFailed, Source, Verdict
from picasso.process.judge import judge
from picasso.process.pipelines import load
from picasso.process.services import Services
from picasso.storage import Storage
from picasso.storage.names import derived_key, is_safe_name
from picasso.workdir import remove

log = logging.getLogger(__name__)

T = TypeVar("T")

# What of a message is not begun so many seconds after its start goes back, for others to take.
BATCH_SECONDS = 0.25

# A worker that can't reach the database keeps its result for about as long as its lease would have lasted.
RETRY_SECONDS = 30.0
# Locks of rows of jobs are short.
LOCKED_SECONDS = 0.1

# More attempts than `scan` makes before it gives up by itself, with a verdict.
MAX_SERVICE_FAILURES = 10

AWAY = ("service-away", "The service that this job needs can't be reached.")

NOT_WRITTEN = "could not write down how a job ended; it runs again when its lease has run out: %s"

NOT_STORED = TransientError("storage", "The results of processing this file could not be stored.")


@dataclass(slots=True, eq=False)
class Handover:
    """Results to write, and jobs for others to begin. The first of two threads does it, and the other waits for it."""

    finishes: Sequence[Finish]
    jobs: Sequence[StartedJob]
    lock: threading.Lock = field(default_factory=threading.Lock)
    done: bool = False


class Batch:
    """The jobs of one message, which a thread has started together and runs one after the other. For that thread."""

    def __init__(self, jobs: Iterable[StartedJob], hand_over: Callable[[Batch], None]) -> None:
        """``hand_over`` is called while a job of it takes its time."""
        self.waiting = deque(jobs)
        """What is not begun."""
        self.finishes: list[Finish] = []
        """What has ended and is not written."""
        self.durations: list[float] = []
        """In seconds, of what was begun."""
        self.handed: list[Handover] = []
        """What another thread was asked to write."""
        self.attempts = {job.attempt_id: RunningAttempt(let_go=partial(hand_over, self)) for job in self.waiting}
        self._late_at = time.monotonic() + BATCH_SECONDS

    def is_late(self) -> bool:
        return time.monotonic() > self._late_at

    def take(self, but: int = 0) -> Handover:
        """What has ended, and what is not begun but so many. It is not the batch's any more."""
        waiting, ended = list(self.waiting), self.finishes
        self.waiting, self.finishes = deque(waiting[:but]), []
        return Handover(ended, waiting[but:])


class Runner:
    """Runs the jobs of one worker, several at a time in its threads."""

    def __init__(
        self,
        storage: Storage,
        children: ChildPool,
        writer: BatchWriter,
        conf: Conf,
        *,
        slots: int,
        seconds: float | None = None,
        services: Services | None = None,
    ) -> None:
        """``seconds`` is the time limit of a job, by default that of the quick queue.

        With ``services`` all jobs are those of services.
        """
        self._services = services
        self._storage = storage
        self._writer = writer
        self._children = children
        self._free_slots = threading.Semaphore(slots)
        self._helpers = ThreadPoolExecutor(slots, "handover")
        self._seconds = seconds or conf.job_time_limit
        self._pipelines = load(conf)
        self._policies = Policies(self._pipelines.policy, self._pipelines.names)
        self._running: dict[AttemptId, RunningAttempt] = {}
        self._lock = threading.Lock()
        self._closing = threading.Event()

    def running(self) -> list[Progress]:
        """The attempts whose leases are to be renewed, their progress and what they have printed so far."""
        with self._lock:
            attempts = list(self._running.items())
        return [Progress(*attempt, running.progress, running.log) for attempt, running in attempts]

    def stop(self, attempts: Collection[AttemptId]) -> None:
        """End these attempts: their jobs were cancelled, or run elsewhere by now."""
        with self._lock:
            found = [running for attempt, running in self._running.items() if attempt in attempts]
        for running in found:
            running.cancel()

    def close(self) -> None:
        """The worker stops: what is not begun goes back to waiting, and nothing begins any more."""
        self._closing.set()

    def run(self, *job_ids: uuid.UUID) -> list[float]:
        """Run the jobs of one message, one after the other. How many seconds each took that was begun here.

        Whatever happens, each ends in a state that says so, or its lease runs out and it runs again.
        """
        if self._closing.is_set():
            states.take_back(Job.everywhere.filter(pk__in=job_ids))
            return []
        batch = Batch(persist(lambda: self._writer.start(job_ids)), self._hand_over)
        with self._lock:
            self._running |= batch.attempts
        try:
            with self._slot(batch):
                while batch.waiting:
                    self._run_next(batch)
                    if self._closing.is_set() or batch.is_late():
                        self._hand_over(batch)
        finally:
            for part in (*batch.handed, batch.take()):
                self._write_handed(batch, part)
            self._forget(batch.attempts)
        return batch.durations

    def _forget(self, attempts: Iterable[AttemptId]) -> None:
        with self._lock:
            for attempt in attempts:
                self._running.pop(attempt, None)

    @contextmanager
    def _slot(self, batch: Batch) -> Iterator[None]:
        """One of the children's slots, for all jobs of a batch. While none is free, the batch is its first job."""
        if self._services:
            yield
            return
        if not self._free_slots.acquire(timeout=BATCH_SECONDS):
            self._hand_over(batch, but=1)
            self._free_slots.acquire()
        try:
            yield
        finally:
            self._free_slots.release()

    def _hand_over(self, batch: Batch, but: int = 0) -> None:
        """Have what has ended written, and what is not begun given back, but so many: the next one may take its time.

        Another thread does it, so that the caller, which may watch a child, never waits for the database.
        """
        part = batch.take(but)
        if part.finishes or part.jobs:
            batch.handed.append(part)
            with suppress(RuntimeError):  # there can be no further thread: this one does it at its end
                self._helpers.submit(self._help, batch, part)

    def _help(self, batch: Batch, part: Handover) -> None:
        try:
            self._write_handed(batch, part)
        finally:
            connection.close()

    def _write_handed(self, batch: Batch, part: Handover) -> None:
        """Unless it is done. A fault is logged: it is no fault of a job that runs meanwhile."""
        with part.lock:
            if part.done:
                return
            part.done = True
            try:
                self._give_back({job.attempt_id for job in part.jobs})
            except Exception as fault:
                connection.close()
                log.warning("could not give back %d jobs; they run again later: %s", len(part.jobs), fault)
            self._keep(batch, part.finishes)

    def _give_back(self, attempts: set[AttemptId]) -> None:
        """Let others have jobs that are not begun. For those that somebody has locked, try for a while again."""
        deadline = time.monotonic() + RETRY_SECONDS
        while attempts:
            locked = persist(partial(states.give_back, attempts))
            self._forget(attempts - locked)
            if locked and time.monotonic() > deadline:
                raise TimeoutError("somebody has locked them")
            if attempts := locked:
                time.sleep(LOCKED_SECONDS)

    def _keep(self, batch: Batch, finishes: Sequence[Finish]) -> None:
        """Write results, and do what follows from them. While the database is away, try for a while again."""
        for finish, kept in self._write(finishes).items():
            try:
                self._follow(finish, kept, batch.attempts[finish.attempt])
            except (DatabaseError, InterfaceError) as fault:
                connection.close()
                log.warning(NOT_WRITTEN, fault)
            except Exception:  # the others have ended, too
                log.exception("could not clean up after %s of file %s", finish.job.processor, finish.job.file_id)
            self._forget([finish.attempt])

    def _follow(self, finish: Finish, kept: bool | Exception, running: RunningAttempt) -> None:
        """Do what follows from the result of a finish."""
        if kept is True:
            self._remove_earlier(finish.job)
        elif kept is False:
            self._undo(finish.job)
        elif isinstance(kept, DataError | IntegrityError):
            self._storage.files.remove_derived(self._derived(finish.job))
            log.warning("the tables refuse a result of %s: %s", finish.job.processor, kept)
            self._retry(finish.job, TRANSIENT_ERRORS["processor-error"], running)
        else:
            # The COMMIT may have taken effect, so the bytes stay; if it did not, the next attempt removes them.
            log.warning(NOT_WRITTEN, kept)

    def _write(self, finishes: Sequence[Finish]) -> dict[Finish, bool | Exception]:
        """The result of each, or the fault that is its own, or in which it is in doubt."""
        deadline = time.monotonic() + RETRY_SECONDS
        results: dict[Finish, bool | Exception] = {}
        while finishes:
            try:
                results |= zip(finishes, self._writer.finish(finishes), strict=True)
            except Exception as fault:
                connection.close()
                results |= dict.fromkeys(finishes, fault)
            finishes = [each for each in finishes if is_in_doubt(results[each])]
            if time.monotonic() > deadline:
                break
            if finishes:
                time.sleep(0.5)
        return results

    def _run_next(self, batch: Batch) -> None:
        job = batch.waiting.popleft()
        running = batch.attempts[job.attempt_id]
        running.begun = time.monotonic()
        try:
            self._attempt(batch, job, running)
        except (DatabaseError, InterfaceError) as fault:
            connection.close()
            log.warning(NOT_WRITTEN, fault)
        except Exception:  # the others of the batch go on
            log.exception("%s of file %s runs again when its lease has run out", job.processor, job.file_id)
            self._forget([job.attempt_id])
        batch.durations.append(time.monotonic() - running.begun)

    def _attempt(self, batch: Batch, job: StartedJob, running: RunningAttempt) -> None:
        try:
            if self._services:
                self._ask_service(self._services, batch, job, running)
            else:
                self._remove_unnamed(job)
                finish = self._process(job, running)
                batch.finishes.append(finish)
        except Cancelled:
            log.info("%s of file %s was cancelled", job.processor, job.file_id)
            states.release(job)  # changes nothing, unless the row does not say yet that it was cancelled
        except ProcessorError as verdict:
            self._fail(job, self._judge_failure(job, verdict), running)
        except ServiceAway:
            states.release(job, *AWAY)
        except ServiceFailed as fault:
            error = TransientError(fault.code, fault.sentence, max_failures=MAX_SERVICE_FAILURES)
            self._retry(job, error, running)
        except AttemptFailed as fault:
            self._retry(job, fault.error, running, fault.__cause__)
        except (OSError, StorageFull) as fault:
            self._retry(job, NOT_STORED, running, fault)
        except ShuttingDown:
            states.release(job)

    def _ask_service(self, services: Services, batch: Batch, job: StartedJob, running: RunningAttempt) -> None:
        try:
            file = files.get(SERVICE, job.file_id)
            outcome = services.run(job, file.size, self._service_options(job, file), running)
        except (NotFound, FileNotFoundError):
            if files.exists(SERVICE, job.file_id):
                raise
            return  # it was deleted meanwhile
        if isinstance(outcome, Verdict):
            self._conclude(job, file, outcome)
        else:
            batch.finishes.append(Finish(job, dict(outcome.facts), [], running.log, span_of(running)))

    def _service_options(self, job: StartedJob, file: File) -> Mapping[str, JSON]:
        """Those of the pipeline. For the scanner those of the file's project, too: the stricter ones count."""
        options = dict(self._pipelines.options(job.pipeline, job.processor))
        if job.processor == holds.SCANNER:
            for name, wish in projects.read(cast("int", file.project_id)).scan.items():
                if name != "enabled":
                    options[name] = max(options.get(name), wish, key=strictness)
        return options

    def _conclude(self, job: StartedJob, file: File, verdict: Verdict) -> None:
        if verdict.scan != "clean":
            log.warning("file %s is %s (%s): %s", file.pk, verdict.scan, verdict.action, verdict.sentence)
        if persist(lambda: verdicts.conclude(job, verdict)) == "delete":
            self._storage.files.remove(file.key)

    def _process(self, job: StartedJob, running: RunningAttempt) -> Finish:
        """Run the job in a child and store its derivatives; the rows are the caller's. Leaves nothing in scratch."""
        options = self._pipelines.options(job.pipeline, job.processor)
        try:
            with self._storage.files.local_copy(job.key) as path, self._results_folder(job) as folder:
                source = Source(path, job.media_type, options)
                result = self._children.run(job.processor, source, folder, self._seconds, running)
                derivatives = self._store(job, result.derivatives, folder)
            policy = persist(lambda: self._policies.of(job.project_id, job.pipeline))
            return Finish(job, judge(policy, result.facts), derivatives, running.log, span_of(running))
        except BaseException:
            self._storage.files.remove_derived(self._derived(job))
            raise

    @contextmanager
    def _results_folder(self, job: StartedJob) -> Iterator[Path]:
        """The path of a folder for what comes out of the child. It is removed afterwards."""
        folder = self._children.scratch.job(f"{job.id}.{job.attempt}")
        try:
            yield folder
        finally:
            if folder.exists():
                remove(folder)

    def _remove_unnamed(self, job: StartedJob) -> None:
        """Remove stored derivatives of earlier attempts that no row names: these attempts may have died too early.

        Those that rows name stay until new ones replace them, so a job that runs once more never takes away what there
        is. If it fails then, the old derivatives stay, and the file's state says that the last attempt failed.
        """
        if job.attempt > 1:
            named = Derivative.objects.filter(file_id=job.file_id, processor=job.processor)
            self._storage.files.remove_earlier_attempts(self._derived(job), list(named.values_list("key", flat=True)))

    def _remove_earlier(self, job: StartedJob) -> None:
        if job.attempt > 1:
            self._storage.files.remove_earlier_attempts(self._derived(job))

    def _undo(self, job: StartedJob) -> None:
        """Remove what was stored: another attempt has taken over, or the file was deleted."""
        self._storage.files.remove_derived(self._derived(job))
        if not files.exists(SERVICE, job.file_id):
            # The deletion could not remove the file's folder while the derivatives were in it.
            self._storage.files.remove(job.key)

    def _judge_failure(self, job: StartedJob, failure: ProcessorError) -> ProcessorError:
        """A file that can't be read may show all the same that it has forbidden content."""
        try:
            facts = judge(self._policies.of(job.project_id, job.pipeline), failure.facts)
        except ProcessorError as forbidden:
            return forbidden
        return ProcessorError(failure.code, failure.sentence, facts)

    def _fail(self, job: StartedJob, verdict: ProcessorError, running: RunningAttempt) -> None:
        log.info("%s of file %s failed: %s", job.processor, job.file_id, verdict.code)
        facts = {job.processor: verdict.facts} if verdict.facts else None
        begun, ended = span_of(running)
        persist(
            lambda: states.fail(job, verdict.code, verdict.sentence, log=running.log, facts=facts, ran=ended - begun)
        )

    def _retry(
        self, job: StartedJob, error: TransientError, running: RunningAttempt, cause: BaseException | None = None
    ) -> None:
        if isinstance(cause, FileNotFoundError) and not persist(lambda: files.exists(SERVICE, job.file_id)):
            log.info("file %s was deleted while %s processed it", job.file_id, job.processor)
            return
        why = f"storage failed: {cause}" if isinstance(cause, OSError | StorageFull) else ""
        log.warning("%s of file %s: %s\n%s", job.processor, job.file_id, error.code, why or running.log)
        begun, ended = span_of(running)
        persist(lambda: states.retry(job, error, log=running.log, ran=ended - begun))

    def _derived(self, job: StartedJob) -> str:
        """The key of the folder for this attempt's derivatives."""
        return derived_key(job.key, job.processor, job.attempt, "")

    def _store(self, job: StartedJob, derivatives: Collection[contract.Derivative], folder: Path) -> list[Derivative]:
        """Store the bytes of derivatives; the rows for them."""
        sources = {self._key(job, derivative): folder / derivative.file for derivative in derivatives}
        rows = [self._row(job, derivative, folder) for derivative in derivatives]
        if sources:
            self._storage.files.add_derived(sources, job.key)
        return rows

    def _key(self, job: StartedJob, derivative: contract.Derivative) -> str:
        if not is_safe_name(derivative.file):
            log.error("%s gives a derivative a bad name: %r", job.processor, derivative.file)
            raise AttemptFailed(TRANSIENT_ERRORS["processor-error"])
        return derived_key(job.key, job.processor, job.attempt, derivative.file)

    def _row(self, job: StartedJob, derivative: contract.Derivative, folder: Path) -> Derivative:
        source = folder / derivative.file
        with source.open("rb") as stored:
            digest = file_digest(stored, "sha256").hexdigest()
        return Derivative(
            file_id=job.file_id,
            processor=job.processor,
            role=derivative.role,
            key=self._key(job, derivative),
            media_type=derivative.media_type,
            size=source.stat().st_size,
            sha256=digest,
            width=derivative.width,
            height=derivative.height,
        )


def span_of(running: RunningAttempt) -> Span:
    """Of an attempt that ends now."""
    return Span(running.begun, time.monotonic())


def strictness(action: JSON) -> int:
    """Of what becomes of a file. What is unknown comes last, for the scanner to refuse; None first."""
    known = (None, "serve", "quarantine", "delete")
    return known.index(action) if action in known else len(known)


def persist(write: Callable[[], T]) -> T:
    """Repeat a write while the database is away, for up to `RETRY_SECONDS`; then raise the last error.

    A write that raises may have taken effect all the same, so a second one must do no harm.
    """
    deadline = time.monotonic() + RETRY_SECONDS
    while True:
        try:
            return write()
        except (DatabaseError, InterfaceError) as fault:
            connection.close()
            if not is_in_doubt(fault) or time.monotonic() > deadline:
                raise
            time.sleep(0.5)


def is_in_doubt(fault: object) -> bool:
    """Whether a write that raised this may have taken effect, or may succeed when it is repeated."""
    return isinstance(fault, DatabaseError | InterfaceError) and not isinstance(fault, DataError | IntegrityError)
