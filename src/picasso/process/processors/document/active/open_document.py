"""Active content of OpenDocument files (OpenDocument 1.3, parts 2 and 3), packed and flat."""

from __future__ import annotations

import re
from typing import ClassVar
from xml.parsers import expat

from picasso.policy import ActiveContent
from picasso.process.contract import ProcessorError
from picasso.process.processors.document.active.fields import is_elsewhere
from picasso.process.processors.document.active.members import Members, open_members
from picasso.process.processors.document.xmlscan import Attributes, Scan, local

# LibreOffice writes lists of libraries and dialogs even if there is no macro.
LISTS = re.compile(r"basic/(?:[^/]+/)?(?:script|dialog)-l[bc]\.xml")
OBJECT = re.compile(r"object \d+/content\.xml|object \d+")

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
        _add_members(members, found)
        for _, content in members.matching(lambda name: name.endswith(("content.xml", "styles.xml", "meta.xml"))):
            _scan(content, found)


def _add_members(members: Members, found: ActiveContent) -> None:
    for name, _ in members.entries:
        if name.endswith("/"):
            continue
        if name.startswith("scripts/") or (name.startswith("basic/") and not LISTS.fullmatch(name)):
            found.mark("macros")
        elif OBJECT.fullmatch(name):
            found.count("embedded_objects")


def _scan(content: bytes, found: ActiveContent) -> None:
    if not content:
        return
    try:
        DocumentScan(found).read_bytes(content)
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

    def listener(self, attributes: Attributes) -> None:
        values = {local(name): value for name, value in attributes.items()}
        address = values.get("href", "")
        if address.startswith(("vnd.sun.star.script:", "macro:")) or "macro-name" in values:
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
