"""Converts PDFium's text to Python's, without characters that can't be stored."""

from __future__ import annotations

# PDFium's marks for a hyphen at the end of a line that it removed. `pdftotext` joins these words as well.
HYPHENS = (0x02, 0xFFFE)

CONTROLS = {code: None for code in (*range(32), 0x7F, *HYPHENS) if chr(code) not in "\t\n"}


def decode_utf16(utf16: bytes) -> str:
    """Without lone surrogates, which can't be stored."""
    return utf16.decode("utf-16-le", "ignore").rstrip("\0")


def clean_line(text: str, length: int) -> str:
    """The text on one line, with at most ``length`` characters."""
    return " ".join(text.translate(CONTROLS).split())[:length]
