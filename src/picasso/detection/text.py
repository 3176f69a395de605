"""Which text format a text is: the most certain rules first, then the name.

All rules have a limited cost: they read the first kibibytes.
"""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress

from picasso.detection.media_types import CSV, JSON, NDJSON, TSV

# The beginning of a text shows which format it is.
TEXT_HEAD = 4 * 1024

# Text formats, the most certain rules first.


def detect_text(head: bytes) -> str | None:
    start = head[:TEXT_HEAD].removeprefix(b"\xef\xbb\xbf").lstrip()
    is_complete = len(head) <= TEXT_HEAD
    for rule in RULES_BY_START.get(start[:1], ()) + COMMON_RULES:
        if match := rule(start, is_complete):
            return match
    return None


# Possessive quantifiers: with backtracking, a few kibibytes of comments would take for ever.
ROOT = re.compile(
    rb"(?:<\?.*?\?>\s*+|<!--.*?-->\s*+|<!DOCTYPE[^<>\[]*+(?:\[.*?\]\s*+)?>\s*+)*+<([A-Za-z][\w:.-]*)", re.DOTALL
)
ROOT_TYPES = {b"svg": "image/svg+xml", b"html": "text/html"}


def detect_markup(start: bytes, is_complete: bool) -> str | None:
    """By the name of the root element, after comments and declarations."""
    match = ROOT.match(start)
    if not match:
        return None
    name = match[1].rpartition(b":")[2].lower()
    return ROOT_TYPES.get(name) or ("text/xml" if start.startswith(b"<?xml") else None)


def detect_json(start: bytes, is_complete: bool) -> str | None:
    """JSON that continues after the head, which libmagic does not detect."""
    text = start.decode(errors="ignore")
    try:
        _, end = json.JSONDecoder().raw_decode(text)
    except json.JSONDecodeError as fault:
        is_cut_off = fault.msg.startswith("Unterminated") or fault.pos >= len(text) - 12
        return JSON if not is_complete and is_cut_off else None
    except RecursionError:
        return None
    rest = text[end:].lstrip()
    return NDJSON if "\n" in text[end : len(text) - len(rest)] and rest[:1] in {"{", "["} else None


def detect_json_lines(head: bytes) -> str | None:
    """JSON Lines, if a line is a complete JSON value and another line follows."""
    first, _, rest = head.strip().partition(b"\n")
    if first[:1] not in {b"{", b"["} or rest.lstrip()[:1] not in {b"{", b"["}:
        return None
    try:
        json.loads(first)
    except (ValueError, RecursionError):
        return None
    return NDJSON


KNOWN_FIELD = re.compile(
    rb"(?i)^(From|To|Subject|Date|Message-ID|MIME-Version|Received|Return-Path|Delivered-To):[ \t]", re.MULTILINE
)
MAIL_FIELD = re.compile(rb"[!-9;-~]{1,60}:[ \t]")


def detect_mail(start: bytes, is_complete: bool) -> str | None:
    """Mail, if at least three fields that every message has are before its first empty line."""
    if not MAIL_FIELD.match(start):
        return None
    fields = {name.lower() for name in KNOWN_FIELD.findall(re.split(rb"\r?\n\r?\n", start, maxsplit=1)[0])}
    return "message/rfc822" if len(fields) > 2 and fields & {b"from", b"received"} else None


SUBRIP = re.compile(rb"\d+\r?\n\d\d:\d\d:\d\d,\d{3} --> \d\d:\d\d:\d\d,\d{3}")


def detect_subtitles(start: bytes, is_complete: bool) -> str | None:
    if re.match(rb"WEBVTT[\s]", start):
        return "text/vtt"
    return "application/x-subrip" if SUBRIP.match(start) else None


def detect_table(start: bytes, is_complete: bool) -> str | None:
    """A table, if at least three rows have the same number of cells, separated by tabs or semicolons. libmagic detects
    commas.
    """
    for delimiter, media_type in ((b"\t", TSV), (b";", CSV)):
        lines = start.splitlines()[: None if is_complete else -1]
        if len(lines) > 2 and all(delimiter in line for line in lines[:3]) and _has_equal_widths(lines[:20], delimiter):
            return media_type
    return None


def _has_equal_widths(lines: list[bytes], delimiter: bytes) -> bool:
    rows = list(_cells(lines, delimiter.decode()))
    widths = Counter(map(len, rows))
    # If every row ends with the delimiter, it ends statements; if every row begins with it, it indents.
    has_values_at_both_ends = any(row[-1] for row in rows) and any(row[0] for row in rows)
    return len(widths) == 1 and len(rows) > 2 and len(rows[0]) > 1 and has_values_at_both_ends


def _cells(lines: list[bytes], delimiter: str) -> Iterator[list[str]]:
    with suppress(csv.Error):
        for row in csv.reader((line.decode("latin-1").replace("\0", "") for line in lines), delimiter=delimiter):
            if row:
                yield row


TextRule = Callable[[bytes, bool], str | None]

COMMON_RULES: tuple[TextRule, ...] = (detect_subtitles, detect_mail, detect_table)
RULES_BY_START: dict[bytes, tuple[TextRule, ...]] = {b"<": (detect_markup,), b"{": (detect_json,), b"[": (detect_json,)}

NUMERIC = re.compile(rb"[,\n][ \t]*[-+]?\d[\d.]*[ \t]*(?=[,\r\n])")


def is_prose(head: bytes) -> bool:
    """Whether text that libmagic takes for CSV is prose whose sentences have equal numbers of commas by chance."""
    start = head[:TEXT_HEAD]
    commas = start.count(b",")
    return commas == start.count(b", ") + start.count(b",\n") + start.count(b",\r") and not NUMERIC.search(start)
