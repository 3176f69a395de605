"""JSON Lines: one object per line. Its members are columns."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from picasso.charset import clean_text
from picasso.process.contract import JSON, Result, Source
from picasso.process.processors.table import preview
from picasso.process.processors.table.columns import MAX_COLUMNS, Column, column_types, scan
from picasso.process.processors.table.database import open_database, quote_name, quote_text
from picasso.process.processors.table.survey import MAX_LINE, Survey, survey_file

MAX_LINES = 1_000  # lines to find the members from

NESTED = "json"


def read(source: Source, folder: Path, preview_rows: int) -> Result:
    with survey_file(source.path, folder) as survey, open_database(survey.path) as connection:
        kinds = members(survey.sample)
        names = usable_names(kinds)[:MAX_COLUMNS]
        rows, objects = connection.execute(
            "SELECT count(*), count(*) FILTER (json_type(json) = 'OBJECT') "  # noqa: S608 - quoted
            f"FROM read_ndjson_objects({quote_text(survey.path)}, {OPTIONS})"
        ).fetchone()
        columns = [Column(each, quote_name(each), kinds[each] in {"text", NESTED}) for each in names]
        table = _table(survey, names)
        results = scan(connection, table, columns, progress=source.progress).columns if names and objects else []
        rows_preview = preview.write(folder, names, _first(connection, table, names, preview_rows) if results else [])
    _name_nested(results, [kinds[each] for each in names])
    return Result(_facts(survey, rows, objects, len(kinds), results), (rows_preview,))


OPTIONS = f"format='newline_delimited', ignore_errors=true, maximum_object_size={2 * MAX_LINE}"


def members(sample: str) -> dict[str, str]:
    """Names of the members of the first objects, in order, and whether they are text, nested or something else."""
    kinds_by_member: dict[str, set[str]] = {}
    for record in _objects(sample):
        for member, value in record.items():
            kinds_by_member.setdefault(member, set()).add(_kind(value))
    return {member: _one_kind(kinds - {""}) for member, kinds in kinds_by_member.items()}


def usable_names(names: Iterable[str]) -> list[str]:
    """The names that SQL can distinguish: it has no empty names, and ignores case."""
    first = {name.casefold(): name for name in reversed(list(names)) if name and clean_text(name, len(name)) == name}
    return [name for name in names if first.get(name.casefold()) == name]


def _objects(sample: str) -> Iterator[dict[str, Any]]:
    for line in sample.splitlines()[:MAX_LINES]:
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
    return f"read_json({quote_text(survey.path)}, {OPTIONS}, records=true, columns={column_types(names)})"


def _first(connection: Any, table: str, names: list[str], rows: int) -> list[tuple[Any, ...]]:
    cells = ", ".join(map(quote_name, names))
    rows_read: list[tuple[Any, ...]] = connection.execute(f"SELECT {cells} FROM {table} LIMIT {rows}").fetchall()  # noqa: S608
    return rows_read


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
        "columns": preview.limit_columns(columns),
    }
