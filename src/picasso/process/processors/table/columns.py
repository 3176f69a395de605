"""The type and the range of each column, from a table in which every cell is text.

A column has a kind (see `kinds`) if all cells that are not empty have it. The first rows show which kinds are possible.
One pass over all rows then counts how many cells have the likely ones; a second one tries others, which is rare.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from typing import Any

from picasso.charset import clean_text
from picasso.process.contract import JSON
from picasso.process.processors.table.database import quote_text
from picasso.process.processors.table.kinds import (
    DATE,
    INTEGER,
    MAX_LENGTH,
    NUMBER,
    POINT_GROUPED,
    TEXT,
    TIMESTAMP,
    Kind,
    possible_kinds,
)

# Columns that are examined. The facts have the number of all columns as well.
MAX_COLUMNS = 500

# Columns that a table may have. Splitting a row of more takes longer than reading it.
MAX_ALL_COLUMNS = 16_384

MAX_NAME = 100  # characters
MAX_VALUE = 50  # characters

# Each aggregate of each column takes some 100 KiB of memory.
COLUMNS_PER_SCAN = 100

# Kinds that are measured first if a column may have them: nearly all columns have one of these, or are text.
USUAL = (INTEGER, NUMBER, DATE, TIMESTAMP)

RESERVED = "picasso_value"

SAMPLE_ROWS = 1_000  # rows to find the possible kinds from


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

    @property
    def trimmed_cell(self) -> str:
        return f"nullif(trim({self.field}), '')"


@dataclass(frozen=True, slots=True)
class Candidates:
    cell: str
    """The column's cell in SQL, without the blanks around it if it has any; NULL if it is empty."""
    likely: tuple[Kind, ...] = ()
    others: tuple[Kind, ...] = ()
    """Kinds that are tried in a second pass, if a later cell fits none that is likely."""


@dataclass(frozen=True, slots=True)
class Range:
    """What was measured of a kind, or of text, in one column."""

    cells: int
    low: Any
    high: Any
    is_witnessed: bool = True


Choice = tuple[Kind, Range]
Fitting = dict[Kind, Range]


@dataclass(frozen=True, slots=True)
class TextTable:
    """A table in which every cell is text."""

    connection: Any
    sql: str
    delimiter: str = ""
    """Shows whether ``1,234`` is more or less than two."""

    def fetch_one(self, expressions: Sequence[str], values: Sequence[str] = ()) -> tuple[Any, ...]:
        """Aggregates of all rows. In them the ``values`` of a row have the names of `value_name`.

        A value that several aggregates use is planned once so, which takes longer than to compute it for a few rows.
        """
        named = ", ".join(["*", *(f"{value} AS {value_name(n)}" for n, value in enumerate(values))])
        query = f"SELECT {', '.join(expressions)} FROM (SELECT {named} FROM {self.sql})"  # noqa: S608 - our own
        row: tuple[Any, ...] = self.connection.execute(query).fetchone()
        return row

    def first_rows(self, expressions: Sequence[str], count: int) -> list[tuple[Any, ...]]:
        query = f"SELECT {', '.join(expressions)} FROM {self.sql} LIMIT {count}"  # noqa: S608 - quoted
        rows: list[tuple[Any, ...]] = self.connection.execute(query).fetchall()
        return rows


@dataclass(frozen=True, slots=True)
class Scan:
    rows: int
    aggregates: tuple[Any, ...]
    columns: list[JSON]


def scan(
    table: TextTable,
    columns: Sequence[Column],
    aggregates: Sequence[str] = (),
    progress: Callable[[float], None] = lambda _: None,
) -> Scan:
    """Reads all rows once for every `COLUMNS_PER_SCAN` columns. ``aggregates`` are further SQL aggregates."""
    rows, aggregate_values = 0, list[Any]()
    facts: list[JSON] = []
    for start in range(0, len(columns), COLUMNS_PER_SCAN):
        group = columns[start : start + COLUMNS_PER_SCAN]
        candidates = find_candidates(table, group)
        likely = [(found.cell, kind) for found in candidates for kind in found.likely]
        texts = [each for found in candidates for each in _text_measures(found.cell)]
        rows, *values = table.fetch_one(["count(*)", *aggregates, *texts, *_measures(likely)], _values(likely))
        aggregate_values, values = values[: len(aggregates)], values[len(aggregates) :]
        facts += _facts_of_group(table, rows, list(zip(group, candidates, strict=True)), iter(values))
        progress((start + len(group)) / len(columns))
    return Scan(rows, tuple(aggregate_values), facts)


def find_candidates(table: TextTable, columns: Sequence[Column]) -> list[Candidates]:
    """The kinds that each column may have, by its first rows."""
    rows = table.first_rows([f"left({column.cell}, {MAX_LENGTH + 1})" for column in columns], SAMPLE_ROWS)
    return [_candidates(column, [row[n] for row in rows if row[n]]) for n, column in enumerate(columns)]


def _candidates(column: Column, cells: Sequence[str]) -> Candidates:
    if column.only_text:
        return Candidates(column.cell)
    if not cells:
        return Candidates(column.cell, USUAL)
    trimmed = [cell.strip(" ") for cell in cells]
    cell = column.cell if trimmed == cells else column.trimmed_cell
    kinds = possible_kinds(each for each in trimmed if each)
    usual = tuple(kind for kind in kinds if kind in USUAL)
    if usual:
        return Candidates(cell, usual, tuple(kind for kind in kinds if kind not in USUAL))
    return Candidates(cell, kinds)


