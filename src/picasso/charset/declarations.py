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

# Python (PEP 263), Ruby, Emacs and Vim, in a comment in the first two lines.
CODING = re.compile(
    rb"""(?:[^\n\r]*[\n\r]+)?[ \t\f]*(?:\#|//|--|;|%|/\*|\.\\"|<!--|")[^\n\r]*?coding[:=][ \t]*([\w.-]+)"""
)
# vCard 2.1 and vCalendar 1.0: as the parameter of a property.
CARD = re.compile(rb"\s*BEGIN:VC(?:ARD|ALENDAR)\b", re.IGNORECASE)
PROPERTY = re.compile(rb"^[\w.-]{1,60}(?:;[\w=,.-]{1,60}){0,8}?;CHARSET=([\w.-]+)", re.IGNORECASE | re.MULTILINE)

# The header of a catalogue of gettext ("PO Files", section 6.2).
CATALOGUE = re.compile(rb"""^msgid[ \t]+\"\"\s*^msgstr[ \t]""", re.MULTILINE)
HEADER = re.compile(rb"""^"Content-Type:[^"\n]{0,60};[ \t]*charset=([\w.-]+)""", re.IGNORECASE | re.MULTILINE)

# LaTeX's package inputenc, in a document.
LATEX = re.compile(rb"\\document(?:class|style)\b")
INPUTENC = re.compile(rb"^[^%\n]{0,60}\\usepackage\[([\w-]+)\]\{inputenc\}", re.MULTILINE)
FIELDS = ((CARD, PROPERTY), (CATALOGUE, HEADER), (LATEX, INPUTENC))

# CSS, section 3.2.
CSS = re.compile(rb'@charset "([\w.:-]+)";')


def declared_encoding(head: bytes) -> str | None:
    """What the file itself declares, in any of these ways."""
    return xml_encoding(head) or source_encoding(head) or html_encoding(head) or field_encoding(head)


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


def field_encoding(head: bytes) -> str | None:
    """Of a format that has a field for it."""
    start = head[:HEAD]
    return next((_named(field.search(start)) for form, field in FIELDS if form.search(start)), None)


def _named(match: re.Match[bytes] | None) -> str | None:
    """No file in UTF-16 could declare itself like this, so one that says so is in UTF-8 (HTML, section 13.2.3.2)."""
    encoding = encoding_by_label(match[1].decode("ascii", "replace")) if match else None
    return "utf-8" if encoding and encoding.startswith(("utf-16", "utf-32")) else encoding
