"""The state machine of jobs. Every move is one conditional UPDATE on (state, attempt) that must hit exactly one row.

    waiting → queued → running → done | failed
       ↑________|_________|

``attempt`` is the fence: it grows with each start, so a worker that lost its lease can't finish what another has begun.
`File.state` follows from its jobs in the same transaction. Whoever needs both rows locks the file first.
All times are the database's, so that machines need not agree on theirs. The two moves that every job makes, `start` and
`finish`, are written as SQL (`sql.py`), for building them anew each time cost more than the database took to do them.
"""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
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
    }
)

ACTIVE = frozenset({State.WAITING, State.QUEUED, State.RUNNING})

# A dead worker's job must run again within 30 s: the lease, the relay's look for lost ones, and the first back-off.
LEASE = timedelta(seconds=sql.LEASE_SECONDS)

MAX_FAILURES = 5
MAX_CRASHES = 3


@dataclass(frozen=True, slots=True)
class Step:
    """A job that a new file is to have."""

    processor: str
    queue: str


# For moves that ask more of the row than (state, attempt): whoever renewed its lease in between keeps it.
LOST = Q(leased_until__lt=Now())
ANY = Q()

POISON = Trouble("poison", f"Processing this file crashed {MAX_CRASHES} times, so it is not tried again.")


def move(job: Job, new: State, only: Q = ANY, **changes: Any) -> bool:
    """Make one transition; True only for the caller whose view of the row was current."""
    if (job.state, new) not in MOVES:
        raise ValueError(f"a job can't go from {job.state} to {new}")
    rows = Job.objects.filter(only, pk=job.pk, state=job.state, attempt=job.attempt)
    return rows.update(state=new, **changes) == 1


def new_job(file_id: uuid.UUID, step: Step) -> dict[str, Any]:
    """The row of a job that is due at once."""
    return {
        "id": new_id(),
        "file_id": file_id,
        "processor": step.processor,
        "queue": step.queue,
        "state": State.WAITING,
        "attempt": 0,
        "failures": 0,
        "crashes": 0,
        "error_code": "",
        "error_detail": "",
    }


def claim_due(queue: str, limit: int, window: int) -> list[uuid.UUID]:
    """Take up to ``limit`` due jobs for publishing, the longest due first, so that at most ``window`` are on their way.

    Relays side by side get different ones.
    """
    due = Job.objects.filter(queue=queue, state=State.WAITING, due_at__lte=Now())
    if not due.exists():
        return []
    limit = min(limit, window - Job.objects.filter(queue=queue, state=State.QUEUED).count())
    if limit <= 0:
        return []
    with transaction.atomic():
        claimed = list(due.select_for_update(skip_locked=True).order_by("due_at").values_list("pk", flat=True)[:limit])
        rows = Job.objects.filter(pk__in=claimed, state=State.WAITING)
        rows.update(state=State.QUEUED, leased_until=Now() + LEASE)
    return claimed


def unclaim(jobs: Collection[uuid.UUID]) -> None:
    """Their messages could not be sent."""
    Job.objects.filter(pk__in=jobs, state=State.QUEUED).update(state=State.WAITING, leased_until=None)


def unclaim_all(queue: str) -> None:
    """All messages of the queue are known to be lost."""
    Job.objects.filter(queue=queue, state=State.QUEUED).update(state=State.WAITING, leased_until=None)


def start(job_id: uuid.UUID) -> Job | None:
    """Begin an attempt: the job with its file (key and media type), or None if it is not, or no longer, to be begun."""
    with transaction.atomic():
        file = sql.one(sql.START_FILE, job_id)
        job = file and sql.one(sql.START_JOB, job_id)
        if file is None or job is None:
            transaction.set_rollback(True)
            return None
    file_id, key, media_type = file
    processor, attempt, failures, crashes = job
    return Job(
        id=job_id,
        file=File(id=sql.uuid_of(file_id), key=key, media_type=media_type),
        processor=processor,
        state=State.RUNNING,
        attempt=attempt,
        failures=failures,
        crashes=crashes,
    )


