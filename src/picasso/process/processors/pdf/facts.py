"""Facts that a PDF contains."""

from __future__ import annotations

import ctypes
import math
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from picasso.process.contract import JSON
from picasso.process.processors.pdf.characters import clean_line, decode_utf16
from picasso.process.processors.pdf.dates import parse_date
from picasso.process.processors.pdf.metadata import read_metadata
from picasso.process.processors.pdf.strings import repair_strings

if TYPE_CHECKING:
    import pypdfium2

# Limit for title, author and so on. A hostile PDF may have one as long as the file.
TEXT_LENGTH = 1_000

# Pages that are examined for their size: a tree of pages may claim a million of them.
SIZED_PAGES = 10_000
SIZES = 10

# Limit for bookmarks, which may form a ring.
OUTLINE = 10_000

# Bits of table 22 of ISO 32000-1, which counts from 1.
PERMISSIONS = {
    "print": 3,
    "modify": 4,
    "copy": 5,
    "annotate": 6,
    "fill-forms": 9,
    "extract-for-accessibility": 10,
    "assemble": 11,
    "print-in-full-quality": 12,
}


def read_facts(pdf: pypdfium2.PdfDocument, path: Path) -> dict[str, JSON]:
    from pypdfium2 import raw

    encrypted = raw.FPDF_GetSecurityHandlerRevision(pdf) != -1
    return {
        "pages": len(pdf),
        "page_sizes": page_sizes(pdf),
        **properties(pdf, path),
        "version": version(pdf.get_version()),
        "language": language(pdf),
        "encrypted": encrypted,
        **({"opens_without_password": True} if encrypted else {}),
        "permissions": permissions(pdf),
        "form": {raw.FORMTYPE_ACRO_FORM: "acroform", raw.FORMTYPE_NONE: None}.get(pdf.get_formtype(), "xfa"),
        "tagged": pdf.is_tagged(),
        "attachments": max(0, pdf.count_attachments()),
        "signatures": max(0, raw.FPDF_GetSignatureCount(pdf)),
        "scripts": max(0, raw.FPDFDoc_GetJavaScriptActionCount(pdf)),
        "outline": outline(pdf),
    }


def properties(pdf: pypdfium2.PdfDocument, path: Path) -> dict[str, JSON]:
    """Title, author and so on, from the document's information, or else from its metadata stream."""
    entries = repair_strings({key: read_entry(pdf, key)[:TEXT_LENGTH] for key in pdf.METADATA_KEYS})
    texts = {key.lower(): clean_line(text, TEXT_LENGTH) or None for key, text in entries.items()}
    created, modified = texts.pop("creationdate"), texts.pop("moddate")
    found = {**texts, "created": parse_date(created or ""), "modified": parse_date(modified or "")}
    missing = {key for key, value in found.items() if not value}
    described = read_metadata(path) if missing & {"title", "author", "created"} else {}
    return {**found, **{key: described[key] for key in missing & described.keys()}}


def read_entry(pdf: pypdfium2.PdfDocument, key: str) -> str:
    """An entry of the document's information. The wrapper's own function fails for text that is no UTF-16."""
    from pypdfium2 import raw

    size = raw.FPDF_GetMetaText(pdf, key.encode(), None, 0)
    buffer = ctypes.create_string_buffer(size)
    raw.FPDF_GetMetaText(pdf, key.encode(), buffer, size)
    return decode_utf16(buffer.raw)


def page_sizes(pdf: pypdfium2.PdfDocument) -> list[JSON]:
    """In points, after rotation, the most frequent first; of the first `SIZED_PAGES` pages."""
    sizes = Counter(filter(None, (page_size(pdf, index) for index in range(min(len(pdf), SIZED_PAGES)))))
    return [{"width": width, "height": height, "pages": n} for (width, height), n in sizes.most_common(SIZES)]


def page_size(pdf: pypdfium2.PdfDocument, index: int) -> tuple[float, float] | None:
    """None if the page is missing or its size is not finite."""
    from pypdfium2 import raw

    size = raw.FS_SIZEF()
    if not raw.FPDF_GetPageSizeByIndexF(pdf, index, size) or not math.isfinite(size.width * size.height):
        return None
    return round(size.width, 1), round(size.height, 1)


def version(number: int | None) -> str | None:
    return f"{number // 10}.{number % 10}" if number else None


def language(pdf: pypdfium2.PdfDocument) -> str | None:
    from pypdfium2 import raw

    buffer = (ctypes.c_ushort * 64)()
    size = min(raw.FPDFCatalog_GetLanguage(pdf, buffer, ctypes.sizeof(buffer)), ctypes.sizeof(buffer))
    return clean_line(decode_utf16(bytes(buffer)[:size]), 64) or None


def permissions(pdf: pypdfium2.PdfDocument) -> list[JSON] | None:
    """What readers may do without a password; None if nothing is encrypted."""
    from pypdfium2 import raw

    if raw.FPDF_GetSecurityHandlerRevision(pdf) == -1:
        return None
    bits = raw.FPDF_GetDocUserPermissions(pdf)
    return [name for name, bit in PERMISSIONS.items() if bits >> (bit - 1) & 1]


def outline(pdf: pypdfium2.PdfDocument) -> int:
    """The number of bookmarks, up to `OUTLINE`. Each is counted once, even if several point to it."""
    from pypdfium2 import raw

    visited: set[int] = set()
    pending = [raw.FPDFBookmark_GetFirstChild(pdf, None)]
    while pending and len(visited) < OUTLINE:
        bookmark = pending.pop()
        if not bookmark or (address := ctypes.cast(bookmark, ctypes.c_void_p).value or 0) in visited:
            continue
        visited.add(address)
        pending += [raw.FPDFBookmark_GetNextSibling(pdf, bookmark), raw.FPDFBookmark_GetFirstChild(pdf, bookmark)]
    return len(visited)
