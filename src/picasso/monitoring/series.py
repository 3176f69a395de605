"""Reads of the figures over time: every period from one moment to another, also those in which nothing happened."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Any

from picasso.errors import InvalidField
from picasso.models import ProjectMetrics, ServiceMetrics, Step
from picasso.monitoring.counting import ALL, beginning

FIVE_MINUTES = 300

STEPS: Mapping[int, Step] = {60: Step.MINUTE, FIVE_MINUTES: Step.MINUTE, 3600: Step.HOUR, 86_400: Step.DAY}
"""What may be asked for, and the rows from which it is made."""

MOST = 1500
"""So many periods are in one answer."""

Row = Mapping[str, Any]

MOST_OF, LEAST_OF = ("waiting", "oldest", "stored", "files"), ("workers", "free")

SUMS = ("received", "bytes", "processed", "failed", "failed_attempts", "jobs", "waited", "ran")


@dataclass(frozen=True, slots=True)
class Span:
    """Periods of ``step`` seconds."""

    start: datetime
    end: datetime
    """Not part of it."""
    step: int

    def periods(self) -> Iterator[datetime]:
        number = ceil((self.end - self.start).total_seconds() / self.step)
        return (self.start + timedelta(seconds=self.step * each) for each in range(number))


def span(since: datetime, until: datetime, step: int) -> Span:
    """From the beginning of the period in which ``since`` is. Raises `InvalidField`."""
    start = beginning(since, step)
    if until <= start:
        raise InvalidField("until", "until must be later than from.")
    if (until - start).total_seconds() / step > MOST:
        raise InvalidField("from", f"These are more than {MOST} periods. Give a later time, or a longer step.")
    return Span(start, until, step)


def before(at: datetime, seconds: int) -> datetime:
    """So many seconds before a moment, or the first moment that there is."""
    try:
        return at - timedelta(seconds=seconds)
    except OverflowError:
        return datetime.min.replace(tzinfo=UTC)


def of_project(project_id: int, found: Span) -> Iterator[dict[str, Any]]:
    """What happened in each period, by the columns of `ProjectMetrics`; in all projects for `ALL`."""
    rows = ProjectMetrics.objects.filter(
        project=project_id, step=STEPS[found.step], at__gte=found.start, at__lt=found.end
    )
    known = by_period(rows.values("at", "longest_wait", *SUMS), found.step)
    for at in found.periods():
        yield {"at": at, **happened(known.get(at, ()))}


def of_service(found: Span) -> Iterator[dict[str, Any]]:
    """What happened in all projects, and how the service was: None for periods in which nobody looked."""
    rows = ServiceMetrics.objects.filter(step=STEPS[found.step], at__gte=found.start, at__lt=found.end)
    known = by_period(rows.values("at", *MOST_OF, *LEAST_OF), found.step)
    for point in of_project(ALL, found):
        yield {**point, **seen(known.get(point["at"], ()))}


def by_period(rows: Iterable[Row], step: int) -> dict[datetime, list[Row]]:
    found: dict[datetime, list[Row]] = {}
    for row in rows:
        found.setdefault(beginning(row["at"], step), []).append(row)
    return found


def happened(rows: Sequence[Row]) -> dict[str, Any]:
    sums = {name: sum(row[name] for row in rows) for name in SUMS}
    return {
        **sums,
        "waited": sums["waited"] / sums["jobs"] if sums["jobs"] else None,
        "longest_wait": max((row["longest_wait"] for row in rows), default=0.0),
    }


def seen(rows: Sequence[Row]) -> dict[str, Any]:
    most = {name: max((row[name] for row in rows), default=None) for name in MOST_OF}
    known = {name: [row[name] for row in rows if row[name] is not None] for name in LEAST_OF}
    return {**most, **{name: min(values, default=None) for name, values in known.items()}}
