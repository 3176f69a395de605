"""Frames of a video, upright and in their true shape, taken where there is something to see."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from statistics import fmean, pstdev
from typing import TYPE_CHECKING

from picasso.process.processors.av.facts import aspect
from picasso.process.processors.av.facts import duration as declared
from picasso.process.processors.av.hdr import sdr
from picasso.process.processors.av.open_media import frames, packets, tolerant

if TYPE_CHECKING:
    from av import VideoFrame
    from av.container import InputContainer
    from av.video.stream import VideoStream
    from PIL import Image

# Where a poster is looked for, as parts of the duration: past the fade-in and the titles, then wherever else.
PLACES = (0.1, 0.25, 0.5, 0.75, 0.0)

# Decoding goes at 150 to 400 million pixels a second and core, so that this is about a second at worst.
MAX_DECODED = 250_000_000

# A key frame comes at least every ten seconds or so: 600 packets at 60 a second. Twice that, and other streams' too.
MAX_PACKETS = 2_000

# Of levels 0 to 255 in a tiny grey picture. Test cards, titles on black and night scenes lie above, plain and nearly
# plain frames below 5.
SPREAD = 10.0
DARK, BRIGHT = 20.0, 235.0

# To seek a moment in these is to guess a place and look: the first one is missed, because it is decoded before it is
# shown, and where there are no moments at all the whole file is read.
WITHOUT_INDEX = {"mpegts", "mpeg", "mpegvideo", "h264"}

# The matrix is BT.709 where a large frame does not say, as every player has it.
HD = 720
UNSPECIFIED, ITU709, ITU601 = 2, 1, 5


@dataclass(frozen=True, slots=True)
class Shot:
    frame: VideoFrame
    mean: float
    spread: float

    @property
    def good(self) -> bool:
        return self.spread >= SPREAD and DARK <= self.mean <= BRIGHT

    @property
    def rank(self) -> tuple[bool, float]:
        return not self.frame.is_corrupt, self.spread


def shot(frame: VideoFrame) -> Shot:
    small = frame.reformat(width=32, height=32, format="gray", interpolation="AREA")
    plane = small.planes[0]
    data = bytes(plane)
    levels = b"".join(data[row * plane.line_size :][:32] for row in range(32))
    return Shot(frame, fmean(levels), pstdev(levels))


def best_shot(container: InputContainer, stream: VideoStream) -> Shot | None:
    """The first key frame that shows something; failing that, a later frame, or the liveliest that there is."""
    seen: list[Shot] = []
    for frame in key_frames(container, stream, PLACES):
        seen.append(shot(frame))
        if seen[-1].good and not frame.is_corrupt:
            return seen[-1]
    for frame in islice(from_start(container, stream), 5, None, 5):
        seen.append(shot(frame))
        if seen[-1].good:
            break
    return max(seen, key=lambda one: one.rank, default=None)


def key_frames(container: InputContainer, stream: VideoStream, places: tuple[float, ...]) -> Iterator[VideoFrame]:
    """The key frames at or before these parts of the duration, none of them twice."""
    length = declared(container)
    done: set[int | None] = set()
    budget = Budget()
    for place in places if length else (0.0,):
        _seek(container, place * (length or 0))
        frame = key_frame(container, stream, budget)
        if frame is not None and frame.pts not in done:
            done.add(frame.pts)
            yield frame


def key_frame(container: InputContainer, stream: VideoStream, budget: Budget) -> VideoFrame | None:
    """The next one. The decoder is drained after it, so that nothing else is decoded; a seek makes it ready again."""
    for packet in packets(container, stream):
        budget.packets -= 1
        if budget.spent:
            break
        if packet.is_keyframe:
            frame = next(iter(frames(packet) or _drained(stream)), None)
            budget.pixels -= frame.width * frame.height if frame else 0
            return frame
    return None


def from_start(container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
    """All frames in their order, as many as may be decoded."""
    _seek(container, 0)
    yield from decoded(container, stream, Budget())


def spread(container: InputContainer, stream: VideoStream, count: int) -> Iterator[VideoFrame]:
    """Up to ``count`` frames from all over the video: of a short one exact, of a long one its key frames."""
    length = declared(container) or 0.0
    places = tuple((index + 0.5) / count for index in range(count))
    if _all_pixels(stream, length) > MAX_DECODED:
        return key_frames(container, stream, places)
    return _every(from_start(container, stream), [place * length for place in places], _begin(stream))


def _all_pixels(stream: VideoStream, length: float) -> float:
    context = stream.codec_context
    return length * float(stream.average_rate or 30) * context.width * context.height


def _begin(stream: VideoStream) -> float:
    return float((stream.start_time or 0) * (stream.time_base or 0))


def _every(shown: Iterator[VideoFrame], moments: list[float], begin: float) -> Iterator[VideoFrame]:
    for frame in shown:
        passed = -1.0 if frame.pts is None else frame.time - begin
        if any(moment <= passed for moment in moments):
            moments = [moment for moment in moments if moment > passed]
            yield frame
        if not moments:
            return


@dataclass(slots=True)
class Budget:
    pixels: int = MAX_DECODED
    packets: int = MAX_PACKETS

    @property
    def spent(self) -> bool:
        return self.packets < 0 or self.pixels < 0


def decoded(container: InputContainer, stream: VideoStream, budget: Budget) -> Iterator[VideoFrame]:
    """Frames from where the container stands. What can't be decoded is left out, as a player does."""
    for packet in packets(container, stream):
        budget.packets -= 1
        for frame in frames(packet):
            budget.pixels -= frame.width * frame.height
            yield frame
        if budget.spent:
            return