def _facts_of_group(
    table: TextTable, rows: int, columns: Sequence[tuple[Column, Candidates]], values: Iterator[Any]
) -> list[JSON]:
    texts = [Range(*islice(values, 3)) for _ in columns]
    fitting = [_fitting(text.cells, found.likely, values) for text, (_, found) in zip(texts, columns, strict=True)]
    choices = [choose(kinds, table.delimiter) for kinds in fitting]
    again = {
        n: kinds for n, (_, found) in enumerate(columns) if texts[n].cells and (kinds := _remaining(found, choices[n]))
    }
    if again:
        others = [(columns[n][1].cell, kind) for n, kinds in again.items() for kind in kinds]
        values = iter(table.fetch_one(_measures(others), _values(others)))
        for n, kinds in again.items():
            fitting[n] |= _fitting(texts[n].cells, kinds, values)
            choices[n] = choose(fitting[n], table.delimiter)
    choices = resolve_points(choices, fitting, table.delimiter)
    return [
        {"name": clean_text(column.name, MAX_NAME), **_facts(rows - text.cells, *(choice or (TEXT, text)))}
        for (column, _), text, choice in zip(columns, texts, map(_typed, choices), strict=True)
    ]


def _fitting(cells: int, kinds: Sequence[Kind], values: Iterator[Any]) -> Fitting:
    """The kinds that all cells have. A column without one finite number is no column of numbers."""
    ranges = {kind: Range(*islice(values, 4)) for kind in kinds}
    return {
        kind: found
        for kind, found in ranges.items()
        if found.cells == cells > 0 and found.is_witnessed and found.low is not None
    }


def _remaining(found: Candidates, choice: Choice | None) -> tuple[Kind, ...]:
    """The kinds of the second pass."""
    if choice is None:
        return found.others
    return tuple(kind for kind in found.others if kind is POINT_GROUPED and choice[0] is NUMBER)


def choose(fitting: Fitting, delimiter: str) -> Choice | None:
    """The first of these kinds; None if there is none, or no telling which."""
    choices = [each for each in fitting.items() if each[0] is not POINT_GROUPED]
    if not choices:
        return None
    rivals = [each for each in choices if each[0].rival == choices[0][0].rival] if choices[0][0].rival else choices[:1]
    if len({(found.low, found.high) for _, found in rivals}) > 1:
        rivals = [each for each in rivals if each[0].delimiter == delimiter != ""]
    return rivals[0] if rivals else None


def resolve_points(choices: Sequence[Choice | None], fitting: Sequence[Fitting], delimiter: str) -> list[Choice | None]:
    """Decides whether ``1.234`` is more than a thousand, by the decimal marks of the other columns.

    Without one, a semicolon as the delimiter, which is usual where the comma is the decimal mark, leaves it open.
    """
    marks = {
        choice[0].decimal_mark
        for choice, kinds in zip(choices, fitting, strict=True)
        if choice and POINT_GROUPED not in kinds
    }
    resolved = list(choices)
    for n, kinds in enumerate(fitting):
        if POINT_GROUPED in kinds and "." not in marks and ("," in marks or delimiter == ";"):
            resolved[n] = (POINT_GROUPED, kinds[POINT_GROUPED]) if "," in marks else None
    return resolved


def _typed(choice: Choice | None) -> tuple[str, Range] | None:
    return choice and (choice[0].type, choice[1])


def _text_measures(cell: str) -> list[str]:
    """SQL for the number of cells, minimum and maximum."""
    return [f"count({cell})", f"min(left({cell}, {MAX_VALUE}))", f"max(left({cell}, {MAX_VALUE}))"]


def _values(read: Iterable[tuple[str, Kind]]) -> list[str]:
    """SQL for the values of cells that are read as these kinds."""
    return [kind.value(cell) for cell, kind in read]


def value_name(n: int) -> str:
    return f"{RESERVED}{n}"


def is_reserved(name: str) -> bool:
    """Whether a column of this name could be taken for one of our own."""
    return name.casefold().startswith(RESERVED)


def _measures(read: Iterable[tuple[str, Kind]]) -> list[str]:
    """SQL for the number of cells, minimum, maximum and witness of each kind, from `_values` by their names."""
    return [measure for n, (cell, kind) in enumerate(read) for measure in _measures_of_kind(cell, kind, value_name(n))]


def _measures_of_kind(cell: str, kind: Kind, value: str) -> list[str]:
    # Not with FILTER: its buffers for each expression take memory in the square of the number of columns.
    witness = kind.witness.format(cell) or "true"
    if kind.shown == "cell":
        return [f"count({value})", f"arg_min({cell}, {value})", f"arg_max({cell}, {value})", witness]
    ranged = f"CASE WHEN isfinite({value}) THEN {value} END" if kind.finite else value
    end = "::VARCHAR" if kind.shown == "text" else ""
    return [f"count({value})", f"min({ranged}){end}", f"max({ranged}){end}", witness]


def _facts(nulls: int, column_type: str, found: Range) -> dict[str, JSON]:
    return {"type": column_type, "nulls": nulls, "min": as_json(found.low), "max": as_json(found.high)}


def as_json(value: object, limit: int = MAX_VALUE) -> JSON:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int) and abs(value) <= 2**53:  # readers of JSON round greater numbers
        return value
    if isinstance(value, Decimal) and Decimal(repr(float(value))) == value:  # others are exact as text
        value = float(value)
    if isinstance(value, float) and math.isfinite(value):
        return value
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).hex()[:limit]
    return clean_text(str(value), limit)


def column_types(names: Iterable[str], kind: str = "VARCHAR") -> str:
    """The ``columns`` parameter of DuckDB's readers."""
    return "{" + ", ".join(f"{quote_text(name)}: '{kind}'" for name in names) + "}"
