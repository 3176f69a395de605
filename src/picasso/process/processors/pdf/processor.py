"""The pdf processor: opens the file, then reads facts, pictures and text."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from picasso.process.contract import JSON, Derivative, Processor, ProcessorError, Result, Source
from picasso.process.options import parse_options
from picasso.process.processors.pdf.active_content import Found, read_active_content
from picasso.process.processors.pdf.facts import read_facts
from picasso.process.processors.pdf.options import PdfOptions
from picasso.process.processors.pdf.picture import draw_page
from picasso.process.processors.pdf.text import extract_text

if TYPE_CHECKING:
    import pypdfium2


class Pdf(Processor):
    """Facts, ``page-1`` and ``thumbnail-256`` (WebP on white), and ``text`` with a form feed after each page."""

    name: ClassVar[str] = "pdf"
    media_types: ClassVar[tuple[str, ...]] = ("application/pdf", "application/illustrator")
    queue: ClassVar[str] = "quick"
    Options: ClassVar[type] = PdfOptions
    requires: ClassVar[tuple[str, ...]] = ("pikepdf", "pypdfium2", "pyvips")
    extra: ClassVar[str] = "documents"

    @staticmethod
    def prepare() -> None:
        import pikepdf  # noqa: F401
        import pypdfium2  # noqa: F401
        import pyvips

        pyvips.cache_set_max(0)
        pyvips.concurrency_set(1)

    def __call__(self, source: Source, folder: Path) -> Result:
        options = parse_options(PdfOptions, source.options)
        active = read_active_content(source.path)
        with keeping(active), open_pdf(source.path) as pdf:
            facts = read_facts(pdf, source.path) | active.facts()
            pictures = draw_page(pdf, folder, options)
            extracted = extract_text(pdf, folder / "text.txt", options, source.progress)
        text = (Derivative("text", "text.txt", "text/plain"),) if extracted.has_text else ()
        return Result(facts | {"picture": bool(pictures)} | extracted.facts(), (*pictures, *text))


@contextmanager
def keeping(active: Found) -> Iterator[None]:
    """A failure tells all the same what acts by itself in the file, and whether it needs a password."""
    try:
        yield
    except ProcessorError as error:
        encrypted: dict[str, JSON] = {"encrypted": True} if error.code == "protected" else {}
        active.content.of_failure(error.code)
        raise ProcessorError(error.code, error.sentence, {**error.facts, **encrypted, **active.facts()}) from error


@contextmanager
def open_pdf(path: Path) -> Iterator[pypdfium2.PdfDocument]:
    """The document, which has at least one page. If it only has an owner's password, it opens as in any viewer."""
    import pypdfium2

    reset_last_error()
    try:
        pdf = pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as error:
        raise translate_error(error) from error
    with pdf:
        if len(pdf) < 1:
            raise ProcessorError("corrupt", "This PDF has no page that can be read.")
        yield pdf


def reset_last_error() -> None:
    """Make PDFium's last error "not a PDF".

    It refuses some damaged files without setting an error, and would report that of the file before.
    """
    from pypdfium2 import raw

    raw.FPDF_LoadMemDocument(b"", 0, None)


def translate_error(error: pypdfium2.PdfiumError) -> Exception:
    from pypdfium2 import raw

    if error.err_code == raw.FPDF_ERR_FILE:
        return OSError("the PDF can't be opened")
    if error.err_code == raw.FPDF_ERR_PASSWORD:
        return ProcessorError("protected", "This PDF can only be opened with a password.")
    if error.err_code == raw.FPDF_ERR_SECURITY:
        return ProcessorError("unsupported-format", "This PDF is encrypted in a way that can't be read.")
    return ProcessorError("corrupt", "This PDF is damaged or incomplete.")
