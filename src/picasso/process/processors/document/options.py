"""Options of the document processor."""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class DocumentOptions:
    """The defaults fit into a child with two gibibytes of address space.

    Measured: reading dense XML takes 27 times its size, RTF 70 times, HTML of books about 100, Markdown 150, and a cell
    of repeated text 260 bytes.
    """

    max_bytes: int = 64 * 2**20
    """Limit for the file."""
    max_markup_bytes: int = 8 * 2**20
    """Limit for a web page, RTF or Markdown."""
    max_xml_bytes: int = 48 * 2**20
    """Limit for all XML in an office file or book, unpacked. HTML counts four times."""
    max_unpacked_bytes: int = 2**30
    """Limit for everything in an office file or book, with pictures, unpacked."""
    max_entries: int = 10_000
    max_cells: int = 3_000_000
    """Limit for the smallest rectangle around all cells of one sheet."""
    max_text_bytes: int = 16 * 2**20
    """Limit for the text as UTF-8. The rest is left out, and `text_cut` says so."""

    def __post_init__(self) -> None:
        for field in fields(self):
            if getattr(self, field.name) < 1:
                raise ValueError(f"{field.name} must be at least 1")
