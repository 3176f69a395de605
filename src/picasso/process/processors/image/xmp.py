"""XMP: a few properties of an RDF document that may contain anything."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from xml.parsers import expat

from picasso.process.contract import JSON
from picasso.process.processors.image.metadata import MAX_BLOB
from picasso.process.processors.image.text_values import clean_line, clean_lines, take_fitting

DC, XMP = "http://purl.org/dc/elements/1.1/", "http://ns.adobe.com/xap/1.0/"
PHOTOSHOP = "http://ns.adobe.com/photoshop/1.0/"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"

# expat puts a space between namespace and name.
PROPERTIES = {
    f"{DC} title": "title",
    f"{DC} creator": "creator",
    f"{DC} description": "description",
    f"{DC} subject": "keywords",
    f"{DC} rights": "rights",
    f"{XMP} Rating": "rating",
    f"{XMP} Label": "label",
    f"{XMP} CreatorTool": "tool",
    f"{PHOTOSHOP} DateCreated": "date_created",
    f"{XMP} CreateDate": "created",
    f"{XMP} ModifyDate": "modified",
}
LISTS = {"creator", "keywords"}
MAX_TEXTS = 100


class NotAllowed(Exception):
    """The packet declares entities, which XMP does not need, or has too many texts."""


def read_xmp(content: bytes) -> dict[str, JSON]:
    """The properties of a packet, up to the place where it is damaged."""
    if not content or len(content) > MAX_BLOB:
        return {}
    reader = _Reader()
    with suppress(expat.ExpatError, NotAllowed, ValueError, LookupError):
        reader.read(content.strip(b"\0 \r\n\t"))
    return take_fitting(
        (name, _value(name, reader.texts[name])) for name in PROPERTIES.values() if name in reader.texts
    )


def _value(name: str, texts: list[str]) -> JSON:
    if name in LISTS:
        return clean_lines(texts, 100)
    text = clean_line(texts[0])
    if name != "rating":
        return text
    return int(text) if text.lstrip("-").isascii() and text.lstrip("-").isdigit() and len(text) < 4 else None


@dataclass(slots=True)
class _Reader:
    """Collects the text within each wanted element: its own, or that of its list's items (``rdf:li``)."""

    texts: dict[str, list[str]] = field(default_factory=dict)
    _within: str = ""
    _text: list[str] = field(default_factory=list)
    _count: int = 0

    def read(self, content: bytes) -> None:
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text.append
        parser.StartDoctypeDeclHandler = self._reject
        parser.Parse(content, True)

    def _reject(self, *_: object) -> None:
        raise NotAllowed

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._text.clear()
        if not self._within and name in PROPERTIES:
            self._within = name
        if name == f"{RDF} Description":  # the short form: properties as attributes
            for attribute, text in attributes.items():
                if attribute in PROPERTIES:
                    self._add(attribute, text)

    def _end(self, name: str) -> None:
        if self._within and name in {self._within, f"{RDF} li"}:
            self._add(self._within, "".join(self._text))
        self._text.clear()
        if name == self._within:
            self._within = ""

    def _add(self, name: str, text: str) -> None:
        if not text.strip():
            return
        self._count += 1
        if self._count > MAX_TEXTS:
            raise NotAllowed
        self.texts.setdefault(PROPERTIES[name], []).append(text)
