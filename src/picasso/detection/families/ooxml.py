"""Packages of the Open Packaging Conventions (ECMA-376 part 2): Office, Visio, XPS, 3MF, …

The content types decide, not the names of the parts: those are free, and any ZIP may have a folder named ``word``.
"""

from __future__ import annotations

import re
from itertools import islice

from picasso.detection.media_types import OFFICE

# The content type of a main part is the media type of the file, and one of these endings.
CONTENT_TYPE = re.compile(
    rb"""\bContentType\s*+=\s*+["']([^"'<>]*+)(?:(?<=\.main\+xml)|(?<=\.main)"""
    rb"""|(?<=\.themeManager\+xml)|(?<=-3dmodel\+xml)|(?<=-fixeddocumentsequence\+xml))""",
    re.IGNORECASE,
)
# A package has one main part, and few parts of a type that looks like that of one.
MAX_MAIN_PARTS = 256

COMMENT = re.compile(rb"<!--.*?(?:-->|\Z)", re.DOTALL)

MAIN = (".main+xml", ".main")
MAIN_STARTS = (
    OFFICE.lower(),
    "application/vnd.ms-word.",
    "application/vnd.ms-excel.",
    "application/vnd.ms-powerpoint.",
)
MACROS = re.compile(r"\.macroenabled(?:template)?$")

XPS = "application/vnd.ms-xpsdocument"

THEME = "application/vnd.ms-officetheme"

OTHER_TYPES = {
    OFFICE + "thememanager+xml": THEME,
    "application/vnd.ms-package.3dmanufacturing-3dmodel+xml": "model/3mf",
    "application/vnd.ms-package.xps-fixeddocumentsequence+xml": XPS,
}

# The relationship of an XPS to its first part tells the standard.
XPS_RELATIONSHIPS = (
    (b"schemas.openxps.org/", "application/oxps"),
    (b"schemas.autodesk.com/dwfx/", "model/vnd.dwf"),
)


def package_type(content_types: bytes) -> str | None:
    """The media type of a package by the content of its ``[Content_Types].xml``."""
    if b"\0" in content_types[:4] or content_types[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        content_types = content_types.replace(b"\0", b"")  # UTF-16: all that matters is ASCII
    if b"<!--" in content_types:
        content_types = COMMENT.sub(b"", content_types)
    matches = islice(CONTENT_TYPE.finditer(content_types), MAX_MAIN_PARTS)
    types = (main_type(match[1].decode("latin-1").lower()) for match in matches)
    found = [media_type for media_type in types if media_type]
    # A theme has a presentation inside to show itself.
    return THEME if THEME in found else next(iter(found), None)


def main_type(content_type: str) -> str | None:
    """The media type of a package whose main part has this content type; None if it is of another part."""
    ending = next((ending for ending in MAIN if content_type.endswith(ending)), None)
    if ending is None:
        return OTHER_TYPES.get(content_type)
    media_type = content_type.removesuffix(ending)
    if media_type.startswith("application/vnd.ms-visio."):
        return MACROS.sub(".macroenabled.12", media_type)
    return MACROS.sub(".macroenabled.12", media_type) if media_type.startswith(MAIN_STARTS) else None


def xps_type(relationships: bytes) -> str:
    """Which kind of XPS, by the content of its ``_rels/.rels``."""
    return next((media_type for namespace, media_type in XPS_RELATIONSHIPS if namespace in relationships), XPS)
