"""What readers return, and which reader reads what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from picasso.process.contract import JSON
from picasso.process.processors.document.errors import unsupported

OOXML = "application/vnd.openxmlformats-officedocument."
OPEN_DOCUMENT = "application/vnd.oasis.opendocument."
VISIO = "application/vnd.ms-visio."
XLSB = "application/vnd.ms-excel.sheet.binary.macroEnabled.12"  # as kreuzberg spells it

# By the beginning of the media type: the name in the facts, and the type that kreuzberg is given.
FORMATS = {
    OOXML + "wordprocessingml": ("docx", OOXML + "wordprocessingml.document"),
    OOXML + "spreadsheetml": ("xlsx", OOXML + "spreadsheetml.sheet"),
    OOXML + "presentationml": ("pptx", OOXML + "presentationml.presentation"),
    OPEN_DOCUMENT + "text": ("odt", OPEN_DOCUMENT + "text"),
    OPEN_DOCUMENT + "spreadsheet": ("ods", OPEN_DOCUMENT + "spreadsheet"),
    OPEN_DOCUMENT + "presentation": ("odp", OPEN_DOCUMENT + "text"),
    OPEN_DOCUMENT + "graphics": ("odg", OPEN_DOCUMENT + "text"),
    "application/rtf": ("rtf", "text/rtf"),
    "text/rtf": ("rtf", "text/rtf"),
    "text/markdown": ("markdown", "text/markdown"),
    "message/": ("eml", "message/rfc822"),
    "application/vnd.ms-word": ("docx", OOXML + "wordprocessingml.document"),
    "application/vnd.ms-excel.": ("xlsx", OOXML + "spreadsheetml.sheet"),
    "application/vnd.ms-powerpoint.": ("pptx", OOXML + "presentationml.presentation"),
    "application/msword": ("doc", "application/msword"),
    "application/vnd.ms-excel": ("xls", "application/vnd.ms-excel"),
    "application/vnd.ms-powerpoint": ("ppt", "application/vnd.ms-powerpoint"),
    "application/vnd.ms-outlook": ("msg", "application/vnd.ms-outlook"),
}


@dataclass(slots=True)
class Content:
    """What was read, with metadata under kreuzberg's names."""

    format: str
    text: str
    metadata: Mapping[str, Any]
    language: str | None = None
    counts: dict[str, JSON] = field(default_factory=dict)


def format_of(media_type: str) -> tuple[str, str]:
    """The name in the facts and the type for kreuzberg. Raises `ProcessorError`."""
    for start, names in FORMATS.items():
        if media_type.startswith(start):
            return names
    raise unsupported()
