"""Reads events in the order of their numbers."""

from __future__ import annotations

from dataclasses import dataclass

from picasso.events.filter import Filter
from picasso.events.record import COLUMNS, EventRecord
from picasso.events.sequence import last_number, oldest_number
from picasso.models import Event

# So many events of a project are looked at for one page.
SCAN = 10_000


@dataclass(frozen=True, slots=True)
class Page:
    """Some events of a filter, oldest first."""

    events: list[EventRecord]
    last: int
    """Whoever goes on behind this number misses nothing."""
    newest: int
    """The last number that an event has."""
    reset: bool
    """Whether events were missed that are not kept any more; or there never were so many."""

    @property
    def more(self) -> bool:
        """Whether there are numbers behind `last` already."""
        return self.last < self.newest


def page(found: Filter, after: int | None, limit: int) -> Page:
    """The events behind the number ``after``, or all. There may be more, also if this page has none."""
    newest = last_number()
    start = 0 if after is None or after > newest else after
    end = end_of_scan(found, start, newest)
    rows = Event.objects.of(found.project_id).filter(found.condition, seq__gt=start, seq__lte=end).order_by("seq")
    most = None if found.tags else limit
    records = (EventRecord(*row) for row in rows.values_list(*COLUMNS)[:most])
    events = [record for record in records if found.has_tags(record)][:limit]
    last = events[-1].seq if len(events) == limit else end
    # Asked last: events may have been removed meanwhile.
    reset = after is not None and (after > newest or after < oldest_number() - 1)
    return Page(events, last, newest, reset)


def end_of_scan(found: Filter, start: int, newest: int) -> int:
    if not found.is_sparse:
        return newest
    numbers = Event.objects.of(found.project_id).filter(seq__gt=start, seq__lte=newest).order_by("seq")
    end: int | None = numbers.values_list("seq", flat=True)[SCAN : SCAN + 1].first()
    return newest if end is None else end - 1


def everything_after(number: int, limit: int) -> list[EventRecord]:
    """The next events of all projects: for a reader that serves many followers."""
    rows = Event.everywhere.filter(seq__gt=number).order_by("seq")
    return [EventRecord(*row) for row in rows.values_list(*COLUMNS)[:limit]]
