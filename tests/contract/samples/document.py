"""Small valid files for the document processor, one of each format that can be written in code."""

from collections.abc import Iterator

from tests.formats import document


def samples() -> Iterator[tuple[str, bytes]]:
    for each in document.FORMATS:
        if not each.error and each.make is not document.missing:
            yield each.media_type, each.make()
    yield "text/markdown", b"# Title\n\nSome *words*.\n"
    yield "application/xhtml+xml", document.html()
