"""The state machine of jobs. Every move is one conditional UPDATE on (state, attempt) that must hit exactly one row.

    waiting → queued → running → done | failed          cancelled: from waiting, queued and running
       ↑________|_________|        |       |                |
       ↑___________________________|_______|________________|    asked for again

``attempt`` is the fence: it grows with each start, so a worker that lost its lease can't finish what another has begun.
`File.state` follows from its jobs in the same transaction. Whoever needs both rows locks the file first, and whoever
needs several files or several jobs locks them in the order of their ids.
All times are the database's, so that machines need not agree on theirs. The two moves that every job makes, `start` and
`finish`, are written as SQL (`sql.py`), for building them anew each time cost more than the database took to do them.
"""

from __future__ import annotations

import json
import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NamedTuple, Protocol

from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from picasso.access.principal import SERVICE
from picasso.files.queries import visible_to
from picasso.jobs import sql
from picasso.jobs.retries import MAX_CRASHES, POISON, WORKER_DIED, TransientError, backoff
from picasso.models import Derivative, File, Job, new_id

State = Job.State

MOVES = frozenset(
    {
        (State.WAITING, State.QUEUED),  # claimed by a relay, with a lease for the message's journey
        (State.QUEUED, State.RUNNING),  # a worker starts it, with a lease that it renews
        (State.QUEUED, State.WAITING),  # the message got lost, or could not be sent
        (State.RUNNING, State.DONE),
        (State.RUNNING, State.FAILED),
        (State.RUNNING, State.WAITING),  # transient trouble, a lost lease, or a worker that shuts down
        (State.WAITING, State.CANCELLED),
        (State.QUEUED, State.CANCELLED),  # its message finds nothing to start
        (State.RUNNING, State.CANCELLED),  # its worker is told within a second or two, and stops the child
        (State.FAILED, State.WAITING),  # asked for again, by an operator or a newer pipeline
        (State.CANCELLED, State.WAITING),
        (State.DONE, State.WAITING),
    }
)

ACTIVE = frozenset({State.WAITING, State.QUEUED, State.RUNNING})
ENDED = frozenset(State) - ACTIVE

# A dead worker's job must run again within 30 s: the lease, the relay's look for lost ones, and the first back-off.
LEASE = timedelta(seconds=sql.LEASE_SECONDS)

# Characters that are kept of what a processor said.
LOG_TAIL = 8192


@dataclass(frozen=True, slots=True)
class Step:
    """A job that a file is to have."""

    processor: str
    queue: str
    priority: int = 0
    """Higher goes first; below 0 yields to everything else."""


Attempt = tuple[uuid.UUID, int]
"""A job, and which of its attempts."""


class Running(NamedTuple):
    """What a worker says of an attempt that it has under way."""

    job_id: uuid.UUID
    attempt: int
    progress: float | None
    """0 to 1, or None of work that doesn't say."""

    @property
    def which(self) -> Attempt:
        return self.job_id, self.attempt


# For moves that ask more of the row than (state, attempt): whoever renewed its lease in between keeps it.
LOST = Q(leased_until__lt=Now())
ANY = Q()

NOT_BEGUN: dict[str, Any] = {"leased_until": None, "started_at": None, "progress": None}


def move(job: Job, new: State, only: Q = ANY, **changes: Any) -> bool:
    """Make one transition; True only for the caller whose view of the row was current."""
    if (job.state, new) not in MOVES:
        raise ValueError(f"a job can't go from {job.state} to {new}")
    rows = Job.objects.filter(only, pk=job.pk, state=job.state, attempt=job.attempt)
    return rows.update(state=new, **changes) == 1


def new_job(file_id: uuid.UUID, step: Step, pipeline: str = "default") -> dict[str, Any]:
    """The row of a job that is due at once."""
    return {
        "id": new_id(),
        "file_id": file_id,
        "processor": step.processor,
        "queue": step.queue,
        "pipeline": pipeline,
        "priority": step.priority,
        "state": State.WAITING,
        "attempt": 0,
        "failures": 0,
        "crashes": 0,
        "error_code": "",
        "error_detail": "",
    }


class Writer(Protocol):
    """Makes the two moves of every job for many threads at once: `picasso.jobs.batching`."""

    def start(self, job_id: uuid.UUID) -> Job | None: ...

    def finish(self, job: Job, facts: dict[str, Any], derivatives: Sequence[Derivative], log: str) -> bool: ...


