"""Parquet: facts from its footer, and its first rows.

The footer has counts and ranges of all columns, so the rest need not be unpacked: a few kilobytes may contain billions
of rows. A range that the writer left out is unknown.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from picasso.charset import clean_text
from picasso.process.contract import JSON, ProcessorError, Result, Source
from picasso.process.processors.table import preview
from picasso.process.processors.table.columns import MAX_ALL_COLUMNS, MAX_COLUMNS, MAX_NAME, MAX_VALUE, as_json
from picasso.process.processors.table.database import open_database, quote_name, quote_text

ENCRYPTED = b"PARE"

TYPE_PATTERNS = {
    "integer": r"U?(TINY|SMALL|BIG|HUGE)?INT|U?INTEGER",
    "number": r"FLOAT|DOUBLE|DECIMAL.*",
    "boolean": r"BOOLEAN",
    "date": r"DATE",
    "timestamp": r"TIMESTAMP.*",
    "time": r"TIME.*",
    "text": r"VARCHAR|ENUM.*|UUID",
    "binary": r"BLOB",
}


@dataclass(frozen=True, slots=True)
class Field:
    name: str
    sql: str
    identifier: str
    """Its name in SQL, which ignores case, so ``a`` may be ``a_1``."""
    leaf: int | None
    """Its number among the columns that are not nested; None if it is nested itself."""

    @property
    def type(self) -> str:
        matching = (kind for kind, pattern in TYPE_PATTERNS.items() if re.fullmatch(pattern, self.sql))
        return next(matching, "nested")


def read(source: Source, folder: Path, preview_rows: int) -> Result:
    _check_not_encrypted(source.path)
    with open_database(source.path) as connection:
        fields = _fields(connection, source.path)
        rows, groups, maker = _footer(connection, source.path)
        examined_fields = fields[:MAX_COLUMNS]
        columns = _columns(connection, source.path, examined_fields)
        rows_preview = preview.write(
            folder, [f.name for f in examined_fields], _first(connection, source, fields, preview_rows)
        )
    facts: dict[str, JSON] = {
        "encoding": "utf-8",
        "undecodable": 0,
        "dialect": {"row_groups": groups, "created_by": clean_text(maker, 200) if maker else None},
        "rows": rows,
        "malformed_rows": 0,
        "sampled": False,
        "columns_total": len(fields),
        "columns": preview.limit_columns(columns),
    }
    return Result(facts, (rows_preview,))


def _check_not_encrypted(path: Path) -> None:
    with path.open("rb") as file:
        if file.read(4) == ENCRYPTED:
            raise ProcessorError("protected", "This table is encrypted.")


def _fields(connection: Any, path: Path) -> list[Field]:
    columns = connection.execute(f"DESCRIBE SELECT * FROM read_parquet({quote_text(path)})").fetchall()  # noqa: S608 - quoted
    if len(columns) > MAX_ALL_COLUMNS:
        raise ProcessorError("too-many-columns", f"This table has more than {MAX_ALL_COLUMNS:,} columns.")
    names = _names(connection, path)
    if len(names) != len(columns):
        raise ProcessorError("corrupt", "This table is damaged or incomplete.")
    return [Field(name, column[1], column[0], leaf) for (name, leaf), column in zip(names, columns, strict=True)]


def _names(connection: Any, path: Path) -> list[tuple[str, int | None]]:
    """The names of the columns as the file has them, each with its number if it is not nested."""
    schema = connection.execute(f"SELECT name, num_children FROM parquet_schema({quote_text(path)})").fetchall()  # noqa: S608 - quoted
    names: list[tuple[str, int | None]] = []
    leaves = inside = 0
    for name, children in schema[1:]:
        if inside == 0:
            names.append((name, None if children else leaves))
        inside = max(0, inside - 1) + (children or 0)
        leaves += not children
    return names


def _footer(connection: Any, path: Path) -> tuple[int, int, str | None]:
    footer: tuple[int, int, str | None] = connection.execute(
        f"SELECT num_rows, num_row_groups, created_by FROM parquet_file_metadata({quote_text(path)})"  # noqa: S608 - quoted
    ).fetchone()
    if footer[0] < 0:
        raise ProcessorError("corrupt", "This table is damaged or incomplete.")
    return footer


def _columns(connection: Any, path: Path, fields: list[Field]) -> list[JSON]:
    parts = [part for field in fields for part in _measures(field)]
    measured = connection.execute(f"SELECT {', '.join(parts)} FROM parquet_metadata({quote_text(path)})").fetchone()  # noqa: S608
    return [_facts(field, *measured[3 * n : 3 * n + 3]) for n, field in enumerate(fields)]


def _measures(field: Field) -> list[str]:
    """SQL for nulls, minimum and maximum over all row groups; NULL if one of them does not tell."""
    of_column = f"FILTER (column_id = {-1 if field.leaf is None else field.leaf})"
    kind = field.sql if field.type in {"integer", "number"} else "VARCHAR"

    def of(aggregate: str, statistic: str, kind: str) -> str:
        complete = f"count({statistic}) {of_column} = count(*) {of_column} AND count(*) {of_column} > 0"
        return f"CASE WHEN {complete} THEN {aggregate}(try_cast({statistic} AS {kind})) {of_column} END"

    return [
        of("sum", "stats_null_count", "BIGINT"),
        of("min", "stats_min_value", kind),
        of("max", "stats_max_value", kind),
    ]


def _facts(field: Field, nulls: Any, least: Any, greatest: Any) -> JSON:
    count = None if nulls is None else int(nulls)
    return {
        "name": clean_text(field.name, MAX_NAME),
        "type": field.type,
        "nulls": count,
        "min": as_json(least, MAX_VALUE),
        "max": as_json(greatest, MAX_VALUE),
    }


def _first(connection: Any, source: Source, fields: list[Field], rows: int) -> list[tuple[Any, ...]]:
    cells = ", ".join(_cell(field) for field in fields[:MAX_COLUMNS])
    query = f"SELECT {cells} FROM read_parquet({quote_text(source.path)}) LIMIT {rows}"  # noqa: S608 - quoted
    first_rows: list[tuple[Any, ...]] = connection.execute(query).fetchall()
    return first_rows


def _cell(field: Field) -> str:
    """Simple values as they are, all others as text: Python has no equal for some of them."""
    if field.type in {"integer", "number", "boolean"}:
        return quote_name(field.identifier)
    return f"left({quote_name(field.identifier)}::VARCHAR, {preview.MAX_CELL})"
