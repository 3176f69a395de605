"""Writes the figures of projects, of each minute, hour and day, and removes old ones.

A period's row is added to whenever more of its events are counted, so there is nothing to roll up later. A row of the
project 0 has all projects together.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import astuple, fields
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from picasso.events.sequence import last_number, oldest_number
from picasso.models import EventCounter, ProjectMetrics, ServiceMetrics, Step
from picasso.monitoring.totals import Minutes, Totals, of_events

COUNTER = 3
"""The id of the row of `EventCounter` that says up to which event the figures go."""

BATCH = 5000

ALL = 0
"""Stands for all projects."""

KEPT = {
    Step.MINUTE: timedelta(days=1),
    Step.HOUR: timedelta(days=35),
    Step.DAY: timedelta(days=730),
}
"""At most 3,010 rows of a project: about a third of a megabyte."""

NAMES = tuple(field.name for field in fields(Totals))


def count_events() -> int:
    """Count the next events, and return how many are passed; 0 if there are none. Several workers may do it at once.

    They are read before the transaction, which is short: SQLite has one writer at a time. It changes nothing if another
    worker has counted them meanwhile.
    """
    counter, _ = EventCounter.objects.get_or_create(pk=COUNTER)
    counted, newest = counter.last, last_number()
    if counted >= newest:
        return 0
    # Without the events that were removed before anybody counted them.
    after = max(counted, oldest_number() - 1)
    until = min(newest, after + BATCH)
    found = of_events(after, until)
    with transaction.atomic():
        if EventCounter.objects.filter(pk=COUNTER, last=counted).update(last=until):
            add(found, timezone.now())
    return until - counted


def add(found: Minutes, now: datetime) -> None:
    add_row = statement()
    with connection.cursor() as cursor:
        for key, totals in sorted(in_steps(found, now).items(), key=lambda each: each[0]):
            cursor.execute(add_row, [*parameters(*key), *astuple(totals)])


def parameters(project: int, step: int, at: datetime) -> list[Any]:
    return [project, step, connection.ops.adapt_datetimefield_value(at)]


def in_steps(found: Minutes, now: datetime) -> dict[tuple[int, int, datetime], Totals]:
    """By project, step and beginning of the period; without those that would be removed again."""
    rows: dict[tuple[int, int, datetime], Totals] = defaultdict(Totals)
    for (project, minute), totals in found.items():
        for step, kept in KEPT.items():
            if minute > now - kept:
                rows[project, step, beginning(minute, step)].add(totals)
                rows[ALL, step, beginning(minute, step)].add(totals)
    return rows


def beginning(at: datetime, step: int) -> datetime:
    """Of the period of so many seconds in which a moment is."""
    seconds = int(at.timestamp())
    return datetime.fromtimestamp(seconds - seconds % step, UTC)


def greatest() -> str:
    return "max" if connection.vendor == "sqlite" else "greatest"


def statement() -> str:
    columns = ", ".join(NAMES)
    sums = ", ".join(
        f"{name} = {greatest()}(kept.{name}, excluded.{name})"
        if name == "longest_wait"
        else f"{name} = kept.{name} + excluded.{name}"
        for name in NAMES
    )
    return f"""
        INSERT INTO picasso_projectmetrics AS kept (project_id, step, at, {columns})
        VALUES ({", ".join(["%s"] * (3 + len(NAMES)))})
        ON CONFLICT (project_id, step, at) DO UPDATE SET {sums}"""  # noqa: S608 - names of columns


def remove_old(now: datetime) -> None:
    for step, kept in KEPT.items():
        ProjectMetrics.objects.filter(step=step, at__lt=now - kept).delete()
        ServiceMetrics.objects.filter(step=step, at__lt=now - kept).delete()
