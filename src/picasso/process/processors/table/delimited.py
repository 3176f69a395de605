"""CSV and similar formats."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from picasso.process.contract import JSON, ProcessorError, Result, Source
from picasso.process.processors.table import dialect as dialects
from picasso.process.processors.table import preview
from picasso.process.processors.table.columns import (
    COLUMNS_PER_SCAN,
    MAX_ALL_COLUMNS,
    MAX_COLUMNS,
    Column,
    Scan,
    TextTable,
    column_types,
    scan,
)
from picasso.process.processors.table.database import open_database, quote_text
from picasso.process.processors.table.dialect import Dialect
from picasso.process.processors.table.survey import MAX_LINE, Survey, survey_file

MANY_COLUMNS = 100
VERY_MANY_COLUMNS = 2_000
LONG_ROW = 4_096  # characters of a row

BUFFER = 2 * MAX_LINE

# No cell has this text, so empty cells and missing cells can be distinguished.
NULL_TEXT = "\x01\x02\x03"


def read(source: Source, folder: Path, preview_rows: int) -> Result:
    with survey_file(source.path, folder) as survey:
        preferred = "\t" if source.media_type == "text/tab-separated-values" else ""
        dialect = dialects.detect(survey.sample, preferred)
        with open_database(survey.path, wide=_has_wide_rows(survey, dialect)) as connection:
            result = _scan(_table(connection, survey, dialect), dialect, source.progress)
            if not result.rows and dialects.has_open_quote(survey.sample, dialect):
                dialect = dialects.without_quotes(dialect, survey.sample)
                result = _scan(_table(connection, survey, dialect), dialect, source.progress)
            names = _examined_names(dialect)
            cells = [f"c{number}" for number in range(len(names))]
            rows = _table(connection, survey, dialect).first_rows(cells, preview_rows)
            rows_preview = preview.write(folder, names, rows)
    return Result(_facts(survey, dialect, result), (rows_preview,))


def _table(connection: Any, survey: Survey, dialect: Dialect) -> TextTable:
    """Short rows are padded with NULL; cells beyond the last column are in one further column."""
    options = {
        "auto_detect": "false",
        "delim": quote_text(dialect.delimiter),
        "quote": quote_text(dialect.quote),
        "escape": quote_text(dialect.escape),
        "header": str(dialect.header).lower(),
        "skip": str(dialect.skip),
        "columns": column_types(f"c{number}" for number in range(dialect.width + 1)),
        "nullstr": quote_text(NULL_TEXT),
        "null_padding": "true",
        "ignore_errors": "true",
        "strict_mode": "false",
        "parallel": "false",
        "buffer_size": str(BUFFER),
        "max_line_size": str(MAX_LINE),
    }
    rows = f"read_csv({quote_text(survey.path)}, {', '.join(f'{name}={value}' for name, value in options.items())})"
    if dialect.has_comments:
        rows = f"(SELECT * FROM {rows} WHERE c0 IS NULL OR NOT starts_with(c0, '#'))"  # noqa: S608 - quoted
    return TextTable(connection, rows, dialect.delimiter)


def _scan(table: TextTable, dialect: Dialect, progress: Callable[[float], None]) -> Scan:
    if dialect.width > MAX_ALL_COLUMNS:
        raise ProcessorError("too-many-columns", f"This table has more than {MAX_ALL_COLUMNS:,} columns.")
    columns = [Column(name, f"c{n}") for n, name in enumerate(_examined_names(dialect))]
    last = dialect.width - 1
    malformed = f"count(*) FILTER (c{last} IS NULL OR c{dialect.width} IS NOT NULL)"
    return scan(table, columns, [malformed], progress)


def _has_wide_rows(survey: Survey, dialect: Dialect) -> bool:
    return dialect.width > MANY_COLUMNS or max(map(len, survey.sample.splitlines()), default=0) > LONG_ROW


def _examined_names(dialect: Dialect) -> tuple[str, ...]:
    """Names of the columns that are examined. A pass takes a second for ten thousand columns, even for few rows."""
    return dialect.names[: MAX_COLUMNS if dialect.width <= VERY_MANY_COLUMNS else COLUMNS_PER_SCAN]


def _facts(survey: Survey, dialect: Dialect, result: Scan) -> dict[str, JSON]:
    has_quotes = dialect.quote != "" and dialect.quote in survey.sample
    return {
        **survey.encoding_facts(),
        "dialect": {
            "delimiter": None if dialect.delimiter in dialects.NO_DELIMITERS else dialect.delimiter,
            "quote": dialect.quote if has_quotes else None,
            "escape": dialect.escape if has_quotes else None,
            "header": dialect.header,
            "newline": survey.newline,
        },
        "rows": result.rows,
        "malformed_rows": result.aggregates[0],
        "sampled": survey.sampled,
        "columns_total": dialect.width,
        "columns": preview.limit_columns(result.columns),
    }
