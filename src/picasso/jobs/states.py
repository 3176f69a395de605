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
import random
import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NamedTuple, Protocol

from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from picasso.errors import Trouble
from picasso.jobs import sql
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

MAX_CRASHES = 3

# Characters that are kept of what a processor said.
LOG_TAIL = 8192


@dataclass(frozen=True, slots=True)
class Step:
    """A job that a file is to have."""

    processor: str
    queue: str
    priority: int = 0
    """Higher goes first; below 0 yields to everything else."""


class Running(NamedTuple):
    """What a worker says of an attempt that it has under way."""

    job_id: uuid.UUID
    attempt: int
    progress: float | None
    """0 to 1, or None of work that doesn't say."""


# For moves that ask more of the row than (state, attempt): whoever renewed its lease in between keeps it.
LOST = Q(leased_until__lt=Now())
ANY = Q()

# What a job that is to run once more is like: as new but for its attempts, and its log until there is a newer one.
AFRESH: dict[str, Any] = {
    "failures": 0,
    "crashes": 0,
    "error_code": "",
    "error_detail": "",
    "progress": None,
    "started_at": None,
    "finished_at": None,
    "leased_until": None,
    "requested_at": Now(),
    "due_at": Now(),
}

NOT_BEGUN: dict[str, Any] = {"leased_until": None, "started_at": None, "progress": None}

CANCELLED: dict[str, Any] = {
    "error_code": "cancelled",
    "error_detail": "Processing was cancelled.",
    "leased_until": None,
    "finished_at": Now(),
}

POISON = Trouble("poison", f"Processing this file crashed {MAX_CRASHES} times, so it is not tried again.")


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
    """Makes the two moves of every job for many threads at once: `picasso.jobs.together`."""

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
    with transaction.atomic():
        file = sql.one(sql.START_FILE, job_id)
        job = file and sql.one(sql.START_JOB, job_id)
        if file is None or job is None:
            transaction.set_rollback(True)
    if file is None or job is None:
        put_back(job_id)
        return None
    return begun(job_id, file, job)


def put_back(job_id: uuid.UUID) -> None:
    """A job whose message came while its queue was paused waits in the table."""
    sql.hit(sql.PUT_BACK, job_id)


def begun(job_id: uuid.UUID, file: tuple[Any, ...], job: tuple[Any, ...]) -> Job:
    """The rows of `sql.START_FILE` and `sql.START_JOB` as a job."""
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
        file = sql.one(sql.FILE_LOCKED, job.file_id)
        if file is None:
            return False
        if not sql.hit(sql.FINISH_JOB, tail(log), job.pk, job.attempt):
            return finished_before(job, derivatives)
        replace_derivatives([(job, derivatives)])
        state = file_state(sql.rows(sql.JOBS_OF_FILE, job.file_id))
        known = sql.json_of(file[0]) | {job.processor: facts}
        sql.hit(sql.SETTLE_FILE, state, json.dumps(known), job.file_id)
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
        files = _locked(File.objects.filter(pk=job.file_id))
        if not files or not move(job, State.FAILED, only, log=tail(log), **end):
            return False
        _settle(files)
    return True


def retry(job: Job, trouble: Trouble, only: Q = ANY, log: str = "") -> bool:
    """After transient trouble: back to waiting with a back-off, or failed when it was the last straw."""
    failures, crashes = job.failures + 1, job.crashes + trouble.crashed
    counts = {"failures": failures, "crashes": crashes}
    if crashes >= MAX_CRASHES:
        return fail(job, POISON.code, POISON.sentence, only, log, **counts)
    if failures >= trouble.attempts:
        return fail(job, trouble.code, trouble.sentence, only, log, **counts)
    reason = {"error_code": trouble.code, "error_detail": trouble.sentence, "log": tail(log)}
    return move(job, State.WAITING, only, due_at=Now() + backoff(failures), **NOT_BEGUN, **reason, **counts)


def tail(log: str) -> str:
    """The end of what a processor said, without what no database takes."""
    return log[-LOG_TAIL:].replace("\0", "\ufffd").encode(errors="replace").decode()


def backoff(failures: int) -> timedelta:
    """About 1, 4, 16, 64 seconds. The jitter keeps what failed together from coming back together."""
    return timedelta(seconds=4 ** (failures - 1) * random.uniform(0.75, 1.25))  # noqa: S311


def release(job: Job) -> bool:
    """Give up an attempt that is nobody's fault: the worker shuts down."""
    return move(job, State.WAITING, due_at=Now(), **NOT_BEGUN)


def renew(running: Collection[Running]) -> set[uuid.UUID]:
    """Prolong the leases of these jobs in these attempts, and `look`."""
    if running:
        with transaction.atomic():
            mine = _locked(Job.objects.filter(_these(running), state=State.RUNNING), wait=False)
            Job.objects.filter(pk__in=mine).update(leased_until=Now() + LEASE)
    return look(running)


def look(running: Collection[Running]) -> set[uuid.UUID]:
    """Write down how far attempts have come. Returns the jobs that run no longer, or not in this attempt."""
    if not running:
        return set()
    rows = Job.objects.filter(_these(running), state=State.RUNNING)
    known = dict(rows.values_list("pk", "progress"))
    for each in running:
        if each.job_id in known and each.progress is not None and each.progress != known[each.job_id]:
            rows.filter(pk=each.job_id).update(progress=min(max(each.progress, 0.0), 1.0))
    return {each.job_id for each in running} - set(known)


