"""Frames of a video, upright and in their true proportions, taken where there is something to see."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from statistics import fmean, pstdev
from typing import TYPE_CHECKING

from picasso.process.processors.av.facts import aspect
from picasso.process.processors.av.hdr import to_sdr
from picasso.process.processors.av.open_media import frames, ignore_errors, packets

if TYPE_CHECKING:
    from av import VideoFrame
    from av.container import InputContainer
    from av.video.stream import VideoStream
    from PIL import Image

# Where a poster is searched, as fractions of the duration: after the fade-in and the titles, then elsewhere.
POSITIONS = (0.1, 0.25, 0.5, 0.75, 0.0)

# Decoding does 150 to 400 million pixels a second on one core, so this is about a second at worst.
MAX_DECODED = 250_000_000

# Key frames come at least every ten seconds or so: 600 packets at 60 a second. Twice that, for other streams as well.
MAX_PACKETS = 2_000

# For levels 0 to 255 in a tiny grey picture. Test cards, titles on black and night scenes have a larger spread; plain
# and nearly plain frames are below 5.
MIN_SPREAD = 10.0
DARK, BRIGHT = 20.0, 235.0

# Formats in which a seek guesses a position. It misses the first frame, which is decoded before it is displayed, and
# reads the whole file if there are no timestamps.
WITHOUT_INDEX = {"mpegts", "mpeg", "mpegvideo", "h264"}

# For frames of this side and more that do not name their matrix, it is BT.709, as in every player.
HD = 720
UNSPECIFIED, ITU709, ITU601 = 2, 1, 5


@dataclass(frozen=True, slots=True)
class RatedFrame:
    frame: VideoFrame
    mean: float
    spread: float

    @property
    def is_good(self) -> bool:
        return self.spread >= MIN_SPREAD and DARK <= self.mean <= BRIGHT

    @property
    def rank(self) -> tuple[bool, float]:
        return not self.frame.is_corrupt, self.spread


def rate(frame: VideoFrame) -> RatedFrame:
    scaled = frame.reformat(width=32, height=32, format="gray", interpolation="AREA")
    plane = scaled.planes[0]
    data = bytes(plane)
    levels = b"".join(data[row * plane.line_size :][:32] for row in range(32))
    return RatedFrame(frame, fmean(levels), pstdev(levels))


def best_frame(container: InputContainer, stream: VideoStream, length: float | None) -> RatedFrame | None:
    """The first key frame that shows something; otherwise a later frame, or the one with the largest spread.

    ``length``: of the video in seconds, if it is known.
    """
    rated: list[RatedFrame] = []
    for frame in key_frames(container, stream, POSITIONS, length):
        rated.append(rate(frame))
        if rated[-1].is_good and not frame.is_corrupt:
            return rated[-1]
    for frame in islice(all_frames(container, stream), 5, None, 5):
        rated.append(rate(frame))
        if rated[-1].is_good:
            break
    return max(rated, key=lambda each: each.rank, default=None)


def key_frames(
    container: InputContainer, stream: VideoStream, positions: tuple[float, ...], length: float | None
) -> Iterator[VideoFrame]:
    """The key frames at or before these fractions of the length, each one once."""
    returned: set[int | None] = set()
    budget = Budget()
    for position in positions if length else (0.0,):
        _seek(container, position * (length or 0))
        frame = key_frame(container, stream, budget)
        if frame is not None and frame.pts not in returned:
            returned.add(frame.pts)
            yield frame


def key_frame(container: InputContainer, stream: VideoStream, budget: Budget) -> VideoFrame | None:
    """The next key frame. The decoder is drained after it, so that it decodes nothing else. A seek makes it ready
    again.
    """
    for packet in packets(container, stream):
        budget.packets -= 1
        if budget.exhausted:
            break
        if packet.is_keyframe:
            frame = next(iter(frames(packet) or _drain(stream)), None)
            budget.pixels -= frame.width * frame.height if frame else 0
            return frame
    return None


def all_frames(container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
    """All frames in order, until the budget is used up."""
    _seek(container, 0)
    yield from decode(container, stream, Budget())


def spread_frames(container: InputContainer, stream: VideoStream, count: int, length: float) -> Iterator[VideoFrame]:
    """Up to ``count`` frames from all parts of the video: exact ones of a short video, key frames of a long one."""
    positions = tuple((index + 0.5) / count for index in range(count))
    if _all_pixels(stream, length) > MAX_DECODED:
        return key_frames(container, stream, positions, length)
    return _frames_at(all_frames(container, stream), [position * length for position in positions], _start(stream))


def _all_pixels(stream: VideoStream, length: float) -> float:
    context = stream.codec_context
    return length * float(stream.average_rate or 30) * context.width * context.height


def _start(stream: VideoStream) -> float:
    return float((stream.start_time or 0) * (stream.time_base or 0))


def _frames_at(frames: Iterator[VideoFrame], times: list[float], start: float) -> Iterator[VideoFrame]:
    """The first frame at or after each of these times, in seconds."""
    for frame in frames:
        elapsed = -1.0 if frame.pts is None else frame.time - start
        if any(time <= elapsed for time in times):
            times = [time for time in times if time > elapsed]
            yield frame
        if not times:
            return


@dataclass(slots=True)
class Budget:
    pixels: int = MAX_DECODED
    packets: int = MAX_PACKETS

    @property
    def exhausted(self) -> bool:
        return self.packets < 0 or self.pixels < 0


def decode(container: InputContainer, stream: VideoStream, budget: Budget) -> Iterator[VideoFrame]:
    """Frames from the current position. What can't be decoded is left out, as in a player."""
    for packet in packets(container, stream):
        budget.packets -= 1
        for frame in frames(packet):
            budget.pixels -= frame.width * frame.height
            yield frame
        if budget.exhausted:
            return


