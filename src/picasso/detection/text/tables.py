"""Tables in text: CSV (RFC 4180) with any delimiter, and TSV. By their structure: prose and logs are no tables."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from contextlib import suppress

from picasso.detection.media_types import CSV, TSV
from picasso.detection.text.sample import Sample

MAX_ROWS = 20
MAX_LINE = 2_000

# Programs write comments before and into tables.
COMMENT = "#"

# A cell of a table that no name announces is short.
MAX_CELL = 60

# It colours what a terminal shows, with semicolons in it.
ESCAPE = "\x1b"

# Excel reads the delimiter from a first line like this.
EXCEL_LINE = re.compile(r"sep=([,;|\t])\r?\n")

# Lines of logs and chats begin with a date or a time; in some, a comma or a semicolon stands in it or behind it.
TIMESTAMP = re.compile(
    r"\[?\d{1,4}[-./]\d{1,2}[-./]\d{1,4}\]?[, T]+\[?\d{1,2}:\d\d(?::\d\d(?:\.\d+|,\d{3}(?=[ \]]))?+)?+"
    r"(?:Z|[-+]\d\d:?\d\d)?+[^,;\t|]"
)
NUMBER = re.compile(r"\s*+(?=\D*+\d)[-+]?+[\d.,\xa0 ]++\s*+%?+\s*+\Z")
# Of a host, in a table of names.
ADDRESS = re.compile(r"[\da-fA-F]*[.:][\da-fA-F.:]+\Z")
CODE = frozenset("{}=<>")

Row = list[str]


def detect_table(sample: Sample) -> str | None:
    """A table, if its first rows have equally many cells, and neither prose nor statements look like them."""
    if EXCEL_LINE.match(sample.text):
        return CSV
    if ESCAPE in sample.text:
        return None
    lines = [line for line in sample.lines[: 2 * MAX_ROWS] if not line.startswith(COMMENT)][:MAX_ROWS]
    if len(lines) < 2 or max(map(len, lines)) > MAX_LINE:
        return None
    for delimiter, is_table in RULES:
        if has_delimiter(lines, delimiter) and is_table(read_rows(lines, delimiter), delimiter):
            return TSV if delimiter == "\t" else CSV
    return None


def has_delimiter(lines: list[str], delimiter: str) -> bool:
    """Whether each of the first lines has it, or only the first one if the next ones may be inside quotes."""
    return all(delimiter in line for line in (lines[:1] if '"' in "".join(lines[:3]) else lines[:3]))


def read_rows(lines: list[str], delimiter: str) -> list[Row]:
    """The rows, or none if they have different numbers of cells."""
    rows = list(_parse(lines, delimiter))
    if len(rows) > 2 and "".join(lines).count('"') % 2:
        rows.pop()  # cut off inside quotes
    widths = set(map(len, rows))
    return rows if len(widths) == 1 and len(rows) > 1 and len(rows[0]) > 1 else []


def _parse(lines: list[str], delimiter: str) -> Iterator[Row]:
    with suppress(csv.Error):
        yield from filter(None, csv.reader(lines, delimiter=delimiter))


def is_tab_table(rows: list[Row], delimiter: str) -> bool:
    """Prose has hardly any tabs, but they indent lines, and stand behind the names of targets and hosts."""
    if not has_values_at_both_ends(rows) or is_log(rows, delimiter) or is_list_of_names(rows):
        return False
    return len(rows) > 2 or (len(rows) == 2 and has_names(rows[0]) and has_number_columns(rows[1:]))


def is_list_of_names(rows: list[Row]) -> bool:
    """Rules of a Makefile, or the addresses of hosts."""
    return all(row[0].endswith(":") for row in rows) or all(map(ADDRESS.match, (row[0] for row in rows)))


def is_semicolon_table(rows: list[Row], delimiter: str) -> bool:
    """Semicolons end statements."""
    if not rows or is_prose(rows) or not is_tab_table(rows, delimiter):
        return False
    return has_names(rows[0]) or has_number_columns(rows)


def is_comma_table(rows: list[Row], delimiter: str) -> bool:
    """Commas stand in prose, in logs and in code, so the cells themselves must look like those of a table."""
    if len(rows) < 2 or not has_values_at_both_ends(rows) or is_log(rows, delimiter):
        return False
    has_short_cells = all(len(cell) <= MAX_CELL for row in rows for cell in row)
    if not has_short_cells or not has_names(rows[0]):
        return has_short_cells and has_number_columns(rows) and all(map(CODE.isdisjoint, rows[0]))
    if has_number_columns(rows[1:]):
        return True
    return len(rows) > 2 and not is_prose(rows)


def is_bar_table(rows: list[Row], delimiter: str) -> bool:
    """Menus have bars between words as well."""
    if len(rows) < 3 or len(rows[0]) < 3 or not has_values_at_both_ends(rows) or is_log(rows, delimiter):
        return False
    return has_number_columns(rows[1:]) or not all(cell[:1] == " " for row in rows for cell in row[1:])


RULES = (("\t", is_tab_table), (";", is_semicolon_table), (",", is_comma_table), ("|", is_bar_table))


def has_values_at_both_ends(rows: list[Row]) -> bool:
    """If every row ends with the delimiter, it ends statements; if every row begins with it, it indents."""
    return any(row[-1] for row in rows) and any(row[0] for row in rows)


def is_log(rows: list[Row], delimiter: str) -> bool:
    """Whether most rows begin with a time and words."""
    lines = [delimiter.join(row) for row in rows]
    return sum(map(bool, map(TIMESTAMP.match, lines))) * 2 > len(lines)


def has_names(header: Row) -> bool:
    """Whether it may be a header: names that differ, and no numbers. One name may be empty, as that of an index."""
    names = [name.strip() for name in header]
    return names.count("") < 2 and not any(map(NUMBER.match, names)) and all(map(_is_name, names))


def _is_name(name: str) -> bool:
    """A unit may stand behind it in parentheses."""
    ends_well = name[-1:] not in set(".!?:)") or (name[-1] == ")" and "(" in name)
    return not name or (ends_well and name.count(" ") < 6 and CODE.isdisjoint(name))


def has_number_columns(rows: list[Row]) -> bool:
    """Whether a column has nothing but numbers."""
    return any(all(map(NUMBER.match, column)) for column in zip(*rows, strict=False))


def is_prose(rows: list[Row]) -> bool:
    """Sentences with equally many commas: a space follows each, or every line ends with the same mark."""
    if all(cell[:1] in {" ", ""} for row in rows for cell in row[1:]):
        return True
    ends = {row[-1][-2:] for row in rows}
    return (len(ends) == 1 and not ends.pop().isascii()) or all(row[-1][-1:] in set(".!?:;)}{") for row in rows)
