"""What a PDF says of itself."""

from __future__ import annotations

import ctypes
import math
import re
from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING

from picasso.process.contract import JSON
from picasso.process.processors.pdf.characters import decoded, tidy

if TYPE_CHECKING:
    import pypdfium2

# Of title, author and the like; a hostile one may be as long as the file.
WORDS_LENGTH = 1_000

# What is looked at to tell how large the pages are: a tree of pages may claim a million of them.
SIZED_PAGES = 10_000
SIZES = 10

# Bookmarks, which may form a ring.
OUTLINE = 10_000

# The bits of table 22 of ISO 32000-1, counted from 1 there.
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

DATE = re.compile(r"(?:D:)?(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?(?:(Z)|([+-]\d\d)'?(\d\d)?)?")


def about(pdf: pypdfium2.PdfDocument) -> dict[str, JSON]:
    from pypdfium2 import raw

    words = {key: tidy(entry(pdf, key), WORDS_LENGTH) for key in pdf.METADATA_KEYS}
    created, modified = words.pop("CreationDate"), words.pop("ModDate")
    return {
        "pages": len(pdf),
        "page_sizes": page_sizes(pdf),
        **{key.lower(): value or None for key, value in words.items()},
        "created": moment(created),
        "modified": moment(modified),
        "version": version(pdf.get_version()),
        "language": language(pdf),
        "encrypted": raw.FPDF_GetSecurityHandlerRevision(pdf) != -1,
        "permissions": permissions(pdf),
        "form": {raw.FORMTYPE_ACRO_FORM: "acroform", raw.FORMTYPE_NONE: None}.get(pdf.get_formtype(), "xfa"),
        "tagged": pdf.is_tagged(),
        "attachments": max(0, pdf.count_attachments()),
        "signatures": max(0, raw.FPDF_GetSignatureCount(pdf)),
        "scripts": max(0, raw.FPDFDoc_GetJavaScriptActionCount(pdf)),
        "outline": outline(pdf),
    }


def entry(pdf: pypdfium2.PdfDocument, key: str) -> str:
    """Of the document's information; the wrapper's own way to it fails where the text is no UTF-16."""
    from pypdfium2 import raw

    size = raw.FPDF_GetMetaText(pdf, key.encode(), None, 0)
    buffer = ctypes.create_string_buffer(size)
    raw.FPDF_GetMetaText(pdf, key.encode(), buffer, size)
    return decoded(buffer.raw)


def page_sizes(pdf: pypdfium2.PdfDocument) -> list[JSON]:
    """In points, rotation applied, the most frequent first; of the first `SIZED_PAGES` pages."""
    sizes = Counter(filter(None, (page_size(pdf, index) for index in range(min(len(pdf), SIZED_PAGES)))))
    return [{"width": width, "height": height, "pages": n} for (width, height), n in sizes.most_common(SIZES)]


def page_size(pdf: pypdfium2.PdfDocument, index: int) -> tuple[float, float] | None:
    """None where the page is not there, or of no size that can be said."""
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
    return tidy(decoded(bytes(buffer)[:size]), 64) or None


def permissions(pdf: pypdfium2.PdfDocument) -> list[JSON] | None:
    """What whoever knows no password may do; None where nothing is encrypted."""
    from pypdfium2 import raw

    if raw.FPDF_GetSecurityHandlerRevision(pdf) == -1:
        return None
    bits = raw.FPDF_GetDocUserPermissions(pdf)
    return [name for name, bit in PERMISSIONS.items() if bits >> (bit - 1) & 1]


def outline(pdf: pypdfium2.PdfDocument) -> int:
    """How many bookmarks there are, up to `OUTLINE`. Each is counted once, whatever points to it."""
    from pypdfium2 import raw

    seen: set[int] = set()
    waiting = [raw.FPDFBookmark_GetFirstChild(pdf, None)]
    while waiting and len(seen) < OUTLINE:
        bookmark = waiting.pop()
        if not bookmark or (place := ctypes.cast(bookmark, ctypes.c_void_p).value or 0) in seen:
            continue
        seen.add(place)
        waiting += [raw.FPDFBookmark_GetNextSibling(pdf, bookmark), raw.FPDFBookmark_GetFirstChild(pdf, bookmark)]
    return len(seen)


def moment(text: str) -> str | None:
    """A PDF's ``D:20070915110231+02'00'`` in ISO 8601, in the zone that it names; None for what is none."""
    match = DATE.match(text)
    if not match:
        return None
    *parts, zulu, hours, minutes = match.groups()
    numbers = (f"{int(part or least):02}" for part, least in zip(parts, (1, 1, 1, 0, 0, 0), strict=True))
    zone = "+00:00" if zulu else f"{hours}:{minutes or '00'}" if hours else ""
    try:
        return datetime.fromisoformat("{:0>4}-{}-{}T{}:{}:{}".format(*numbers) + zone).isoformat()
    except ValueError:
        return None
