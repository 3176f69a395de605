"""Windows Media (Advanced Systems Format, revision 01.20.05), by the properties of its streams."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from picasso.detection.window import Window


def _guid(text: str) -> bytes:
    return UUID(text).bytes_le


HEADER = _guid("75b22630-668e-11cf-a6d9-00aa0062ce6c")
STREAM_PROPERTIES = _guid("b7dc0791-a9b7-11cf-8ee6-00c00c205365")
HEADER_EXTENSION = _guid("5fbf03b5-a92e-11cf-8ee3-00c00c205365")
EXTENDED_STREAM_PROPERTIES = _guid("14e6a5cb-c672-4332-8399-a96952065b5a")
SOUND = _guid("f8699e40-5b4d-11cf-a8fd-00805f5c442b")
VIDEO = _guid("bc19efc0-5b4d-11cf-a8fd-00805f5c442b")

ASF, WMA, WMV = "video/x-ms-asf", "audio/x-ms-wma", "video/x-ms-wmv"

# Codes of the video formats of Windows Media.
WMV_CODES = (b"WMV", b"WVC", b"WMVA", b"WVP", b"MSS", b"MP4", b"MPG4", b"DRMV", b"M4S2")

MAX_OBJECTS = 64


@dataclass(frozen=True, slots=True)
class Stream:
    kind: bytes
    codec: bytes
    """The tag of a sound format, or the code of a video format."""


def detect_asf(window: Window) -> str | None:
    if not window.head.startswith(HEADER):
        return None
    size = int.from_bytes(window.at(16, 8), "little")
    streams = list(_streams(window, 30, size))
    videos = [each for each in streams if each.kind == VIDEO]
    if videos:
        return WMV if any(each.codec.upper().startswith(WMV_CODES) for each in videos) else ASF
    sounds = [each for each in streams if each.kind == SOUND]
    return WMA if sounds and len(sounds) == len(streams) else ASF


def _streams(window: Window, start: int, end: int) -> Iterator[Stream]:
    for kind, content, stop in _objects(window, start, end):
        if kind == STREAM_PROPERTIES:
            yield _stream(window, content)
        elif kind == HEADER_EXTENSION:
            for inner, inner_content, inner_stop in _objects(window, content + 22, stop):
                if inner == EXTENDED_STREAM_PROPERTIES and inner_stop - inner_content > 64 + 24:
                    yield from _embedded_stream(window, inner_content, inner_stop)


def _embedded_stream(window: Window, start: int, end: int) -> Iterator[Stream]:
    """The properties of a stream that only this object has: they stand at its end, after names and extensions."""
    names, extensions = (int.from_bytes(window.at(start + place, 2), "little") for place in (60, 62))
    if not names and not extensions:
        inner = _objects(window, start + 64, end, 1)
        yield from (_stream(window, content) for kind, content, _ in inner if kind == STREAM_PROPERTIES)


def _stream(window: Window, start: int) -> Stream:
    """The type-specific data begin at byte 54: the tag of a sound format, or a size, and a BITMAPINFOHEADER later."""
    kind = window.at(start, 16)
    return Stream(kind, window.at(start + 54, 2) if kind == SOUND else window.at(start + 54 + 11 + 16, 4))


def _objects(window: Window, start: int, end: int, limit: int = MAX_OBJECTS) -> Iterator[tuple[bytes, int, int]]:
    """The GUID of each object, and where its content begins and ends."""
    for _ in range(limit):
        header = window.at(start, 24)
        size = int.from_bytes(header[16:], "little")
        if len(header) < 24 or size < 24 or start + 24 > end:
            return
        yield header[:16], start + 24, min(start + size, end)
        start += size
