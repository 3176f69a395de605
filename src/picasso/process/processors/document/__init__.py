"""Office files, mails, web pages and books: what they say of themselves, and their text.

The text comes from kreuzberg (Rust), which is fast, but takes a file at its word: a cell in the last
corner of a sheet, a table that is 2,000,000,000 columns wide or a wrong length in an OLE header make it ask for
gigabytes, and Rust ends the process then. So `zipped`, `ole` and `biff` look first at what a file claims.
"""

from picasso.process.processors.document.processor import Document

__all__ = ["Document"]
