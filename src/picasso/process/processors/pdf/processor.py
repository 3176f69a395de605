"""The pdf processor: open the file, then facts, pictures and text."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from picasso.process.contract import Derivative, Processor, ProcessorError, Result, Source
from picasso.process.options import parse_options
from picasso.process.processors.pdf.facts import about
from picasso.process.processors.pdf.options import PdfOptions
from picasso.process.processors.pdf.picture import draw
from picasso.process.processors.pdf.text import read

if TYPE_CHECKING:
    import pypdfium2


class Pdf(Processor):
    """Facts, ``page-1`` and ``thumbnail-256`` (WebP on white), and ``text`` with a form feed after each page."""

    name: ClassVar[str] = "pdf"
    media_types: ClassVar[tuple[str, ...]] = ("application/pdf",)
    queue: ClassVar[str] = "quick"
    Options: ClassVar[type] = PdfOptions
    requires: ClassVar[tuple[str, ...]] = ("pypdfium2", "pyvips")
    extra: ClassVar[str] = "documents"

    @staticmethod
    def prepare() -> None:
        import pypdfium2  # noqa: F401
        import pyvips

        pyvips.cache_set_max(0)
        pyvips.concurrency_set(1)

    def __call__(self, source: Source, folder: Path) -> Result:
        options = parse_options(PdfOptions, source.options)
        with opened(source.path) as pdf:
            facts = about(pdf)
            pictures = draw(pdf, folder, options)
            reading = read(pdf, folder / "text.txt", options, source.progress)
        text = (Derivative("text", "text.txt", "text/plain"),) if reading.found else ()
        return Result(facts | {"picture": bool(pictures)} | reading.facts(), (*pictures, *text))


@contextmanager
def opened(path: Path) -> Iterator[pypdfium2.PdfDocument]:
    """The document, with at least one page. One with an owner's password only opens as any viewer opens it."""
    import pypdfium2

    try:
        pdf = pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as error:
        raise verdict(error) from error
    with pdf:
        if len(pdf) < 1:
            raise ProcessorError("corrupt", "This PDF has no page that can be read.")
        yield pdf


def verdict(error: pypdfium2.PdfiumError) -> Exception:
    from pypdfium2 import raw

    if error.err_code == raw.FPDF_ERR_FILE:
        return OSError("the PDF can't be opened")
    if error.err_code == raw.FPDF_ERR_PASSWORD:
        return ProcessorError("protected", "This PDF opens with a password only.")
    if error.err_code == raw.FPDF_ERR_SECURITY:
        return ProcessorError("unsupported-format", "This PDF is encrypted in a way that can't be read.")
    return ProcessorError("corrupt", "This PDF is damaged or incomplete.")
