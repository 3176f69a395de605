"""How the service is at a moment: once a minute, into the figures of the minute, the hour and the day."""

from __future__ import annotations

import os
from dataclasses import astuple, dataclass, fields
from datetime import datetime, timedelta
from pathlib import Path

from django.db import connection, transaction
from django.db.models.functions import Now

from picasso.jobs.queues import loads
from picasso.models import ProjectUsage, ServiceMetrics, Step, Worker
from picasso.monitoring.counting import KEPT, beginning, greatest

ALIVE_WITHIN = timedelta(seconds=30)
"""A worker that has not reported for so long is not alive."""


@dataclass(frozen=True, slots=True)
class Sample:
    """The columns of `picasso.models.ServiceMetrics`."""

    waiting: int
    oldest: float
    workers: int
    free: int | None
    stored: int
    files: int


def take(folder: Path, queues: tuple[str, ...]) -> Sample:
    found = loads(names=queues)
    return Sample(
        waiting=sum(load.waiting for load in found),
        oldest=max((load.oldest or 0.0 for load in found), default=0.0),
        workers=Worker.objects.filter(seen_at__gt=Now() - ALIVE_WITHIN).count(),
        free=free_space(folder),
        stored=ProjectUsage.total("bytes"),
        files=ProjectUsage.total("files") + ProjectUsage.total("trashed"),
    )


def free_space(folder: Path) -> int | None:
    try:
        found = os.statvfs(folder)
    except OSError:
        return None
    return found.f_bavail * found.f_frsize


def is_due(now: datetime) -> bool:
    """Whether nobody has taken a sample in this minute."""
    return not ServiceMetrics.objects.filter(step=Step.MINUTE, at=beginning(now, Step.MINUTE)).exists()


def add(sample: Sample, now: datetime) -> None:
    """The same sample once more changes nothing."""
    with transaction.atomic(), connection.cursor() as cursor:
        for step in KEPT:
            at = connection.ops.adapt_datetimefield_value(beginning(now, step))
            cursor.execute(statement(), [step, at, *astuple(sample)])


LEAST = ("workers", "free")
"""What matters of these is the lowest value; of the others it is the highest."""


def statement() -> str:
    names = [field.name for field in fields(Sample)]
    least = "min" if connection.vendor == "sqlite" else "least"
    updates = ", ".join(
        f"{name} = {least if name in LEAST else greatest()}(kept.{name}, excluded.{name})" for name in names
    )
    return f"""
        INSERT INTO picasso_servicemetrics AS kept (step, at, {", ".join(names)})
        VALUES ({", ".join(["%s"] * (2 + len(names)))})
        ON CONFLICT (step, at) DO UPDATE SET {updates}"""  # noqa: S608 - names of columns
