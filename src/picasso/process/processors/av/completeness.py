"""Whether a recording is complete: an upload of a broken download plays, but ends too early."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from itertools import islice
from typing import TYPE_CHECKING, Any

from picasso.process.processors.av.facts import duration
from picasso.process.processors.av.open_media import ignore_errors, packets

if TYPE_CHECKING:
    from av.container import InputContainer

    from picasso.process.processors.av.open_media import Reader

# Headers are rounded, and the streams of a file rarely end at the same time.
SLACK = 0.05
SLACK_SECONDS = 0.5

# Formats without a container. FFmpeg guesses their duration from the bit rate of the first packets, and is wrong by a
# factor of ten if those are silence.
RAW_STREAMS = {"aac", "ac3", "eac3", "dts", "amr"}

# For a file without a duration, which is read once. An hour of a camera in a browser is about a gigabyte.
SCAN_ALL_BYTES = 2 * 2**30

# Marks that encoders put into the first frame of an MP3 that has the number of frames, and how far they are searched.
MP3_HEADS = (b"Xing", b"Info", b"VBRI")
MP3_HEAD = 4_096

# A WAV has the length of what follows its first eight bytes. Who wrote it into a pipe did not know it, and said the
# most that there is, or nothing; who knew it is often wrong by the size of a header.
WAV_UNKNOWN = 0x7FFF0000
WAV_SLACK = 4_096

NEAR_THE_END = 500  # packets: eight seconds at 60 frames a second
FROM_KEY_FRAME = 20_000  # packets: five minutes


def is_complete(container: InputContainer, reader: Reader, stream: Any) -> bool:
    """False if the index points beyond the end of the file, or if packets near the end can't be read.

    Packets in between are not read: a gap in the middle is not noticed.
    """
    last = stream.index_entries[-1:] if container.format.name.startswith("mov") else []
    if last:
        return bool(last[0].pos + last[0].size <= reader.size)
    length = duration(container)
    return length is None or _last_time(container, stream, length) >= length * (1 - SLACK) - SLACK_SECONDS


def covers_duration(seconds: float, container: InputContainer) -> bool:
    """Whether ``seconds`` of decoded sound are about the declared duration."""
    length = duration(container)
    return length is None or seconds >= length * (1 - SLACK) - SLACK_SECONDS


def lacks_end(reader: Reader) -> bool:
    """Whether the head of a WAV tells a longer file. FFmpeg takes the duration of one from what is there."""
    head = reader.peek(0, 12)
    if head[:4] != b"RIFF" or head[8:] != b"WAVE":
        return False
    length = int.from_bytes(head[4:8], "little")
    return length < WAV_UNKNOWN and 8 + length > reader.size + WAV_SLACK


def has_exact_duration(container: InputContainer, reader: Reader) -> bool:
    """Whether the file itself tells its duration, so that it is no estimate."""
    if duration(container) is None:
        return False
    if container.format.name != "mp3":
        return container.format.name not in RAW_STREAMS
    start = reader.peek(0, 10)
    if start[:3] == b"ID3" and len(start) == 10:
        size = sum((byte & 0x7F) << shift for byte, shift in zip(start[6:], (21, 14, 7, 0), strict=True))
        head = reader.peek(10 + size, MP3_HEAD)
    else:
        head = reader.peek(0, MP3_HEAD)
    return any(mark in head for mark in MP3_HEADS)


def _last_time(container: InputContainer, stream: Any, length: float) -> float:
    """Seconds from the start to the last packet; 0 if there is none."""
    start_time = container.start_time or 0
    latest = None
    # A seek may lead to the end without any packet: in FLV, the last entry of the index is the mark of the end.
    for share, any_frame, number in ((1 - SLACK, True, NEAR_THE_END), (0.5, False, FROM_KEY_FRAME)):
        with ignore_errors():
            container.seek(start_time + int(min(length * share, 10**9) * 1_000_000), any_frame=any_frame)
        if (latest := _latest(islice(packets(container, stream), number))) is not None:
            break
    return float((latest or 0) - Fraction(start_time, 1_000_000))


def scanned_duration(container: InputContainer, reader: Reader, stream: Any) -> float | None:
    """Seconds to the last packet, for a file that does not tell; None if it is too large to read, or has no times.

    Recorders that write into a stream can't go back to fill in the head. It is read from here, and a seek is needed
    afterwards.
    """
    reader.allow(SCAN_ALL_BYTES)
    latest = _latest(packets(container, stream))
    if latest is None or reader.exhausted:
        return None
    seconds = round(float(latest - Fraction(container.start_time or 0, 1_000_000)), 3)
    return seconds if seconds > 0 else None


def _latest(some: Iterable[Any]) -> Fraction | None:
    """The end of the last of these packets, in seconds; None if none has a time."""
    latest: Fraction | None = None
    for packet in some:
        time = packet.pts if packet.pts is not None else packet.dts
        if time is not None and packet.time_base:
            end = (time + (packet.duration or 0)) * packet.time_base
            latest = end if latest is None else max(latest, end)
    return latest
