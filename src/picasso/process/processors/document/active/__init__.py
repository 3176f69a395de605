"""What acts by itself in a document: macros, links to elsewhere, objects, scripts. Nothing of it is run or fetched.

Read before the text, so that a document that can't be read tells of it too. What a document hides better than these
readers look is not found: they see what office programs act on, not every way to obfuscate it.
"""

from __future__ import annotations

from picasso.policy import ActiveContent
from picasso.process.processors.document import ole
from picasso.process.processors.document.active import compound, office, open_document, rtf, web
from picasso.process.processors.document.active.office_xml import has_active_mime
from picasso.process.processors.document.content import OOXML, OPEN_DOCUMENT, VISIO

HTML, XHTML = "text/html", "application/xhtml+xml"
RTF = {"application/rtf", "text/rtf"}
MAIL = "message/"
OFFICE = (OOXML, VISIO, "application/vnd.ms-word.", "application/vnd.ms-excel.", "application/vnd.ms-powerpoint.")


def read_active_content(data: bytes, media_type: str, found: ActiveContent) -> None:
    """Never raises for what the document contains: what can't be read is ``incomplete``."""
    try:
        _read(data, media_type, found)
    except Exception:  # parsers of damaged files raise many kinds of errors
        found.mark("incomplete")


def _read(data: bytes, media_type: str, found: ActiveContent) -> None:
    if media_type == HTML:
        web.read(data, found)
    elif media_type == XHTML:
        web.read_xhtml(data, found)
    elif data.startswith(ole.MAGIC):
        compound.read(data, found)
    elif media_type in RTF:
        rtf.read(data, found)
    elif media_type.startswith(OPEN_DOCUMENT):
        open_document.read(data, found)
    elif media_type == "application/epub+zip":
        web.read_book(data, found)
    elif media_type.startswith(MAIL):
        if has_active_mime(data):  # a web archive, which Word opens
            found.mark("macros")
    elif data.startswith(b"PK") or media_type.startswith(OFFICE):
        office.read(data, found)
