"""The state machine of jobs. Every move is one conditional UPDATE on (state, attempt) that must change exactly one row.

    waiting → queued → running → done | failed          cancelled: from waiting, queued and running
       ↑________|_________|        |       |                |
       ↑___________________________|_______|________________|    requested again

``attempt`` is the fence: it grows with each start, so a worker that lost its lease can't finish what another one has
started. A move that may change the file's state locks the file first (`settle`). Several files, or several jobs, are
always locked in the order of their ids.

All times are the database's, so the clocks of machines need not agree. Starting and finishing are in `batch`.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NamedTuple, Protocol

from django.db import transaction
from django.db.models import BooleanField, F, Q, QuerySet
from django.db.models.expressions import RawSQL
from django.db.models.functions import Greatest, Now

from picasso import activity
from picasso.access.principal import SERVICE
from picasso.files.queries import visible_to
from picasso.jobs import event_sql, holds, settle, sql
from picasso.jobs.retries import MAX_CRASHES, POISON, WORKER_DIED, TransientError, backoff
from picasso.models import File, Job, new_id
from picasso.queue_names import SERVICE as SERVICE_QUEUE

State = Job.State

MOVES = frozenset(
    {
        (State.WAITING, State.QUEUED),  # claimed by a relay, with a lease for the time until its message arrives
        (State.QUEUED, State.RUNNING),  # a worker starts it, with a lease that it renews
        (State.QUEUED, State.WAITING),  # the message was lost, or could not be sent
        (State.RUNNING, State.DONE),
        (State.RUNNING, State.FAILED),
        (State.RUNNING, State.WAITING),  # a transient error, a lost lease, or a worker that shuts down
        (State.WAITING, State.CANCELLED),
        (State.QUEUED, State.CANCELLED),  # its message finds nothing to start
        (State.RUNNING, State.CANCELLED),  # its worker notices within a second or two, and kills the child
        (State.FAILED, State.WAITING),  # requested again, by an operator or a newer pipeline
        (State.CANCELLED, State.WAITING),
        (State.DONE, State.WAITING),
    }
)

ACTIVE = frozenset({State.WAITING, State.QUEUED, State.RUNNING})
ENDED = frozenset(State) - ACTIVE

# The job of a dead worker must run again within 30 s: after the lease, the relay's check for lost jobs, and the first
# back-off.
LEASE = timedelta(seconds=sql.LEASE_SECONDS)

# The most characters of a processor's output that are kept.
MAX_LOG = 8192


@dataclass(frozen=True, slots=True)
class Step:
    """A job that a file is to have."""

    processor: str
    queue: str
    priority: int = 0
    """Higher goes first; below 0 waits until nothing else is due."""


def with_scan(steps: Sequence[Step]) -> tuple[Step, ...]:
    """These steps, and first of all a scan for malware."""
    if any(step.processor == holds.SCANNER for step in steps):
        return tuple(steps)
    return (Step(holds.SCANNER, SERVICE_QUEUE), *steps)


class AttemptId(NamedTuple):
    """A job, and the number of one of its attempts."""

    job_id: uuid.UUID
    attempt: int


@dataclass(frozen=True, slots=True)
class StartedJob:
    """What a worker needs to know of a job that it has started."""

    id: uuid.UUID
    file_id: uuid.UUID
    key: str
    """Of the file, in the storage."""
    media_type: str
    project_id: int
    processor: str
    pipeline: str
    attempt: int
    failures: int
    """Of its attempts before this one."""
    crashes: int
    """How many of the failures killed the child."""

    @property
    def attempt_id(self) -> AttemptId:
        return AttemptId(self.id, self.attempt)


class RunningJob(Protocol):
    """A job in one of its attempts: a `StartedJob`, or a row."""

    @property
    def id(self) -> uuid.UUID: ...
    @property
    def file_id(self) -> uuid.UUID: ...
    @property
    def processor(self) -> str: ...
    @property
    def attempt(self) -> int: ...
    @property
    def failures(self) -> int: ...
    @property
    def crashes(self) -> int: ...


class Progress(NamedTuple):
    """How far a worker has come with an attempt."""

    job_id: uuid.UUID
    attempt: int
    fraction: float | None
    """0 to 1; None if the processor does not report it."""
    log: str | None = None
    """The end of what the processor has printed in this attempt; None leaves the log of the job as it is."""

    @property
    def attempt_id(self) -> AttemptId:
        return AttemptId(self.job_id, self.attempt)


# Conditions for moves that need more than (state, attempt). A worker that renewed its lease in between keeps its job.
# SQLite uses the index `job_leased` only if its condition is there to the letter, without parameters.
HAS_LEASE = RawSQL("picasso_job.state IN ('queued', 'running')", (), BooleanField())
LEASE_EXPIRED = Q(HAS_LEASE, leased_until__lt=Now())
NO_CONDITION = Q()

NOT_STARTED: dict[str, Any] = {"leased_until": None, "started_at": None, "progress": None}

# A job that runs once more is like a new one, except that it keeps its number of attempts, and its log until the next.
RESET: dict[str, Any] = {
    "failures": 0,
    "crashes": 0,
    "error_code": "",
    "error_detail": "",
    "finished_at": None,
    "requested_at": Now(),
    "due_at": Now(),
    **NOT_STARTED,
}


def move(job: RunningJob, old: State, new: State, only: Q = NO_CONDITION, **changes: Any) -> bool:
    """Make one transition; True only if the row is in that state and in that attempt. Does not settle the file."""
    if (old, new) not in MOVES:
        raise ValueError(f"a job can't go from {old} to {new}")
    rows = Job.everywhere.filter(only, pk=job.id, state=old, attempt=job.attempt)
    return rows.update(state=new, **changes) == 1


def new_job(file: File, step: Step, pipeline: str = "default") -> dict[str, Any]:
    """The row of a new job. It is due at once, or held if its file is in quarantine."""
    due = {"due_at": holds.NEVER} if file.quarantined and step.processor != holds.SCANNER else {}
    return {
        **due,
        "id": new_id(),
        "project_id": file.project_id,
        "file_id": file.pk,
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


def fail(
    job: RunningJob,
    code: str,
    sentence: str,
    only: Q = NO_CONDITION,
    log: str = "",
    *,
    facts: Mapping[str, Any] | None = None,
    ran: float | None = None,
    **changes: Any,
) -> bool:
    """End a running job for good, with a reason that the public may read.

    ``facts``: what the processor found all the same, by its name. ``ran``: for how many seconds, by default since the
    start of the attempt. One of several in a message began later.
    """
    if ran is not None:
        changes["started_at"] = Greatest(F("started_at"), Now() - timedelta(seconds=ran))
    end = {"finished_at": Now(), "leased_until": None, "error_code": code, "error_detail": sentence, **changes}
    with transaction.atomic():
        locked = settle.lock_files(visible_to(SERVICE).filter(pk=job.file_id))
        if not locked or not move(job, State.RUNNING, State.FAILED, only, log=clean_log(log), **end):
            return False
        if job.processor == holds.SCANNER:
            holds.stop_held([job.file_id])
        if facts:
            file = visible_to(SERVICE).get(pk=job.file_id)
            file.facts |= facts
            file.save(update_fields=["facts"])
        event_sql.write_of_jobs("job.failed", [job.id])
        settle.settle_files(locked)
    return True


def retry(
    job: RunningJob, error: TransientError, only: Q = NO_CONDITION, log: str = "", *, ran: float | None = None
) -> bool:
    """After a transient error: back to waiting with a back-off, or failed if it has failed too often.

    ``ran`` is as in `fail`.
    """
    failures, crashes = job.failures + 1, job.crashes + error.crashed
    counts: dict[str, Any] = {"failures": failures, "crashes": crashes}
    if crashes >= MAX_CRASHES:
        return fail(job, POISON.code, POISON.sentence, only, log, ran=ran, **counts)
    if failures >= error.max_failures:
        return fail(job, error.code, error.sentence, only, log, ran=ran, **counts)
    reason = {"error_code": error.code, "error_detail": error.sentence, "log": clean_log(log)}
    due_at = Now() + backoff(failures)
    with transaction.atomic():
        moved = move(job, State.RUNNING, State.WAITING, only, due_at=due_at, **NOT_STARTED, **reason, **counts)
        if moved:
            event_sql.write_of_jobs("job.failed", [job.id])
    return moved


def clean_log(log: str) -> str:
    """The end of a processor's output, without characters that no database takes."""
    return log[-MAX_LOG:].replace("\0", "\ufffd").encode(errors="replace").decode()


