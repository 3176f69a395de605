"""How a delimited text is written: its delimiter, its quotes, where its rows begin, and whether the first has names."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from picasso.process.processors.table.header import Rows, is_header, is_value
from picasso.process.processors.table.logs import is_log, is_prose
from picasso.process.processors.table.survey import MAX_LINE

MAX_ROWS = 1_000

# Those that are rare in prose and numbers come first: "1,5;2,5" is two numbers.
DELIMITERS = "\t;|,"

# For a text of one column, whatever its lines contain.
NO_DELIMITERS = "\x1f\x1e\x1d\x1c"

# The fraction of rows that must have the same width, if a delimiter is right.
MIN_EVENNESS = 0.9

# Rows before a table: a title, dates, who exported it.
MAX_PREAMBLE = 50

# The line by which Excel is told the delimiter. A program that writes it may quote it.
SEP_LINE = re.compile(r'"?sep=(\\t|[^\r\n"])"?[,;\t ]*(?:\r\n|\r|\n)', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Dialect:
    delimiter: str
    quote: str
    escape: str
    header: bool
    width: int
    """Columns."""
    names: tuple[str, ...]
    skip: int = 0
    """Rows before the header or the first row, empty ones included."""
    has_comments: bool = False
    """Whether rows that begin with ``#`` are comments."""


@dataclass(frozen=True, slots=True)
class Parse:
    """The first rows of a text, as they are with one delimiter."""

    rows: Rows
    """Without those before the table, and without empty ones."""
    skip: int
    has_comments: bool = False

    @property
    def width(self) -> int:
        """The width of most rows; of several that are equally frequent, the greatest."""
        return most_frequent_width(self.rows)

    @property
    def evenness(self) -> float:
        """The fraction of rows that have this width; 0 if it is 1."""
        width = self.width
        return sum(len(row) == width for row in self.rows) / len(self.rows) if self.rows and width > 1 else 0.0


def detect(sample: str, preferred: str = "") -> Dialect:
    """The dialect of a text with this beginning."""
    if is_log(sample):
        return single_column(sample)
    quote = _quote(sample)
    escape = "\\" if f"\\{quote}" in sample and quote * 2 not in sample else quote
    if match := SEP_LINE.match(sample):
        delimiter = "\t" if match[1] == "\\t" else match[1]
        parse = parse_rows(sample[match.end() :], delimiter, quote, escape)
        return _dialect(replace(parse, skip=parse.skip + 1), delimiter, quote, escape)
    parses = {delimiter: parse_rows(sample, delimiter, quote, escape) for delimiter in DELIMITERS}
    delimiter = preferred if preferred and parses[preferred].width > 1 else _best_delimiter(parses)
    if delimiter == "," and parses[","].width > 1 and is_prose(parses[","].rows):
        return single_column(sample)
    return _dialect(parses[delimiter], delimiter, quote, escape)


def single_column(sample: str) -> Dialect:
    """For lines that are no rows of cells."""
    delimiter = next((each for each in NO_DELIMITERS if each not in sample), NO_DELIMITERS[0])
    return _dialect(replace(parse_rows(sample, delimiter, "", ""), skip=0), delimiter, "", "", may_have_header=False)


def has_open_quote(sample: str, dialect: Dialect) -> bool:
    """Whether a quote seems to be never closed."""
    return bool(dialect.quote) and sample.count(dialect.quote) % 2 == 1


def without_quotes(dialect: Dialect, sample: str) -> Dialect:
    """The same dialect for a text without quotes, in which the first quote character is never closed."""
    parse = parse_rows(sample, dialect.delimiter, "", "")
    names = (*dialect.names, *_numbered_names(parse.width)[len(dialect.names) :])[: parse.width]
    return replace(dialect, quote="", escape="", width=parse.width, names=names)


def _dialect(parse: Parse, delimiter: str, quote: str, escape: str, *, may_have_header: bool = True) -> Dialect:
    first = parse.rows[0] if parse.rows else []
    header = may_have_header and is_header(parse.rows)
    width = max(parse.width, len(first) if header else 1)
    names = [name.strip() for name in first] if header else []
    names += _numbered_names(width)[len(names) :]
    return Dialect(delimiter, quote, escape, header, width, tuple(names), parse.skip, parse.has_comments)


