"""OLE compound files (MS-CFB)."""

from __future__ import annotations

# If the directory of an OLE file is not in the head, the first sector mostly belongs to the main stream.
OLE_MAIN_STREAMS = {b"\xec\xa5": "application/msword", b"\x09\x08\x10\0\0\x06": "application/vnd.ms-excel"}


def detect_ole(head: bytes) -> str | None:
    return next((media_type for start, media_type in OLE_MAIN_STREAMS.items() if head[512:].startswith(start)), None)
