"""PDFium's text as Python's, without what can't be kept."""

from __future__ import annotations

# Where a hyphen at the end of a line was taken out and the word goes on. `pdftotext` joins them as well.
HYPHENS = (0x02, 0xFFFE)

CONTROLS = {code: None for code in (*range(32), 0x7F, *HYPHENS) if chr(code) not in "\t\n"}


def decoded(utf16: bytes) -> str:
    """Without what is no character: a lone surrogate can't be kept."""
    return utf16.decode("utf-16-le", "ignore").rstrip("\0")


def tidy(text: str, length: int) -> str:
    """On one line."""
    return " ".join(text.translate(CONTROLS).split())[:length]
