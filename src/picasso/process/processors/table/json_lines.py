"""JSON Lines: an object a line, its members as columns."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from picasso.process.contract import JSON, Result, Source
from picasso.process.processors.charset import clean_text
from picasso.process.processors.table import preview
from picasso.process.processors.table.columns import MAX_COLUMNS, Column, scan, struct
from picasso.process.processors.table.database import name, opened, text
from picasso.process.processors.table.survey import MAX_LINE, Survey, surveyed

LINES = 1_000  # as many tell the members

NESTED = "json"


def read(source: Source, folder: Path, preview_rows: int) -> Result:
    with surveyed(source.path, folder) as survey, opened(survey.path) as connection:
        kinds = members(survey.sample)
        names = distinct(kinds)[:MAX_COLUMNS]
        rows, objects = connection.execute(
            "SELECT count(*), count(*) FILTER (json_type(json) = 'OBJECT') "  # noqa: S608 - quoted
            f"FROM read_ndjson_objects({text(survey.path)}, {OPTIONS})"
        ).fetchone()
        columns = [Column(each, name(each), kinds[each] in {"text", NESTED}) for each in names]
        table = _table(survey, names)
        found = scan(connection, table, columns, progress=source.progress).columns if names and objects else []
        made = preview.write(folder, names, _first(connection, table, names, preview_rows) if found else [])
    _name_nested(found, [kinds[each] for each in names])
    return Result(_facts(survey, rows, objects, len(kinds), found), (made,))


OPTIONS = f"format='newline_delimited', ignore_errors=true, maximum_object_size={2 * MAX_LINE}"


def members(sample: str) -> dict[str, str]:
    """The names of the first objects' members, in the order they appear, and whether they are text, nested or else."""
    found: dict[str, set[str]] = {}
    for record in _objects(sample):
        for member, value in record.items():
            found.setdefault(member, set()).add(_kind(value))
    return {member: _one_kind(kinds - {""}) for member, kinds in found.items()}


def distinct(names: Iterable[str]) -> list[str]:
    """Those that SQL can tell apart: it has no empty names, and knows no case."""
    first = {name.casefold(): name for name in reversed(list(names)) if name and clean_text(name, len(name)) == name}
    return [name for name in names if first.get(name.casefold()) == name]


def _objects(sample: str) -> Iterator[dict[str, Any]]:
    for line in sample.splitlines()[:LINES]:
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(record, dict):
            yield record


def _kind(value: object) -> str:
    if isinstance(value, dict | list):
        return NESTED
    if value is None:
        return ""
    return "string" if isinstance(value, str) else "scalar"


def _one_kind(kinds: set[str]) -> str:
    if NESTED in kinds:
        return NESTED
    return "text" if kinds == {"scalar", "string"} else next(iter(kinds), "")


def _table(survey: Survey, names: list[str]) -> str:
    return f"read_json({text(survey.path)}, {OPTIONS}, records=true, columns={struct(names)})"


def _first(connection: Any, table: str, names: list[str], rows: int) -> list[tuple[Any, ...]]:
    cells = ", ".join(map(name, names))
    found: list[tuple[Any, ...]] = connection.execute(f"SELECT {cells} FROM {table} LIMIT {rows}").fetchall()  # noqa: S608
    return found


def _name_nested(columns: list[JSON], kinds: list[str]) -> None:
    for column, kind in zip(columns, kinds, strict=False):
        if kind == NESTED and isinstance(column, dict):
            column.update(type=NESTED, min=None, max=None)


def _facts(survey: Survey, rows: int, objects: int, total: int, columns: list[JSON]) -> dict[str, JSON]:
    return {
        "encoding": survey.encoding,
        "undecodable": survey.undecodable,
        "dialect": {"newline": survey.newline},
        "rows": rows,
        "malformed_rows": rows - objects,
        "sampled": survey.sampled,
        "columns_total": total,
        "columns": preview.fitting(columns),
    }
