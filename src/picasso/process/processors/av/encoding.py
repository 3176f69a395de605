"""From decoded frames to packets that every browser plays: H.264 with AAC, or sound alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, ClassVar

from picasso.process.processors.av.facts import aspect
from picasso.process.processors.av.pictures import shown_size, turned

if TYPE_CHECKING:
    from av import AudioFrame, VideoFrame
    from av.container import OutputContainer
    from av.filter import Graph

# H.264 in MP4 counts in this, which all usual frame rates divide.
CLOCK = Fraction(1, 90_000)

# More frames a second than this no screen shows.
MAX_FPS = 60

# Players jump to key frames, and HLS is cut at them. Those that x264 adds where the scene changes come besides.
KEY_SECONDS = 4

TURNS = {90: ("transpose=clock",), 180: ("hflip", "vflip"), 270: ("transpose=cclock",)}


@dataclass(frozen=True, slots=True)
class Quality:
    height: int
    """The shorter side at most, of a video on its side as well."""
    crf: int
    preset: str
    threads: int


class Pictures:
    """Frames in, H.264 High in yuv420p out: upright, with square pixels and even sides."""

    def __init__(self, output: OutputContainer, stream: Any, quality: Quality, first: VideoFrame) -> None:
        fps = float(stream.average_rate or stream.guessed_rate or 25)
        self.size = size = even(shown_size(first, aspect(stream)), quality.height)
        self._stream: Any = output.add_stream("libx264", rate=max(1, min(MAX_FPS, round(fps))))
        context: Any = self._stream.codec_context
        context.width, context.height = size
        context.pix_fmt = "yuv420p"
        context.time_base = CLOCK
        # HDR stays what it was, in 8 bits: browsers that see the tags show it as meant.
        context.color_primaries, context.color_trc = first.color_primaries, first.color_trc
        context.colorspace, context.color_range = first.colorspace, first.color_range
        context.gop_size = max(1, round(min(MAX_FPS, fps) * KEY_SECONDS))
        context.thread_count = quality.threads
        context.options = {"crf": str(quality.crf), "preset": quality.preset, "profile": "high"}
        self._turn = turned(first)
        self._graph: Graph | None = None
        self._kind: tuple[int, int, str] | None = None
        self._last = -1
        self._next_key: Fraction = Fraction(0)

    def push(self, frame: VideoFrame, seconds: float) -> Iterator[Any]:
        """``seconds`` is when it is shown; one that comes too soon after the last, or before it, is left out."""
        from av.video.frame import PictureType

        moment = round(seconds / CLOCK)
        if moment < 0 or (self._last >= 0 and moment - self._last < 0.9 / MAX_FPS / CLOCK):
            return
        self._last = moment
        shown = self._shaped(frame)
        key = moment >= self._next_key
        self._next_key += KEY_SECONDS / CLOCK if key else 0
        shown.pts, shown.time_base, shown.pict_type = moment, CLOCK, PictureType.I if key else PictureType.NONE
        yield from self._stream.encode(shown)

    def finish(self) -> Iterator[Any]:
        yield from self._stream.encode(None)

    def _shaped(self, frame: VideoFrame) -> VideoFrame:
        kind = frame.width, frame.height, frame.format.name
        if self._graph is None or kind != self._kind:
            self._graph, self._kind = self._filters(frame), kind
        self._graph.vpush(frame)
        return self._graph.vpull()

    def _filters(self, frame: VideoFrame) -> Graph:
        from av.filter import Graph

        graph = Graph()
        graph.threads = 1
        source = graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base=CLOCK)
        wide, high = self.size if self._turn in {0, 180} else self.size[::-1]
        steps = (f"scale={wide}:{high}:flags=bicubic", *TURNS.get(self._turn, ()), "setsar=1", "format=yuv420p")
        nodes = [graph.add(*step.split("=", 1)) for step in steps]
        graph.link_nodes(source, *nodes, graph.add("buffersink")).configure()
        return graph


def even(size: tuple[int, int], shorter: int) -> tuple[int, int]:
    """Shrunk until its shorter side fits; both sides even, as 4:2:0 wants them."""
    factor = min(1.0, shorter / min(size))
    low, long = int(min(size) * factor / 2 + 1e-6), round(max(size) * factor / 2)
    wide, high = (long, low) if size[0] >= size[1] else (low, long)
    return max(1, wide) * 2, max(1, high) * 2


class Sound:
    """Frames in, stereo out in the wanted codec."""

    RATES: ClassVar[dict[str, int]] = {"aac": 48_000, "libmp3lame": 44_100, "libopus": 48_000}

    def __init__(self, output: OutputContainer, codec: str, bitrate: int) -> None:
        from av import AudioResampler

        self._stream: Any = output.add_stream(codec, rate=self.RATES[codec])
        self._context: Any
        self._context = self._stream.codec_context
        self._context.layout = "stereo"
        self._context.bit_rate = bitrate
        self._context.thread_count = 1
        self._make = AudioResampler
        self._resampler: Any = None
        self._kind: tuple[int, str, str] | None = None
        self._samples: int | None = None

    @property
    def begun(self) -> bool:
        return self._samples is not None

    def push(self, frame: AudioFrame, seconds: float) -> Iterator[Any]:
        """``seconds`` counts for the first frame alone: what follows follows."""
        if self._samples is None:
            self._samples = max(0, round(seconds * self._context.sample_rate))
        kind = frame.sample_rate, frame.format.name, frame.layout.name
        if kind != self._kind:
            yield from self._encoded(self._resampler.resample(None) if self._resampler else [])
            self._context.open(strict=False) if not self._context.is_open else None
            self._resampler = self._make(
                format=self._context.format,
                layout="stereo",
                rate=self._context.sample_rate,
                frame_size=self._context.frame_size,
            )
            self._kind = kind
        frame.pts = None
        yield from self._encoded(self._resampler.resample(frame))

    def finish(self) -> Iterator[Any]:
        yield from self._encoded(self._resampler.resample(None) if self._resampler else [])
        yield from self._stream.encode(None)

    def _encoded(self, frames: list[AudioFrame]) -> Iterator[Any]:
        for frame in frames:
            frame.pts, frame.time_base = self._samples, Fraction(1, self._context.sample_rate)
            self._samples = (self._samples or 0) + frame.samples
            yield from self._stream.encode(frame)
