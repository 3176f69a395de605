"""JSON Lines: one object per line. Its members are columns."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from picasso.charset import clean_text
from picasso.process.contract import JSON, Result, Source
from picasso.process.processors.table import preview
from picasso.process.processors.table.columns import MAX_COLUMNS, Column, TextTable, column_types, is_reserved, scan
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
        table, fields = _table(connection, survey, names)
        columns = [
            Column(name, field, kinds[name] in {"text", NESTED}) for name, field in zip(names, fields, strict=True)
        ]
        results = scan(table, columns, progress=source.progress).columns if names and objects else []
        first_rows = table.first_rows(fields, preview_rows) if results else []
        rows_preview = preview.write(folder, names, first_rows)
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
    """The names that can be shown: not those with lone surrogates or U+0000."""
    return [name for name in names if clean_text(name, len(name)) == name]


def are_distinct(names: Sequence[str]) -> bool:
    """Whether SQL can distinguish the names: it has no empty ones, and ignores case."""
    return all(names) and len({name.casefold() for name in names}) == len(names)


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


def _table(connection: Any, survey: Survey, names: list[str]) -> tuple[TextTable, list[str]]:
    """The objects as rows of text, and the fields of their members in SQL."""
    file = quote_text(survey.path)
    if are_distinct(names) and not any(map(is_reserved, names)):
        rows = f"read_json({file}, {OPTIONS}, records=true, columns={column_types(names)})"
        return TextTable(connection, rows), list(map(quote_name, names))
    pointers = ", ".join(quote_text("/" + name.replace("~", "~0").replace("/", "~1")) for name in names)
    values = f"SELECT json_extract_string(json, [{pointers}]) AS members FROM read_ndjson_objects({file}, {OPTIONS})"  # noqa: S608 - quoted
    return TextTable(connection, f"({values})"), [f"members[{number}]" for number in range(1, len(names) + 1)]


def _name_nested(columns: list[JSON], kinds: list[str]) -> None:
    for column, kind in zip(columns, kinds, strict=False):
        if kind == NESTED and isinstance(column, dict):
            column.update(type=NESTED, min=None, max=None)


def _facts(survey: Survey, rows: int, objects: int, total: int, columns: list[JSON]) -> dict[str, JSON]:
    return {
        **survey.encoding_facts(),
        "dialect": {"newline": survey.newline},
        "rows": rows,
        "malformed_rows": rows - objects,
        "sampled": survey.sampled,
        "columns_total": total,
        "columns": preview.limit_columns(columns),
    }
