"""Active content of Office documents that are one text: Word and Excel of 2003 in XML, packages in one XML file ("flat
OPC"), web archives (MHTML). Word opens each of them by any name, and runs its macros."""

from __future__ import annotations

import base64
import re
from typing import ClassVar

from picasso.policy import ActiveContent
from picasso.process.processors.document.active.office import (
    AUTO_NAME,
    MACRO_TYPE,
    FieldScan,
    add_project,
    add_relation,
    is_dde_formula,
)
from picasso.process.processors.document.package import RelationsScan
from picasso.process.processors.document.xmlscan import Attributes, local

# How the container of macros and that of a compound file begin in Base64, which may be broken into lines.
ACTIVE_MIME = b"QWN0aXZlTWltZQ"
BLANKS = b" \t\r\n"
COMPOUND = "0M8R4KGxGuE"
NO_BASE64 = re.compile("[^A-Za-z0-9+/=]+")
"""Decoders pass over it."""
MAX_DATA = 2**25  # characters of one part


class OfficeXmlScan(FieldScan):
    tags: ClassVar[dict[str, str]] = {
        **FieldScan.tags,
        "part": "part",
        "wordDocument": "document",
        "Macrosheet": "macro_sheet",
        "NamedRange": "defined_name",
        "Cell": "cell",
        "Relationship": "relationship",
        "OLEObject": "ole_object",
        "ocx": "control",
    }

    def __init__(self, found: ActiveContent) -> None:
        super().__init__(found)
        self.data: list[str] = []
        self.left = MAX_DATA

    def part(self, attributes: Attributes) -> None:
        if any(MACRO_TYPE.search(value) for value in attributes.values()):
            self.found.mark("macros")

    def document(self, attributes: Attributes) -> None:
        if any(local(name) == "macrosPresent" and value == "yes" for name, value in attributes.items()):
            self.found.mark("macros")

    def defined_name(self, attributes: Attributes) -> None:
        for name, value in attributes.items():
            if local(name).lower() == "name" and (match := AUTO_NAME.match(value)):
                self.found.name("auto_run", match[1])

    def cell(self, attributes: Attributes) -> None:
        formulas = (value for name, value in attributes.items() if local(name) == "Formula")
        self.found.count("dde", any(map(is_dde_formula, formulas)))

    def relationship(self, attributes: Attributes) -> None:
        scan = RelationsScan("")
        scan.relationship(attributes)
        add_relation(scan.relations[0], self.found)

    def ole_object(self, _: Attributes) -> None:
        self.found.count("embedded_objects")

    def control(self, _: Attributes) -> None:
        self.found.count("activex")

    def characters(self, text: str) -> None:
        super().characters(text)
        if self.tag in {"binData", "binaryData"}:
            self.left -= len(text)
            if self.left >= 0:
                self.data.append(text)

    def end(self, tag: str) -> None:
        if self.data:
            self._add_data("".join(self.data))
            self.data.clear()
        super().end(tag)

    def _add_data(self, text: str) -> None:
        if self.left < 0:
            self.found.mark("incomplete")
        text = NO_BASE64.sub("", text)
        if has_active_mime(text[:200].encode()):
            self.found.mark("macros")
        elif text.startswith(COMPOUND):
            add_project(base64.b64decode(text), self.found)


def has_active_mime(content: bytes) -> bool:
    """Whether there is the container in which Word keeps macros outside of a compound file."""
    return ACTIVE_MIME in content.translate(None, BLANKS)