def _these(running: Collection[Running]) -> Q:
    return Q(*(Q(pk=each.job_id, attempt=each.attempt) for each in running), _connector=Q.OR)


def reap(queue: str) -> tuple[int, int]:
    """Take back what was lost: messages that never arrived, and jobs whose worker died. Returns how many of each."""
    lost = Job.objects.filter(LOST, queue=queue)
    died = Trouble("worker-died", "The worker that processed this file died.")
    messages = take_back(lost)
    return messages, sum(retry(job, died, LOST) for job in lost.filter(state=State.RUNNING)[:100])


def take_back(jobs: QuerySet[Job]) -> int:
    """The messages of these jobs are lost. How many that were.

    Still due since when they were: where work takes longer than the lease, the oldest stay the first.
    """
    queued = jobs.filter(state=State.QUEUED)
    with transaction.atomic():
        mine = _locked(queued, wait=False)
        return Job.objects.filter(pk__in=mine).update(state=State.WAITING, leased_until=None)


# What an operator asks for


def cancel(job_id: uuid.UUID) -> bool:
    """End a job that has not ended; False if it has, or is not there."""
    return cancel_all([job_id]) == 1


def retry_failed(job_id: uuid.UUID) -> bool:
    """Have a job that has ended run once more; False if it has not, or is not there."""
    return retry_all([job_id]) == 1


def cancel_all(jobs: Collection[uuid.UUID]) -> int:
    """How many of them had not ended, and have now."""
    return _move_all(jobs, ACTIVE, State.CANCELLED, **CANCELLED)


def retry_all(jobs: Collection[uuid.UUID]) -> int:
    """How many of them had ended, and run once more."""
    return _move_all(jobs, ENDED, State.WAITING, **AFRESH)


def _move_all(jobs: Collection[uuid.UUID], old: Collection[State], new: State, **changes: Any) -> int:
    """Make one transition of those jobs that are in a state which has it, whatever their attempt, and settle files."""
    old = [state for state in old if (state, new) in MOVES]
    with transaction.atomic():
        files = _locked(File.objects.filter(pk__in=Job.objects.filter(pk__in=jobs).values("file_id")))
        movable = _locked(Job.objects.filter(pk__in=jobs, state__in=old))
        moved = Job.objects.filter(pk__in=movable, state__in=old).update(state=new, **changes)
        _settle(files)
    return moved


def again(file_id: uuid.UUID, steps: Sequence[Step], *, pipeline: str, version: int, priority: int) -> list[str]:
    """Have a file made anew by these steps. Jobs under way are left alone.

    What no step makes any more loses its job, its facts and its derivatives. Returns a key in each folder of
    derivatives that nothing names from now on, to be removed after the COMMIT.
    """
    wanted = {step.processor: step for step in steps}
    with transaction.atomic():
        file = File.objects.select_for_update().filter(pk=file_id).first()
        if file is None:
            return []
        jobs = {job.processor: job for job in file.jobs.select_for_update().order_by("pk")}
        for processor, step in wanted.items():
            told: dict[str, Any] = {"queue": step.queue, "pipeline": pipeline, "priority": priority}
            if processor not in jobs:
                Job.objects.create(**{**new_job(file_id, step), **told})
            elif jobs[processor].state in ENDED:
                move(jobs[processor], State.WAITING, **AFRESH, **told)
        obsolete = [job.processor for job in jobs.values() if job.processor not in wanted and job.state in ENDED]
        keys = _drop(file, obsolete)
        file.pipeline, file.pipeline_version = pipeline, version
        file.save(update_fields=["pipeline", "pipeline_version", "facts"])
        _settle([file_id])
    return keys


def _drop(file: File, processors: Collection[str]) -> list[str]:
    """Take out what these processors made of a file that is locked; its facts are the caller's to save."""
    made = file.derivatives.filter(processor__in=processors)
    keys = list({key.rpartition("/")[0]: key for key in made.values_list("key", flat=True)}.values())
    made.delete()
    file.jobs.filter(processor__in=processors).delete()
    file.facts = {name: facts for name, facts in file.facts.items() if name not in processors}
    return keys


# The file's state


def file_state(jobs: Iterable[tuple[str, int]]) -> File.State:
    """What (state, attempt) of all its jobs make of a file."""
    jobs = list(jobs)
    if any(state in ACTIVE for state, _ in jobs):
        return File.State.PROCESSING if any(attempt for _, attempt in jobs) else File.State.PENDING
    bad = any(state in {State.FAILED, State.CANCELLED} for state, _ in jobs)
    return File.State.FAILED if bad else File.State.PROCESSED


def _locked(rows: QuerySet[Any], *, wait: bool = True) -> list[uuid.UUID]:
    """Lock these rows, in the order in which all do it; those that are still there and still like that.

    Whoever holds no file does not wait: a job that somebody moves just now is theirs, or there would be deadlocks.
    """
    return list(rows.select_for_update(skip_locked=not wait).order_by("pk").values_list("pk", flat=True))


def _settle(files: Collection[uuid.UUID]) -> None:
    """Give files, which are locked, the state that their jobs make."""
    jobs = defaultdict(list)
    for file_id, state, attempt in Job.objects.filter(file__in=files).values_list("file_id", "state", "attempt"):
        jobs[file_id].append((state, attempt))
    alike = defaultdict(list)
    for file_id in files:
        alike[file_state(jobs[file_id])].append(file_id)
    for state, members in alike.items():
        File.objects.filter(pk__in=members).exclude(state=state).update(state=state)
