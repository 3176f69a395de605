"""The beginning of a file that may be text, decoded once for all rules."""

from __future__ import annotations

import codecs
import re
from functools import cached_property

from picasso.charset import classify, declared_encoding
from picasso.detection.text.unmarked import PROBE, find_unmarked_unicode, is_valid

# The beginning of a text shows which format it is.
START = 4 * 1024

# Control characters that are common in text: bell and escape (what a terminal showed, ISO-2022), backspace (manual
# pages), tab, line ends, form feed.
USUAL = bytes([*range(0x07, 0x0E), 0x1B])
CONTROLS = bytes(code for code in [*range(0x20), 0x7F] if code not in USUAL)
WIDE_CONTROLS = re.compile("[\0-\x06\x0e-\x1a\x1c-\x1f\x7f\ud800-\udfff\ufffe\uffff]")

# DOS ends a text with it, and CP/M fills the last block with it (Ctrl-Z).
END_OF_TEXT = b"\x1a"

# It precedes each value of a JSON text sequence (RFC 7464).
RECORD_SEPARATOR = b"\x1e"

# Other control characters may be in a text by accident: one in so many bytes.
ACCIDENT = 200

WIDE = ("utf-1", "utf-3")
WIDE_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)

# A text of so few bytes may have any.
SHORTEST = 8


class Sample:
    """A text that begins with ``head``."""

    def __init__(self, head: bytes, is_whole: bool, encoding: str) -> None:
        self.head = head
        self.is_whole = is_whole
        """Whether the head is all of the file."""
        self.encoding = encoding
        """As `picasso.charset.classify` names it."""
        self.start = decode(head[: 2 * START if encoding.startswith(WIDE) else START], encoding)
        """The first characters. Those of an unknown encoding are read as Latin-1: ASCII shows the format."""
        self.has_record_separators = False
        self.text = self.start.lstrip()
        """The start without white space before it."""

    @property
    def is_start_whole(self) -> bool:
        """Whether the start is all of the file."""
        return self.is_whole and len(self.start) < START

    @cached_property
    def all(self) -> str:
        """All characters of the head, without white space before them."""
        return self.text if self.is_start_whole else decode(self.head, self.encoding).lstrip()

    @cached_property
    def lines(self) -> list[str]:
        """The whole lines of the start, without empty ones."""
        lines = self.text.splitlines()
        return [line for line in (lines if self.is_start_whole else lines[:-1]) if line]

    @property
    def charset(self) -> str | None:
        """As Python's codecs name it. None if it is unknown, or if it depends on what follows the head."""
        if self.encoding == "unknown-8bit":
            return declared_encoding(self.head)
        return self.encoding if self.is_whole or self.encoding != "ascii" else None


def decode(content: bytes, encoding: str) -> str:
    if encoding in {"ascii", "unknown-8bit"}:
        return content.decode("latin-1")
    return content.decode(encoding, "ignore").removeprefix("\ufeff")


def read_sample(head: bytes, is_whole: bool) -> Sample | None:
    """None if the head has control characters that no text has, or if it is empty."""
    if head.startswith(WIDE_MARKS):
        return read_marked_sample(head, is_whole)
    if count_controls(head[:PROBE]) and (encoding := find_unmarked_unicode(head)):
        return _read_wide(head, is_whole, encoding)
    text = _without_separators(head)
    if not text or count_controls(text[:PROBE]) or count_controls(text):
        return None
    sample = Sample(text, is_whole, classify(text))
    if sample.encoding == "unknown-8bit" and len(text) > SHORTEST and len(set(text[:PROBE])) < 3:
        return None  # erased memory
    sample.has_record_separators = head.startswith(RECORD_SEPARATOR)
    return sample


def read_marked_sample(head: bytes, is_whole: bool) -> Sample | None:
    """A text that begins with the mark of UTF-16 or UTF-32. Sound in MPEG may begin with the same bytes."""
    return _read_wide(head, is_whole, classify(head)) if head.startswith(WIDE_MARKS) else None


def _read_wide(head: bytes, is_whole: bool, encoding: str) -> Sample | None:
    is_all = is_whole and len(head) <= 2 * START
    if not encoding.startswith(WIDE) or not is_valid(head[: 2 * START], encoding, is_whole=is_all):
        return None
    sample = Sample(head, is_whole, encoding)
    return None if WIDE_CONTROLS.search(sample.start) else sample


def _without_separators(head: bytes) -> bytes:
    """Without the control characters that have a meaning in a text."""
    if head.startswith(RECORD_SEPARATOR):
        head = head.replace(RECORD_SEPARATOR, b"")
    return head.rstrip(END_OF_TEXT)


def read_damaged_sample(head: bytes, is_whole: bool) -> Sample | None:
    """A text in ASCII or UTF-8 that has a few wrong characters, but no zeros."""
    encoding = classify(head)
    is_text = encoding in {"ascii", "utf-8"} and b"\0" not in head and count_controls(head) * ACCIDENT <= len(head)
    return Sample(head, is_whole, encoding) if is_text else None


def count_controls(head: bytes) -> int:
    return len(head) - len(head.translate(None, CONTROLS))
