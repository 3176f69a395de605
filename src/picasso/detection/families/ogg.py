"""Ogg (RFC 3533), by the codecs of its logical streams (RFC 5334)."""

from __future__ import annotations

from collections.abc import Iterator

from picasso.detection.window import Window

# The packet that begins each stream. Speex and FLAC are sound too.
SOUND = (b"\x01vorbis", b"OpusHead", b"Speex   ", b"\x7fFLAC", b"fLaC", b"CELT    ", b"PCM     ", b"\x01audio", b"MIDI")
VIDEO = (b"\x80theora", b"BBCD\0", b"KW-DIRAC", b"\x01video", b"\x80daala", b"\x8bVP8", b"OVP80", b"YUV4MPEG", b"UVS ")

BEGINS_STREAM = 0x02
PAGE_HEADER = 27
MAX_PAGES = 32


def detect_ogg(window: Window) -> str | None:
    """Video if any stream is video, else sound; another kind of Ogg if there is neither."""
    packets = list(_first_packets(window))
    if any(packet.startswith(VIDEO) for packet in packets):
        return "video/ogg"
    if any(packet.startswith(SOUND) for packet in packets):
        return "audio/ogg"
    return "application/ogg" if packets else None


def _first_packets(window: Window) -> Iterator[bytes]:
    """The start of the first packet of each stream. All of these pages stand before any other (RFC 3533, section 4)."""
    position = 0
    for _ in range(MAX_PAGES):
        header = window.at(position, PAGE_HEADER)
        if len(header) < PAGE_HEADER or not header.startswith(b"OggS\0") or not header[5] & BEGINS_STREAM:
            return
        segments = header[26]
        lengths = window.at(position + PAGE_HEADER, segments)
        content = position + PAGE_HEADER + segments
        yield window.at(content, 16)
        position = content + sum(lengths)