_writer: Writer | None = None


def write_with(writer: Writer | None) -> None:
    """From here on this process's starts and finishes go through that one."""
    global _writer  # noqa: PLW0603 - there is one per process, as there is one worker
    _writer = writer


def start(job_id: uuid.UUID) -> Job | None:
    """Begin an attempt: the job with its file (key and media type), or None if it is not, or no longer, to be begun."""
    return _writer.start(job_id) if _writer else start_alone(job_id)


def start_alone(job_id: uuid.UUID) -> Job | None:
    """In a transaction of its own."""
    file, job, _ = sql.at_once((sql.FILE_OF_JOB, job_id), (sql.START_JOB, job_id), (sql.SHOW_FILE, job_id))
    if not job:
        put_back(job_id)
        return None
    return begun(job_id, file[0], job[0])


def put_back(job_id: uuid.UUID) -> None:
    """A job whose message came while its queue was paused waits in the table."""
    sql.hit(sql.PUT_BACK, job_id)


def begun(job_id: uuid.UUID, file: tuple[Any, ...], job: tuple[Any, ...]) -> Job:
    """The rows of `sql.FILE_OF_JOB` and `sql.START_JOB` as a job."""
    file_id, key, media_type = file
    processor, pipeline, attempt, failures, crashes = job
    return Job(
        id=job_id,
        file=File(id=sql.uuid_of(file_id), key=key, media_type=media_type),
        processor=processor,
        pipeline=pipeline,
        state=State.RUNNING,
        attempt=attempt,
        failures=failures,
        crashes=crashes,
    )


def finish(job: Job, facts: dict[str, Any], derivatives: Sequence[Derivative], log: str = "") -> bool:
    """Keep an attempt's results: job, derivatives, facts and the file's state in one transaction.

    May be called again when the connection broke in the middle of the COMMIT: True also if that one took effect.
    """
    write = _writer.finish if _writer else finish_alone
    return write(job, facts, derivatives, log)


def finish_alone(job: Job, facts: dict[str, Any], derivatives: Sequence[Derivative], log: str) -> bool:
    """In a transaction of its own."""
    with transaction.atomic():
        file, ended, jobs = sql.at_once(
            (sql.FILE_LOCKED, job.file_id),
            (sql.FINISH_JOB, tail(log), job.pk, job.attempt),
            (sql.JOBS_OF_FILE, job.file_id),
        )
        if not ended:
            return bool(file) and finished_before(job, derivatives)
        replace_derivatives([(job, derivatives)])
        known = sql.json_of(file[0][0]) | {job.processor: facts}
        sql.hit(sql.SETTLE_FILE, file_state(jobs), json.dumps(known), job.file_id)
    return True


def replace_derivatives(made: Collection[tuple[Job, Sequence[Derivative]]]) -> None:
    """Put what these attempts have made in the place of what earlier ones of the same jobs did."""
    for job, _ in made:
        if job.attempt > 1:
            Derivative.objects.filter(file_id=job.file_id, processor=job.processor).delete()
    rows = [derivative for _, derivatives in made for derivative in derivatives]
    for derivative in rows:
        derivative.pk = None  # the one that a call before got was given back with its transaction
    if rows:
        Derivative.objects.bulk_create(rows)


def finished_before(job: Job, derivatives: Sequence[Derivative]) -> bool:
    """Whether this very attempt has finished; if so its derivatives are there, also when the job has since moved on."""
    made = Derivative.objects.filter(file_id=job.file_id, key__in=[derivative.key for derivative in derivatives])
    return Job.objects.filter(pk=job.pk, state=State.DONE, attempt=job.attempt).exists() or made.exists()


def fail(job: Job, code: str, sentence: str, only: Q = ANY, log: str = "", **changes: Any) -> bool:
    """End a job for good, with a reason that the public may read."""
    end = {"finished_at": Now(), "leased_until": None, "error_code": code, "error_detail": sentence, **changes}
    with transaction.atomic():
        files = locked(visible_to(SERVICE).filter(pk=job.file_id))
        if not files or not move(job, State.FAILED, only, log=tail(log), **end):
            return False
        settle(files)
    return True


