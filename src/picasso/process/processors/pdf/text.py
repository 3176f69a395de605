"""The text of all pages in one file."""

from __future__ import annotations

import ctypes
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from picasso.process.contract import JSON
from picasso.process.processors.pdf.characters import CONTROLS, decode_utf16
from picasso.process.processors.pdf.options import PdfOptions

if TYPE_CHECKING:
    import pypdfium2

# 16-bit units for the text of one page. A page with more text is read a second time.
UNITS = 65_536

# Far beyond any page, in points: text outside of the page is text as well.
FAR = 1e6


@dataclass(slots=True)
class ExtractedText:
    """How far the text was extracted: ``pages`` are in the derivative, ``cut`` is the reason why no more are."""

    pages: int = 0
    unreadable: int = 0
    size: int = 0
    cut: str | None = None
    has_text: bool = False

    def facts(self) -> dict[str, JSON]:
        return {
            "text_layer": self.has_text,
            "text_pages": self.pages,
            "text_cut": self.cut,
            "unreadable_pages": self.unreadable,
        }


def extract_text(
    pdf: pypdfium2.PdfDocument, path: Path, options: PdfOptions, progress: Callable[[float], None] = lambda _: None
) -> ExtractedText:
    """Write the text of each page, with a form feed after it. No file remains if there is no text."""
    extracted, deadline = ExtractedText(), time.monotonic() + options.text_seconds
    with path.open("wb") as file:
        for number, text in enumerate(page_texts(pdf)):
            if text is None:
                extracted.unreadable += 1
            page = (text or "").encode() + b"\f"
            extracted.cut = cut_reason(extracted.size + len(page), number, deadline, options)
            if extracted.cut:
                break
            file.write(page)
            extracted.size += len(page)
            extracted.pages = number + 1
            extracted.has_text = extracted.has_text or bool(text and not text.isspace())
            if number % 64 == 0:
                progress(number / len(pdf))
    if not extracted.has_text:
        path.unlink()
    return extracted


def cut_reason(size: int, number: int, deadline: float, options: PdfOptions) -> str | None:
    if number >= options.max_text_pages:
        return "too-many-pages"
    if size > options.max_text_bytes:
        return "too-long"
    return "too-slow" if time.monotonic() > deadline else None


def page_texts(pdf: pypdfium2.PdfDocument) -> Iterator[str | None]:
    """The text of each page; None for a page that can't be read.

    Uses PDFium's functions directly: its wrappers take as much time as a short page.
    """
    from pypdfium2 import raw

    buffer = (ctypes.c_ushort * UNITS)()
    for index in range(len(pdf)):
        page = raw.FPDF_LoadPage(pdf, index)
        if not page:
            yield None
            continue
        text_page = raw.FPDFText_LoadPage(page)
        try:
            yield page_text(text_page, buffer) if text_page else None
        finally:
            raw.FPDFText_ClosePage(text_page)
            raw.FPDF_ClosePage(page)


def page_text(text_page: Any, buffer: Any) -> str:
    from pypdfium2 import raw

    box = (-FAR, FAR, FAR, -FAR)
    size = raw.FPDFText_GetBoundedText(text_page, *box, buffer, len(buffer))
    if size >= len(buffer):
        buffer = (ctypes.c_ushort * raw.FPDFText_GetBoundedText(text_page, *box, None, 0))()
        size = raw.FPDFText_GetBoundedText(text_page, *box, buffer, len(buffer))
    text = decode_utf16(bytes(memoryview(buffer)[: max(0, size)]))
    return text.replace("\r\n", "\n").translate(CONTROLS)
