"""The root element of XML and HTML: what stands before it, its name and its namespaces."""

from __future__ import annotations

import re
from dataclasses import dataclass

# So many comments, declarations and processing instructions may precede the root element.
MAX_PARTS = 500

# The start tag of a root element with its attributes.
MAX_TAG = 8 * 1024

# So many characters behind it tell formats apart whose root element has a common name.
FOLLOWING = 300

NAME = re.compile(r"<(?:([^\W\d][\w.-]*+):)?([^\W\d][\w.-]*+)(?=[\s/>])")
ATTRIBUTE = re.compile(r"""\s([A-Za-z_][\w.:-]*)\s*=\s*(?:"([^"<]*)"|'([^'<]*)')""")
SPACE = re.compile(r"\s*")
DOCTYPE = re.compile(r"(?i)<!doctype\s+([A-Za-z_][\w.:-]*)")


@dataclass(frozen=True, slots=True)
class Root:
    """The root element of a document, and what its prolog says."""

    name: str
    """Without its prefix."""
    namespace: str
    """Empty if it has none."""
    tag: str
    """The start tag, as far as it is there."""
    following: str
    """What stands shortly behind it."""
    is_declared: bool
    """Whether the document begins with an XML declaration."""
    declaration: str
    """Its document type declaration, or empty."""

    @property
    def doctype(self) -> str:
        """The name in the document type declaration, or empty."""
        match = DOCTYPE.match(self.declaration)
        return match[1] if match else ""

    def attribute(self, name: str) -> str:
        return attributes(self.tag).get(name, "")


def find_root(text: str) -> Root | None:
    """The root element of a text that begins with ``<``, or None if it is not there."""
    prolog = read_prolog(text)
    if not prolog:
        return None
    end, declaration = prolog
    match = NAME.match(text, end)
    if not match:
        return None
    tag = start_tag(text, end)
    prefix, name = match.groups()
    namespace = attributes(tag).get(f"xmlns:{prefix}" if prefix else "xmlns", "")
    following = text[end + len(tag) : end + len(tag) + FOLLOWING]
    return Root(name, namespace, tag, following, text.startswith("<?xml"), declaration)


def read_prolog(text: str) -> tuple[int, str] | None:
    """The offset of the first element, and the document type declaration before it. None if the prolog is cut off.

    Each part is found in one forward search, so the cost is linear.
    """
    offset, declaration = 0, ""
    for _ in range(MAX_PARTS):
        offset = _skip_space(text, offset)
        end = _end_of_part(text, offset)
        if end == offset:
            return offset, declaration
        if end < 0:
            return None
        if DOCTYPE.match(text, offset):
            declaration = text[offset:end]
        offset = end
    return None


def _skip_space(text: str, offset: int) -> int:
    match = SPACE.match(text, offset)
    return match.end() if match else offset


def _end_of_part(text: str, offset: int) -> int:
    """The end of a comment, a declaration or a processing instruction; the offset itself if there is none, -1 if it is
    cut off.
    """
    if text.startswith("<?", offset):
        return _after(text, "?>", offset)
    if text.startswith("<!--", offset):
        return _after(text, "-->", offset + 2)
    if text.startswith("<!", offset):
        return _end_of_doctype(text, offset)
    return offset


def _end_of_doctype(text: str, offset: int) -> int:
    """A document type declaration may have an internal subset in brackets."""
    end, subset = text.find(">", offset), text.find("[", offset)
    if end < 0 or subset < 0 or end < subset:
        return end + 1 or -1
    closed = re.compile(r"\]\s{0,64}>").search(text, subset)
    return closed.end() if closed else -1


def _after(text: str, mark: str, offset: int) -> int:
    found = text.find(mark, offset)
    return found + len(mark) if found >= 0 else -1


def start_tag(text: str, offset: int) -> str:
    end = text.find(">", offset, offset + MAX_TAG)
    return text[offset : end + 1 if end >= 0 else offset + MAX_TAG]


def attributes(tag: str) -> dict[str, str]:
    return {match[1]: match[2] or match[3] or "" for match in ATTRIBUTE.finditer(tag)}
