"""Active content of OpenDocument files (OpenDocument 1.3, parts 2 and 3), packed and flat."""

from __future__ import annotations

import re
import zipfile
from typing import ClassVar
from xml.parsers import expat

from picasso.policy import ActiveContent
from picasso.process.contract import ProcessorError
from picasso.process.processors.document import ole
from picasso.process.processors.document.active.fields import is_elsewhere
from picasso.process.processors.document.active.members import Members, open_members
from picasso.process.processors.document.xmlscan import Attributes, Scan, local

# LibreOffice writes lists of libraries and dialogs even if there is no macro.
LISTS = re.compile(r"basic/(?:script|dialog)-lc\.xml|basic/[^/]+/(?:script|dialog)-lb\.xml")
OBJECT = re.compile(r".+/content\.xml")

SCRIPT_ADDRESS = re.compile(
    r"\s*(?:vnd\.sun\.star\.(?:script|expand|uno)|macro|service|slot|\.uno|javascript):", re.IGNORECASE
)

# The sign between a program and a topic, which is in quotation marks here, also stands in rows of numbers.
DDE_FORMULA = re.compile(r"\w'?\|'|\bDDE\s*\(", re.IGNORECASE)

# Events that come without a click: of the document as a whole.
BY_ITSELF = re.compile(
    r"(?:dom|office|loading):(?:load|open|view-?created|start-?app|new|load-?finished|activat\w*|focus)|on-?\w*load\w*"
    r"|on-?focus|on-?new",
    re.IGNORECASE,
)


def read(data: bytes, found: ActiveContent) -> None:
    if not data.startswith(b"PK"):
        _scan(data, found)
        return
    with open_members(data, found) as members:
        for name, entry in members.entries:
            _add_member(name, entry, members)


def _add_member(name: str, entry: zipfile.ZipInfo, members: Members) -> None:
    if name.endswith("/"):
        return
    if LISTS.fullmatch(name):
        _scan(members.read(entry), members.found, LibraryScan)
    elif name.startswith(("scripts/", "basic/")):
        members.found.mark("macros")
    if OBJECT.fullmatch(name) or members.start(entry).startswith(ole.MAGIC):
        members.found.count("embedded_objects")
    if name.endswith(("content.xml", "styles.xml", "meta.xml")):
        _scan(members.read(entry), members.found)


def _scan(content: bytes, found: ActiveContent, scan: type[DocumentScan] | None = None) -> None:
    if not content:
        return
    try:
        (scan or DocumentScan)(found).read_bytes(content)
    except (expat.ExpatError, ProcessorError, ValueError, LookupError):
        found.mark("incomplete")


class DocumentScan(Scan):
    tags: ClassVar[dict[str, str]] = {
        "event-listener": "listener",
        "script": "script",
        "module": "script",
        "template": "template",
        "dde-source": "dde",
        "dde-link": "dde",
        "dde-connection-decl": "dde",
        "applet": "embedded",
        "plugin": "embedded",
        "floating-frame": "floating_frame",
        "image": "linked",
        "object": "linked",
        "object-ole": "linked",
        "section-source": "linked",
        "table-source": "linked",
        "cell-range-source": "linked",
    }

    def __init__(self, found: ActiveContent) -> None:
        super().__init__(0)
        self.found = found

    def start(self, tag: str, attributes: Attributes) -> None:
        super().start(tag, attributes)
        for name, value in attributes.items():
            if name.endswith("href") and SCRIPT_ADDRESS.match(value):
                self.found.mark("macros")
            elif name.endswith("formula") and DDE_FORMULA.search(value):
                self.found.count("dde")

    def listener(self, attributes: Attributes) -> None:
        values = {local(name): value for name, value in attributes.items()}
        self.found.count("launch", values.get("action") == "execute")
        if SCRIPT_ADDRESS.match(values.get("href", "")) or "macro-name" in values:
            self.found.mark("macros")
            if BY_ITSELF.fullmatch(values.get("event-name", "")):
                self.found.name("auto_run", values["event-name"])

    def script(self, _: Attributes) -> None:
        self.found.mark("macros")

    def template(self, attributes: Attributes) -> None:
        self.found.count("external_templates", self._leads_elsewhere(attributes))

    def dde(self, _: Attributes) -> None:
        self.found.count("dde")

    def embedded(self, _: Attributes) -> None:
        self.found.count("embedded_objects")

    def floating_frame(self, attributes: Attributes) -> None:
        self.found.count("embedded_objects")
        self.linked(attributes)

    def linked(self, attributes: Attributes) -> None:
        self.found.count("external_links", self._leads_elsewhere(attributes))

    @staticmethod
    def _leads_elsewhere(attributes: Attributes) -> bool:
        return any(local(name) == "href" and is_elsewhere(value) for name, value in attributes.items())


class LibraryScan(DocumentScan):
    """A list of libraries, or of the modules of one."""

    tags: ClassVar[dict[str, str]] = {"element": "script", "library": "library"}

    def library(self, attributes: Attributes) -> None:
        """May be linked to one elsewhere."""
        if any(local(name) == "link" and value == "true" for name, value in attributes.items()):
            self.found.mark("macros")
