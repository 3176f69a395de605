"""Matroska and WebM (RFC 9559), by their DocType and the kinds of their tracks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from picasso.detection.window import Window

SIGNATURE = b"\x1a\x45\xdf\xa3"

DOC_TYPE, SEGMENT, TRACKS, CLUSTER, SEEK_HEAD = 0x4282, 0x18538067, 0x1654AE6B, 0x1F43B675, 0x114D9B74
SEEK_ID, SEEK_POSITION = 0x53AB, 0x53AC
TRACK_ENTRY, TRACK_TYPE = 0xAE, 0x83

VIDEO, SOUND = 1, 2

MAX_ELEMENTS = 64

NAMES = {b"webm": "webm", b"matroska": "x-matroska"}


@dataclass(frozen=True, slots=True)
class Element:
    number: int
    start: int
    """Of its content."""
    end: int


def detect_ebml(window: Window) -> str | None:
    """None if it is another format in EBML, or none."""
    top = list(_elements(window, 0, window.size, 2))
    if not top:
        return None
    doc_type = next((_content(window, each) for each in _children(window, top[0]) if each.number == DOC_TYPE), b"")
    name = NAMES.get(doc_type.rstrip(b"\0"))
    if name is None:
        return None
    kinds = frozenset(_track_kinds(window, top[1])) if len(top) > 1 and top[1].number == SEGMENT else frozenset()
    if kinds and VIDEO not in kinds:
        return f"audio/{name}" if SOUND in kinds else "application/x-matroska"
    return f"video/{name}"


def _track_kinds(window: Window, segment: Element) -> Iterator[int]:
    tracks = _find_tracks(window, segment)
    for entry in _children(window, tracks) if tracks else ():
        if entry.number == TRACK_ENTRY:
            for field in _children(window, entry):
                if field.number == TRACK_TYPE:
                    yield int.from_bytes(_content(window, field), "big")


def _find_tracks(window: Window, segment: Element) -> Element | None:
    """Mostly before the clusters; else where the seek head says."""
    seek_head = None
    for element in _children(window, segment):
        if element.number == TRACKS:
            return element
        if element.number == SEEK_HEAD:
            seek_head = element
        if element.number == CLUSTER:
            break
    position = _position_of_tracks(window, seek_head) if seek_head else None
    if position is None:
        return None
    found = next(_elements(window, segment.start + position, segment.end, 1), None)
    return found if found and found.number == TRACKS else None


def _position_of_tracks(window: Window, seek_head: Element) -> int | None:
    for seek in _children(window, seek_head):
        fields = {each.number: int.from_bytes(_content(window, each), "big") for each in _children(window, seek)}
        if fields.get(SEEK_ID) == TRACKS:
            return fields.get(SEEK_POSITION)
    return None


def _content(window: Window, element: Element) -> bytes:
    """Of a number or a short word."""
    return window.at(element.start, min(element.end - element.start, 16))


def _children(window: Window, parent: Element) -> Iterator[Element]:
    return _elements(window, parent.start, parent.end, MAX_ELEMENTS)


def _elements(window: Window, start: int, end: int, limit: int) -> Iterator[Element]:
    """The elements between two offsets, at most ``limit``. One of unknown size lasts until the end of its parent."""
    for _ in range(limit):
        header = window.at(start, 12)
        number_length = _length_of_number(header[:1], 4)
        size_length = _length_of_number(header[number_length : number_length + 1], 8) if number_length else 0
        if not size_length or start + number_length + size_length > end:
            return
        content = start + number_length + size_length
        coded = int.from_bytes(header[number_length : number_length + size_length], "big")
        mask = (1 << 7 * size_length) - 1
        size = coded & mask
        stop = end if size == mask else min(content + size, end)
        yield Element(int.from_bytes(header[:number_length], "big"), content, stop)
        start = stop


def _length_of_number(first: bytes, most: int) -> int:
    """Of a number with variable length (RFC 8794, section 4): the zeros before the first one count. 0 if it is none."""
    length = 9 - first[0].bit_length() if first and first[0] else 0
    return length if length <= most else 0
