"""The description of a file that is about to be stored."""

from __future__ import annotations

import unicodedata
import uuid
from dataclasses import dataclass

MAX_NAME = 255

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
    """The name as it is stored: as sent, but in NFC, at most 255 characters, without what no database accepts."""
    name = name.replace("\0", "\ufffd").encode(errors="replace").decode()
    return unicodedata.normalize("NFC", name)[:MAX_NAME]
