"""Commands for jobs, from the API, the admin pages and the command line: cancel and retry.

They make moves of `states`, whichever attempt a job is in, and follow its order of locks.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Greatest, Now

from picasso.access import audit
from picasso.access.principal import SERVICE
from picasso.files.queries import visible_to
from picasso.jobs import event_sql, holds, settle, states
from picasso.jobs.states import RESET
from picasso.models import Job

State = Job.State

CANCELLED: dict[str, Any] = {
    "error_code": "cancelled",
    "error_detail": "Processing was cancelled.",
    "leased_until": None,
    "finished_at": Now(),
}


def cancel(job_id: uuid.UUID) -> bool:
    """End a job; False if it has ended already, or does not exist."""
    return cancel_all([job_id]) == 1


def retry(job_id: uuid.UUID) -> bool:
    """Run a job once more that has ended; False if it has not, or does not exist."""
    return retry_all([job_id]) == 1


def cancel_all(jobs: Collection[uuid.UUID]) -> int:
    """End those jobs that have not ended, and return how many."""
    return _move_all(jobs, states.ACTIVE, State.CANCELLED, **CANCELLED)


def retry_all(jobs: Collection[uuid.UUID], *, audited: bool = True) -> int:
    """Run those jobs once more that have ended, and return how many. A background job gets the usual priority.

    The caller has written the audit if it is not to be ``audited``.
    """
    return _move_all(jobs, states.ENDED, State.WAITING, audited=audited, **RESET, priority=Greatest("priority", 0))


def retry_files(files: Collection[uuid.UUID]) -> set[uuid.UUID]:
    """Run the jobs of these files once more that failed or were cancelled; the files that have such jobs.

    The caller has locked the files, and writes the audit.
    """
    ended = Job.everywhere.filter(file_id__in=files, state__in=(State.FAILED, State.CANCELLED))
    found = dict(ended.values_list("pk", "file_id"))
    retry_all(found, audited=False)
    return set(found.values())


def _move_all(
    jobs: Collection[uuid.UUID], old: Collection[State], new: State, *, audited: bool = True, **changes: Any
) -> int:
    """Make one transition of the jobs that are in one of these states, whatever their attempt, and settle the files."""
    old = [state for state in old if (state, new) in states.MOVES]
    with transaction.atomic():
        locked = settle.lock_files(
            visible_to(SERVICE).filter(pk__in=Job.everywhere.filter(pk__in=jobs).values("file_id"))
        )
        movable = Job.everywhere.select_for_update().filter(pk__in=jobs, state__in=old).order_by("pk")
        if new == State.WAITING:
            # In quarantine only the scanner may run; what it ended runs again when it finds the file clean.
            movable = movable.exclude(~Q(processor=holds.SCANNER), file__in=holds.in_quarantine(locked))
        mine = list(movable.values_list("pk", flat=True))
        moved = Job.everywhere.filter(pk__in=mine, state__in=old).update(state=new, **changes)
        if new == State.CANCELLED:
            scans = Job.everywhere.filter(pk__in=mine, processor=holds.SCANNER)
            holds.stop_held(list(scans.values_list("file_id", flat=True)))
        event_sql.write_of_jobs("job.cancelled" if new == State.CANCELLED else "job.retried", mine)
        settle.settle_files(locked)
        if audited:
            _record("job.cancel" if new == State.CANCELLED else "job.retry", mine)
    return moved


def _record(action: str, jobs: Sequence[uuid.UUID]) -> None:
    """A row of the audit for the jobs of each project."""
    projects: dict[int, list[uuid.UUID]] = {}
    for job_id, project in Job.everywhere.filter(pk__in=jobs).values_list("pk", "project"):
        projects.setdefault(project, []).append(job_id)
    for project, ids in projects.items():
        only = ids[0] if len(ids) == 1 else ""
        audit.record(action, "job", only, project=project, count=len(ids), jobs=[] if only else ids)
