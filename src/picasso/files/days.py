"""How many files of a list there are of each day, for a list that shows them by day.

Each day costs two short reads of the index of ids, however many files there are, and days without files cost nothing.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from django.db.models import Q

from picasso.access.principal import Principal
from picasso.files import filters, queries

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Day:
    day: date
    count: int


@dataclass(frozen=True, slots=True)
class Days:
    """Files that match ``conditions``, by the days of a time zone."""

    principal: Principal
    conditions: Sequence[Q]
    zone: ZoneInfo
    descending: bool

    def page(self, start: date | None, most: int) -> tuple[list[Day], date | None]:
        """The days from ``start`` on, and the one that comes behind them; None if there is none."""
        days = self._days(start)
        found = [Day(day, self._count(day)) for day in islice(days, most)]
        return found, next(days, None)

    def _days(self, start: date | None) -> Iterator[date]:
        """Each day that has files, in their order."""
        bound = self._begin(start + ONE_DAY if self.descending else start) if start else None
        while at := self._first(bound):
            yield (day := at.astimezone(self.zone).date())
            bound = self._begin(day) if self.descending else self._begin(day + ONE_DAY)

    def _begin(self, day: date) -> uuid.UUID:
        """The smallest id of a day."""
        return filters.first_id(datetime(day.year, day.month, day.day, tzinfo=self.zone).astimezone(UTC))

    def _first(self, bound: uuid.UUID | None) -> datetime | None:
        """When the first file behind a bound was uploaded."""
        behind = "pk__lt" if self.descending else "pk__gte"
        order = "-pk" if self.descending else "pk"
        files = queries.visible_to(self.principal).filter(**({behind: bound} if bound else {})).order_by(order)
        firsts = [files.filter(each).values_list("uploaded_at", flat=True).first() for each in self.conditions]
        return max(filter(None, firsts), default=None) if self.descending else min(filter(None, firsts), default=None)

    def _count(self, day: date) -> int:
        files = queries.visible_to(self.principal).filter(pk__gte=self._begin(day), pk__lt=self._begin(day + ONE_DAY))
        return sum(files.filter(each).count() for each in self.conditions)


def days(principal: Principal, where: Mapping[str, str], zone: ZoneInfo, *, descending: bool) -> Days:
    """``where``: `filters.FILTERS`. Raises `InvalidField`."""
    return Days(principal, filters.matching(principal, where), zone, descending)
