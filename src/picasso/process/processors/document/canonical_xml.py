"""XML of office files in UTF-8 and with the usual prefixes.

Readers look for ``w:t``, whatever prefix a file declares for its namespace, and read UTF-8 only. ISO/IEC 29500 has a
second set of namespaces (Strict), which few readers know.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from picasso.process.processors.document.xmlscan import PIECE, refuse_entities

OFFICE = "http://schemas.openxmlformats.org/"
STRICT = "http://purl.oclc.org/ooxml/"
RELATIONSHIPS = f"{OFFICE}officeDocument/2006/relationships"
SPREADSHEET = f"{OFFICE}spreadsheetml/2006/main"

PREFIXES = {
    f"{OFFICE}wordprocessingml/2006/main": "w",
    f"{OFFICE}presentationml/2006/main": "p",
    f"{OFFICE}drawingml/2006/main": "a",
    f"{OFFICE}officeDocument/2006/math": "m",
    f"{OFFICE}package/2006/metadata/core-properties": "cp",
    RELATIONSHIPS: "r",
    SPREADSHEET: "",
    f"{OFFICE}officeDocument/2006/extended-properties": "",
    f"{OFFICE}officeDocument/2006/custom-properties": "",
    f"{OFFICE}officeDocument/2006/docPropsVTypes": "vt",
    "http://purl.org/dc/elements/1.1/": "dc",
    "http://purl.org/dc/terms/": "dcterms",
    "http://www.w3.org/2001/XMLSchema-instance": "xsi",
    f"{OFFICE}markup-compatibility/2006": "mc",
    "http://schemas.microsoft.com/office/word/2010/wordprocessingShape": "wps",
    "urn:schemas-microsoft-com:vml": "v",
    "http://www.w3.org/XML/1998/namespace": "xml",
}
TRANSITIONAL = {
    f"{STRICT}wordprocessingml/main": f"{OFFICE}wordprocessingml/2006/main",
    f"{STRICT}presentationml/main": f"{OFFICE}presentationml/2006/main",
    f"{STRICT}spreadsheetml/main": SPREADSHEET,
    f"{STRICT}drawingml/main": f"{OFFICE}drawingml/2006/main",
    f"{STRICT}officeDocument/math": f"{OFFICE}officeDocument/2006/math",
    f"{STRICT}officeDocument/relationships": RELATIONSHIPS,
    f"{STRICT}officeDocument/extendedProperties": f"{OFFICE}officeDocument/2006/extended-properties",
    f"{STRICT}officeDocument/customProperties": f"{OFFICE}officeDocument/2006/custom-properties",
    f"{STRICT}officeDocument/docPropsVTypes": f"{OFFICE}officeDocument/2006/docPropsVTypes",
}

OPEN_DOCUMENT = "urn:oasis:names:tc:opendocument:xmlns:"

OPEN_DOCUMENT_PREFIXES = {
    **{f"{OPEN_DOCUMENT}{name}:1.0": name for name in ("office", "meta", "text", "table", "presentation", "style")},
    f"{OPEN_DOCUMENT}drawing:1.0": "draw",
    f"{OPEN_DOCUMENT}datastyle:1.0": "number",
    f"{OPEN_DOCUMENT}xsl-fo-compatible:1.0": "fo",
    f"{OPEN_DOCUMENT}svg-compatible:1.0": "svg",
    "http://purl.org/dc/elements/1.1/": "dc",
    "http://www.w3.org/1999/xlink": "xlink",
    "http://www.w3.org/XML/1998/namespace": "xml",
}

# Elements of OpenDocument in which blanks have a meaning. Between others, flat files have them for people.
WITH_TEXT = ("text:p", "text:h", "text:span", "text:a", "dc:", "meta:")

# Attributes whose values are prefixes of the old document.
DROPPED = {"Ignorable", "MustUnderstand", "ProcessContent"}

SEPARATOR = " "


def is_canonical(prefix: str, namespace: str) -> bool:
    """Whether a declaration is as readers expect it. Readers of spreadsheets accept every prefix."""
    expected = PREFIXES.get(namespace)
    return namespace not in TRANSITIONAL and (not expected or expected == prefix)


def rewrite(file: IO[bytes], prefixes: Mapping[str, str] = PREFIXES) -> bytes:
    """The same document. Raises `ProcessorError` for entities, and `expat.ExpatError` if it is not well-formed."""
    writer = Writer(prefixes)
    parser = expat.ParserCreate(namespace_separator=SEPARATOR)
    parser.buffer_text = True
    parser.StartElementHandler = writer.start
    parser.EndElementHandler = writer.end
    parser.CharacterDataHandler = writer.open_document_text if prefixes is OPEN_DOCUMENT_PREFIXES else writer.text
    parser.EntityDeclHandler = refuse_entities
    while piece := file.read(PIECE):
        parser.Parse(piece, False)
    parser.Parse(b"", True)
    return "".join(writer.pieces).encode()


class Writer:
    def __init__(self, prefixes: Mapping[str, str]) -> None:
        self.prefixes = prefixes
        self.pieces = ['<?xml version="1.0" encoding="UTF-8"?>\n']
        self.open_tags: list[str] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        tag, declaration = self._element_name(name)
        if not self.open_tags:
            declared = ((prefix, uri) for uri, prefix in self.prefixes.items() if prefix not in {"", "xml"})
            declaration += "".join(f' xmlns:{prefix}="{uri}"' for prefix, uri in declared)
        written = "".join(map(self._attribute, attributes.items()))
        self.pieces.append(f"<{tag}{declaration}{written}>")
        self.open_tags.append(tag)

    def end(self, _: str) -> None:
        self.pieces.append(f"</{self.open_tags.pop()}>")

    def text(self, text: str) -> None:
        self.pieces.append(escape(text))

    def open_document_text(self, text: str) -> None:
        if not text.isspace() or self.open_tags[-1].startswith(WITH_TEXT):
            self.text(text)

    def _element_name(self, name: str) -> tuple[str, str]:
        """The tag, and the declaration of its namespace if it has no prefix."""
        namespace, _, local = name.rpartition(SEPARATOR)
        namespace = TRANSITIONAL.get(namespace, namespace)
        if prefix := self.prefixes.get(namespace):
            return f"{prefix}:{local}", ""
        return local, f" xmlns={quoteattr(namespace)}"

    def _attribute(self, attribute: tuple[str, str]) -> str:
        name, value = attribute
        namespace, _, local = name.rpartition(SEPARATOR)
        prefix = self.prefixes.get(TRANSITIONAL.get(namespace, namespace)) if namespace else ""
        if prefix is None or local in DROPPED:  # readers need no attributes of unknown namespaces
            return ""
        return f" {prefix}:{local}={quoteattr(value)}" if prefix else f" {local}={quoteattr(value)}"
