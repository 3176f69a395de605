"""The order in which a type is detected: by family, by libmagic, by the rules for text, then the name.

libmagic is not asked about a file whose structure already decides: it would take longer than all the rest.

The name only ever chooses among what the content allows. It never makes text of binary data, nor binary data of text.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from picasso.detection import families, libmagic, media_types, signatures, text
from picasso.detection.media_types import CSV, JSON, NDJSON, UNKNOWN
from picasso.detection.own_magic import VAGUE, ask_own
from picasso.detection.trailers import detect_by_trailer
from picasso.detection.window import Window

DetectedBy = Literal["content", "container", "name"]


@dataclass(frozen=True, slots=True)
class Detection:
    """What a file is."""

    media_type: str
    """In lower case and without parameters."""
    detected_by: DetectedBy
    """``content``: by a signature or the text. ``container``: by what is inside. ``name``: chosen by the name."""
    charset: str | None = None
    """Of text, as Python's codecs name it; None if the first bytes do not show it."""


def detect(window: Window, name: str = "") -> Detection:
    """Detect the type of a file. ``name`` is the client's."""
    extension = media_types.extension_of(name)
    if found := families.detect(window):
        return _named(found, extension, "container")
    media_type = libmagic.ask(window.head)
    if media_type in families.REFUSED:
        media_type = UNKNOWN
    if media_type in VAGUE:
        media_type = ask_own(window.head) or detect_by_trailer(window) or media_type
    if rule := TEXT_RULES.get(media_type):
        by_content, refined = rule(media_type, window.head, ""), rule(media_type, window.head, extension)
        return Detection(refined, "content" if by_content == refined else "name")
    return _named(media_type, extension, "content")


def _named(media_type: str, extension: str, detected_by: DetectedBy) -> Detection:
    """A more precise type by the name, if the content leaves a choice."""
    chosen = families.by_name(media_type, extension)
    return Detection(chosen, "name") if chosen else Detection(media_type, detected_by)


def _refine_text(media_type: str, head: bytes, extension: str) -> str:
    by_name = media_types.BY_NAME
    if media_type == CSV and not text.is_prose(head):
        return CSV if extension in {"", "txt", "log", "dat"} else by_name.get(extension, CSV)
    return text.detect_text(head) or by_name.get(extension, "text/plain")


def _refine_json(media_type: str, head: bytes, extension: str) -> str:
    return media_types.JSON_BY_NAME.get(extension) or text.detect_json_lines(head) or JSON


TEXT_RULES: dict[str, Callable[[str, bytes, str], str]] = {
    **dict.fromkeys(("text/plain", CSV), _refine_text),
    **dict.fromkeys((JSON, NDJSON), _refine_json),
    "text/xml": lambda media_type, head, _: text.detect_text(head) or media_type,
    UNKNOWN: lambda media_type, head, _: signatures.detect_by_signature(head) or media_type,
}
