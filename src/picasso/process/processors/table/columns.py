"""The type of each column, and its range, from a table in which everything is text.

A type holds if every cell that is not empty has it. The first rows make a candidate, and one pass over all rows counts
how many cells have that type, and the wider ones that it may have to give way to.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from picasso.process.contract import JSON
from picasso.process.processors.charset import clean_text
from picasso.process.processors.table.database import text as literal

# As many columns are looked into; the number of them all is told beside.
MAX_COLUMNS = 500

# As many may there be: a row of more takes longer to take apart than to read.
MOST_COLUMNS = 16_384

NAME = 100  # characters
VALUE = 50  # characters

# Each measure of each column costs some 100 KiB of memory.
AT_ONCE = 100

SAMPLE = 1_000  # rows that a candidate is made from

TEXT = "text"


@dataclass(frozen=True, slots=True)
class Kind:
    sql: str
    only: str = ""
    """What a cell, ``{}``, has to be beyond castable: SQL makes 2 of 1.5, and a date of a time."""
    value: str = "{0}"
    """What of the value counts for the least and the greatest: NaN is above all numbers, and is none."""
    as_text: bool = False
    """Whether values are shown as text: years beyond 9999 are none of Python's."""


# Postal codes and telephone numbers are no numbers: a number would lose their zeros.
UNPADDED = "NOT (starts_with({0}, '0') AND {0}[2] BETWEEN '0' AND '9')"

KINDS = {
    "integer": Kind("BIGINT", f"NOT contains({{0}}, '.') AND NOT contains(lower({{0}}), 'e') AND {UNPADDED}"),
    "number": Kind("DOUBLE", UNPADDED, "CASE WHEN isfinite({0}) THEN {0} END"),
    "boolean": Kind("BOOLEAN", "length({0}) > 3"),
    "date": Kind("DATE", "length({0}) <= 10", as_text=True),
    "timestamp": Kind("TIMESTAMP", as_text=True),
    "time": Kind("TIME", as_text=True),
}

# What a column may turn out to be whose first cells are of a kind.
WIDER = {
    "integer": ("integer", "number"),
    "date": ("date", "timestamp"),
    "": ("integer", "number", "date", "timestamp"),  # they were all empty
}


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    field: str
    """Its identifier in SQL; what it holds is text."""
    only_text: bool = False
    """For what is text by its format, whatever it looks like."""

    @property
    def cell(self) -> str:
        return f"nullif({self.field}, '')"


def count_of(kind: str, cell: str) -> str:
    # Not with FILTER: each has vectors of its own for all columns, which is memory in the square of their number.
    only, value = KINDS[kind].only, f"try_cast({cell} AS {KINDS[kind].sql})"
    return f"count(CASE WHEN {only.format(cell)} THEN {value} END)" if only else f"count({value})"


def candidates(connection: Any, table: str, columns: Sequence[Column]) -> list[tuple[str, ...]]:
    """For each column the kinds that it may have."""
    counts = [[f"count({c.cell})", *(count_of(kind, c.cell) for kind in KINDS)] for c in columns]
    first = f"(SELECT {', '.join(c.field for c in columns)} FROM {table} LIMIT {SAMPLE})"  # noqa: S608 - as below
    row = _one(connection, first, [each for some in counts for each in some])
    width = 1 + len(KINDS)
    groups = [row[start : start + width] for start in range(0, len(row), width)]
    return [() if c.only_text else _candidate(*group) for c, group in zip(columns, groups, strict=True)]


def _candidate(cells: int, *having: int) -> tuple[str, ...]:
    found = next((kind for kind, count in zip(KINDS, having, strict=True) if count == cells), TEXT) if cells else ""
    return WIDER.get(found, (found,) if found != TEXT else ())


@dataclass(frozen=True, slots=True)
class Scan:
    rows: int
    more: tuple[Any, ...]
    columns: list[JSON]


def scan(
    connection: Any,
    table: str,
    columns: Sequence[Column],
    more: Sequence[str] = (),
    progress: Callable[[float], None] = lambda _: None,
) -> Scan:
    """All rows, once for every `AT_ONCE` columns; ``more`` are further aggregates."""
    rows, more_values = 0, list[Any]()
    found: list[JSON] = []
    for start in range(0, len(columns), AT_ONCE):
        some = columns[start : start + AT_ONCE]
        kinds = candidates(connection, table, some)
        measures = [each for column, kind in zip(some, kinds, strict=True) for each in _measures(column.cell, kind)]
        rows, *got = _one(connection, table, ["count(*)", *more, *measures])
        more_values, got = got[: len(more)], got[len(more) :]
        found += _told(rows, some, kinds, got)
        progress((start + len(some)) / len(columns))
    return Scan(rows, tuple(more_values), found)


def _told(rows: int, columns: Sequence[Column], kinds: Sequence[Sequence[str]], got: list[Any]) -> Iterator[JSON]:
    for column, some in zip(columns, kinds, strict=True):
        width = 3 + 3 * len(some)
        taken, got = got[:width], got[width:]
        yield {"name": clean_text(column.name, NAME), **_facts(rows, some, taken)}


def _measures(cell: str, kinds: Iterable[str]) -> list[str]:
    """How many cells there are, of all and of each kind, with the least and the greatest."""
    parts = [f"count({cell})", f"min(left({cell}, {VALUE}))", f"max(left({cell}, {VALUE}))"]
    for kind in kinds:
        value = KINDS[kind].value.format(f"try_cast({cell} AS {KINDS[kind].sql})")
        end = "::VARCHAR" if KINDS[kind].as_text else ""
        parts += [count_of(kind, cell), f"min({value}){end}", f"max({value}){end}"]
    return parts


def _facts(rows: int, kinds: Sequence[str], taken: Sequence[Any]) -> dict[str, JSON]:
    cells, least, greatest = taken[:3]
    found = TEXT
    for place, kind in enumerate(kinds, 1):
        count, low, high = taken[3 * place : 3 * place + 3]
        if count == cells and cells:
            found, least, greatest = kind, low, high
            break
    return {"type": found, "nulls": rows - cells, "min": as_json(least), "max": as_json(greatest)}


def _one(connection: Any, table: str, expressions: Sequence[str]) -> tuple[Any, ...]:
    found: tuple[Any, ...] = connection.execute(f"SELECT {', '.join(expressions)} FROM {table}").fetchone()  # noqa: S608 - cells and kinds are ours
    return found


def as_json(value: object, limit: int = VALUE) -> JSON:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int) and abs(value) <= 2**53:  # beyond it, readers of JSON round
        return value
    if isinstance(value, Decimal):
        value = float(value) if value.is_finite() else str(value)
    if isinstance(value, float) and math.isfinite(value):
        return value
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).hex()[:limit]
    return clean_text(str(value), limit)


def struct(names: Iterable[str], kind: str = "VARCHAR") -> str:
    """The ``columns`` that a reader of SQL is given."""
    return "{" + ", ".join(f"{literal(name)}: '{kind}'" for name in names) + "}"
