"""How a delimited text is written: its delimiter, its quotes, and whether the first row has names."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from picasso.process.processors.table.survey import MAX_LINE

MAX_ROWS = 1_000

# Those that are rare in prose and numbers come first: "1,5;2,5" is two numbers.
DELIMITERS = "\t;|,"

# The fraction of rows that must have the same width, if a delimiter is right.
MIN_EVENNESS = 0.9

NUMBER = re.compile(r"[-+]?[$€£]?[\d.,]*\d[\d.,]*(e[-+]?\d+)?%?|\d{1,4}[-/.:]\d.*|true|false", re.IGNORECASE)

Rows = Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Dialect:
    delimiter: str
    quote: str
    escape: str
    header: bool
    width: int
    """Columns."""
    names: tuple[str, ...]


def detect(sample: str, preferred: str = "") -> Dialect:
    """The dialect of a text with this beginning."""
    quote = _quote(sample)
    escape = "\\" if f"\\{quote}" in sample and quote * 2 not in sample else quote
    parses = {delimiter: _rows(sample, delimiter, quote, escape) for delimiter in DELIMITERS}
    delimiter = preferred if preferred and _width(parses[preferred]) > 1 else _delimiter(parses)
    rows = parses[delimiter]
    first = rows[0] if rows else []
    header = _is_header(rows)
    width = max(_width(rows), len(first) if header else 1)
    names = [*first, *([""] * width)][:width] if header else [""] * width
    named = (name.strip() or f"column{number}" for number, name in enumerate(names, 1))
    return Dialect(delimiter, quote, escape, header, width, tuple(named))


def has_open_quote(sample: str, dialect: Dialect) -> bool:
    """Whether a quote seems to be never closed."""
    return bool(dialect.quote) and sample.count(dialect.quote) % 2 == 1


def without_quotes(dialect: Dialect, sample: str) -> Dialect:
    """The same dialect for a text without quotes, in which the first quote character is never closed."""
    rows = _rows(sample, dialect.delimiter, "", "")
    width = _width(rows)
    return replace(dialect, quote="", escape="", width=width, names=(*dialect.names, *_numbered_names(width))[:width])


def _numbered_names(width: int) -> list[str]:
    return [f"column{number}" for number in range(1, width + 1)]


def _quote(sample: str) -> str:
    if '"' in sample:
        return '"'
    return "'" if len(re.findall(r"(?:^|[,;\t|])'[^'\n]*'(?=[,;\t|\r\n]|$)", sample)) > 1 else '"'


def _rows(sample: str, delimiter: str, quote: str, escape: str) -> Rows:
    csv.field_size_limit(2 * MAX_LINE)
    reader = csv.reader(
        io.StringIO(sample, newline=""),
        delimiter=delimiter,
        quotechar=quote or None,
        quoting=csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE,
        doublequote=escape == quote,
        escapechar=None if escape == quote else escape or None,
    )
    rows: list[list[str]] = []
    try:
        for row in reader:
            if row:
                rows.append(row)
            if len(rows) >= MAX_ROWS:
                break
    except csv.Error:
        pass  # the rows before the error are enough
    return rows


def _widths(rows: Rows) -> Counter[int]:
    return Counter(map(len, rows))


def _width(rows: Rows) -> int:
    """The width of most rows; of several that are equally frequent, the greatest."""
    counts = _widths(rows)
    return max(counts, key=lambda width: (counts[width], width), default=1)


def _evenness(rows: Rows) -> float:
    width = _width(rows)
    return _widths(rows)[width] / len(rows) if rows and width > 1 else 0.0


def _delimiter(parses: dict[str, Rows]) -> str:
    evenness = {delimiter: _evenness(rows) for delimiter, rows in parses.items()}
    candidates = [delimiter for delimiter in parses if evenness[delimiter] >= MIN_EVENNESS]
    if candidates:
        return candidates[0]
    return max(parses, key=lambda delimiter: (evenness[delimiter], delimiter == ","))


def _is_header(rows: Rows) -> bool:
    """Names are texts, all of them present and different, and none is also a value of its column."""
    if len(rows) < 2:
        return False
    first, rest = rows[0], rows[1:]
    if not all(cell.strip() for cell in first) or len(set(first)) < len(first) or any(map(NUMBER.fullmatch, first)):
        return False
    return not any(len(row) > index and row[index] == name for row in rest for index, name in enumerate(first[:50]))
