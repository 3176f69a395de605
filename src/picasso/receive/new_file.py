"""The description of a file that is about to be stored."""

from __future__ import annotations

import unicodedata
import uuid
from dataclasses import dataclass
from pathlib import PurePosixPath

MAX_NAME = 255

MAX_EXTENSION = 20

DEFAULT_PIPELINE = "default"


@dataclass(frozen=True, slots=True)
class NewFile:
    """All that a client says about a file, besides its content."""

    name: str
    """As `clean_name` returns it."""
    declared_type: str
    pipeline: str = DEFAULT_PIPELINE
    upload_id: uuid.UUID | None = None
    """The `Upload` that becomes this file, and must not become another one."""


def clean_name(name: str) -> str:
    """The name as it is stored: as sent, but in NFC, at most 255 characters, without what no database accepts.

    What is too much is cut out before the extension, which helps to tell the type.
    """
    name = name.replace("\0", "\ufffd").encode(errors="replace").decode()
    name = unicodedata.normalize("NFC", name)
    extension = PurePosixPath(name).suffix if len(name) > MAX_NAME else ""
    extension = extension if len(extension) <= MAX_EXTENSION else ""
    return name[: MAX_NAME - len(extension)] + extension if len(name) > MAX_NAME else name
