"""What the directory of a ZIP tells of active content, without unpacking anything. For the moment of receiving."""

from __future__ import annotations

from typing import Any

from picasso.detection.families.zip_directory import Entries, read_entries
from picasso.detection.window import Window
from picasso.policy.active_content import ActiveContent

ENCRYPTED = 1
"""The flag of an entry that needs a password (APPNOTE.TXT, section 4.4.4)."""

OFFICE = b"[content_types].xml"
OPEN_DOCUMENT = b"mimetype"

MACROS = (b"vbaproject.bin",)
MACRO_SHEETS = b"/macrosheets/"
# LibreOffice writes lists of libraries even if there is no macro.
LISTS = (b"script-lc.xml", b"script-lb.xml", b"dialog-lc.xml", b"dialog-lb.xml")


# An Office file with a password.
ENCRYPTED_TYPES = {"application/encrypted"}


def look_inside(window: Window, media_type: str = "") -> dict[str, Any]:
    """Facts in the shape of a processor's. Empty if it is no ZIP, or if nothing speaks against it."""
    if media_type in ENCRYPTED_TYPES:
        return {"encrypted": True}
    if not window.head.startswith(b"PK"):
        return {}
    entries = read_entries(window)
    found = ActiveContent()
    if any(map(_is_macro_of_office, entries)) if OFFICE in entries else _has_macros_of_open_document(entries):
        found.mark("macros")
    encrypted = any(entry.flags & ENCRYPTED for entry in entries.values())
    return {**found.as_fact(), **({"encrypted": True} if encrypted else {})}


def _is_macro_of_office(name: bytes) -> bool:
    return name.endswith(MACROS) or MACRO_SHEETS in name


def _has_macros_of_open_document(entries: Entries) -> bool:
    return OPEN_DOCUMENT in entries and any(map(_is_macro_of_open_document, entries))


def _is_macro_of_open_document(name: bytes) -> bool:
    return name.startswith((b"basic/", b"scripts/")) and not name.endswith((*LISTS, b"/"))