def finish(job: Job, facts: dict[str, Any], derivatives: Sequence[Derivative]) -> bool:
    """Keep an attempt's results: job, derivatives, facts and the file's state in one transaction.

    May be called again when the connection broke in the middle of the COMMIT: True also if that one took effect.
    """
    with transaction.atomic():
        file = sql.one(sql.FILE_LOCKED, job.file_id)
        if file is None:
            return False
        if not sql.hit(sql.FINISH_JOB, job.pk, job.attempt):
            return Job.objects.filter(pk=job.pk, state=State.DONE, attempt=job.attempt).exists()
        if job.attempt > 1:
            Derivative.objects.filter(file_id=job.file_id, processor=job.processor).delete()
        for derivative in derivatives:
            derivative.pk = None  # the one that a call before got was given back with its transaction
        if derivatives:
            Derivative.objects.bulk_create(derivatives)
        state = file_state(sql.rows(sql.JOBS_OF_FILE, job.file_id))
        known = sql.json_of(file[0]) | {job.processor: facts}
        sql.hit(sql.SETTLE_FILE, state, json.dumps(known), job.file_id)
    return True


def fail(job: Job, code: str, sentence: str, only: Q = ANY, **changes: Any) -> bool:
    """End a job for good, with a reason that the public may read."""
    with transaction.atomic():
        file = _locked_file(job)
        end = {"finished_at": Now(), "leased_until": None, "error_code": code, "error_detail": sentence, **changes}
        if file is None or not move(job, State.FAILED, only, **end):
            return False
        _settle(file)
    return True


def retry(job: Job, trouble: Trouble, only: Q = ANY) -> bool:
    """After transient trouble: back to waiting with a back-off, or failed when it was the last straw."""
    failures, crashes = job.failures + 1, job.crashes + trouble.crashed
    counts = {"failures": failures, "crashes": crashes}
    if crashes >= MAX_CRASHES:
        return fail(job, POISON.code, POISON.sentence, only, **counts)
    if failures >= MAX_FAILURES:
        return fail(job, trouble.code, trouble.sentence, only, **counts)
    reason = {"error_code": trouble.code, "error_detail": trouble.sentence}
    return move(job, State.WAITING, only, due_at=Now() + backoff(failures), leased_until=None, **reason, **counts)


def backoff(failures: int) -> timedelta:
    """About 1, 4, 16, 64 seconds. The jitter keeps what failed together from coming back together."""
    return timedelta(seconds=4 ** (failures - 1) * random.uniform(0.75, 1.25))  # noqa: S311


def release(job: Job) -> bool:
    """Give up an attempt that is nobody's fault: the worker shuts down."""
    return move(job, State.WAITING, due_at=Now(), leased_until=None)


def renew(running: Collection[tuple[uuid.UUID, int]]) -> None:
    """Prolong the leases of these jobs in these attempts."""
    if running:
        mine = Q(*(Q(pk=pk, attempt=attempt) for pk, attempt in running), _connector=Q.OR)
        Job.objects.filter(mine, state=State.RUNNING).update(leased_until=Now() + LEASE)


def reap(queue: str) -> tuple[int, int]:
    """Take back what was lost: messages that never arrived, and jobs whose worker died. Returns how many of each."""
    lost = Job.objects.filter(LOST, queue=queue)
    # Still due since when they were: where work takes longer than the lease, the oldest stay the first.
    messages = lost.filter(state=State.QUEUED).update(state=State.WAITING, leased_until=None)
    died = Trouble("worker-died", "The worker that processed this file died.")
    return messages, sum(retry(job, died, LOST) for job in lost.filter(state=State.RUNNING)[:100])


def file_state(jobs: Iterable[tuple[str, int]]) -> File.State:
    """What (state, attempt) of all its jobs make of a file."""
    jobs = list(jobs)
    if any(state in ACTIVE for state, _ in jobs):
        return File.State.PROCESSING if any(attempt for _, attempt in jobs) else File.State.PENDING
    return File.State.FAILED if any(state == State.FAILED for state, _ in jobs) else File.State.PROCESSED


def _locked_file(job: Job) -> File | None:
    """None if the file was deleted meanwhile."""
    return File.objects.select_for_update().filter(pk=job.file_id).first()


def _settle(file: File) -> None:
    file.state = file_state(file.jobs.values_list("state", "attempt"))
    file.save(update_fields=["state", "facts"])
