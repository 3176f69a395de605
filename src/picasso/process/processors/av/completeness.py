"""Whether a recording is all there: an upload of a broken download plays, and ends too soon."""

from __future__ import annotations

from fractions import Fraction
from itertools import islice
from typing import TYPE_CHECKING, Any

from picasso.process.processors.av.facts import duration
from picasso.process.processors.av.open_media import packets, tolerant

if TYPE_CHECKING:
    from av.container import InputContainer

    from picasso.process.processors.av.open_media import Reader

# Headers round, and the streams of a file seldom end together.
SLACK = 0.05
SLACK_SECONDS = 0.5

# Streams without a frame around them. What FFmpeg gives as their duration is a guess by the bit rate of the first
# packets, off by a factor of ten where those are silence.
BARE = {"aac", "ac3", "eac3", "dts", "amr"}

# What an encoder puts into the first frame of an MP3 to tell how many there are, and where it is looked for.
MP3_HEADS = (b"Xing", b"Info", b"VBRI")
MP3_HEAD = 4_096

NEAR_THE_END = 500  # packets: eight seconds at 60 frames a second


def complete(container: InputContainer, reader: Reader, stream: Any) -> bool:
    """By the index, where it names places beyond the end of the file; else by what can be read near the end.

    What lies between is not read: a hole in the middle stays unseen.
    """
    last = stream.index_entries[-1:] if container.format.name.startswith("mov") else []
    if last:
        return bool(last[0].pos + last[0].size <= reader.size)
    length = duration(container)
    return length is None or _end(container, stream, length) >= length * (1 - SLACK) - SLACK_SECONDS


def reaches(seconds: float, container: InputContainer) -> bool:
    """Whether sound of that length, decoded from end to end, is about what was declared."""
    length = duration(container)
    return length is None or seconds >= length * (1 - SLACK) - SLACK_SECONDS


def is_told(container: InputContainer, reader: Reader) -> bool:
    """Whether the duration is the file's own word."""
    if container.format.name != "mp3":
        return container.format.name not in BARE
    start = reader.peek(0, 10)
    if start[:3] == b"ID3" and len(start) == 10:
        size = sum((byte & 0x7F) << shift for byte, shift in zip(start[6:], (21, 14, 7, 0), strict=True))
        head = reader.peek(10 + size, MP3_HEAD)
    else:
        head = reader.peek(0, MP3_HEAD)
    return any(mark in head for mark in MP3_HEADS)


def _end(container: InputContainer, stream: Any, length: float) -> float:
    """Seconds from the begin to the last packet that there is, or 0 where there is none."""
    begin = container.start_time or 0
    latest = Fraction(0)
    with tolerant():
        container.seek(begin + int(min(length * (1 - SLACK), 10**9) * 1_000_000), any_frame=True)
    for packet in islice(packets(container, stream), NEAR_THE_END):
        moment = packet.pts if packet.pts is not None else packet.dts
        if moment is not None and packet.time_base:
            latest = max(latest, (moment + (packet.duration or 0)) * packet.time_base)
    return float(latest - Fraction(begin, 1_000_000))
