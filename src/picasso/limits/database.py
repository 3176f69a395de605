"""The counters of all web processes and machines, in the database. All times are the database's."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import cache
from hashlib import blake2b
from typing import Any, ParamSpec, TypeVar

from django.db import InterfaceError, OperationalError, connection

from picasso.limits.counters import Charge, Count, Return

P = ParamSpec("P")
T = TypeVar("T")

# Counters in one statement.
PAGE = 1000

# The parts of a statement that the two databases write differently. Times are milliseconds since 1970.
DIALECTS: dict[str, dict[str, str]] = {
    "postgresql": {
        "now": "(extract(epoch FROM statement_timestamp()) * 1000)::bigint",
        "least": "least",
        "greatest": "greatest",
        "charges": "json_to_recordset(%s) AS c (key uuid, quota bigint, want bigint, debt bigint, milliseconds bigint)",
        "skip_locked": "FOR UPDATE SKIP LOCKED",
    },
    "sqlite": {
        "now": "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)",
        "least": "min",
        "greatest": "max",
        "charges": """(SELECT json_extract(value, '$.key') AS key, json_extract(value, '$.quota') AS quota,
            json_extract(value, '$.want') AS want, json_extract(value, '$.debt') AS debt,
            json_extract(value, '$.milliseconds') AS milliseconds FROM json_each(%s)) WHERE true""",
        "skip_locked": "",
    },
}

# A row whose window is over is begun anew. In the order of the keys, so that two processes never wait for each other.
# In `excluded`, `granted` is what is wanted and `used - granted` is the debt.
CHARGE = """
    INSERT INTO picasso_ratecounter AS r (key, quota, used, granted, ends_at)
    SELECT key, quota, debt + {fresh}, {fresh}, {now} + milliseconds FROM {charges} ORDER BY key
    ON CONFLICT (key) DO UPDATE SET
        quota = excluded.quota,
        granted = CASE WHEN {over} THEN excluded.granted ELSE {rest} END,
        used = CASE WHEN {over} THEN excluded.used ELSE r.used + {debt} + {rest} END,
        ends_at = CASE WHEN {over} THEN excluded.ends_at ELSE r.ends_at END
    RETURNING key, granted, used, ends_at, ends_at - {now}
"""
FRESH = "{greatest}(0, {least}(want, quota - debt))"
DEBT = "(excluded.used - excluded.granted)"
REST = "{greatest}(0, {least}(excluded.granted, excluded.quota - r.used - {debt}))"
OVER = "r.ends_at <= {now}"

GIVE_BACK = (
    "UPDATE picasso_ratecounter SET used = {greatest}(0, used - %s) WHERE key = %s AND ends_at = %s AND ends_at > {now}"
)

REMOVE_ENDED = """
    DELETE FROM picasso_ratecounter WHERE key IN (
        WITH ended AS MATERIALIZED (
            SELECT key FROM picasso_ratecounter WHERE ends_at <= {now} ORDER BY ends_at LIMIT %s {skip_locked})
        SELECT key FROM ended)
"""


class DatabaseCounters:
    """Each call is a transaction of its own. Never inside another one, which could hold its rows or roll them back."""

    def charge(self, charges: Sequence[Charge]) -> list[Count]:
        return [count for page in pages(charges) for count in again_if_lost(charge, page)]

    def give_back(self, returns: Sequence[Return]) -> None:
        # A statement for each: several rows in one could be locked in another order than `CHARGE` locks them.
        for each in returns:
            again_if_lost(execute, "give_back", each.units, row_key(each.key), each.window)

    def remove_ended(self) -> None:
        while again_if_lost(execute, "remove_ended", PAGE) == PAGE:
            pass


def charge(charges: Sequence[Charge]) -> list[Count]:
    rows = {row_key(each.key): each for each in charges}
    text = json.dumps([as_row(key, each) for key, each in rows.items()])
    with connection.cursor() as cursor:
        cursor.execute(statements(connection.vendor)["charge"], [text])
        found = {uuid.UUID(str(row[0])).hex: row[1:] for row in cursor.fetchall()}
    return [count_of(rows[key], *found[key]) for key in rows]


def as_row(key: str, charge: Charge) -> dict[str, Any]:
    return {**asdict(charge), "key": key, "milliseconds": max(1, round(charge.seconds * 1000))}


def count_of(charge: Charge, granted: int, used: int, ends_at: int, milliseconds: int) -> Count:
    return Count(granted, max(0, charge.quota - used), max(0, milliseconds) / 1000, ends_at)


def row_key(key: str) -> str:
    """Of a fixed length, whatever an owner's name is. Addresses are not stored in plain text."""
    return blake2b(key.encode(errors="surrogatepass"), digest_size=16).hexdigest()


def execute(name: str, *values: int | str) -> int:
    """Returns the number of changed rows."""
    with connection.cursor() as cursor:
        cursor.execute(statements(connection.vendor)[name], values)
        changed: int = cursor.rowcount
        return changed


def pages(charges: Sequence[Charge]) -> Iterator[Sequence[Charge]]:
    for start in range(0, len(charges), PAGE):
        yield charges[start : start + PAGE]


def again_if_lost(call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Once more on a new connection if the old one was lost while it was idle."""
    try:
        return call(*args, **kwargs)
    except (InterfaceError, OperationalError):
        connection.close()
        return call(*args, **kwargs)


@cache
def statements(vendor: str) -> Mapping[str, str]:
    parts = dict(DIALECTS[vendor])
    for name, text in (("over", OVER), ("debt", DEBT), ("rest", REST), ("fresh", FRESH)):
        parts[name] = text.format(**parts)
    named = {"charge": CHARGE, "give_back": GIVE_BACK, "remove_ended": REMOVE_ENDED}
    return {name: text.format(**parts) for name, text in named.items()}