def release(job: RunningJob, code: str = "", sentence: str = "") -> bool:
    """Give up a running attempt that did not fail: the worker shuts down, or for the reason given."""
    reason: dict[str, Any] = {"error_code": code, "error_detail": sentence} if code else {}
    released = move(job, State.RUNNING, State.WAITING, due_at=Now(), **reason, **NOT_STARTED)
    activity.announce()
    return released


def give_back(attempts: Collection[AttemptId]) -> set[AttemptId]:
    """Let jobs wait again that were started, but not begun. They stay due since when they were.

    Returns those that are still running, because somebody has locked them.
    """
    running = Job.everywhere.filter(_any_of(attempts), state=State.RUNNING)
    with transaction.atomic():
        mine = lock_free_jobs(running)
        Job.everywhere.filter(pk__in=mine).update(state=State.WAITING, **NOT_STARTED)
    activity.announce()
    return {AttemptId(*row) for row in running.values_list("pk", "attempt")}


def renew(running: Collection[Progress]) -> set[AttemptId]:
    """Extend the leases of these attempts, and `write_progress`."""
    if running:
        with transaction.atomic():
            mine = lock_free_jobs(Job.everywhere.filter(_any_of(running), state=State.RUNNING))
            Job.everywhere.filter(pk__in=mine).update(leased_until=Now() + LEASE)
    return write_progress(running)


