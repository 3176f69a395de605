"""Counts events for the figures of projects: what happened in each minute.

Events have numbers without a gap, so counting continues where it ended, and counts each once. Nothing is counted where
an upload is received or a job ends.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db.models import BigIntegerField, Count, OuterRef, QuerySet, Subquery, Sum
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, TruncMinute

from picasso.jobs import timings
from picasso.models import Event

SETTLED = ("file.processed", "file.failed")

COLUMNS: Mapping[str, str] = {
    "file.received": "received",
    "file.processed": "processed",
    "file.failed": "failed",
    "job.failed": "failed_attempts",
}
"""Which column counts a type of events."""

SIZE = Cast(KeyTextTransform("size", "data"), BigIntegerField())

FILES_AT_ONCE = 500


@dataclass(slots=True)
class Totals:
    """The columns of `picasso.models.ProjectMetrics`."""

    received: int = 0
    bytes: int = 0
    processed: int = 0
    failed: int = 0
    failed_attempts: int = 0
    jobs: int = 0
    waited: float = 0
    longest_wait: float = 0
    ran: float = 0

    def add(self, other: Totals) -> None:
        for name in SUMS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.longest_wait = max(self.longest_wait, other.longest_wait)

    def add_job(self, job: timings.Timing) -> None:
        self.add(Totals(jobs=1, waited=job.waited, longest_wait=job.waited, ran=job.ran))


SUMS = ("received", "bytes", "processed", "failed", "failed_attempts", "jobs", "waited", "ran")

Minutes = dict[tuple[int, datetime], Totals]
"""By project and minute."""


def of_events(after: int, until: int) -> Minutes:
    """Of the events with these numbers, without the first."""
    events = Event.everywhere.filter(seq__gt=after, seq__lte=until)
    found: Minutes = defaultdict(Totals)
    for row in by_type(events):
        minute = found[row["project_id"], row["minute"]]
        minute.add(Totals(**{COLUMNS[row["type"]]: row["number"]}))
        if row["type"] == "file.received":
            minute.bytes += int(row["size"] or 0)
    add_jobs(found, events.filter(type__in=SETTLED))
    return found


def by_type(events: QuerySet[Event]) -> list[dict[str, Any]]:
    """What a file says of its size is gone from an event when the file was deleted for good meanwhile."""
    counted = events.filter(type__in=COLUMNS).order_by()
    groups = counted.values("project_id", "type", minute=TruncMinute("at", tzinfo=UTC))
    return list(groups.annotate(number=Count("pk"), size=Sum(SIZE)))  # type: ignore[arg-type] # dictionaries


def add_jobs(found: Minutes, settled: QuerySet[Event]) -> None:
    """Add the jobs that ended before these events, and after the event before of the same file.

    So of a file that was processed again, only the jobs that ran again are counted once more.
    """
    earlier = Event.everywhere.filter(file_id=OuterRef("file_id"), pk__lt=OuterRef("pk"), type__in=SETTLED)
    columns = ("file_id", "project_id", "at", "earlier")
    rows = settled.annotate(earlier=Subquery(earlier.order_by("-pk").values("at")[:1])).order_by("seq")
    events = list(rows.values_list(*columns))
    for start in range(0, len(events), FILES_AT_ONCE):
        part = events[start : start + FILES_AT_ONCE]
        jobs = by_file(timings.of_files({file_id for file_id, *_ in part}))
        for file_id, project, at, before in part:
            minute = found[project, at.replace(second=0, microsecond=0)]
            for job in jobs.get(file_id, ()):
                if job.finished_at <= at and (before is None or job.finished_at > before):
                    minute.add_job(job)


def by_file(jobs: Iterable[timings.Timing]) -> dict[uuid.UUID, list[timings.Timing]]:
    found: dict[uuid.UUID, list[timings.Timing]] = defaultdict(list)
    for job in jobs:
        found[job.file_id].append(job)
    return found
