"""The order in which a type is detected: by family, as text by our own rules, by libmagic, then the name.

Text that begins with the mark of its encoding comes first: sound may begin with the same bytes.

Signatures of ours stand before the rules of text if their formats look like text.

libmagic is not asked about a file whose structure already decides: it would take longer than all the rest. Nor about
text: many of its short signatures of binary formats may stand in a text.

The name only ever chooses among what the content allows. It never makes text of binary data, nor binary data of text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from picasso.detection import families, libmagic, media_types
from picasso.detection.families import mpeg_audio
from picasso.detection.media_types import UNKNOWN
from picasso.detection.own_magic import TEXT_STARTS, VAGUE, ask_own
from picasso.detection.signatures import ARCHIVES, PDF, detect_by_signature, has_pdf
from picasso.detection.text import (
    BINARY,
    Sample,
    detect_beginning,
    detect_text,
    read_damaged_sample,
    read_marked_sample,
    read_sample,
)
from picasso.detection.trailers import detect_by_trailer
from picasso.detection.window import Window

PLAIN = "text/plain"

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
    if window.head.startswith(b"ID3") and (tagged := mpeg_audio.behind_tags(window)):
        return _detect_tagged(tagged)
    extension = media_types.extension_of(name)
    if sample := read_marked_sample(window.head, window.is_whole):
        return _detect_text(sample, name)
    if found := families.detect(window):
        cut = families.cut_by_name(window, found, extension)
        return Detection(cut, "name") if cut else _named(found, extension, "container")
    if window.head.startswith(TEXT_STARTS) and (media_type := ask_own(window.head)):
        return Detection(media_type, "content")
    if sample := read_sample(window.head, window.is_whole):
        return _detect_text(sample, name)
    return _detect_binary(window, name)


def _detect_binary(window: Window, name: str) -> Detection:
    extension = media_types.extension_of(name)
    media_type = _ask_libmagic(window, extension)
    if media_type == UNKNOWN:
        return _detect_unknown(window, name)
    return _named(media_type, extension, "content")


def _detect_tagged(window: Window) -> Detection:
    """A file that begins with a tag of a sound. The content behind it decides, since a tag may precede anything."""
    if found := mpeg_audio.detect_tagged(window):
        return Detection(found, "container")
    detection = Detection(UNKNOWN, "content") if window.head[:3] in {b"", b"ID3"} else detect(window)
    return Detection(mpeg_audio.MPEG, "container") if detection.media_type in {UNKNOWN, PLAIN} else detection


def _ask_libmagic(window: Window, extension: str) -> str:
    media_type = libmagic.ask(window.head)
    if families.is_refused(window, media_type, extension):
        media_type = UNKNOWN
    if media_type not in ARCHIVES and has_pdf(window):
        return PDF
    if media_type in VAGUE:
        media_type = ask_own(window.head) or detect_by_trailer(window) or media_type
    if media_type == UNKNOWN:
        return detect_by_signature(window) or UNKNOWN
    return families.refine(window, media_type) or media_type


def _detect_unknown(window: Window, name: str) -> Detection:
    """Text with wrong characters in it, or a text format that has binary data behind its beginning."""
    if sample := read_damaged_sample(window.head, window.is_whole):
        return _detect_text(sample, name)
    return Detection(detect_beginning(window.head, name) or UNKNOWN, "content")


def _named(media_type: str, extension: str, detected_by: DetectedBy) -> Detection:
    """A more precise type by the name, if the content leaves a choice."""
    chosen = families.by_name(media_type, extension)
    return Detection(chosen, "name") if chosen else Detection(media_type, detected_by)


def _detect_text(sample: Sample, name: str) -> Detection:
    media_type, detected_by = detect_text(sample, name)
    named = _named(media_type, media_types.extension_of(name), detected_by)  # such as a PDF of Illustrator
    return Detection(named.media_type, named.detected_by, None if media_type in BINARY else sample.charset)
