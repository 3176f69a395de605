"""A rendition for the web: H.264 and AAC in an MP4 that plays while it loads, or sound alone; and HLS, if wanted.

It runs only in pipelines that name it, on the heavy queue: encoding takes about half as long as the video plays.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from picasso.process.contract import Derivative, Processor, ProcessorError, Result, Source
from picasso.process.options import parse_options
from picasso.process.processors.audio import Audio
from picasso.process.processors.av import encoding, facts
from picasso.process.processors.av.open_media import LOOKING_BYTES, corrupt, frames, lean, opened, packets, unprotected
from picasso.process.processors.video import Video, moving

if TYPE_CHECKING:
    from av.container import InputContainer, OutputContainer

# By the choice of an operator: encoder, container, file, media type.
SOUNDS = {
    "m4a": ("aac", "mp4", "rendition.m4a", "audio/mp4"),
    "mp3": ("libmp3lame", "mp3", "rendition.mp3", "audio/mpeg"),
    "opus": ("libopus", "ogg", "rendition.opus", "audio/ogg"),
}

# An index at the begin: a browser plays without having loaded the end.
FASTSTART = {"movflags": "+faststart"}

# One file of segments that the playlist cuts by byte ranges: two derivatives, however long the video.
HLS = {
    "hls_time": "4",
    "hls_list_size": "0",
    "hls_playlist_type": "vod",
    "hls_segment_type": "fmp4",
    "hls_flags": "single_file",
}

PROGRESS_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class RenditionOptions:
    height: int = 720
    """Of the picture at most; of a video on its side, its width."""
    crf: int = 23
    """x264's quality: 18 looks like the original, each 6 more halve the size."""
    preset: Literal["ultrafast", "superfast", "veryfast", "faster", "fast", "medium"] = "veryfast"
    audio_bitrate: int = 128_000
    audio_format: Literal["m4a", "mp3", "opus"] = "m4a"
    """Of what has no picture."""
    hls: bool = False
    threads: int = 2
    max_seconds: int = 3_600
    """Of the original."""
    give_up_after: int = 270
    """Seconds of work; below the time limit of a job, so that what takes longer ends with a reason, and once."""

    def __post_init__(self) -> None:
        for name, low, high in (
            ("height", 64, 2160),
            ("crf", 0, 51),
            ("audio_bitrate", 16_000, 512_000),
            ("threads", 1, 16),
            ("max_seconds", 1, 86_400),
            ("give_up_after", 1, 86_400),
        ):
            if not low <= getattr(self, name) <= high:
                raise ValueError(f"{name} is not from {low} to {high}: {getattr(self, name)}")


class Rendition(Processor):
    name: ClassVar[str] = "rendition"
    media_types: ClassVar[tuple[str, ...]] = (*Video.media_types, *Audio.media_types)
    queue: ClassVar[str] = "heavy"
    on_request: ClassVar[bool] = True
    Options: ClassVar[type] = RenditionOptions
    requires: ClassVar[tuple[str, ...]] = ("av", "PIL")
    extra: ClassVar[str] = "video"

    @staticmethod
    def prepare() -> None:
        Video.prepare()

    def __call__(self, source: Source, folder: Path) -> Result:
        self.prepare()
        options = parse_options(RenditionOptions, source.options)
        with opened(source) as (container, reader):
            length = facts.duration(container)
            if length and length > options.max_seconds:
                raise too_long()
            reader.allow(3 * reader.size + LOOKING_BYTES)
            made = Work(container, options, folder, source.progress).run()
        made += _hls(folder, made) if options.hls else ()
        return Result({"files": [one.file for one in made]}, made)


def too_long() -> ProcessorError:
    return ProcessorError("too-long", "This recording is longer than can be converted.")


