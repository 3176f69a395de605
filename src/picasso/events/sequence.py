"""Numbers events in the order in which they become visible, without a gap, and removes them when they are old.

The ids of rows don't tell that order: of two transactions at the same time, the one that wrote first may commit last.
A reader that goes by ids would miss what it wrote. So events are numbered after their commit, always by one writer.
"""

from __future__ import annotations

from datetime import timedelta
from itertools import takewhile
from operator import itemgetter

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.db.models import BooleanField, ExpressionWrapper, Q
from django.db.models.functions import Now

from picasso.models import Event, EventCounter

# So many events are numbered, or removed, in one transaction.
BATCH = 1000

COUNTER = 1
"""The id of the one row."""

# (last number, number of events). They are locked in the order of their ids, as `picasso.events.write.clear` does.
# Materialized, so that no plan looks for rows more than once, as it finds others when it has numbered the first.
NUMBER = """
    UPDATE picasso_event SET seq = %s + numbered.number
    FROM (
        WITH found AS MATERIALIZED (SELECT id FROM picasso_event WHERE seq IS NULL ORDER BY id LIMIT %s {lock})
        SELECT id, row_number() OVER (ORDER BY id) AS number FROM found) AS numbered
    WHERE picasso_event.id = numbered.id"""

LAST = "SELECT last FROM picasso_eventcounter WHERE id = %s {lock}"
COUNT = "UPDATE picasso_eventcounter SET last = last + %s WHERE id = %s"


def number_events() -> int:
    """Number the next events that have none, and return how many.

    Safe to run several at once: they wait for each other, and each sees what the one before has committed.
    """
    if not has_unnumbered():
        return 0
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(NUMBER.format(lock=row_lock()), [locked_counter(cursor), BATCH])
        count: int = cursor.rowcount
        if count:
            cursor.execute(COUNT, [count, COUNTER])
    return count


def has_unnumbered() -> bool:
    """Asked many times in a second, so without the ORM, which takes longer than the database."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM picasso_event WHERE seq IS NULL LIMIT 1")
        return cursor.fetchone() is not None


def row_lock() -> str:
    return "" if connection.vendor == "sqlite" else "FOR UPDATE"


def locked_counter(cursor: CursorWrapper) -> int:
    """The last number, which stays that until the end of the transaction."""
    cursor.execute(LAST.format(lock=row_lock()), [COUNTER])
    if row := cursor.fetchone():
        return int(row[0])
    return EventCounter.objects.select_for_update().get_or_create(pk=COUNTER)[0].last


def last_number() -> int:
    """Of the newest event that has one; also if it was removed."""
    return EventCounter.objects.filter(pk=COUNTER).values_list("last", flat=True).first() or 0


def oldest_number() -> int:
    """Of the oldest event that is kept; if there is none, the next one to be given."""
    oldest = Event.everywhere.filter(seq__isnull=False).order_by("seq").values_list("seq", flat=True).first()
    return oldest or last_number() + 1


def remove_old(kept: int) -> int:
    """Remove some of the events that are older than ``kept`` seconds, oldest first; returns how many.

    What stays has no gap, so a reader sees by the oldest number whether it has missed something.
    """
    is_old = ExpressionWrapper(Q(at__lt=Now() - timedelta(seconds=kept)), BooleanField())
    oldest = Event.everywhere.filter(seq__isnull=False).order_by("seq").annotate(is_old=is_old)
    numbers = [seq for seq, _ in takewhile(itemgetter(1), oldest.values_list("seq", "is_old")[:BATCH])]
    return Event.everywhere.filter(seq__lte=numbers[-1]).delete()[0] if numbers else 0
