"""Scripts of a drawing, which run if a browser shows it by itself, and what it loads from elsewhere."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import BinaryIO
from xml.parsers import expat

from picasso.policy import ActiveContent
from picasso.process.contract import JSON, ProcessorError
from picasso.process.processors.image.svg_bytes import read_drawing
from picasso.process.processors.web_scripts import has_script, is_script_type

MAX_ELEMENTS = 200_000

ELSEWHERE = re.compile(r"\s*(?:https?:)?//", re.IGNORECASE)
LOADING = {"image", "feImage", "use", "iframe", "embed", "object", "video", "audio"}
OBJECTS = {"iframe", "embed", "object"}


class _TooManyError(Exception):
    pass


class _Scan:
    def __init__(self) -> None:
        self.found = ActiveContent()
        self._elements = 0

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        self._elements += 1
        if self._elements > MAX_ELEMENTS:
            raise _TooManyError
        tag = name.rpartition(":")[2]
        if tag == "script":
            self.found.count("javascript", is_script_type(attributes.get("type", "")))
        values = {key.rpartition(":")[2].lower(): value for key, value in attributes.items()}
        self.found.count("javascript", sum(has_script(key, value) for key, value in values.items()))
        self.found.count("embedded_objects", tag in OBJECTS)
        if tag in LOADING and ELSEWHERE.match(values.get("href", values.get("src", ""))):
            self.found.count("external_links")


def read_active_content(file: BinaryIO) -> dict[str, JSON]:
    """The fact ``active_content``, if there is any. What comes before damage counts: a browser has run it then."""
    scan = _Scan()
    parser = expat.ParserCreate("utf-8")
    parser.StartElementHandler = scan.start
    try:
        parser.Parse(read_drawing(file), True)
    except _TooManyError:
        scan.found.mark("incomplete")
    except (ProcessorError, expat.ExpatError, ValueError, LookupError):
        pass  # the drawing fails for that as well
    finally:
        file.seek(0)
    return scan.found.as_fact()
