"""The rows of `docs/formats.md`, each with a real file to test it with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Format:
    """One row of the table, and one test: the file is uploaded, and the result is compared with the row."""

    name: str
    """For people: ``JPEG``, ``Word (DOCX)``."""
    file_name: str
    """The name for the upload: ``photo.jpg``."""
    make: Callable[[], bytes]
    """Returns a small valid file of the format. Raises `LookupError` if this machine can't write it."""
    media_type: str
    """The type that must be detected."""
    facts: Mapping[str, tuple[str, ...]]
    """The keys of the facts, by processor."""
    derivatives: tuple[str, ...] = ()
    """The roles of the derivatives in the default pipeline."""
    error: str = ""
    """The error code, if processing fails."""
    gaps: str = ""
    """What is missing, as a sentence for the reader."""
