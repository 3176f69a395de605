"""Lines of logs, chats and prose, which are no rows of cells, whatever delimiters they contain."""

from __future__ import annotations

import re
from collections.abc import Sequence

from picasso.process.processors.table.header import is_value

MAX_LINES = 50

DAY = r"(?:\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}|\d{1,2}[-/ ][A-Za-z]{3}[-/ ]\d{2,4}|[A-Z][a-z]{2} {1,2}\d{1,2}(?:,? \d{4})?)"
CLOCK = r"\d{1,2}:\d\d(?::\d\d)?(?:[.,]\d{1,9})?(?:[ \u202f]?[AaPp]\.?[Mm]\.?)?(?: ?(?:Z|UTC|[-+]\d\d:?\d\d))?"
TIME = rf"(?:[A-Z][a-z]{{2}},? )?{DAY}(?:,? {{1,2}}|[T:]|, ?){CLOCK}(?: \d{{4}})?"
LEVEL = r"(?:TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|CRITICAL|FATAL)\b"

STARTS = (
    rf"\[{TIME}\] ?\S",  # [01.02.2024, 12:01:05] Ivan: hello
    rf"{TIME} - \S",  # 01.02.2024, 12:01 - Ivan: hello
    rf"{TIME} +(?:\[|\(|{LEVEL}|[\w.$/-]+(?:\[\d+\])?:? +[^\s,;|])",  # 2024-01-01 10:00:00,120 INFO started
    r"(?:time|ts|timestamp|level|lvl)=\S+ ",  # time=2024-01-01T10:00:00Z level=info
    rf"\[?{LEVEL}\]?[ :]+\S",  # INFO:root:started
    r"\S+ \S+ \S+ \[\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [-+]\d{4}\] \"",  # access logs of web servers
    r"<\d{1,3}>(?:1 )?\S",  # syslog with its priority (RFC 5424)
)
START = re.compile(r"[\ufeff\u200e]?(?:" + "|".join(STARTS) + ")")


def is_log(sample: str) -> bool:
    """Whether a text begins with a line of a log or chat, and at least half of its lines are such lines."""
    lines = [line for line in sample[:20_000].splitlines() if line.strip()][:MAX_LINES]
    if len(lines) < 2 or not START.match(lines[0]):
        return False
    return 2 * sum(START.match(line) is not None for line in lines) >= len(lines)


WORDS = 3  # of a cell: more, on average, are parts of sentences
NAME_WORDS = 2  # of a column's name


def is_prose(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the cells between commas are parts of sentences: several words each, with a blank after each comma."""
    cells = [cell for row in rows for cell in row]
    if any(cell and not cell[0].isspace() for row in rows for cell in row[1:]) or any(map(is_value, cells)):
        return False
    if len(rows) > 2 and len(set(map(len, rows))) == 1 and all(len(cell.split()) <= NAME_WORDS for cell in rows[0]):
        return False  # names of columns
    return sum(len(cell.split()) for cell in cells) >= WORDS * len(cells)
