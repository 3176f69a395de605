"""Names of media types: synonyms, extensions, and what the name of a file may choose."""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files

UNKNOWN = "application/octet-stream"

OFFICE = "application/vnd.openxmlformats-officedocument."
CSV, TSV, JSON, NDJSON = "text/csv", "text/tab-separated-values", "application/json", "application/x-ndjson"

# Python's own table. `mimetypes` also reads the system's, which has ``.mpv`` for Matroska, for example.
PYTHON_TYPES = mimetypes.MimeTypes()


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of `media_types.txt`, which says how it is to be read."""

    media_type: str
    extensions: tuple[str, ...]
    """With their dots, the usual one first."""
    synonyms: tuple[str, ...]
    by_name: bool
    """Whether an extension may choose this type for plain text."""


def _entries(text: str) -> Iterator[Entry]:
    for line in text.splitlines():
        if line and not line.startswith("#"):
            names, _, synonyms = line.partition("=")
            media_type, *extensions = names.split()
            yield Entry(media_type.lstrip("*"), tuple(extensions), tuple(synonyms.split()), media_type[0] == "*")


ENTRIES: Mapping[str, Entry] = {
    each.media_type: each for each in _entries((files("picasso.detection") / "media_types.txt").read_text())
}

SYNONYMS: Mapping[str, str] = {other: each.media_type for each in ENTRIES.values() for other in each.synonyms}


def _types_by_extension(entries: Iterable[Entry]) -> dict[str, str]:
    """Without dots. If two types have an extension, the one that is listed first."""
    types: dict[str, str] = {}
    for each in entries:
        for extension in each.extensions:
            types.setdefault(extension[1:], each.media_type)
    return types


# Extensions that decide between plain text formats. They are used for nothing but plain text.
BY_NAME: Mapping[str, str] = _types_by_extension(each for each in ENTRIES.values() if each.by_name)


def normalize(media_type: str) -> str:
    media_type = media_type.partition(";")[0].strip().lower()
    media_type = SYNONYMS.get(media_type, media_type)
    if not re.fullmatch(r"[a-z0-9][a-z0-9.+-]{0,62}/[a-z0-9][a-z0-9.+-]{0,126}", media_type) or media_type.startswith(
        "inode/"
    ):
        return UNKNOWN
    return media_type


def extensions(media_type: str) -> tuple[str, ...]:
    """The extensions of a media type with their dots, the usual one first. The machine's own tables do not count."""
    entry = ENTRIES.get(media_type)
    if entry and entry.extensions:
        return entry.extensions
    guessed = PYTHON_TYPES.guess_extension(media_type)
    return (guessed,) if guessed else ()


def extension(media_type: str) -> str | None:
    """The usual extension of a media type, with its dot."""
    return next(iter(extensions(media_type)), None)


def extension_of(name: str) -> str:
    return name.rpartition(".")[2].lower() if "." in name[1:] else ""
