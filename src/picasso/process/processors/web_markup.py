"""Scripts and objects in XML that browsers show: drawings, XHTML, and other XML with parts of these."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import IO
from xml.parsers import expat

from picasso.policy import ActiveContent
from picasso.process.processors.web_scripts import has_script, is_script_address, is_script_type

MAX_ELEMENTS = 200_000
PIECE = 2**16

WEB = {"http://www.w3.org/1999/xhtml", "http://www.w3.org/2000/svg", "http://www.w3.org/1998/Math/MathML"}
BLANK = " "
"""Between a namespace and a name."""

ELSEWHERE = re.compile(r"\s*(?:https?:)?//", re.IGNORECASE)
LOADING = {"image", "feimage", "use", "iframe", "embed", "object", "video", "audio", "link"}
OBJECTS = {"iframe", "embed", "object"}

# In a style sheet, or an attribute of style.
LOADED_STYLE = re.compile(r"(?:url\(|@import)\s*+['\"]?\s*+(?:https?:)?//", re.IGNORECASE)

# A style sheet in XSLT makes a page of the document, with any script.
STYLESHEET = "xml-stylesheet"
TRANSFORMING = re.compile(r"\btype\s*=\s*[\"'](?:text/xsl|(?:text|application)/(?:xslt\+)?xml)[\"']", re.IGNORECASE)
HREF = re.compile(r"\bhref\s*=\s*[\"']([^\"']*)[\"']")


class TooManyError(Exception):
    """More elements than are looked at."""


class MarkupScan:
    """Counts what a browser runs or loads. In XML of any kind only what is in a namespace of the web counts."""

    def __init__(self, found: ActiveContent, *, any_xml: bool = False) -> None:
        self.found = found
        self.any_xml = any_xml
        self._elements = 0
        self._is_style = False

    def read(self, file: IO[bytes], encoding: str | None = None) -> None:
        """What comes before damage counts, since a browser has run it then; the rest is ``incomplete``."""
        parser = expat.ParserCreate(encoding, BLANK if self.any_xml else None)
        parser.buffer_text = True
        parser.StartElementHandler = self.start
        parser.EndElementHandler = self.end
        parser.CharacterDataHandler = self.characters
        parser.ProcessingInstructionHandler = self.instruction
        parser.SkippedEntityHandler = self.skipped_entity
        try:
            while piece := file.read(PIECE):
                parser.Parse(piece, False)
            parser.Parse(b"", True)
        except (TooManyError, expat.ExpatError, ValueError, LookupError):
            self.found.mark("incomplete")

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        self._elements += 1
        if self._elements > MAX_ELEMENTS:
            raise TooManyError
        namespace, _, tag = name.rpartition(BLANK)
        if not self.any_xml or namespace in WEB:
            self._add_element(tag.rpartition(":")[2].lower(), attributes)

    def _add_element(self, tag: str, attributes: Mapping[str, str]) -> None:
        self._is_style = tag == "style"
        values = {re.split("[: ]", key)[-1].lower(): value for key, value in attributes.items()}
        if tag == "script":
            self.found.count("javascript", is_script_type(values.get("type", "")))
        self.found.count("javascript", tag == "handler")  # SVG Tiny 1.2
        self.found.count("javascript", sum(has_script(key, value) for key, value in values.items()))
        self.found.count("embedded_objects", tag in OBJECTS)
        loads = tag in LOADING and ELSEWHERE.match(values.get("href", values.get("src", "")))
        styled = any("//" in value and LOADED_STYLE.search(value) for value in values.values())
        self.found.count("external_links", bool(loads) + styled)

    def end(self, _: str) -> None:
        self._is_style = False

    def characters(self, text: str) -> None:
        if self._is_style:
            self.found.count("external_links", len(LOADED_STYLE.findall(text)))

    def instruction(self, target: str, content: str) -> None:
        if target != STYLESHEET or not (match := HREF.search(content)):
            return
        self.found.count("external_links", ELSEWHERE.match(match[1]) is not None)
        is_inside = match[1].startswith("#") and TRANSFORMING.search(content) is not None
        self.found.count("javascript", is_inside or is_script_address(match[1]))

    def skipped_entity(self, *_: object) -> None:
        """Browsers may know what it stands for."""
        self.found.mark("incomplete")
