"""How the cells of a text table may be read: as integers, numbers, dates and so on.

A cell that fits no kind exactly is text. A value that would lose something is text as well: the zeros of ``00501``, the
plus of ``+79991234567``, the digits of a number that is longer than a double.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

TEXT = "text"

MAX_LENGTH = 60  # characters of the longest cell that fits a kind

# Integers beyond 18 digits are exact up to 38; other numbers are doubles, which have 15 to 17.
DIGITS = "(0|[1-9][0-9]{0,17})"

SPACES = " \u00a0\u202f"
APOSTROPHES = "'\u2019"

DAY = r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}|[0-9]{4}/[0-9]{1,2}/[0-9]{1,2}"
PARTS = "[0-9]{{1,2}}{0}[0-9]{{1,2}}{0}[0-9]"
CLOCK = "[0-9]{1,2}:[0-9]{2}(:[0-9]{2})?"
ZONE = "Z|z| ?UTC| ?GMT| ?[-+][0-9]{2}(:?[0-9]{2})?"


@dataclass(frozen=True)
class Kind:
    type: str
    """Its name in the facts."""
    pattern: str
    """A regular expression that every cell matches, for RE2 and `re` alike."""
    sql: str
    """The value of a cell ``{0}`` that matches; NULL if it has none (``2024-02-31``)."""
    shown: str = "value"
    """How minimum and maximum are returned: as ``value``, as ``text`` of the value (Python has no year 0), or as the
    ``cell`` that has it.
    """
    finite: bool = False
    """Whether values may be infinite or NaN, which are no minimum and no maximum."""
    witness: str = ""
    """An aggregate that must be true: without it, the cells of a column ``{0}`` look like this by chance."""
    rival: str = ""
    """Kinds with the same rival read a cell in different ways. Where two of them fit and differ, the column is text."""
    delimiter: str = ""
    """The delimiter of the tables in which this kind wins over its rivals."""
    decimal_mark: str = ""
    """What separates the fraction of a number."""

    def value(self, cell: str) -> str:
        matches = f"regexp_full_match({cell}, {_quote(self.pattern)})"
        return f"CASE WHEN {matches} THEN {self.sql.format(cell)} END"

    @cached_property
    def matches(self) -> re.Pattern[str]:
        return re.compile(self.pattern)


def _quote(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _number(separators: str, point: str, sql_type: str) -> str:
    """SQL for a number without the separators of its groups."""
    return f"try_cast(replace(translate({{0}}, {_quote(separators)}, ''), '{point}', '.') AS {sql_type})"


def _day(*formats: str) -> str:
    """SQL for a date in one of the formats, whichever of ``/-.`` is between its parts."""
    return f"try_strptime(translate({{0}}, '-.,', '//'), [{', '.join(map(_quote, formats))}])"


INTEGER = Kind("integer", "-?(0|[1-9][0-9]{0,37})", "try_cast({0} AS HUGEINT)")
NUMBER = Kind(
    "number",
    rf"[-+]?{DIGITS}?[.][0-9]*([eE][-+]?[0-9]{{1,3}})?|-?{DIGITS}([eE][-+]?[0-9]{{1,3}})?|[-+]?(?i:nan|inf|infinity)",
    "try_cast({0} AS DOUBLE)",
    finite=True,
    decimal_mark=".",
)
BOOLEAN = Kind("boolean", "(?i:true|false)", "try_cast({0} AS BOOLEAN)")
DATE = Kind("date", DAY, "try_cast({0} AS DATE)", "text")
TIMESTAMP = Kind("timestamp", f"({DAY})([T ]{CLOCK}([.][0-9]{{1,9}})?)?", "try_cast({0} AS TIMESTAMP)", "text")
TIME = Kind("time", f"{CLOCK}([.][0-9]{{1,9}})?", "try_cast({0} AS TIME)", "text")
INSTANT = Kind(
    "timestamp",
    f"({DAY})[T ]{CLOCK}([.][0-9]{{1,9}})?({ZONE})",
    r"try_cast(regexp_replace({0}, ' ?([-+][0-9][0-9]):?([0-9][0-9])$', '\1:\2') AS TIMESTAMPTZ)",
    "cell",
)


def _dates() -> Iterator[Kind]:
    """Dates that do not begin with a year of four digits. With points, the day is first."""
    yield Kind("date", "[0-9]{4}[.][0-9]{1,2}[.][0-9]{1,2}", "try_cast(replace({0}, '.', '-') AS DATE)", "text")
    yield Kind("date", f"{PARTS.format('[.]')}{{4}}", f"{_day('%d/%m/%Y')}::DATE", "text")
    clocks = ("%H:%M:%S", "%H:%M")
    formats = (f"%d/%m/%Y {clock}" for clock in clocks)
    yield Kind("timestamp", f"{PARTS.format('[.]')}{{4}},? {CLOCK}", _day(*formats), "text")
    long = "|".join(f"{PARTS.format(mark)}{{4}}" for mark in "/-")
    for order in ("%d/%m/%Y", "%m/%d/%Y"):
        yield Kind("date", long, f"{_day(order)}::DATE", "text", rival="days")
        formats = (f"{order} {clock}" for clock in (*clocks, "%I:%M:%S %p", "%I:%M %p"))
        yield Kind("timestamp", f"({long}),? {CLOCK}( [AaPp][Mm])?", _day(*formats), "text", rival="days")
    short = "|".join(f"{PARTS.format(mark)}{{2}}" for mark in ("/", "-", "[.]"))
    for order in ("%d/%m/%y", "%m/%d/%y", "%y/%m/%d"):
        yield Kind("date", short, f"{_day(order)}::DATE", "text", rival="days")


def _grouped_numbers() -> Iterator[Kind]:
    """Numbers with groups of three digits, a decimal comma or both.

    Identifiers have cells of equal lengths, so these must have other separators than blanks, or cells of many lengths.
    """
    varies = "min(length({0})) < max(length({0}))"
    has_comma, has_point = "bool_or(contains({0}, ','))", "bool_or(contains({0}, '.'))"
    for mark, point, delimiter, integers, numbers in (
        (".", ",", ";", f"NOT {has_point} AND {varies}", has_comma),
        (",", ".", ",", f"{has_comma} OR {varies}", f"{has_comma} OR {has_point}"),
    ):
        separators = f"{mark}{APOSTROPHES}{SPACES}"
        whole = f"-?(0|[1-9][0-9]{{0,17}}|[1-9][0-9]{{0,2}}([{separators}][0-9]{{3}}){{1,5}})"
        for kind, pattern, sql_type, witness in (
            ("integer", whole, "HUGEINT", integers),
            ("number", f"{whole}([{point}][0-9]+)?", "DOUBLE", numbers),
        ):
            value = _number(separators, point, sql_type)
            yield Kind(
                kind,
                pattern,
                value,
                witness=witness,
                rival="numbers",
                delimiter=delimiter,
                decimal_mark=point if kind == "number" else "",
            )


POINT_GROUPED = Kind(
    "integer",
    "-?[1-9][0-9]{0,2}([.][0-9]{3}){0,5}",
    _number(".", ".", "HUGEINT"),
    witness="bool_or(contains({0}, '.'))",
)
"""``1.234``, which may be a number as well: see `columns.resolve_points`."""

KINDS = (INTEGER, NUMBER, BOOLEAN, DATE, TIMESTAMP, TIME, INSTANT, *_dates(), *_grouped_numbers(), POINT_GROUPED)


def possible_kinds(cells: Iterable[str]) -> tuple[Kind, ...]:
    """The kinds that all of these cells may have; none if there are no cells."""
    kinds: tuple[Kind, ...] = ()
    for number, cell in enumerate(cells):
        kinds = tuple(kind for kind in (kinds if number else KINDS) if kind.matches.fullmatch(cell))
        if not kinds:
            break
    return kinds
