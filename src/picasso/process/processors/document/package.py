"""Open Packaging Conventions (ECMA-376 part 2): the parts of an Office file, and how they belong together.

Parts are found by relationships, not by their names: programs name them as they like, and some write backslashes.
"""

from __future__ import annotations

import posixpath
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, ClassVar
from urllib.parse import unquote

from picasso.process.processors.document.xmlscan import Attributes, Scan

ROOT = ""

CONTENT_TYPES = "[content_types].xml"

# The usual names of main parts, for a package that does not say which it is.
MAIN_PARTS = ("word/document.xml", "xl/workbook.xml", "ppt/presentation.xml", "visio/document.xml", "xl/workbook.bin")


# ISO/IEC 29500 Strict has other names for these.
STRICT_KINDS = {"extendedProperties": "extended-properties", "customProperties": "custom-properties"}


@dataclass(frozen=True, slots=True)
class Relation:
    id: str
    kind: str
    """The last part of its type: ``officeDocument``, ``slide``, ``styles``."""
    target: str
    """The name of a part, or an address outside of the package."""
    is_external: bool = False
    stated_target: str = ""
    """As it is written."""


class RelationsScan(Scan):
    tags: ClassVar[dict[str, str]] = {"Relationship": "relationship"}

    def __init__(self, part: str) -> None:
        super().__init__(0)
        self.folder = posixpath.dirname(part)
        self.relations: list[Relation] = []

    def relationship(self, attributes: Attributes) -> None:
        kind = attributes.get("Type", "").rstrip("/").rpartition("/")[2]
        target = stated_target = attributes.get("Target", "")
        is_external = attributes.get("TargetMode", "").strip().lower() == "external"
        if not is_external:
            target = part_name(posixpath.join("/", self.folder, unquote(target.replace("\\", "/"))))
        self.relations.append(
            Relation(attributes.get("Id", ""), STRICT_KINDS.get(kind, kind), target, is_external, stated_target)
        )


class ContentTypesScan(Scan):
    tags: ClassVar[dict[str, str]] = {"Override": "override"}

    def __init__(self) -> None:
        super().__init__(0)
        self.main_part = ""

    def override(self, attributes: Attributes) -> None:
        kind = attributes.get("ContentType", "").lower()
        if not self.main_part and kind.endswith((".main+xml", ".main")):
            self.main_part = part_name(attributes.get("PartName", ""))


@dataclass(slots=True)
class Package:
    archive: zipfile.ZipFile
    parts: dict[str, zipfile.ZipInfo] = field(init=False)
    """By name, in small letters: names of parts differ in more than case."""

    def __post_init__(self) -> None:
        self.parts = {part_name(entry.filename): entry for entry in self.archive.infolist()}

    def open(self, name: str) -> IO[bytes]:
        """Unpacks at most what the directory says. A wrong checksum raises an error."""
        return self.archive.open(self.parts[name])

    def relations(self, part: str) -> list[Relation]:
        folder, _, name = part.rpartition("/")
        relations = posixpath.join(folder, "_rels", f"{name}.rels")
        if relations not in self.parts:
            return []
        scan = RelationsScan(part)
        with self.open(relations) as file:
            scan.read(file)
        return scan.relations

    def main_part(self) -> str | None:
        """By the relationships of the package, its content types or the usual names; None if there is none."""
        return next((name for name in self._possible_main_parts() if name in self.parts), None)

    def _possible_main_parts(self) -> Iterator[str]:
        yield from (each.target for each in self.relations(ROOT) if each.kind == "officeDocument")
        if CONTENT_TYPES in self.parts:
            scan = ContentTypesScan()
            with self.open(CONTENT_TYPES) as file:
                scan.read(file)
            yield scan.main_part
        yield from MAIN_PARTS


def part_name(name: str) -> str:
    return posixpath.normpath("/" + name.replace("\\", "/")).lstrip("/").lower()
