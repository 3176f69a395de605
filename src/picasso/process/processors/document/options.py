"""What an operator may choose of the document processor."""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class DocumentOptions:
    """So that a child with two gibibytes of address space is left room.

    Measured: dense XML takes 27 times its size while it is read, RTF 70 times, the HTML of books about 100, Markdown
    150, and a cell of repeated text 260 bytes.
    """

    max_bytes: int = 64 * 2**20
    """Of the file as it came."""
    max_markup_bytes: int = 8 * 2**20
    """Of a web page, RTF or Markdown."""
    max_xml_bytes: int = 48 * 2**20
    """Of all XML in an office file or book, unpacked; HTML in it counts four times."""
    max_unpacked_bytes: int = 2**30
    """Of all that is in one, pictures and all."""
    max_entries: int = 10_000
    max_cells: int = 3_000_000
    """Of the smallest rectangle around what is in one sheet."""
    max_text_bytes: int = 16 * 2**20
    """Of the text as UTF-8; what is beyond is left out, and `text_cut` says so."""

    def __post_init__(self) -> None:
        for field in fields(self):
            if getattr(self, field.name) < 1:
                raise ValueError(f"{field.name} is less than 1")
