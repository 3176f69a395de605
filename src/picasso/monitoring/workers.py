"""The processes of workers, and the jobs that each runs."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import BooleanField, ExpressionWrapper, Max, Q
from django.db.models.functions import Now

from picasso.jobs import queries
from picasso.models import Job, Worker
from picasso.monitoring.samples import ALIVE_WITHIN

IS_ALIVE = ExpressionWrapper(Q(seen_at__gt=Now() - ALIVE_WITHIN), BooleanField())


@dataclass(frozen=True, slots=True)
class WorkerProcess:
    name: str
    queue: str
    alive: bool
    slots: int
    """How many jobs it runs at once."""
    started_at: datetime | None
    seen_at: datetime
    running: list[Job]
    """As `picasso.jobs.queries.shown`, those that it ran when it last reported and that still run."""


def all_workers() -> list[WorkerProcess]:
    """Those that reported within the last day, by name."""
    rows = list(Worker.objects.annotate(alive=IS_ALIVE).order_by("name"))
    ids = {uuid.UUID(each) for row in rows if row.alive for each in row.running}
    jobs = {job.pk: job for job in queries.running(ids)}
    return [process(row, jobs) for row in rows]


def process(row: Worker, jobs: dict[uuid.UUID, Job]) -> WorkerProcess:
    alive: bool = row.alive  # type: ignore[attr-defined] # an annotation of the query
    mine: Collection[str] = row.running if alive else ()
    running = [jobs[pk] for pk in map(uuid.UUID, mine) if pk in jobs]
    return WorkerProcess(row.name, row.queue, alive, row.slots, row.started_at, row.seen_at, running)


def alive_by_queue() -> dict[str, int]:
    found: dict[str, int] = {}
    for queue in Worker.objects.filter(seen_at__gt=Now() - ALIVE_WITHIN).values_list("queue", flat=True):
        found[queue] = found.get(queue, 0) + 1
    return found


def last_seen() -> dict[str, datetime]:
    """When a worker of each queue reported for the last time; a queue that has none for a day is not there."""
    return dict(Worker.objects.order_by().values("queue").annotate(at=Max("seen_at")).values_list("queue", "at"))
