"""Counts the entries of an archive, and checks whether unpacking them would do harm."""

from __future__ import annotations

import json
import re
from array import array
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from picasso.charset import Encoding, clean_text
from picasso.policy import ActiveContent
from picasso.process.contract import JSON, Derivative, ProcessorError, Result
from picasso.process.processors.archive import names

# An entry costs some microseconds and a few bytes. After this many, counting stops.
MAX_ENTRIES = 500_000

MAX_LISTED = 10_000
FIRST_NAMES = 20

MAX_NAME = 1_000  # characters, in the listing
MAX_FIRST_NAME = 200  # characters, in the facts

# Text and tables sometimes shrink to a hundredth, rarely to a five hundredth. Bombs shrink more.
BOMB_RATIO = 200
BOMB_SIZE = 64 * 2**20

NESTED = re.compile(r"\.(zip|jar|apk|7z|rar|tar|tgz|tbz2?|txz|gz|bz2|xz|zst|lzma|cab|iso)$", re.IGNORECASE)
# What a double click runs on some system, or installs. Windows ignores dots and blanks at the end of a name.
EXECUTABLE = re.compile(
    r"\.(exe|com|scr|pif|cpl|dll|sys|ocx|xll|msi|msp|mst|msix|appx|bat|cmd|ps1|psm1|vb|vbe|vbs|js|jse|ws|wsf|wsc|wsh"
    r"|sct|hta|chm|msc|reg|inf|lnk|url|scf|jar|jnlp|apk|app|pkg|command|sh|run|desktop|appimage|deb|rpm|elf|so"
    r"|dylib)[. ]*$",
    re.IGNORECASE,
)
DRIVE = re.compile(r"[A-Za-z]:")

LISTING_FILE = "listing.json"

Kind = Literal["file", "folder", "link", "other"]


@dataclass(frozen=True, slots=True)
class Entry:
    name: str
    kind: Kind = "file"
    size: int | None = 0
    packed: int | None = None
    """Bytes in the archive, if they are known for each entry."""
    modified: str | None = None
    encrypted: bool = False
    target: str = ""
    """Where a link leads."""

    def as_json(self) -> dict[str, JSON]:
        entry: dict[str, JSON] = {
            "name": clean_text(self.name, MAX_NAME),
            "type": self.kind,
            "size": self.size,
            "packed": self.packed,
            "modified": self.modified,
            "encrypted": self.encrypted,
        }
        return entry | {"target": clean_text(self.target, MAX_NAME)} if self.target else entry