def _drain(stream: VideoStream) -> list[VideoFrame]:
    with ignore_errors():
        return stream.codec_context.decode(None)
    return []


def _seek(container: InputContainer, seconds: float) -> None:
    """If the container can't seek, reading continues from the current position."""
    start = container.start_time or 0
    with ignore_errors():
        if not seconds and container.format.name in WITHOUT_INDEX:
            container.seek(0, unsupported_byte_offset=True)
        else:
            container.seek(start + int(min(seconds, 10**9) * 1_000_000))


def rotation(frame: VideoFrame) -> int:
    """Degrees clockwise, a multiple of 90, by which a frame must be turned to be upright."""
    return round(-frame.rotation / 90) * 90 % 360


def display_size(frame: VideoFrame, pixel_aspect: Fraction) -> tuple[int, int]:
    """Width and height on the screen: upright, with square pixels. No side becomes smaller."""
    width, height = frame.width, frame.height
    wide, high = (round(width * pixel_aspect), height) if pixel_aspect > 1 else (width, round(height / pixel_aspect))
    return (high, wide) if rotation(frame) in {90, 270} else (wide, high)


def fit(size: tuple[int, int], side: int) -> tuple[int, int]:
    """The largest size that fits into a square of ``side``, without enlarging."""
    factor = min(1.0, side / max(size))
    return max(1, round(size[0] * factor)), max(1, round(size[1] * factor))


def to_picture(frame: VideoFrame, stream: VideoStream, side: int) -> Image.Image:
    """As an RGB picture: upright, with square pixels, its longer side at most ``side``."""
    from PIL import Image

    degrees = rotation(frame)
    width, height = fit(display_size(frame, aspect(stream)), side)
    if degrees in {90, 270}:
        width, height = height, width
    large = max(frame.width, frame.height) >= HD
    matrix = {"src_colorspace": ITU709 if large else ITU601} if frame.colorspace == UNSPECIFIED else {}
    scaled = frame.reformat(width=width, height=height, format="rgb24", interpolation="AREA", **matrix)
    transposes = {90: Image.Transpose.ROTATE_270, 180: Image.Transpose.ROTATE_180, 270: Image.Transpose.ROTATE_90}
    picture = to_sdr(scaled.to_image(), frame.color_trc)  # type: ignore[no-untyped-call]
    return picture.transpose(transposes[degrees]) if degrees else picture
