"""Small valid files for the pdf processor."""

from collections.abc import Iterator

from tests.formats import pdf


def samples() -> Iterator[tuple[str, bytes]]:
    yield "application/pdf", pdf.simple()