def write_progress(running: Collection[Progress]) -> set[AttemptId]:
    """Write the progress and the logs of these attempts. Returns those that do not run any more, as the rows say."""
    if not running:
        return set()
    rows = Job.everywhere.filter(_any_of(running), state=State.RUNNING)
    found = rows.only("pk", "attempt", "file_id", "progress", "log")
    written = {AttemptId(row.pk, row.attempt): row for row in found}
    moved: dict[uuid.UUID, uuid.UUID] = {}
    for each in running:
        row = written.get(each.attempt_id)
        changes = _news(each, row) if row else {}
        if row and changes:
            rows.filter(pk=each.job_id, attempt=each.attempt).update(**changes)
        if row and "progress" in changes:
            moved[row.file_id] = each.job_id
    event_sql.write_progress(moved.values())
    return {each.attempt_id for each in running} - written.keys()


def _news(each: Progress, row: Job) -> dict[str, Any]:
    """What the row does not say yet."""
    changes: dict[str, Any] = {}
    if each.fraction is not None and (progress := round(min(max(each.fraction, 0.0), 1.0), 4)) != row.progress:
        changes["progress"] = progress
    if each.log is not None and (log := clean_log(each.log)) != row.log:
        changes["log"] = log
    return changes


def _any_of(running: Collection[Progress | AttemptId]) -> Q:
    return Q(*(Q(pk=each.job_id, attempt=each.attempt) for each in running), _connector=Q.OR)


def reap(queue: str) -> tuple[int, int]:
    """Take back jobs whose lease expired: the message was lost, or the worker died. Returns how many of each."""
    expired = Job.everywhere.filter(LEASE_EXPIRED, queue=queue)
    messages = take_back(expired)
    running = list(expired.filter(state=State.RUNNING)[:100])
    return messages, sum(retry(job, WORKER_DIED, LEASE_EXPIRED) for job in running)


def take_back(jobs: QuerySet[Job]) -> int:
    """Let those of these jobs wait again that are queued: their messages are lost. Returns how many.

    They stay due since when they were. Where jobs take longer than the lease, the oldest stay the first.
    """
    with transaction.atomic():
        mine = lock_free_jobs(jobs.filter(state=State.QUEUED))
        return Job.everywhere.filter(pk__in=mine).update(state=State.WAITING, leased_until=None)


def lock_free_jobs(jobs: QuerySet[Job]) -> list[uuid.UUID]:
    """Lock those of these jobs that nobody else has locked. For callers that hold no file.

    Waiting for a job without its file could be a deadlock; and a job that is locked is being moved by somebody else.
    """
    return list(jobs.select_for_update(skip_locked=True).order_by("pk").values_list("pk", flat=True))