def _drained(stream: VideoStream) -> list[VideoFrame]:
    with tolerant():
        return stream.codec_context.decode(None)
    return []


def _seek(container: InputContainer, seconds: float) -> None:
    """Nowhere if the container can't: it is read on from where it stands."""
    begin = container.start_time or 0
    with tolerant():
        if not seconds and container.format.name in WITHOUT_INDEX:
            container.seek(0, unsupported_byte_offset=True)
        else:
            container.seek(begin + int(min(seconds, 10**9) * 1_000_000))


def turned(frame: VideoFrame) -> int:
    """Degrees clockwise, a multiple of 90, by which a frame is to be turned to stand upright."""
    return round(-frame.rotation / 90) * 90 % 360


def shown_size(frame: VideoFrame, shape: Fraction) -> tuple[int, int]:
    """Width and height on the screen: upright, with square pixels. Shrinks no side."""
    width, height = frame.width, frame.height
    wide, high = (round(width * shape), height) if shape > 1 else (width, round(height / shape))
    return (high, wide) if turned(frame) in {90, 270} else (wide, high)


def fitted(size: tuple[int, int], side: int) -> tuple[int, int]:
    """As large as fits a square of ``side``, and not larger than it is."""
    factor = min(1.0, side / max(size))
    return max(1, round(size[0] * factor)), max(1, round(size[1] * factor))


def picture(frame: VideoFrame, stream: VideoStream, side: int) -> Image.Image:
    """In RGB, upright, with square pixels, its longer side ``side`` at most."""
    from PIL import Image

    turn = turned(frame)
    width, height = fitted(shown_size(frame, aspect(stream)), side)
    if turn in {90, 270}:
        width, height = height, width
    large = max(frame.width, frame.height) >= HD
    matrix = {"src_colorspace": ITU709 if large else ITU601} if frame.colorspace == UNSPECIFIED else {}
    small = frame.reformat(width=width, height=height, format="rgb24", interpolation="AREA", **matrix)
    turns = {90: Image.Transpose.ROTATE_270, 180: Image.Transpose.ROTATE_180, 270: Image.Transpose.ROTATE_90}
    shown = sdr(small.to_image(), frame.color_trc)  # type: ignore[no-untyped-call]
    return shown.transpose(turns[turn]) if turn else shown
