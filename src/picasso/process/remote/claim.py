"""Gives jobs of remote processors to workers that ask for them."""

from __future__ import annotations

import logging
import random
import uuid
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models.functions import Now

from picasso.access.principal import SERVICE, Principal, Scope
from picasso.errors import Conflict, Forbidden, Gone, InvalidField, LeaseLost, NotFound
from picasso.files import trash
from picasso.files.queries import visible_to
from picasso.jobs import claims, queues, settle, states
from picasso.jobs.batch import Start, write_batch
from picasso.jobs.claims import Lane
from picasso.jobs.states import NOT_STARTED, StartedJob, State
from picasso.models import File, Job
from picasso.process.pipelines import Pipelines
from picasso.process.remote.declared import RemoteProcessor
from picasso.process.remote.lease import find

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Claim:
    """A worker's wish for jobs."""

    processors: tuple[str, ...]
    limit: int
    worker: str
    """Its name, for the log of the job."""
    project: int | None
    """Of this project; None for all."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A job that is running now, for the worker that has claimed it."""

    job: StartedJob
    file: File
    leased_until: datetime


def new_claim(
    principal: Principal, processors: Collection[str], limit: int, worker: str, *, all_projects: bool
) -> Claim:
    """Raises `Forbidden`."""
    if principal.owner is not None:
        raise Forbidden("A worker takes jobs of all owners: leave Picasso-Owner out.")
    if all_projects:
        principal.require(Scope.SERVICE_ADMIN)
    project = None if all_projects else principal.project_id
    return Claim(tuple(dict.fromkeys(processors)), limit, worker, project)


def queues_of(known: Pipelines, processors: Collection[str]) -> list[str]:
    """Raises `InvalidField` for a processor that is not declared as remote; `Conflict` if none is declared."""
    if not known.remote:
        raise Conflict("This service has no remote processors: picasso.toml declares none.")
    for name in processors:
        if name not in known.remote:
            names = ", ".join(known.remote)
            raise InvalidField("processors", f"There is no remote processor {name[:64]!r} (declared: {names}).")
    return [known.remote[name].queue for name in processors]


def claim(known: Pipelines, wanted: Claim) -> list[Claimed]:
    """Up to as many jobs as wanted. Two workers never get the same. Raises `InvalidField`."""
    jobs = claim_due(queues_of(known, wanted.processors), wanted.project, wanted.limit)
    return start(known, jobs, wanted.worker) if jobs else []


def claim_due(names: Sequence[str], project: int | None, limit: int) -> list[uuid.UUID]:
    """Claim due jobs of these queues, shared as `claims.claim` does. They are queued then."""
    lanes = due(names, project)
    foreground = [lane for lane in lanes if lane.priority >= 0]
    if foreground:
        return claims.claim(foreground, limit)
    return claims.claim(lanes, min(limit, claims.MIN_BACKGROUND))


def due(names: Sequence[str], project: int | None) -> list[Lane]:
    """The lanes with a due job, sorted by project and pipeline, without those of paused queues."""
    lanes = [lane for name in names for lane in claims.due_lanes(name, project)]
    paused = {name for name in {lane.queue for lane in lanes} if queues.is_paused(name)}
    # Of several processors with the same priority none is always the first.
    random.shuffle(lanes)
    return sorted((lane for lane in lanes if lane.queue not in paused), key=lambda lane: (lane.project, lane.pipeline))


def start(known: Pipelines, jobs: Sequence[uuid.UUID], worker: str) -> list[Claimed]:
    """Begin an attempt at each of these queued jobs, with the lease of its processor."""
    with transaction.atomic():
        found: list[StartedJob | None] = write_batch([Start(job) for job in jobs])
        begun = [job for job in found if job]
        for name in {job.processor for job in begun}:
            set_leases([job.id for job in begun if job.processor == name], known.remote[name], worker)
    log.info("worker %s has claimed %d %s", worker, len(begun), "job" if len(begun) == 1 else "jobs")
    return claimed(begun)


def set_leases(jobs: Sequence[uuid.UUID], processor: RemoteProcessor, worker: str) -> None:
    """Of jobs that were started in this transaction."""
    until = Now() + timedelta(seconds=min(processor.lease_seconds, processor.time_limit))
    Job.everywhere.filter(pk__in=jobs).update(leased_until=until, log=log_of(worker))


def log_of(worker: str) -> str:
    """The first line of a job's log says who had it."""
    return f"worker: {worker}"


def give_back(principal: Principal, leases: Sequence[tuple[uuid.UUID, str]]) -> None:
    """Jobs, by id and lease, that their worker did not get to know of. They are due at once, and did not fail."""
    for job_id, lease in leases:
        with suppress(Gone, LeaseLost, NotFound):
            states.release(find(principal, job_id, lease).started)


def claimed(jobs: Sequence[StartedJob]) -> list[Claimed]:
    """Those whose files were not deleted meanwhile. The jobs of files in the trash wait again."""
    rows = Job.everywhere.select_related("file").in_bulk([job.id for job in jobs])
    found = [(job, rows[job.id]) for job in jobs if job.id in rows]
    if trashed := [job for job, row in found if row.file.deleted_at]:
        hold(trashed)
    return [
        Claimed(job, row.file, row.leased_until) for job, row in found if row.leased_until and not row.file.deleted_at
    ]


def hold(jobs: Sequence[StartedJob]) -> None:
    """Let jobs wait until their files are restored. The files are locked: some may be restored at the same time."""
    with transaction.atomic():
        files = visible_to(SERVICE).filter(pk__in=[job.file_id for job in jobs])
        settle.lock_files(files)
        trashed = set(files.filter(deleted_at__isnull=False).values_list("pk", flat=True))
        for job in jobs:
            due_at = trash.NOT_DUE if job.file_id in trashed else Now()
            states.move(job, State.RUNNING, State.WAITING, due_at=due_at, **NOT_STARTED)