class Work:
    """One pass over the file: what is decoded is encoded at once."""

    def __init__(
        self, container: InputContainer, options: RenditionOptions, folder: Path, progress: Callable[[float], None]
    ) -> None:
        self._container = container
        self._options = options
        self._folder = folder
        self._progress = progress
        self._length = facts.duration(container)
        self._begin = (container.start_time or 0) / 1_000_000
        self._deadline = time.monotonic() + options.give_up_after
        self._told = time.monotonic()
        self._pictures: encoding.Pictures | None = None
        self._sound: encoding.Sound | None = None
        self._size: tuple[int, int] | None = None

    def run(self) -> tuple[Derivative, ...]:
        moving_stream, sound_stream = moving(self._container), self._container.streams.best("audio")
        streams = [one for one in (moving_stream, sound_stream) if one is not None and facts.context(one)]
        if not streams:
            raise ProcessorError("unsupported-format", "There is nothing in this file that can be converted.")
        for stream in streams:
            unprotected(stream)
            lean(stream.codec_context, threads=self._options.threads)
        codec, kind, file, media_type = SOUNDS[self._options.audio_format]
        if moving_stream is not None:
            codec, kind, file, media_type = "aac", "mp4", "rendition.mp4", "video/mp4"
        with written(self._folder / file, kind, FASTSTART if kind == "mp4" else {}) as output:
            self._convert(streams, output, codec)
        return (Derivative("rendition", file, media_type, *(self._size or (None, None))),)

    def _convert(self, streams: list[Any], output: OutputContainer, codec: str) -> None:
        """The streams of the output have to be there before its first packet, so packets wait for the first picture."""
        import av

        if any(stream.type == "audio" for stream in streams):
            self._sound = encoding.Sound(output, codec, self._options.audio_bitrate)
        awaited = any(stream.type == "video" for stream in streams)
        waiting: list[tuple[Any, float]] = []
        for frame in self._decoded(streams):
            seconds = self._moment(frame)
            self._watch(seconds)
            if awaited and isinstance(frame, av.VideoFrame):
                awaited = False
                self._pictures = self._begin_pictures(output, streams, frame)
            waiting.append((frame, seconds))
            if not awaited or len(waiting) > MAX_WAITING:
                awaited = False
                self._encode(output, waiting)
                waiting = []
        self._encode(output, waiting)
        self._end(output)

    def _begin_pictures(self, output: OutputContainer, streams: list[Any], frame: Any) -> encoding.Pictures:
        stream = next(one for one in streams if one.type == "video")
        options = self._options
        quality = encoding.Quality(options.height, options.crf, options.preset, options.threads)
        made = encoding.Pictures(output, stream, quality, frame)
        self._size = made.size
        return made

    def _encode(self, output: OutputContainer, waiting: list[tuple[Any, float]]) -> None:
        import av

        for frame, seconds in waiting:
            encoder: Any = self._pictures if isinstance(frame, av.VideoFrame) else self._sound
            if encoder is not None:
                put(output, encoder.push(frame, seconds))

    def _end(self, output: OutputContainer) -> None:
        if self._pictures is None and (self._sound is None or not self._sound.begun):
            raise corrupt()
        for encoder in (self._pictures, self._sound):
            put(output, encoder.finish() if encoder else ())

    def _decoded(self, streams: list[Any]) -> Iterator[Any]:
        for packet in packets(self._container, *streams):
            yield from frames(packet)

    def _moment(self, frame: Any) -> float:
        """Seconds from the begin of the recording; of a frame without a timestamp, -1: it is left out."""
        return float(frame.time) - self._begin if frame.pts is not None else -1.0

    def _watch(self, seconds: float) -> None:
        now = time.monotonic()
        if now > self._deadline or seconds > self._options.max_seconds:
            raise too_long()
        if self._length and now - self._told > PROGRESS_SECONDS:
            self._told = now
            self._progress(max(0.0, min(1.0, seconds / self._length)))


# Frames of sound that a file may have before its first picture: eight seconds. After that it goes without.
MAX_WAITING = 400


@contextmanager
def written(path: Path, kind: str, options: dict[str, str]) -> Iterator[OutputContainer]:
    import av

    with ours():
        output = av.open(str(path), "w", format=kind, container_options=options)
    try:
        yield output
    except BaseException:
        with suppress(Exception):  # what went wrong first is what is told
            output.close()
        raise
    with ours():
        output.close()


@contextmanager
def ours() -> Iterator[None]:
    """What fails in writing is the disk's fault, not the original's."""
    import av

    try:
        yield
    except av.FFmpegError as error:
        if isinstance(error, OSError):
            raise OSError(error.errno, f"the rendition can't be written: {error.strerror}") from error
        raise


def put(output: OutputContainer, found: Iterable[Any]) -> None:
    for packet in found:
        with ours():
            output.mux(packet)


def _hls(folder: Path, made: tuple[Derivative, ...]) -> tuple[Derivative, ...]:
    """The same packets once more, cut into pieces; the playlist names its file without a folder."""
    import av

    original = made[0]
    if original.media_type not in {"video/mp4", "audio/mp4"}:
        return ()
    with av.open(str(folder / original.file)) as source, written(folder / "rendition.m3u8", "hls", HLS) as output:
        streams = {stream.index: output.add_stream_from_template(stream) for stream in source.streams}
        for packet in source.demux():
            if packet.dts is not None:
                packet.stream = streams[packet.stream_index]
                output.mux(packet)
    return (
        Derivative("hls-playlist", "rendition.m3u8", "application/vnd.apple.mpegurl", original.width, original.height),
        Derivative("hls-media", "rendition.m4s", original.media_type, original.width, original.height),
    )