def retry(job: Job, error: TransientError, only: Q = ANY, log: str = "") -> bool:
    """After transient trouble: back to waiting with a back-off, or failed when it was the last straw."""
    failures, crashes = job.failures + 1, job.crashes + error.crashed
    counts = {"failures": failures, "crashes": crashes}
    if crashes >= MAX_CRASHES:
        return fail(job, POISON.code, POISON.sentence, only, log, **counts)
    if failures >= error.max_failures:
        return fail(job, error.code, error.sentence, only, log, **counts)
    reason = {"error_code": error.code, "error_detail": error.sentence, "log": tail(log)}
    return move(job, State.WAITING, only, due_at=Now() + backoff(failures), **NOT_BEGUN, **reason, **counts)


def tail(log: str) -> str:
    """The end of what a processor said, without what no database takes."""
    return log[-LOG_TAIL:].replace("\0", "\ufffd").encode(errors="replace").decode()


def release(job: Job) -> bool:
    """Give up an attempt that is nobody's fault: the worker shuts down."""
    return move(job, State.WAITING, due_at=Now(), **NOT_BEGUN)


def renew(running: Collection[Running]) -> set[Attempt]:
    """Prolong the leases of these jobs in these attempts, and `look`."""
    if running:
        with transaction.atomic():
            mine = locked(Job.objects.filter(_these(running), state=State.RUNNING), wait=False)
            Job.objects.filter(pk__in=mine).update(leased_until=Now() + LEASE)
    return look(running)


def look(running: Collection[Running]) -> set[Attempt]:
    """Write down how far attempts have come. Returns those that are not, or no longer, what the row says is running."""
    if not running:
        return set()
    rows = Job.objects.filter(_these(running), state=State.RUNNING)
    known = {(pk, attempt): progress for pk, attempt, progress in rows.values_list("pk", "attempt", "progress")}
    for each in running:
        if each.which in known and each.progress not in {None, known[each.which]}:
            rows.filter(pk=each.job_id, attempt=each.attempt).update(progress=min(max(each.progress or 0.0, 0.0), 1.0))
    return {each.which for each in running} - known.keys()


def _these(running: Collection[Running]) -> Q:
    return Q(*(Q(pk=each.job_id, attempt=each.attempt) for each in running), _connector=Q.OR)


def reap(queue: str) -> tuple[int, int]:
    """Take back what was lost: messages that never arrived, and jobs whose worker died. Returns how many of each."""
    lost = Job.objects.filter(LOST, queue=queue)
    messages = take_back(lost)
    return messages, sum(retry(job, WORKER_DIED, LOST) for job in lost.filter(state=State.RUNNING)[:100])


def take_back(jobs: QuerySet[Job]) -> int:
    """The messages of these jobs are lost. How many that were.

    Still due since when they were: where work takes longer than the lease, the oldest stay the first.
    """
    queued = jobs.filter(state=State.QUEUED)
    with transaction.atomic():
        mine = locked(queued, wait=False)
        return Job.objects.filter(pk__in=mine).update(state=State.WAITING, leased_until=None)


# The file's state


def file_state(jobs: Iterable[tuple[str, int]]) -> File.State:
    """What (state, attempt) of all its jobs make of a file."""
    jobs = list(jobs)
    if any(state in ACTIVE for state, _ in jobs):
        return File.State.PROCESSING if any(attempt for _, attempt in jobs) else File.State.PENDING
    bad = any(state in {State.FAILED, State.CANCELLED} for state, _ in jobs)
    return File.State.FAILED if bad else File.State.PROCESSED


def locked(rows: QuerySet[Any], *, wait: bool = True) -> list[uuid.UUID]:
    """Lock these rows, in the order in which all do it; those that are still there and still like that.

    Whoever holds no file does not wait: a job that somebody moves just now is theirs, or there would be deadlocks.
    """
    return list(rows.select_for_update(skip_locked=not wait).order_by("pk").values_list("pk", flat=True))


def settle(files: Collection[uuid.UUID]) -> None:
    """Give files, which are locked, the state that their jobs make."""
    jobs = defaultdict(list)
    for file_id, state, attempt in Job.objects.filter(file__in=files).values_list("file_id", "state", "attempt"):
        jobs[file_id].append((state, attempt))
    alike = defaultdict(list)
    for file_id in files:
        alike[file_state(jobs[file_id])].append(file_id)
    for state, members in alike.items():
        visible_to(SERVICE).filter(pk__in=members).exclude(state=state).update(state=state)
