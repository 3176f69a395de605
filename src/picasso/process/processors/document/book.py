"""Books (EPUB 3.3, OCF): the text of their chapters in reading order, whatever their names and encodings.

kreuzberg finds no chapter whose address has an escape (``Chapter%201.xhtml``), and reads UTF-8 only.
"""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar
from urllib.parse import unquote

from picasso.process.contract import ProcessorError
from picasso.process.processors.document import web
from picasso.process.processors.document.errors import protected
from picasso.process.processors.document.xmlscan import LENGTH, Attributes, Scan, ValueScan

CONTAINER, ENCRYPTION = "META-INF/container.xml", "META-INF/encryption.xml"

TEXT_TYPES = {"application/xhtml+xml", "text/html", "application/x-dtbook+xml", "text/x-oeb1-document"}

# A chapter as XML may close these at once, which HTML does not know.
CLOSED = re.compile(rb"<(title|script|style|a|p|div|span|i|b|em)\b([^<>]{0,1000})/>", re.IGNORECASE)


@dataclass(slots=True)
class Book:
    chapters: list[str] = field(default_factory=list)
    metadata: Mapping[str, object] = field(default_factory=dict)


class ContainerScan(Scan):
    tags: ClassVar[dict[str, str]] = {"rootfile": "root_file"}

    def __init__(self) -> None:
        super().__init__(0)
        self.package = ""

    def root_file(self, attributes: Attributes) -> None:
        self.package = self.package or part_name("", attributes.get("full-path", ""))


class EncryptionScan(Scan):
    tags: ClassVar[dict[str, str]] = {"CipherReference": "reference"}

    def __init__(self) -> None:
        super().__init__(0)
        self.parts: set[str] = set()

    def reference(self, attributes: Attributes) -> None:
        self.parts.add(part_name("", attributes.get("URI", "")))


class PackageScan(ValueScan):
    """The package document: metadata, parts and reading order."""

    tags: ClassVar[dict[str, str]] = {"item": "item", "itemref": "reference"}
    metadata_names: ClassVar[dict[str, str]] = {
        "title": "title",
        "creator": "authors",
        "subject": "subject",
        "description": "description",
        "language": "language",
        "date": "created",
    }

    def __init__(self, folder: str) -> None:
        super().__init__(0)
        self.folder = folder
        self.items: dict[str, str] = {}
        """Names of the parts with text, by their ids."""
        self.spine: list[str] = []
        self.metadata: dict[str, list[str]] = {}

    def value(self, name: str, text: str) -> None:
        known = self.metadata_names.get(name)
        if known and (stripped := text.strip()):
            self.metadata.setdefault(known, []).append(stripped[:LENGTH])

    def item(self, attributes: Attributes) -> None:
        if attributes.get("media-type", "").lower() in TEXT_TYPES:
            self.items[attributes.get("id", "")] = part_name(self.folder, attributes.get("href", ""))

    def reference(self, attributes: Attributes) -> None:
        self.spine.append(attributes.get("idref", ""))

    def chapters(self) -> list[str]:
        """The names of the chapters, each once; all parts with text if no order is given."""
        chapters = [self.items[each] for each in self.spine if each in self.items]
        return list(dict.fromkeys(chapters or self.items.values()))


def read(archive: zipfile.ZipFile) -> Book:
    """Raises `ProcessorError`, and what `zipfile` and `expat` raise for damage."""
    names = set(archive.namelist())
    main = main_part(archive, names)
    package = PackageScan(posixpath.dirname(main))
    scan(archive, main, package)
    chapters = [chapter for chapter in package.chapters() if chapter in names]
    if not chapters:
        raise ProcessorError("corrupt", "This book lacks its chapters, so its text can't be found.")
    if ENCRYPTION in names:
        encryption = EncryptionScan()
        scan(archive, ENCRYPTION, encryption)
        if encryption.parts & set(chapters):
            raise protected()
    first = {name: values if name == "authors" else values[0] for name, values in package.metadata.items()}
    return Book([web.read(as_html(archive.read(chapter)))[0] for chapter in chapters], first)


def main_part(archive: zipfile.ZipFile, names: set[str]) -> str:
    if CONTAINER in names:
        container = ContainerScan()
        scan(archive, CONTAINER, container)
        if container.package in names:
            return container.package
    found = next((name for name in sorted(names) if name.lower().endswith(".opf")), None)
    if found is None:
        raise ProcessorError("corrupt", "This book lacks its package document, so its text can't be found.")
    return found


def scan(archive: zipfile.ZipFile, name: str, by: Scan) -> None:
    with archive.open(name) as file:
        by.read(file)


def part_name(folder: str, address: str) -> str:
    """The part to which an address in ``folder`` leads."""
    return posixpath.normpath(posixpath.join("/", folder, unquote(address.partition("#")[0]))).lstrip("/")


def as_html(content: bytes) -> bytes:
    return CLOSED.sub(rb"<\1\2></\1>", content)
