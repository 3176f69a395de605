"""What `docs/formats.md` says of each format, with a real file of it to hold that against."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Format:
    """One row of the table, and one test: the file is uploaded, and what comes of it is compared with the row."""

    name: str
    """For people: ``JPEG``, ``Word (DOCX)``."""
    file_name: str
    """The name it is uploaded under: ``photo.jpg``."""
    make: Callable[[], bytes]
    """A small valid file of the format, made in code; raises `LookupError` where nothing here can write it."""
    media_type: str
    """What the upload is to be recognised as."""
    facts: Mapping[str, tuple[str, ...]]
    """By processor: the keys of the facts that it has."""
    derivatives: tuple[str, ...] = ()
    """The roles of what is made from it with the default pipeline."""
    error: str = ""
    """The code that it ends with instead."""
    gaps: str = ""
    """What is not had of it, a sentence for the reader."""
