"""What an operator may choose of the pdf processor."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PdfOptions:
    picture_side: int = 1024
    """Pixels of the longer side of the picture of page 1."""
    picture_seconds: float = 20.0
    """After which a page that is still being drawn has no picture."""
    max_text_pages: int = 2_000
    max_text_bytes: int = 16 * 2**20
    """Of the text as UTF-8; what is beyond is left out, and `text_cut` says so."""
    text_seconds: float = 60.0

    def __post_init__(self) -> None:
        if not 256 <= self.picture_side <= 4096:
            raise ValueError("picture_side is not between 256 and 4096")
        if self.max_text_pages < 0 or self.max_text_bytes < 0:
            raise ValueError("max_text_pages and max_text_bytes are not negative")
        if self.picture_seconds <= 0 or self.text_seconds <= 0:
            raise ValueError("picture_seconds and text_seconds are more than 0")
