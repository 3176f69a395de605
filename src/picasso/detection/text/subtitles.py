"""Subtitles and lyrics: by their first cues. References and chats look like one of them, so two must agree."""

from __future__ import annotations

import re

from picasso.detection.text.sample import Sample

LYRIC = r"\[\d\d:\d\d[.:]\d\d\d?\]"
TIME = r"\d{1,2}:\d\d:\d\d,\d{3}"
FORMATS = (
    (re.compile(rf"\d+\s*\r?\n{TIME} *--> *{TIME}"), "application/x-subrip"),
    (re.compile(r"\{1\}\{1\}\d+\.\d+\r?\n|(?:\{(?:\d+|DEFAULT)\}\{\d*\}[^\n]*+\n){2}"), "text/x-microdvd"),
    (re.compile(r"\[INFORMATION\]\s*\r?\n\s*\[|\d\d:\d\d:\d\d\.\d\d,\d\d:\d\d:\d\d\.\d\d\r?\n"), "text/x-subviewer"),
    (re.compile(r"\[\d+\]\[\d+\][^\n]*+\n\[\d+\]\[\d+\]"), "text/x-mpl2"),
    (re.compile(r"(?:[A-Z]+=[^\n]*+\n){0,8}?FORMAT=(?:TIME|[\d.]+)\r?\n"), "text/x-mpsub"),
    (re.compile(rf"(?:\[(?:ti|ar|al|au|by|offset|length|re|ve):[^\]\n]*\]\s*)+{LYRIC}"), "application/lrc"),
    (re.compile(rf"(?:\[00:\d\d[.:]\d\d\d?\]){{1,9}}[^\n]*+\n\s*+{LYRIC}"), "application/lrc"),
)


def detect_subtitles(sample: Sample) -> str | None:
    if sample.text[:1] not in STARTS:
        return None
    return next((media_type for pattern, media_type in FORMATS if pattern.match(sample.text)), None)


STARTS = frozenset("0123456789{[FTAN")
