"""The type and the range of each column, from a table in which every cell is text.

A column has a type if all cells that are not empty have it. The first rows give a candidate. One pass over all rows
then counts how many cells have that type, and wider types that may replace it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from picasso.charset import clean_text
from picasso.process.contract import JSON
from picasso.process.processors.table.database import quote_text

# Columns that are examined. The facts have the number of all columns as well.
MAX_COLUMNS = 500

# Columns that a table may have. Splitting a row of more takes longer than reading it.
MAX_ALL_COLUMNS = 16_384

MAX_NAME = 100  # characters
MAX_VALUE = 50  # characters

# Each aggregate of each column takes some 100 KiB of memory.
COLUMNS_PER_SCAN = 100

SAMPLE_ROWS = 1_000  # rows to find the candidates from

TEXT = "text"


@dataclass(frozen=True, slots=True)
class Kind:
    sql: str
    condition: str = ""
    """A further condition for a cell ``{0}``: SQL casts 1.5 to 2, and a time to a date."""
    value: str = "{0}"
    """The part of the value that counts for minimum and maximum. NaN is above all numbers, but is no number."""
    as_text: bool = False
    """Whether values are returned as text: Python has no years beyond 9999."""


# Postal codes and telephone numbers are text: as numbers they would lose their zeros.
NOT_PADDED = "NOT (starts_with({0}, '0') AND {0}[2] BETWEEN '0' AND '9')"

KINDS = {
    "integer": Kind("BIGINT", f"NOT contains({{0}}, '.') AND NOT contains(lower({{0}}), 'e') AND {NOT_PADDED}"),
    "number": Kind("DOUBLE", NOT_PADDED, "CASE WHEN isfinite({0}) THEN {0} END"),
    "boolean": Kind("BOOLEAN", "length({0}) > 3"),
    "date": Kind("DATE", "length({0}) <= 10", as_text=True),
    "timestamp": Kind("TIMESTAMP", as_text=True),
    "time": Kind("TIME", as_text=True),
}

# Types that a column may have, by the type of its first cells.
POSSIBLE_TYPES = {
    "integer": ("integer", "number"),
    "date": ("date", "timestamp"),
    "": ("integer", "number", "date", "timestamp"),  # all of them were empty
}


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    field: str
    """Its identifier in SQL. All values are text."""
    only_text: bool = False
    """For columns that are text by the file format, whatever they look like."""

    @property
    def cell(self) -> str:
        return f"nullif({self.field}, '')"


def count_of(kind: str, cell: str) -> str:
    # Not with FILTER: its buffers for each expression take memory in the square of the number of columns.
    condition, value = KINDS[kind].condition, f"try_cast({cell} AS {KINDS[kind].sql})"
    return f"count(CASE WHEN {condition.format(cell)} THEN {value} END)" if condition else f"count({value})"


def find_candidates(connection: Any, table: str, columns: Sequence[Column]) -> list[tuple[str, ...]]:
    """The types that each column may have."""
    counts = [[f"count({c.cell})", *(count_of(kind, c.cell) for kind in KINDS)] for c in columns]
    first = f"(SELECT {', '.join(c.field for c in columns)} FROM {table} LIMIT {SAMPLE_ROWS})"  # noqa: S608 - see `_fetch_one`
    row = _fetch_one(connection, first, [each for group in counts for each in group])
    length = 1 + len(KINDS)
    groups = [row[start : start + length] for start in range(0, len(row), length)]
    return [() if c.only_text else _candidate(*group) for c, group in zip(columns, groups, strict=True)]


def _candidate(cells: int, *matching: int) -> tuple[str, ...]:
    exact = (kind for kind, count in zip(KINDS, matching, strict=True) if count == cells)
    column_type = next(exact, TEXT) if cells else ""
    return POSSIBLE_TYPES.get(column_type, (column_type,) if column_type != TEXT else ())


@dataclass(frozen=True, slots=True)
class Scan:
    rows: int
    aggregates: tuple[Any, ...]
    columns: list[JSON]


def scan(
    connection: Any,
    table: str,
    columns: Sequence[Column],
    aggregates: Sequence[str] = (),
    progress: Callable[[float], None] = lambda _: None,
) -> Scan:
    """Reads all rows once for every `COLUMNS_PER_SCAN` columns. ``aggregates`` are further SQL aggregates."""
    rows, aggregate_values = 0, list[Any]()
    facts: list[JSON] = []
    for start in range(0, len(columns), COLUMNS_PER_SCAN):
        group = columns[start : start + COLUMNS_PER_SCAN]
        kinds = find_candidates(connection, table, group)
        measures = [each for column, kind in zip(group, kinds, strict=True) for each in _measures(column.cell, kind)]
        rows, *values = _fetch_one(connection, table, ["count(*)", *aggregates, *measures])
        aggregate_values, values = values[: len(aggregates)], values[len(aggregates) :]
        facts += _column_facts(rows, group, kinds, values)
        progress((start + len(group)) / len(columns))
    return Scan(rows, tuple(aggregate_values), facts)


def _column_facts(
    rows: int, columns: Sequence[Column], kinds: Sequence[Sequence[str]], values: list[Any]
) -> Iterator[JSON]:
    for column, candidates in zip(columns, kinds, strict=True):
        length = 3 + 3 * len(candidates)
        measured, values = values[:length], values[length:]
        yield {"name": clean_text(column.name, MAX_NAME), **_facts(rows, candidates, measured)}


def _measures(cell: str, kinds: Iterable[str]) -> list[str]:
    """SQL for the number of cells, minimum and maximum: of all cells, and of each type."""
    parts = [f"count({cell})", f"min(left({cell}, {MAX_VALUE}))", f"max(left({cell}, {MAX_VALUE}))"]
    for kind in kinds:
        value = KINDS[kind].value.format(f"try_cast({cell} AS {KINDS[kind].sql})")
        end = "::VARCHAR" if KINDS[kind].as_text else ""
        parts += [count_of(kind, cell), f"min({value}){end}", f"max({value}){end}"]
    return parts


def _facts(rows: int, kinds: Sequence[str], measured: Sequence[Any]) -> dict[str, JSON]:
    cells, least, greatest = measured[:3]
    column_type = TEXT
    for place, kind in enumerate(kinds, 1):
        count, low, high = measured[3 * place : 3 * place + 3]
        if count == cells and cells:
            column_type, least, greatest = kind, low, high
            break
    return {"type": column_type, "nulls": rows - cells, "min": as_json(least), "max": as_json(greatest)}


def _fetch_one(connection: Any, table: str, expressions: Sequence[str]) -> tuple[Any, ...]:
    query = f"SELECT {', '.join(expressions)} FROM {table}"  # noqa: S608 - cells and kinds are our own
    row: tuple[Any, ...] = connection.execute(query).fetchone()
    return row


def as_json(value: object, limit: int = MAX_VALUE) -> JSON:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int) and abs(value) <= 2**53:  # readers of JSON round greater numbers
        return value
    if isinstance(value, Decimal):
        value = float(value) if value.is_finite() else str(value)
    if isinstance(value, float) and math.isfinite(value):
        return value
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).hex()[:limit]
    return clean_text(str(value), limit)


def column_types(names: Iterable[str], kind: str = "VARCHAR") -> str:
    """The ``columns`` parameter of DuckDB's readers."""
    return "{" + ", ".join(f"{quote_text(name)}: '{kind}'" for name in names) + "}"
