"""Whether the first row of a table has the names of its columns."""

from __future__ import annotations

import operator
import re
from collections.abc import Iterable, Sequence
from itertools import chain, pairwise

Rows = Sequence[Sequence[str]]

# Columns that are compared: one pass over all of a wide table would take long.
MAX_COLUMNS = 200

VALUE = re.compile(
    r"[-+]?[$€£₽]?\s?[\d.,'\s]*\d[\d.,]*(?:e[-+]?\d+)?\s?[%€$£₽]?|\d{1,4}[-/.:]\d.*|true|false", re.IGNORECASE
)
PERIOD = re.compile(r"(?:19|20)\d\d(?:[-/.](?:\d\d|Q[1-4])){0,2}", re.IGNORECASE)


def is_value(cell: str) -> bool:
    """Whether a cell is a number, date or time, which names of columns are not."""
    return len(cell) <= 100 and VALUE.fullmatch(cell.strip()) is not None


def is_header(rows: Rows) -> bool:
    """Whether the first of these rows is no row like the others.

    Names are texts. If a column below them has values only, these are names, even if one is empty or occurs twice. If
    all columns are texts, names must be different, and none may also be a text of its column.
    """
    if len(rows) < 2:
        return False
    first, rest = [cell.strip() for cell in rows[0][:MAX_COLUMNS]], rows[1:]
    if any(map(is_value, first)):
        return _are_periods(first, rest)
    if not any(first):
        return False
    columns = [[row[n].strip() for row in rest if len(row) > n and row[n].strip()] for n in range(len(first))]
    if any(name and column and all(map(is_value, column)) for name, column in zip(first, columns, strict=True)):
        return True
    return _are_different(first, columns)


def _are_periods(first: Sequence[str], rest: Rows) -> bool:
    """Whether the names are years or months, in order, and the first of them a text: ``region,2023,2024``."""
    head, *periods = first
    if is_value(head) or len(periods) < 2 or not all(map(PERIOD.fullmatch, periods)):
        return False
    in_order = periods in (sorted(set(periods)), sorted(set(periods), reverse=True))
    cells = [cell.strip() for row in rest for cell in row[1 : len(first)] if cell.strip()]
    return in_order and any(map(is_value, cells)) and not any(map(PERIOD.fullmatch, cells))


def _are_different(names: Sequence[str], columns: Rows) -> bool:
    filled = [(name, column) for name, column in zip(names, columns, strict=True) if name]
    # A column without a name is that of row numbers or labels, which is the first, or it is empty.
    all_named = all(map(any, zip(names[1:], map(operator.not_, columns[1:]), strict=True)))
    all_new = not any(name in column for name, column in filled[:50])
    return all_named and all_new and _doubled_names_differ(filled)


def _doubled_names_differ(columns: Iterable[tuple[str, Sequence[str]]]) -> bool:
    """Whether no two columns that begin with the same text have another equal cell in common, as equal columns have."""
    by_name: dict[str, list[Sequence[str]]] = {}
    for name, column in columns:
        by_name.setdefault(name, []).append(column)
    doubled = [group for group in by_name.values() if len(group) > 1]
    return not any(
        len(first) < 2 or any(map(operator.eq, first, second)) for first, second in chain(*map(pairwise, doubled))
    )
