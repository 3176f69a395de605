"""What is asked of jobs from outside: cancel them, run them once more, make a file anew.

These are moves of `states`, of jobs in whatever attempt they are, under the locks that it prescribes.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from typing import Any

from django.db import transaction
from django.db.models.functions import Greatest, Now

from picasso.access.principal import SERVICE
from picasso.files.queries import visible_to
from picasso.jobs import states
from picasso.jobs.states import Step
from picasso.models import File, Job

State = Job.State

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

CANCELLED: dict[str, Any] = {
    "error_code": "cancelled",
    "error_detail": "Processing was cancelled.",
    "leased_until": None,
    "finished_at": Now(),
}


def cancel(job_id: uuid.UUID) -> bool:
    """End a job that has not ended; False if it has, or is not there."""
    return cancel_all([job_id]) == 1


def retry_failed(job_id: uuid.UUID) -> bool:
    """Have a job that has ended run once more; False if it has not, or is not there."""
    return retry_all([job_id]) == 1


def cancel_all(jobs: Collection[uuid.UUID]) -> int:
    """How many of them had not ended, and have now."""
    return _move_all(jobs, states.ACTIVE, State.CANCELLED, **CANCELLED)


def retry_all(jobs: Collection[uuid.UUID]) -> int:
    """How many of them had ended, and run once more; what was the background's has somebody waiting for it now."""
    return _move_all(jobs, states.ENDED, State.WAITING, **AFRESH, priority=Greatest("priority", 0))


def _move_all(jobs: Collection[uuid.UUID], old: Collection[State], new: State, **changes: Any) -> int:
    """Make one transition of those jobs that are in a state which has it, whatever their attempt, and settle files."""
    old = [state for state in old if (state, new) in states.MOVES]
    with transaction.atomic():
        files = states.locked(visible_to(SERVICE).filter(pk__in=Job.objects.filter(pk__in=jobs).values("file_id")))
        movable = states.locked(Job.objects.filter(pk__in=jobs, state__in=old))
        moved = Job.objects.filter(pk__in=movable, state__in=old).update(state=new, **changes)
        states.settle(files)
    return moved


def again(file_id: uuid.UUID, steps: Sequence[Step], *, pipeline: str, version: int, priority: int) -> list[str]:
    """Have a file made anew by these steps. Jobs under way are left alone.

    What no step makes any more loses its job, its facts and its derivatives. Returns a key in each folder of
    derivatives that nothing names from now on, to be removed after the COMMIT.
    """
    wanted = {step.processor: step for step in steps}
    with transaction.atomic():
        file = visible_to(SERVICE).select_for_update().filter(pk=file_id).first()
        if file is None:
            return []
        jobs = {job.processor: job for job in file.jobs.select_for_update().order_by("pk")}
        for processor, step in wanted.items():
            told: dict[str, Any] = {"queue": step.queue, "pipeline": pipeline, "priority": priority}
            if processor not in jobs:
                Job.objects.create(**{**states.new_job(file_id, step), **told})
            elif jobs[processor].state in states.ENDED:
                states.move(jobs[processor], State.WAITING, **AFRESH, **told)
        obsolete = [job.processor for job in jobs.values() if job.processor not in wanted and job.state in states.ENDED]
        keys = _drop(file, obsolete)
        file.pipeline, file.pipeline_version = pipeline, version
        file.save(update_fields=["pipeline", "pipeline_version", "facts"])
        states.settle([file_id])
    return keys


def _drop(file: File, processors: Collection[str]) -> list[str]:
    """Take out what these processors made of a file that is locked; its facts are the caller's to save."""
    made = file.derivatives.filter(processor__in=processors)
    keys = list({key.rpartition("/")[0]: key for key in made.values_list("key", flat=True)}.values())
    made.delete()
    file.jobs.filter(processor__in=processors).delete()
    file.facts = {name: facts for name, facts in file.facts.items() if name not in processors}
    return keys
