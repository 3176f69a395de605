"""Palm databases: books of Mobipocket and Kindle by the version of their first record (MobileRead wiki, MOBI)."""

from __future__ import annotations

from picasso.detection.window import Window

MOBI, MOBI8 = "application/x-mobipocket-ebook", "application/vnd.amazon.mobi8-ebook"


def detect_palm(window: Window) -> str | None:
    record = int.from_bytes(window.at(78, 4), "big")
    header = window.at(record + 16, 24)
    is_version_8 = header.startswith(b"MOBI") and header[20:24] == b"\0\0\0\x08"
    return MOBI8 if is_version_8 else MOBI
