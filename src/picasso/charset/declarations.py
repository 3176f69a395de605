"""Encodings that a file declares in its first bytes."""

from __future__ import annotations

import re

from picasso.charset.labels import encoding_by_label
from picasso.charset.marks import HEAD

# XML 1.0, section 2.8.
XML = re.compile(rb"""\s*<\?xml\s[^>]{0,200}?\bencoding\s*=\s*["']([A-Za-z][\w.:-]*)["']""")

# HTML, section 13.2.3.2: within <meta>, as charset="x" or content="text/html; charset=x".
META = re.compile(rb"""<meta\s[^>]{0,500}?\bcharset\s*=\s*["']?\s*([\w.:-]+)""", re.IGNORECASE)
MARKUP = re.compile(rb"<(!doctype|html|head|meta|title|body)\b", re.IGNORECASE)

# Python (PEP 263), Ruby, Emacs and Vim, in a comment in the first two lines; CSS, section 3.2.
CODING = re.compile(
    rb"""(?:[^\n\r]*[\n\r]+)?[ \t\f]*(?:\#|//|--|;|%|/\*|\.\\"|<!--|")[^\n\r]*?coding[:=][ \t]*([\w.-]+)"""
)
CSS = re.compile(rb'@charset "([\w.:-]+)";')


def declared_encoding(head: bytes) -> str | None:
    """What the file itself declares, in any of these ways."""
    return xml_encoding(head) or source_encoding(head) or html_encoding(head)


def xml_encoding(head: bytes) -> str | None:
    return _named(XML.match(head[:HEAD]))


def html_encoding(head: bytes) -> str | None:
    """Of a web page, or a part of one; XHTML may have an XML declaration instead."""
    start = head[:HEAD]
    return _named(META.search(start)) if MARKUP.search(start) else None


def source_encoding(head: bytes) -> str | None:
    """Of a program or a style sheet."""
    start = head[:HEAD]
    return _named(CODING.match(start) or CSS.match(start))


def _named(match: re.Match[bytes] | None) -> str | None:
    """No file in UTF-16 could declare itself like this, so one that says so is in UTF-8 (HTML, section 13.2.3.2)."""
    encoding = encoding_by_label(match[1].decode("ascii", "replace")) if match else None
    return "utf-8" if encoding and encoding.startswith(("utf-16", "utf-32")) else encoding
