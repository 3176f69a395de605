"""Formats of texts."""

from __future__ import annotations

from tests.formats import Format

KEYS = (
    *(
        "characters",
        "encoding",
        "encoding_evidence",
        "encoding_sure",
        "line_end_counts",
        "line_ends",
        "lines",
        "preview",
        "undecodable",
        "well_formed",
    ),
    "words",
)
FACTS: dict[str, tuple[str, ...]] = {"text": KEYS}


FORMATS = (
    Format("Plain text", "notes.txt", lambda: "Größe → café\n日本語\n".encode() * 3, "text/plain", FACTS),
    Format("Plain text, UTF-16", "notes.txt", lambda: "Größe → café\r\n".encode("utf-16") * 3, "text/plain", FACTS),
    Format(
        "JSON",
        "data.json",
        lambda: b'{"a": [1, 2.5, null], "b": {"c": "d"}}\n',
        "application/json",
        FACTS,
        gaps="`well_formed` is null if the file has more than 32 MiB or more than about a thousand levels.",
    ),
    Format(
        "XML",
        "data.xml",
        lambda: b'<?xml version="1.0"?>\n<a><b c="d">e</b></a>\n',
        "text/xml",
        FACTS,
        gaps="External references are not fetched; `well_formed` is null for entities that expand too much.",
    ),
    Format(
        "YAML",
        "data.yaml",
        lambda: b"a: 1\nb:\n  - c\n",
        "application/yaml",
        FACTS,
        gaps="Detected by its file name only.",
    ),
    Format(
        "TOML", "data.toml", lambda: b"[a]\nb = 1\n", "application/toml", FACTS, gaps="Detected by its file name only."
    ),
    Format(
        "Source code (C)", "main.c", lambda: b"#include <stdio.h>\nint main(void) { return 0; }\n", "text/x-c", FACTS
    ),
    Format("Source code (shell)", "run.sh", lambda: b"#!/bin/sh\necho hello\n", "text/x-shellscript", FACTS),
    Format("WebVTT", "film.vtt", lambda: b"WEBVTT\n\n00:01.000 --> 00:02.000\nHello\n", "text/vtt", FACTS),
    Format(
        "SubRip",
        "film.srt",
        lambda: b"1\n00:00:01,000 --> 00:00:02,000\nHello\n",
        "application/x-subrip",
        FACTS,
    ),
    Format(
        "Calendar",
        "events.ics",
        lambda: b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n",
        "text/calendar",
        FACTS,
    ),
)
