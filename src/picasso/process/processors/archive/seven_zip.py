"""7z, from its header, which is at the end of the file."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Any

from picasso.process.contract import ProcessorError, Result, Source
from picasso.process.processors.archive.summary import Entry, Kind, Summary, corrupt

START_HEADER = struct.Struct("<6s2BL2QL")

# A header of a hundred thousand entries has some mebibytes.
MAX_HEADER = 64 * 2**20


def load() -> None:
    import py7zr  # noqa: F401


def read(source: Source, folder: Path) -> Result:
    summary = Summary("7z", source.path.stat().st_size)
    _check_header(source.path, summary.archive_size)
    for member in _members(source.path):
        if not summary.add(_entry(member)):
            break
    return summary.result(folder)


def _check_header(path: Path, size: int) -> None:
    """Checks that the header is complete, and of a size that may be read."""
    with path.open("rb") as file:
        fixed = file.read(START_HEADER.size)
        if len(fixed) < START_HEADER.size:
            raise corrupt()
        _, _, _, _, offset, length, check = START_HEADER.unpack(fixed)
        if offset + length > size - START_HEADER.size:
            raise corrupt()
        if length > MAX_HEADER:
            raise ProcessorError("too-many-entries", "The directory of this archive is too long.")
        file.seek(START_HEADER.size + offset)
        if zlib.crc32(file.read(length)) != check:
            raise corrupt()


def _members(path: Path) -> list[Any]:
    import py7zr
    from py7zr.exceptions import PasswordRequired, UnsupportedCompressionMethodError

    try:
        with path.open("rb") as file, py7zr.SevenZipFile(file, "r") as archive:
            return list(archive.files)
    except PasswordRequired as error:
        sentence = "This archive's directory is protected with a password."
        raise ProcessorError("protected", sentence, {"format": "7z", "encrypted": True}) from error
    except UnsupportedCompressionMethodError as error:
        raise ProcessorError("unsupported-format", "This archive is packed in a way that can't be read.") from error
    except Exception as error:
        # py7zr's parser trusts the numbers in the header, so wrong ones may raise anything. Reading the file itself
        # works: that was just done.
        raise corrupt() from error


def _entry(member: Any) -> Entry:
    kind: Kind = "folder" if member.is_directory else "link" if member.is_symlink else "file"
    modified = member.lastwritetime
    try:
        modified_at = modified.as_datetime().replace(microsecond=0, tzinfo=None).isoformat() + "Z" if modified else None
    except (OverflowError, ValueError, OSError):
        modified_at = None
    return Entry(member.filename, kind, member.uncompressed, member.compressed, modified_at, _is_encrypted(member))


def _is_encrypted(member: Any) -> bool:
    folder = member.folder
    return bool(folder and any(coder["method"].startswith(b"\x06\xf1\x07") for coder in folder.coders))
