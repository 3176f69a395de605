"""Parquet: what its footer says, and its first rows.

The footer has counts and ranges of every column, so that the rest need not be unpacked: a few kilobytes may hold
billions of rows. A range that its writer left out stays unknown.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from picasso.process.contract import JSON, ProcessorError, Result, Source
from picasso.process.processors.charset import clean_text
from picasso.process.processors.table import preview
from picasso.process.processors.table.columns import MAX_COLUMNS, MOST_COLUMNS, NAME, VALUE, as_json
from picasso.process.processors.table.database import name, opened, text

ENCRYPTED = b"PARE"

NAMES = {
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

    @property
    def type(self) -> str:
        found = (kind for kind, pattern in NAMES.items() if re.fullmatch(pattern, self.sql))
        return next(found, "nested")


def read(source: Source, folder: Path, preview_rows: int) -> Result:
    _require_plain(source.path)
    with opened(source.path) as connection:
        fields = _fields(connection, source.path)
        rows, groups, maker = _footer(connection, source.path)
        shown_fields = fields[:MAX_COLUMNS]
        columns = _columns(connection, source.path, shown_fields)
        made = preview.write(folder, [f.name for f in shown_fields], _first(connection, source, fields, preview_rows))
    facts: dict[str, JSON] = {
        "encoding": "utf-8",
        "undecodable": 0,
        "dialect": {"row_groups": groups, "created_by": clean_text(maker, 200) if maker else None},
        "rows": rows,
        "malformed_rows": 0,
        "sampled": False,
        "columns_total": len(fields),
        "columns": preview.fitting(columns),
    }
    return Result(facts, (made,))


def _require_plain(path: Path) -> None:
    with path.open("rb") as file:
        if file.read(4) == ENCRYPTED:
            raise ProcessorError("protected", "This table is encrypted.")


def _fields(connection: Any, path: Path) -> list[Field]:
    found = connection.execute(f"DESCRIBE SELECT * FROM read_parquet({text(path)})").fetchall()  # noqa: S608 - quoted
    if len(found) > MOST_COLUMNS:
        raise ProcessorError("too-many-columns", f"This table has more than {MOST_COLUMNS:,} columns.")
    return [Field(column, kind) for column, kind, *_ in found]


def _footer(connection: Any, path: Path) -> tuple[int, int, str | None]:
    found: tuple[int, int, str | None] = connection.execute(
        f"SELECT num_rows, num_row_groups, created_by FROM parquet_file_metadata({text(path)})"  # noqa: S608 - quoted
    ).fetchone()
    if found[0] < 0:
        raise ProcessorError("corrupt", "This table is damaged or incomplete.")
    return found


def _columns(connection: Any, path: Path, fields: list[Field]) -> list[JSON]:
    parts = [part for field in fields for part in _measures(field)]
    found = connection.execute(f"SELECT {', '.join(parts)} FROM parquet_metadata({text(path)})").fetchone()  # noqa: S608
    return [_facts(field, *found[3 * n : 3 * n + 3]) for n, field in enumerate(fields)]


def _measures(field: Field) -> list[str]:
    """Nulls, least and greatest over all row groups; NULL where one of them doesn't tell."""
    mine = f"FILTER (path_in_schema = {text(field.name)})"
    kind = field.sql if field.type in {"integer", "number"} else "VARCHAR"

    def of(aggregate: str, statistic: str, kind: str) -> str:
        complete = f"count({statistic}) {mine} = count(*) {mine} AND count(*) {mine} > 0"
        return f"CASE WHEN {complete} THEN {aggregate}(try_cast({statistic} AS {kind})) {mine} END"

    return [
        of("sum", "stats_null_count", "BIGINT"),
        of("min", "stats_min_value", kind),
        of("max", "stats_max_value", kind),
    ]


def _facts(field: Field, nulls: Any, least: Any, greatest: Any) -> JSON:
    count = None if nulls is None else int(nulls)
    return {
        "name": clean_text(field.name, NAME),
        "type": field.type,
        "nulls": count,
        "min": as_json(least, VALUE),
        "max": as_json(greatest, VALUE),
    }


def _first(connection: Any, source: Source, fields: list[Field], rows: int) -> list[tuple[Any, ...]]:
    cells = ", ".join(_cell(field) for field in fields[:MAX_COLUMNS])
    query = f"SELECT {cells} FROM read_parquet({text(source.path)}) LIMIT {rows}"  # noqa: S608 - quoted
    found: list[tuple[Any, ...]] = connection.execute(query).fetchall()
    return found


def _cell(field: Field) -> str:
    """Plain values as they are, all else as text: not all that it may hold has its like in Python."""
    if field.type in {"integer", "number", "boolean"}:
        return name(field.name)
    return f"left({name(field.name)}::VARCHAR, {preview.CELL})"
