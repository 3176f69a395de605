"""Commands for jobs, from the API, the admin pages and the command line: cancel, retry, reprocess a file.

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
from picasso.files import expiry
from picasso.files.queries import visible_to
from picasso.jobs import event_sql, holds, settle, states, verdicts
from picasso.jobs.states import RESET, Step
from picasso.models import File, Job

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


def reprocess_file(
    file_id: uuid.UUID,
    steps: Sequence[Step],
    *,
    pipeline: str,
    version: int,
    priority: int,
    retention_days: Collection[int | None] = (),
    judge_again: bool = False,
) -> list[str]:
    """Process a file once more by these steps. Active jobs are left alone.

    If its pipeline or its project keep it shorter than before, by ``retention_days``, so does its expiry. With
    ``judge_again`` an operator's release from quarantine does not count any more.

    A file in quarantine is scanned, and the other jobs are held until then.

    A processor that has no step any more loses its job, its facts and its derivatives. Returns a key in each folder of
    derivatives that no row names from now on, to be removed after the COMMIT.
    """
    with transaction.atomic():
        locked = settle.lock_files(visible_to(SERVICE).filter(pk=file_id))
        if not locked:
            return []
        file = visible_to(SERVICE).get(pk=file_id)
        wanted = {step.processor: step for step in (states.with_scan(steps) if file.quarantined else steps)}
        jobs = {job.processor: job for job in file.jobs.select_for_update().order_by("pk")}
        for processor, step in wanted.items():
            fields: dict[str, Any] = {"queue": step.queue, "pipeline": pipeline, "priority": priority}
            if file.quarantined and processor != holds.SCANNER:
                fields["due_at"] = holds.NEVER
            if processor not in jobs:
                Job.everywhere.create(**{**states.new_job(file, step), **fields})
            elif (state := State(jobs[processor].state)) in states.ENDED:
                states.move(jobs[processor], state, State.WAITING, **{**RESET, **fields})
        obsolete = [job.processor for job in jobs.values() if job.processor not in wanted and job.state in states.ENDED]
        keys = _remove_results(file, obsolete)
        file.pipeline, file.pipeline_version = pipeline, version
        file.expires_at = expiry.earliest(file.uploaded_at, file.expires_at, retention_days)
        if judge_again:
            verdicts.forget_release(file)
        file.save(update_fields=["pipeline", "pipeline_version", "expires_at", "facts"])
        settle.settle_files(locked)
    return keys


def _remove_results(file: File, processors: Collection[str]) -> list[str]:
    """Remove what these processors made of a locked file. Saving its facts is up to the caller."""
    derivatives = file.derivatives.filter(processor__in=processors)
    keys = list({key.rpartition("/")[0]: key for key in derivatives.values_list("key", flat=True)}.values())
    derivatives.delete()
    file.jobs.filter(processor__in=processors).delete()
    file.facts = {name: facts for name, facts in file.facts.items() if name not in processors}
    return keys
