"""CSV and its like."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from picasso.process.contract import JSON, ProcessorError, Result, Source
from picasso.process.processors.table import dialect as dialects
from picasso.process.processors.table import preview
from picasso.process.processors.table.columns import AT_ONCE, MAX_COLUMNS, MOST_COLUMNS, Column, Scan, scan, struct
from picasso.process.processors.table.database import opened, text
from picasso.process.processors.table.dialect import Dialect
from picasso.process.processors.table.survey import MAX_LINE, Survey, surveyed

MANY = 100  # columns
WIDE = 2_000  # columns
LONG = 4_096  # characters of a row

BUFFER = 2 * MAX_LINE

LEADING = re.compile(r"(?:[ \t]*(?:\r\n|\r|\n))*")

# No cell is this, so that a cell which is empty can be told from one that is not there.
NEVER = "\x01\x02\x03"


def read(source: Source, folder: Path, preview_rows: int) -> Result:
    with surveyed(source.path, folder) as survey:
        preferred = "\t" if source.media_type == "text/tab-separated-values" else ""
        dialect = dialects.found(survey.sample, preferred)
        with opened(survey.path, wide=_has_wide_rows(survey, dialect)) as connection:
            found = _scan(connection, survey, dialect, source.progress)
            if not found.rows and dialects.is_open(survey.sample, dialect):
                dialect = dialects.unquoted(dialect, survey.sample)
                found = _scan(connection, survey, dialect, source.progress)
            names = _looked_into(dialect)
            rows = connection.execute(_first(survey, dialect, preview_rows)).fetchall()
            made = preview.write(folder, names, rows)
    return Result(_facts(survey, dialect, found), (made,))


def _table(survey: Survey, dialect: Dialect) -> str:
    """Rows of text, padded with NULL where a row is short. Whatever goes beyond is in one column more."""
    options = {
        "auto_detect": "false",
        "delim": text(dialect.delimiter),
        "quote": text(dialect.quote),
        "escape": text(dialect.escape),
        "header": str(dialect.header).lower(),
        "skip": str(len(LEADING.match(survey.sample)[0].splitlines())),  # type: ignore[index] # it always does
        "columns": struct(f"c{number}" for number in range(dialect.width + 1)),
        "nullstr": text(NEVER),
        "null_padding": "true",
        "ignore_errors": "true",
        "strict_mode": "false",
        "parallel": "false",
        "buffer_size": str(BUFFER),
        "max_line_size": str(MAX_LINE),
    }
    return f"read_csv({text(survey.path)}, {', '.join(f'{name}={value}' for name, value in options.items())})"


def _scan(connection: Any, survey: Survey, dialect: Dialect, progress: Callable[[float], None]) -> Scan:
    if dialect.width > MOST_COLUMNS:
        raise ProcessorError("too-many-columns", f"This table has more than {MOST_COLUMNS:,} columns.")
    columns = [Column(name, f"c{n}") for n, name in enumerate(_looked_into(dialect))]
    last = dialect.width - 1
    odd = f"count(*) FILTER (c{last} IS NULL OR c{dialect.width} IS NOT NULL)"
    return scan(connection, _table(survey, dialect), columns, [odd], progress)


def _has_wide_rows(survey: Survey, dialect: Dialect) -> bool:
    return dialect.width > MANY or max(map(len, survey.sample.splitlines()), default=0) > LONG


def _looked_into(dialect: Dialect) -> tuple[str, ...]:
    """The names of those columns. Each pass takes a second for ten thousand columns, however few the rows."""
    return dialect.names[: MAX_COLUMNS if dialect.width <= WIDE else AT_ONCE]


def _first(survey: Survey, dialect: Dialect, rows: int) -> str:
    cells = ", ".join(f"c{number}" for number in range(len(_looked_into(dialect))))
    return f"SELECT {cells} FROM {_table(survey, dialect)} LIMIT {rows}"  # noqa: S608 - quoted where it is the file's


def _facts(survey: Survey, dialect: Dialect, found: Scan) -> dict[str, JSON]:
    return {
        "encoding": survey.encoding,
        "undecodable": survey.undecodable,
        "dialect": {
            "delimiter": dialect.delimiter,
            "quote": dialect.quote if dialect.quote in survey.sample else None,
            "escape": dialect.escape if dialect.quote in survey.sample else None,
            "header": dialect.header,
            "newline": survey.newline,
        },
        "rows": found.rows,
        "malformed_rows": found.more[0],
        "sampled": survey.sampled,
        "columns_total": dialect.width,
        "columns": preview.fitting(found.columns),
    }
