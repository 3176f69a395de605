"""The first page as a picture."""

from __future__ import annotations

import math
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from picasso.process.contract import Derivative
from picasso.process.processors.pdf.options import PdfOptions

if TYPE_CHECKING:
    import pypdfium2

# Effort 2 takes half the time of libvips' default 4, for files that are a little larger; see the image processor.
WEBP = {"Q": 80, "effort": 2, "keep": "none"}


def draw_page(pdf: pypdfium2.PdfDocument, folder: Path, options: PdfOptions) -> tuple[Derivative, ...]:
    """Page 1 in two sizes; nothing if it can't be read or takes too long."""
    import pyvips

    rendered = first_page(pdf, options)
    if rendered is None:
        return ()
    pixels, width, height = rendered
    large: Any = pyvips.Image.new_from_memory(pixels, width, height, 4, "uchar")
    large = large.extract_band(0, n=3).copy(interpretation="srgb")
    small = large.thumbnail_image(256, height=256, size="down")
    return save(large, "page-1", folder), save(small, "thumbnail-256", folder)


def save(picture: Any, role: str, folder: Path) -> Derivative:
    (folder / f"{role}.webp").write_bytes(picture.webpsave_buffer(**WEBP))
    return Derivative(role, f"{role}.webp", "image/webp", picture.width, picture.height)


def first_page(pdf: pypdfium2.PdfDocument, options: PdfOptions) -> tuple[bytes, int, int] | None:
    """The pixels of page 1 as RGBX on white, with the content of form fields, and width and height."""
    import pypdfium2

    try:
        pdf.init_forms()
        page = pdf[0]
    except pypdfium2.PdfiumError:
        return None
    with closing(page):
        width, height = page.get_size()
        if not (math.isfinite(width * height) and width > 0 and height > 0):
            return None
        scale = options.picture_side / max(width, height)
        size = max(1, round(width * scale)), max(1, round(height * scale))
        return render(pdf, page, size, time.monotonic() + options.picture_seconds)


def render(
    pdf: pypdfium2.PdfDocument, page: pypdfium2.PdfPage, size: tuple[int, int], deadline: float
) -> tuple[bytes, int, int] | None:
    """Between objects, PDFium asks whether to go on. A single object may take longer than the deadline."""
    import pypdfium2
    from pypdfium2 import raw

    bitmap = pypdfium2.PdfBitmap.new_native(*size, raw.FPDFBitmap_BGRx)
    with closing(bitmap):
        bitmap.fill_rect((255, 255, 255, 255), 0, 0, *size)
        pause = raw.IFSDK_PAUSE(version=1)
        pypdfium2.internal.set_callback(pause, "NeedToPauseNow", lambda _: time.monotonic() > deadline)
        where = (bitmap, page, 0, 0, *size, 0, raw.FPDF_ANNOT | raw.FPDF_REVERSE_BYTE_ORDER)
        state = raw.FPDF_RenderPageBitmap_Start(*where, pause)
        raw.FPDF_RenderPage_Close(page)
        if state != raw.FPDF_RENDER_DONE:
            return None
        if pdf.formenv:
            raw.FPDF_FFLDraw(pdf.formenv, *where)
        return bytes(bitmap.buffer), *size