def _numbered_names(width: int) -> list[str]:
    return [f"column{number}" for number in range(1, width + 1)]


def _quote(sample: str) -> str:
    if '"' in sample:
        return '"'
    return "'" if len(re.findall(r"(?:^|[,;\t|])'[^'\n]*'(?=[,;\t|\r\n]|$)", sample)) > 1 else '"'


def parse_rows(sample: str, delimiter: str, quote: str, escape: str) -> Parse:
    records = list(_records(sample, delimiter, quote, escape))
    width = most_frequent_width([record for record in records if record])
    start, has_comments = _first_of_table(records, width)
    start = _after_empty_row(records, start, width) or start
    rows = [record for record in records[start:] if record and not (has_comments and _is_comment(record))]
    return Parse(rows, start, has_comments)


def _records(sample: str, delimiter: str, quote: str, escape: str) -> Iterator[list[str]]:
    """The first rows, with those that are empty. A row after an error is not needed."""
    csv.field_size_limit(2 * MAX_LINE)
    reader = csv.reader(
        io.StringIO(sample, newline=""),
        delimiter=delimiter,
        quotechar=quote or None,
        quoting=csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE,
        doublequote=escape == quote,
        escapechar=None if escape == quote else escape or None,
    )
    filled = 0
    try:
        for row in reader:
            yield row if any(map(str.strip, row)) or len(row) > 1 else []
            filled += bool(row)
            if filled >= MAX_ROWS:
                return
    except csv.Error:
        return


def most_frequent_width(rows: Rows) -> int:
    counts = Counter(map(len, rows))
    return max(counts, key=lambda width: (counts[width], width), default=1)


def _first_of_table(records: Rows, width: int) -> tuple[int, bool]:
    """The place of the header or first row, and whether the rows before are comments."""
    place, last_comment = 0, -1
    while place < len(records) and (place < MAX_PREAMBLE or not records[place]):
        if records[place] and not _is_comment(records[place]) and not _is_before_table(records[place], width):
            break
        last_comment = place if _is_comment(records[place]) else last_comment
        place += 1
    else:
        return _first_filled(records), False
    if last_comment >= 0 and _is_header_with_mark(records[last_comment:], width):
        return last_comment, False
    return place, last_comment >= 0


def _after_empty_row(records: Rows, start: int, width: int) -> int | None:
    """The place of a header that follows narrower rows and an empty one; None if there is none."""
    head = records[start : start + MAX_PREAMBLE]
    narrow = next((n for n, record in enumerate(head) if not record or len(record) >= width), 0)
    place = start + narrow
    while narrow and place < len(records) and not records[place]:
        place += 1
    rows = [record for record in records[place:] if record]
    follows = place > start + narrow > start and len(rows) > 1 and all(len(row) == width for row in rows[:2])
    return place if follows and is_header(rows) else None


def _first_filled(records: Rows) -> int:
    return next((place for place, record in enumerate(records) if record), len(records))


def _is_comment(record: Sequence[str]) -> bool:
    return bool(record) and record[0].startswith("#")


def _is_header_with_mark(records: Rows, width: int) -> bool:
    """Whether a row of names begins with ``#``, as in ``#id,name``."""
    rows = [record for record in records if record]
    marked = rows[0][0].startswith("##") or len(rows[0]) != width or not is_header(rows)
    return not marked and not is_header(rows[1:])


def _is_before_table(record: Sequence[str], width: int) -> bool:
    """Whether a row is a title or a note: at most half as wide as the table, or with little beyond its first cell."""
    filled = [cell for cell in record if cell.strip()]
    if not filled:
        return width > 1
    if not record[0].strip() or is_value(filled[0]):
        return False
    if len(record) < width:
        return 2 * len(filled) <= width or _is_pair(filled)
    return width > 2 and (len(filled) == 1 or _is_pair(filled))


def _is_pair(filled: Sequence[str]) -> bool:
    """Whether a row is a name and its value, as ``Date:,2024-01-01``."""
    return len(filled) == 2 and filled[0].rstrip().endswith(":")


def _best_delimiter(parses: dict[str, Parse]) -> str:
    candidates = [delimiter for delimiter, parse in parses.items() if parse.evenness >= MIN_EVENNESS]
    if candidates:
        return candidates[0]
    return max(parses, key=lambda delimiter: (parses[delimiter].evenness, delimiter == ","))
