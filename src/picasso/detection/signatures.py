"""Signatures of binary formats that libmagic does not know."""

from __future__ import annotations

from picasso.detection.families import mpeg_audio
from picasso.detection.window import Window

# Signatures that libmagic does not know: offset, bytes, type.
SIGNATURES = (
    (0, b"PAR1", "application/vnd.apache.parquet"),
    (0, b"\0MRM", "image/x-minolta-mrw"),
    (0, b"8BPS\0\2", "image/vnd.adobe.photoshop"),
    (0, b"wvpk", "audio/x-wavpack"),
    (0, b"caff", "audio/x-caf"),
    (0, b"\x7f\xfe\x80\x01", "audio/vnd.dts"),
    (0, b"TTA1", "audio/x-tta"),
)

# Readers of PDF search its beginning in so many bytes (ISO 32000-1, annex H.3.4.1), and some mail programs put text
# before it.
PDF_SEARCH_LENGTH = 1024

# Packets of an MPEG transport stream begin with this byte, every 188 bytes, or every 192 if each has a timestamp before
# it.
SYNC_BYTE = 0x47
PACKET_LAYOUTS = ((0, 188), (4, 192))


def detect_by_signature(window: Window) -> str | None:
    head = window.head
    if b"%PDF-" in head[:PDF_SEARCH_LENGTH]:
        return "application/pdf"
    for offset, signature, media_type in SIGNATURES:
        if head.startswith(signature, offset):
            return media_type
    for offset, length in PACKET_LAYOUTS:
        starts = head[offset : offset + 8 * length : length]
        if len(starts) >= 3 and set(starts) == {SYNC_BYTE}:
            return "video/mp2t"
    return mpeg_audio.find_frames(window)
