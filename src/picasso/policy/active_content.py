"""Active content: what acts by itself when somebody opens a file, or hides something that does.

Processors report it as the fact ``active_content``, with only those kinds that the file has.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

KINDS: Mapping[str, str] = MappingProxyType(
    {
        "macros": "Macros of an office program: VBA, Excel 4.0 (XLM), or Basic and scripts of OpenDocument.",
        "auto_run": "Names of macros that run by themselves, for example when the document is opened.",
        "external_templates": "Templates that the document loads from elsewhere.",
        "external_links": "Objects, frames, pictures and workbooks that the document loads from elsewhere.",
        "dde": "Fields and links that ask another program for data (DDE), which can start it.",
        "activex": "ActiveX controls.",
        "embedded_objects": "Objects of other programs inside of the document (OLE, `<object>`, `<embed>`).",
        "embedded_files": "Files inside of the document: attachments of a PDF, packages in an office file.",
        "javascript": "Scripts of a PDF, a drawing, a web page or other XML.",
        "open_action": "An action that a PDF carries out when it is opened, other than going to a page.",
        "launch": "Actions of a PDF or a presentation that start a program or open another file.",
        "submit_form": "Actions of a PDF that send the content of its form to an address.",
        "rich_media": "Video, sound, Flash and 3D scenes in a PDF.",
        "xfa": "A form of the XFA kind in a PDF, which may have scripts of its own.",
        "executables": "Programs, scripts and libraries in an archive, by their names.",
        "path_traversal": "Entries of an archive, or targets of its links, that lead out of the folder in which it is"
        " unpacked.",
        "incomplete": "The file has more than was examined, so other kinds may be missing here.",
    }
)
"""What each kind means. A processor of a third party may report kinds of its own."""

Value = bool | int | float | str | list[Any] | dict[str, Any] | None
"""As JSON: ``true``, a number or a list of names."""

UNREAD = {"corrupt", "protected", "unsupported-format"}
"""Codes of failures after which a file is not known to its end."""

MAX_NAMES = 20
MAX_NAME = 100  # characters


class ActiveContent:
    """Collects the active content of one file."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._marks: set[str] = set()
        self._names: dict[str, list[str]] = {}

    def mark(self, kind: str) -> None:
        """The file has this; how often does not matter."""
        self._marks.add(kind)

    def count(self, kind: str, number: int = 1) -> None:
        """The file has this ``number`` times more."""
        self._counts[kind] = self._counts.get(kind, 0) + number

    def name(self, kind: str, name: str) -> None:
        """The file has one of this name. Each name is kept once, and at most `MAX_NAMES` of them."""
        names = self._names.setdefault(kind, [])
        if len(names) < MAX_NAMES and name[:MAX_NAME] not in names:
            names.append(name[:MAX_NAME])

    def has(self, kind: str) -> bool:
        return kind in self._marks or kind in self._names or bool(self._counts.get(kind))

    def of_failure(self, code: str) -> ActiveContent:
        """The same for a file whose reading failed with this code: what is damaged or locked may hide more."""
        if code in UNREAD:
            self.mark("incomplete")
        return self

    def facts(self) -> dict[str, Value]:
        """``true``, a number or names for each kind that the file has, in the order of `KINDS`."""
        values: dict[str, Value] = {kind: number for kind, number in self._counts.items() if number > 0}
        values |= dict.fromkeys(self._marks, True)
        values |= {kind: list(names) for kind, names in self._names.items()}
        order = {kind: number for number, kind in enumerate(KINDS)}
        return dict(sorted(values.items(), key=lambda each: order.get(each[0], len(order))))

    def as_fact(self) -> dict[str, Value]:
        """The fact ``active_content``, if there is any."""
        found = self.facts()
        return {"active_content": found} if found else {}
