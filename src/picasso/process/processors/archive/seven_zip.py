"""7z, from its header, which is read whole and stands at the end of the file."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Any

from picasso.process.contract import ProcessorError, Result, Source
from picasso.process.processors.archive.summary import Entry, Kind, Tally, corrupt

START = struct.Struct("<6s2BL2QL")

# A header of a hundred thousand entries has some mebibytes.
MAX_HEADER = 64 * 2**20


def load() -> None:
    import py7zr  # noqa: F401


def read(source: Source, folder: Path) -> Result:
    tally = Tally("7z", source.path.stat().st_size)
    _require_header(source.path, tally.archive_size)
    for member in _members(source.path):
        if not tally.add(_entry(member)):
            break
    return tally.result(folder)


def _require_header(path: Path, size: int) -> None:
    """That it is where the file says, whole, and of a size that may be read."""
    with path.open("rb") as file:
        fixed = file.read(START.size)
        if len(fixed) < START.size:
            raise corrupt()
        _, _, _, _, offset, length, check = START.unpack(fixed)
        if offset + length > size - START.size:
            raise corrupt()
        if length > MAX_HEADER:
            raise ProcessorError("too-many-entries", "The directory of this archive is too long.")
        file.seek(START.size + offset)
        if zlib.crc32(file.read(length)) != check:
            raise corrupt()


def _members(path: Path) -> list[Any]:
    import py7zr
    from py7zr.exceptions import PasswordRequired, UnsupportedCompressionMethodError

    try:
        with path.open("rb") as file, py7zr.SevenZipFile(file, "r") as archive:
            return list(archive.files)
    except PasswordRequired as fault:
        raise ProcessorError("protected", "This archive's directory is protected with a password.") from fault
    except UnsupportedCompressionMethodError as fault:
        raise ProcessorError("unsupported-format", "This archive is packed in a way that can't be read.") from fault
    except Exception as fault:
        # Its parser trusts the numbers that it reads, so that a lie in them ends in whatever Python thinks of it. The
        # file itself can be read: that was just done.
        raise corrupt() from fault


def _entry(member: Any) -> Entry:
    kind: Kind = "folder" if member.is_directory else "link" if member.is_symlink else "file"
    modified = member.lastwritetime
    try:
        when = modified.as_datetime().replace(microsecond=0, tzinfo=None).isoformat() + "Z" if modified else None
    except (OverflowError, ValueError, OSError):
        when = None
    return Entry(member.filename, kind, member.uncompressed, member.compressed, when, _encrypted(member))


def _encrypted(member: Any) -> bool:
    folder = member.folder
    return bool(folder and any(coder["method"].startswith(b"\x06\xf1\x07") for coder in folder.coders))
