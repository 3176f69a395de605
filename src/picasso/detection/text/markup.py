"""HTML and XML: by the document type, the root element and its namespace."""

from __future__ import annotations

import re

from picasso.detection.text.prolog import Root, find_root
from picasso.detection.text.sample import Sample
from picasso.detection.text.xml_types import type_of_root

HTML, XHTML, XML = "text/html", "application/xhtml+xml", "text/xml"

# An element that only HTML begins with. Shorter names (``<a>``, ``<p>``) may be of any XML.
HTML_START = re.compile(
    r"(?i)<(?:html|head|body|title|script|style|iframe|table|div|font|h[1-6]|center|form|meta|link|img|br|hr|ul|ol|pre"
    r"|span|p|blockquote|nav|main|header|footer|section)(?=[\s>/])"
)

# Beginnings that show the format, whatever follows.
STARTS = (
    (re.compile(r"(?i)<sami(?=[\s>])"), "application/x-sami"),
    (re.compile(r"<\?wpl\s"), "application/vnd.ms-wpl"),
    (re.compile(r"(?:<\?xml[^>]*+>\s*+)?<xsl:(?:stylesheet|transform)\s"), "application/xslt+xml"),
    (re.compile(r"(?:<!--(?:[^-]|-(?!->))*+-->\s*+){1,20}<!ENTITY\s"), "application/xml-dtd"),
    (re.compile(r"<!(?:ELEMENT|ENTITY|ATTLIST|NOTATION)\s"), "application/xml-dtd"),
)

# The same if no root element is found.
PROLOGS = ((re.compile(r"<\?xml\s"), XML), (re.compile(r"(?i)<!doctype\s+html\b"), HTML))


def detect_markup(sample: Sample) -> tuple[str, bool] | None:
    """The media type of a text that begins with ``<``, and whether it is certain: by more than an element that other
    formats, as Markdown or templates, may begin with too.
    """
    text = sample.text
    for pattern, media_type in STARTS:
        if pattern.match(text):
            return media_type, True
    root = find_root(text) or (None if sample.is_start_whole else find_root(sample.all))
    if root:
        return _by_root(sample, root)
    return next(((media_type, True) for pattern, media_type in PROLOGS if pattern.match(text)), None)


def _by_root(sample: Sample, root: Root) -> tuple[str, bool] | None:
    if root.doctype.lower() == "html" or root.name.lower() == "html":
        return html_or_xhtml(root), True
    if media_type := type_of_root(root):
        return media_type, True
    if root.is_declared or root.doctype:
        return XML, True
    if HTML_START.match(root.tag):
        return HTML, False
    return (XML, False) if is_closed(sample, root) else None


def html_or_xhtml(root: Root) -> str:
    """Web pages have the namespace of XHTML without being XML, so a declaration must agree."""
    is_xhtml = root.is_declared and root.namespace == "http://www.w3.org/1999/xhtml"
    return XHTML if is_xhtml else HTML


def is_closed(sample: Sample, root: Root) -> bool:
    """Whether a text without a declaration is XML: it ends with its root element, or goes on after the head."""
    if not sample.is_whole:
        return root.tag.endswith(">") and sample.all.count("</") > 2
    text = sample.all.rstrip()
    if root.tag.endswith("/>"):
        return text.endswith(root.tag)
    return text.rpartition("</")[2].rpartition(":")[2] == f"{root.name}>"
