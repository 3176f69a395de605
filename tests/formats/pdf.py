"""Formats of PDF. The files are built here, object by object."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

from tests.formats import Format

FACTS = (
    "pages page_sizes title author subject keywords creator producer created modified version language encrypted "
    "permissions form tagged attachments signatures scripts outline picture text_layer text_pages text_cut "
    "unreadable_pages uris"
)

FONT = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"


def build(objects: Sequence[bytes], trailer: bytes = b"", version: str = "1.7") -> bytes:
    """A file of these objects, numbered from 1; the first is the catalogue."""
    content, places = bytearray(f"%PDF-{version}\n%\xe2\xe3\n".encode("latin-1")), []
    for number, each in enumerate(objects, 1):
        places.append(len(content))
        content += f"{number} 0 obj\n".encode() + each + b"\nendobj\n"
    table = f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n" + "".join(
        f"{place:010} 00000 n \n" for place in places
    )
    ending = f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R ".encode() + trailer + b" >>\n"
    return bytes(content) + table.encode() + ending + f"startxref\n{len(content)}\n%%EOF\n".encode()


def stream(content: bytes, entries: bytes = b"", *, packed: bool = False) -> bytes:
    if packed:
        content, entries = zlib.compress(content), entries + b" /Filter /FlateDecode"
    return f"<< /Length {len(content)} ".encode() + entries + b" >>\nstream\n" + content + b"\nendstream"


def lines(texts: Sequence[str], size: int = 12) -> bytes:
    """Content of a page: one line for each text, from the upper left."""
    shown = b" T* ".join(b"(" + text.encode("cp1252", "replace") + b") Tj" for text in texts)
    return f"BT /F1 {size} Tf {size * 2} TL 40 740 Td ".encode() + shown + b" ET"


def pages(
    contents: Sequence[bytes],
    *,
    box: str = "[0 0 595 842]",
    catalogue: bytes = b"",
    more: Sequence[bytes] = (),
    trailer: bytes = b"",
    fonts: Sequence[bytes] = (FONT,),
) -> bytes:
    """A file with a page for each of ``contents``; ``more`` are objects that follow, from 3 + fonts + 2 pages on."""
    first = 3 + len(fonts)
    kids = " ".join(f"{first + 2 * n} 0 R" for n in range(len(contents)))
    resources = " ".join(f"/F{n + 1} {n + 3} 0 R" for n in range(len(fonts)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R " + catalogue + b" >>",
        f"<< /Type /Pages /Count {len(contents)} /Kids [{kids}] >>".encode(),
        *fonts,
    ]
    for number, content in enumerate(contents):
        page = f"/Resources << /Font << {resources} >> >> /Contents {first + 2 * number + 1} 0 R"
        objects.append(f"<< /Type /Page /Parent 2 0 R /MediaBox {box} {page} >>".encode())
        objects.append(stream(content, packed=True))
    return build([*objects, *more], trailer)


def simple() -> bytes:
    """Two pages with text, a title and an author, dates and a language."""
    info = b"<< /Title (Two pages) /Author (Ann) /CreationDate (D:20260102030405+02'00') /ModDate (D:2026) >>"
    contents = [lines(["Hello, page one", "Grüße"]), lines(["Page two"])]
    return pages(contents, catalogue=b"/Lang (en-GB)", more=[info], trailer=b"/Info 8 0 R")


def locked() -> bytes:
    """Encrypted with keys that do not match, so that no password opens it."""
    handler = (
        b"<< /Filter /Standard /V 2 /R 3 /Length 128 /P -3904 /O <" + b"41" * 32 + b"> /U <" + b"42" * 32 + b"> >>"
    )
    more = b"/Encrypt 6 0 R /ID [<00112233445566778899aabbccddeeff> <00112233445566778899aabbccddeeff>]"
    return pages([lines(["Secret"])], more=[handler], trailer=more)


FORMATS: tuple[Format, ...] = (
    Format(
        name="PDF",
        file_name="paper.pdf",
        make=simple,
        media_type="application/pdf",
        facts={"pdf": tuple(FACTS.split())},
        derivatives=("page-1", "thumbnail-256", "text"),
        gaps="No OCR: a scanned page has no text. XFA forms are not filled in, and scripts are not run.",
    ),
    Format(
        name="PDF with a password",
        file_name="locked.pdf",
        make=locked,
        media_type="application/pdf",
        facts={"pdf": ("encrypted",)},
        error="protected",
        gaps="A file with only an owner password is read; `permissions` says what it allows.",
    ),
)
