"""Encodes decoded frames for every browser: H.264 with AAC, or only sound."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from picasso.process.processors.av.facts import aspect
from picasso.process.processors.av.hdr import cube, is_hdr
from picasso.process.processors.av.pictures import display_size, rotation

if TYPE_CHECKING:
    from av import AudioFrame, VideoFrame
    from av.container import OutputContainer
    from av.filter import Graph

# The time base of H.264 in MP4. All common frame rates divide it.
CLOCK = Fraction(1, 90_000)

# Few screens show more frames a second.
MAX_FPS = 60

# Players seek to key frames, and HLS cuts at them. x264 adds more where the scene changes.
KEY_SECONDS = 4

ROTATION_FILTERS = {90: ("transpose=clock",), 180: ("hflip", "vflip"), 270: ("transpose=cclock",)}


@dataclass(frozen=True, slots=True)
class Quality:
    height: int
    """Limit for the shorter side, also of a video in portrait format."""
    crf: int
    preset: str
    threads: int
    keep_hdr: bool
    """Whether HDR stays HDR, in 10 bits; otherwise it is converted to SDR."""


# ITU-T H.273: primaries, transfer and matrix are BT.709, and the range is limited.
BT709, LIMITED, FULL = 1, 1, 2


class Pictures:
    """Encodes frames as H.264 High in yuv420p, or HDR as HEVC Main 10: upright, with square pixels and even sides."""

    def __init__(self, output: OutputContainer, stream: Any, quality: Quality, first: VideoFrame, folder: Path) -> None:
        """``folder`` is for a file that is removed at once."""
        fps = float(stream.average_rate or stream.guessed_rate or 25)
        self.size = even_size(display_size(first, aspect(stream)), quality.height)
        self._transfer = first.color_trc  # of all frames: a later one may state none
        self._hdr = is_hdr(self._transfer)
        self._format = "yuv420p10le" if self._hdr and quality.keep_hdr else "yuv420p"
        self._folder = folder
        encoder, options = _encoder(quality, self._keeps_hdr)
        self._stream: Any = output.add_stream(encoder, rate=max(1, min(MAX_FPS, round(fps))), options=options)
        self._configure(quality, first, min(MAX_FPS, fps))
        self._rotation = rotation(first)
        self._graph: Graph | None = None
        self._input_format: tuple[int, int, str] | None = None
        self._last_tick = -1
        self._next_key_tick: Fraction = Fraction(0)

    @property
    def _keeps_hdr(self) -> bool:
        return self._format != "yuv420p"

    def _configure(self, quality: Quality, first: VideoFrame, fps: float) -> None:
        context: Any = self._stream.codec_context
        context.width, context.height = self.size
        context.pix_fmt = self._format
        context.time_base = CLOCK
        context.gop_size = max(1, round(fps * KEY_SECONDS))
        context.thread_count = quality.threads
        if self._keeps_hdr:
            context.codec_tag = "hvc1"  # Apple's players know no other
        if self._hdr and not self._keeps_hdr:
            context.color_primaries = context.color_trc = context.colorspace = BT709
            context.color_range = LIMITED
        else:
            context.color_primaries, context.color_trc = first.color_primaries, first.color_trc
            context.colorspace, context.color_range = first.colorspace, first.color_range

    def push(self, frame: VideoFrame, seconds: float) -> Iterator[Any]:
        """``seconds`` is the display time. A frame that comes before the last one, or too soon after it, is left
        out.
        """
        from av.video.frame import PictureType

        tick = round(seconds / CLOCK)
        if tick < 0 or (self._last_tick >= 0 and tick - self._last_tick < 0.9 / MAX_FPS / CLOCK):
            return
        self._last_tick = tick
        picture = self._transform(frame)
        is_key = tick >= self._next_key_tick
        self._next_key_tick += KEY_SECONDS / CLOCK if is_key else 0
        picture.pts, picture.time_base, picture.pict_type = tick, CLOCK, PictureType.I if is_key else PictureType.NONE
        yield from self._stream.encode(picture)

    def finish(self) -> Iterator[Any]:
        yield from self._stream.encode(None)

    def _transform(self, frame: VideoFrame) -> VideoFrame:
        input_format = frame.width, frame.height, frame.format.name
        if self._graph is None or input_format != self._input_format:
            self._graph, self._input_format = self._filters(frame), input_format
        self._graph.vpush(frame)
        return self._graph.vpull()

    def _filters(self, frame: VideoFrame) -> Graph:
        from av.filter import Graph

        graph = Graph()
        graph.threads = 1
        source = graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base=CLOCK)
        wide, high = self.size if self._rotation in {0, 180} else self.size[::-1]
        scale, rotate = f"scale={wide}:{high}:flags=bicubic", ROTATION_FILTERS.get(self._rotation, ())
        if not self._hdr or self._keeps_hdr:
            self._link(graph, source, (scale, *rotate, "setsar=1", f"format={self._format}"))
            return graph
        with tone_table(self._folder, self._transfer) as table:
            colours = f"in_color_matrix=bt2020:in_range={'pc' if frame.color_range == FULL else 'tv'}"
            to_rgb = f"{scale}:{colours}", "format=gbrp12le"
            to_yuv = "scale=out_color_matrix=bt709:out_range=tv", "setsar=1", "format=yuv420p"
            self._link(graph, source, (*to_rgb, f"lut3d={table}", *rotate, *to_yuv))
        return graph

    @staticmethod
    def _link(graph: Graph, source: Any, steps: tuple[str, ...]) -> None:
        nodes = [graph.add(*step.split("=", 1)) for step in steps]
        graph.link_nodes(source, *nodes, graph.add("buffersink")).configure()


def _encoder(quality: Quality, keeps_hdr: bool) -> tuple[str, dict[str, str]]:
    """The name of the encoder and its options."""
    options = {"crf": str(quality.crf), "preset": quality.preset}
    if keeps_hdr:
        pools = f"pools={quality.threads}:frame-threads=1:log-level=none"
        return "libx265", options | {"profile": "main10", "x265-params": pools}
    return "libx264", options | {"profile": "high"}


@contextmanager
def tone_table(folder: Path, transfer: int) -> Iterator[str]:
    """The table of `hdr.cube` as a file, and its path in the syntax of filters. They read it when they are set up."""
    path = folder / "hdr.cube"
    path.write_text(cube(transfer))
    try:
        yield re.sub(r"([\\':,;\[\]])", r"\\\1", str(path))
    finally:
        path.unlink()


def even_size(size: tuple[int, int], shorter: int) -> tuple[int, int]:
    """The size, shrunk so that its shorter side fits. Both sides are even, as 4:2:0 needs."""
    factor = min(1.0, shorter / min(size))
    low, long = int(min(size) * factor / 2 + 1e-6), round(max(size) * factor / 2)
    wide, high = (long, low) if size[0] >= size[1] else (low, long)
    return max(1, wide) * 2, max(1, high) * 2


class Sound:
    """Encodes frames as stereo in the given codec."""

    RATES: ClassVar[dict[str, int]] = {"aac": 48_000, "libmp3lame": 44_100, "libopus": 48_000}

    def __init__(self, output: OutputContainer, codec: str, bitrate: int) -> None:
        from av import AudioResampler

        self._stream: Any = output.add_stream(codec, rate=self.RATES[codec])
        self._context: Any
        self._context = self._stream.codec_context
        self._context.layout = "stereo"
        self._context.bit_rate = bitrate
        self._context.thread_count = 1
        self._new_resampler = AudioResampler
        self._resampler: Any = None
        self._input_format: tuple[int, str, str] | None = None
        self._samples: int | None = None

    @property
    def has_started(self) -> bool:
        return self._samples is not None

    def push(self, frame: AudioFrame, seconds: float) -> Iterator[Any]:
        """``seconds`` is used for the first frame only; the others follow without gaps."""
        if self._samples is None:
            self._samples = max(0, round(seconds * self._context.sample_rate))
        input_format = frame.sample_rate, frame.format.name, frame.layout.name
        if input_format != self._input_format:
            yield from self._encode(self._resampler.resample(None) if self._resampler else [])
            self._context.open(strict=False) if not self._context.is_open else None
            self._resampler = self._new_resampler(
                format=self._context.format,
                layout="stereo",
                rate=self._context.sample_rate,
                frame_size=self._context.frame_size,
            )
            self._input_format = input_format
        frame.pts = None
        yield from self._encode(self._resampler.resample(frame))

    def finish(self) -> Iterator[Any]:
        yield from self._encode(self._resampler.resample(None) if self._resampler else [])
        yield from self._stream.encode(None)

    def _encode(self, frames: list[AudioFrame]) -> Iterator[Any]:
        for frame in frames:
            frame.pts, frame.time_base = self._samples, Fraction(1, self._context.sample_rate)
            self._samples = (self._samples or 0) + frame.samples
            yield from self._stream.encode(frame)
