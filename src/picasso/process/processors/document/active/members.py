"""The members of a ZIP within limits, by their names in small letters and with slashes."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from picasso.policy import ActiveContent

MAX_MEMBERS = 10_000

# Unpacked, of one member and of all that are read. As much XML is read for the text of a document.
MAX_MEMBER = 32 * 2**20
MAX_BYTES = 64 * 2**20


@dataclass(slots=True)
class Members:
    archive: zipfile.ZipFile
    found: ActiveContent
    """Gets the mark ``incomplete`` if a limit is met."""
    bytes_left: int = MAX_BYTES
    entries: dict[str, zipfile.ZipInfo] = field(init=False)

    def __post_init__(self) -> None:
        entries = self.archive.infolist()
        if len(entries) > MAX_MEMBERS:
            self.found.mark("incomplete")
        self.entries = {plain_name(each.filename): each for each in entries[:MAX_MEMBERS]}

    def read(self, name: str) -> bytes:
        """The content of a member; empty if it is encrypted or damaged."""
        entry = self.entries[name]
        limit = min(MAX_MEMBER, self.bytes_left)
        content = b""
        with suppress(Exception), self.archive.open(entry) as file:  # many kinds of errors stand for damage
            content = file.read(limit + 1)
        if len(content) > limit or (not content and entry.file_size):
            self.found.mark("incomplete")
        content = content[:limit]
        self.bytes_left -= len(content)
        return content

    def matching(self, wanted: Callable[[str], object]) -> Iterator[tuple[str, bytes]]:
        """Name and content of each member with a name that is ``wanted``."""
        for name in self.entries:
            if wanted(name):
                yield name, self.read(name)


@contextmanager
def open_members(data: bytes, found: ActiveContent) -> Iterator[Members]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        yield Members(archive, found)


def plain_name(name: str) -> str:
    return name.replace("\\", "/").lstrip("/").lower()
