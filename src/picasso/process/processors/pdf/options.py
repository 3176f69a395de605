"""Options of the pdf processor."""

from __future__ import annotations

from dataclasses import dataclass

from picasso.process.options import check_range


@dataclass(frozen=True, slots=True)
class PdfOptions:
    picture_side: int = 1024
    """The longer side of the picture of page 1, in pixels."""
    picture_seconds: float = 20.0
    """A page that takes longer to draw has no picture."""
    max_text_pages: int = 2_000
    max_text_bytes: int = 16 * 2**20
    """Limit for the text as UTF-8. The rest is left out, and `text_cut` says so."""
    text_seconds: float = 60.0

    def __post_init__(self) -> None:
        check_range("picture_side", self.picture_side, 256, 4096)
        if self.max_text_pages < 0 or self.max_text_bytes < 0:
            raise ValueError("max_text_pages and max_text_bytes must not be negative")
        if self.picture_seconds <= 0 or self.text_seconds <= 0:
            raise ValueError("picture_seconds and text_seconds must be more than 0")