@dataclass(slots=True)
class Summary:
    format: str
    archive_size: int
    kinds: dict[Kind, int] = field(default_factory=lambda: {"file": 0, "folder": 0, "link": 0, "other": 0})
    total: int = 0
    listed_entries: list[Entry] = field(default_factory=list)
    names: set[int] = field(default_factory=set)
    extents: array[int] = field(default_factory=lambda: array("Q"))
    duplicates: int = 0
    nested: int = 0
    encrypted: int = 0
    traversal: bool = False
    absolute: bool = False
    link_escapes: bool = False
    overlap: bool = False
    nested_bomb: bool = False
    """Whether the archives inside unpack to far too much, or are nested without end."""
    active_content: ActiveContent = field(default_factory=ActiveContent)
    incomplete: str | None = None
    """Why not everything was read: ``entries``, ``size`` or ``damaged``."""
    unpacked: int = 0
    """Bytes that were unpacked, headers included."""

    @property
    def entries(self) -> int:
        return sum(self.kinds.values())

    def add(self, entry: Entry) -> bool:
        """Count an entry. False when no more may be added."""
        if self.entries >= MAX_ENTRIES:
            self.incomplete = "entries"
            return False
        self.kinds[entry.kind] += 1
        self.total += entry.size or 0
        self.encrypted += entry.encrypted
        self._check(entry)
        if len(self.listed_entries) < MAX_LISTED:
            self.listed_entries.append(entry)
        return True

    def _check(self, entry: Entry) -> None:
        path = entry.name.replace("\\", "/")
        count = len(self.names)
        self.names.add(hash(path.rstrip("/")))
        self.duplicates += len(self.names) == count
        self.traversal = self.traversal or ".." in path.split("/")
        self.absolute = self.absolute or is_absolute(path)
        self.nested += entry.kind == "file" and NESTED.search(path) is not None
        self.link_escapes = self.link_escapes or (bool(entry.target) and escapes_folder(path, entry.target))
        self.active_content.count("executables", entry.kind == "file" and EXECUTABLE.search(path) is not None)

    @property
    def is_bomb(self) -> bool:
        too_many = self.incomplete == "entries"
        return (
            too_many
            or self.overlap
            or self.nested_bomb
            or is_bomb_ratio(max(self.total, self.unpacked), self.archive_size)
        )

    def result(self, folder: Path) -> Result:
        encoding = self._decode_names()
        facts = {"names_encoding": encoding.name, "names_encoding_sure": encoding.sure}
        if self.traversal or self.absolute or self.link_escapes:
            self.active_content.mark("path_traversal")
        if self.incomplete:
            self.active_content.mark("incomplete")
        return Result(self._facts() | facts | self.active_content.as_fact(), (self._listing(folder),))

    def _decode_names(self) -> Encoding:
        """Names that were added escaped (see `names.escape`) share an encoding, which all of them together show."""
        texts = [text for entry in self.listed_entries for text in (entry.name, entry.target)]
        encoding = names.names_encoding(texts, self.format)
        self.listed_entries = [
            replace(
                entry,
                name=names.readable(entry.name, encoding, self.format),
                target=names.readable(entry.target, encoding, self.format),
            )
            for entry in self.listed_entries
        ]
        return encoding

    def _facts(self) -> dict[str, JSON]:
        return {
            "format": self.format,
            "entries": self.entries,
            "files": self.kinds["file"],
            "folders": self.kinds["folder"],
            "links": self.kinds["link"],
            "others": self.kinds["other"],
            "total_unpacked": limit_size(self.total),
            "ratio": round(self.total / max(1, self.archive_size), 2),
            "encrypted": self.encrypted > 0,
            "duplicates": self.duplicates,
            "nested_archives": self.nested,
            "incomplete": self.incomplete,
            "flags": {
                "bomb": self.is_bomb,
                "overlap": self.overlap,
                "path_traversal": self.traversal,
                "absolute_paths": self.absolute,
                "link_escapes": self.link_escapes,
            },
            "first": [clean_text(entry.name, MAX_FIRST_NAME) for entry in self.listed_entries[:FIRST_NAMES]],
        }

    def _listing(self, folder: Path) -> Derivative:
        with (folder / LISTING_FILE).open("w", encoding="utf-8") as out:
            out.write(f'{{"total": {self.entries}, "listed": {len(self.listed_entries)}, "entries": [\n')
            for number, entry in enumerate(self.listed_entries):
                line = json.dumps(entry.as_json(), ensure_ascii=False)
                out.write(f",\n{line}" if number else line)
            out.write("\n]}\n")
        return Derivative("listing", LISTING_FILE, "application/json")


def limit_size(size: int) -> int:
    """A size for the facts. One beyond 63 bits is a lie, and too large for a database."""
    return min(size, 2**63 - 1)


def is_bomb_ratio(size: int, packed: int) -> bool:
    return size > BOMB_SIZE and size > BOMB_RATIO * packed


def is_absolute(path: str) -> bool:
    return path.startswith(("/", "\\")) or DRIVE.match(path) is not None


def escapes_folder(path: str, target: str) -> bool:
    """Whether a link at ``path`` leads out of the folder in which the archive is unpacked."""
    target = target.replace("\\", "/")
    if is_absolute(target):
        return True
    depth = 0
    for part in [*path.strip("/").split("/")[:-1], *target.split("/")]:
        depth += {"..": -1, ".": 0, "": 0}.get(part, 1)
        if depth < 0:
            return True
    return False


def corrupt() -> ProcessorError:
    return ProcessorError("corrupt", "This archive is damaged or incomplete.")
