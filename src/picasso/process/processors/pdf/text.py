"""The text of all pages, in one file."""

from __future__ import annotations

import ctypes
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from picasso.process.contract import JSON
from picasso.process.processors.pdf.characters import CONTROLS, decoded
from picasso.process.processors.pdf.options import PdfOptions

if TYPE_CHECKING:
    import pypdfium2

# PDFium is asked for a page's text in one go; a page that has more (of 16 bits each) is asked a second time.
UNITS = 65_536

# Far beyond any page, in points: text that lies outside of the page is text as well.
EVERYWHERE = 1e6


@dataclass(slots=True)
class Reading:
    """How far the text was read. ``pages`` of it went into the derivative; ``cut`` says why no more did."""

    pages: int = 0
    unreadable: int = 0
    size: int = 0
    cut: str | None = None
    found: bool = False

    def facts(self) -> dict[str, JSON]:
        return {
            "text_layer": self.found,
            "text_pages": self.pages,
            "text_cut": self.cut,
            "unreadable_pages": self.unreadable,
        }


def read(
    pdf: pypdfium2.PdfDocument, path: Path, options: PdfOptions, progress: Callable[[float], None] = lambda _: None
) -> Reading:
    """Write the text of page after page, a form feed after each; no file where there is no text."""
    reading, deadline = Reading(), time.monotonic() + options.text_seconds
    with path.open("wb") as file:
        for number, text in enumerate(page_texts(pdf)):
            if text is None:
                reading.unreadable += 1
            page = (text or "").encode() + b"\f"
            reading.cut = why_cut(reading.size + len(page), number, deadline, options)
            if reading.cut:
                break
            file.write(page)
            reading.size += len(page)
            reading.pages = number + 1
            reading.found = reading.found or bool(text and not text.isspace())
            if number % 64 == 0:
                progress(number / len(pdf))
    if not reading.found:
        path.unlink()
    return reading


def why_cut(size: int, number: int, deadline: float, options: PdfOptions) -> str | None:
    if number >= options.max_text_pages:
        return "too-many-pages"
    if size > options.max_text_bytes:
        return "too-long"
    return "too-slow" if time.monotonic() > deadline else None


def page_texts(pdf: pypdfium2.PdfDocument) -> Iterator[str | None]:
    """The text of each page; None for one that can't be read.

    On PDFium's own functions: its wrappers cost as much again as a short page does.
    """
    from pypdfium2 import raw

    buffer = (ctypes.c_ushort * UNITS)()
    for index in range(len(pdf)):
        page = raw.FPDF_LoadPage(pdf, index)
        if not page:
            yield None
            continue
        letters = raw.FPDFText_LoadPage(page)
        try:
            yield page_text(letters, buffer) if letters else None
        finally:
            raw.FPDFText_ClosePage(letters)
            raw.FPDF_ClosePage(page)


def page_text(letters: Any, buffer: Any) -> str:
    from pypdfium2 import raw

    box = (-EVERYWHERE, EVERYWHERE, EVERYWHERE, -EVERYWHERE)
    size = raw.FPDFText_GetBoundedText(letters, *box, buffer, len(buffer))
    if size >= len(buffer):
        buffer = (ctypes.c_ushort * raw.FPDFText_GetBoundedText(letters, *box, None, 0))()
        size = raw.FPDFText_GetBoundedText(letters, *box, buffer, len(buffer))
    text = decoded(bytes(memoryview(buffer)[: max(0, size)]))
    return text.replace("\r\n", "\n").translate(CONTROLS)
