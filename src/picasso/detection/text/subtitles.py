"""Subtitles and lyrics: by their first cue."""

from __future__ import annotations

import re

from picasso.detection.text.sample import Sample

TIME = r"\d{1,2}:\d\d:\d\d,\d{3}"
FORMATS = (
    (re.compile(rf"\d+\s*\r?\n{TIME} *--> *{TIME}"), "application/x-subrip"),
    (re.compile(r"\{\d+\}\{\d+\}"), "text/x-microdvd"),
    (re.compile(r"\[INFORMATION\]|\d\d:\d\d:\d\d\.\d\d,\d\d:\d\d:\d\d\.\d\d\r?\n"), "text/x-subviewer"),
    (re.compile(r"\[\d+\]\[\d+\]"), "text/x-mpl2"),
    (re.compile(r"(?:[A-Z]+=[^\n]*+\n){0,8}?FORMAT=(?:TIME|[\d.]+)\r?\n"), "text/x-mpsub"),
    (re.compile(r"(?:\[(?:ti|ar|al|by|offset|length|re|ve):[^\]\n]*\]\s*)*\[\d\d:\d\d\.\d\d\d?\]"), "application/lrc"),
)


def detect_subtitles(sample: Sample) -> str | None:
    if sample.text[:1] not in STARTS:
        return None
    return next((media_type for pattern, media_type in FORMATS if pattern.match(sample.text)), None)


STARTS = frozenset("0123456789{[FTAN")
