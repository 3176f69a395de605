"""A rendition for the web: H.264 and AAC in an MP4 that plays while it loads, or only sound; and HLS on request.

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
from picasso.process.options import check_range, parse_options
from picasso.process.processors.audio import Audio
from picasso.process.processors.av import encoding, facts
from picasso.process.processors.av.open_media import (
    SCAN_BYTES,
    check_unprotected,
    corrupt,
    frames,
    limit_decoder,
    open_media,
    packets,
)
from picasso.process.processors.video import Video, main_video_stream

if TYPE_CHECKING:
    from av.container import InputContainer, OutputContainer

# By the option ``audio_format``: encoder, container, file, media type.
SOUNDS = {
    "m4a": ("aac", "mp4", "rendition.m4a", "audio/mp4"),
    "mp3": ("libmp3lame", "mp3", "rendition.mp3", "audio/mpeg"),
    "opus": ("libopus", "ogg", "rendition.opus", "audio/ogg"),
}

# The index comes first, so that a browser can play before it has loaded the end.
FASTSTART = {"movflags": "+faststart"}

# All segments in one file, with byte ranges in the playlist: two derivatives, however long the video is.
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
    """Maximum height of the picture; for a video in portrait format, its width."""
    crf: int = 23
    """x264's quality: 18 looks like the original, each 6 more halve the size."""
    preset: Literal["ultrafast", "superfast", "veryfast", "faster", "fast", "medium"] = "veryfast"
    audio_bitrate: int = 128_000
    audio_format: Literal["m4a", "mp3", "opus"] = "m4a"
    """For files without pictures."""
    hdr: Literal["convert", "keep"] = "convert"
    """HDR is converted for ordinary screens, or kept as HEVC in 10 bits, which not every browser plays."""
    hls: bool = False
    threads: int = 2
    max_seconds: int = 3_600
    """Limit for the original."""
    give_up_after: int = 270
    """Seconds of work. Keep it below the time limit of a job, so that a long conversion fails once and with a
    reason.
    """

    def __post_init__(self) -> None:
        for name, low, high in (
            ("height", 64, 2160),
            ("crf", 0, 51),
            ("audio_bitrate", 16_000, 512_000),
            ("threads", 1, 16),
            ("max_seconds", 1, 86_400),
            ("give_up_after", 1, 86_400),
        ):
            check_range(name, getattr(self, name), low, high)


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
        with open_media(source) as (container, reader):
            length = facts.duration(container)
            if length and length > options.max_seconds:
                raise too_long()
            reader.allow(3 * reader.size + SCAN_BYTES)
            derivatives = Conversion(container, options, folder, source.progress).run()
        derivatives += _hls(folder, derivatives) if options.hls else ()
        return Result({"files": [each.file for each in derivatives]}, derivatives)


def too_long() -> ProcessorError:
    return ProcessorError("too-long", "This recording is longer than can be converted.")


class Conversion:
    """Converts in one pass: frames are encoded as they are decoded."""

    def __init__(
        self, container: InputContainer, options: RenditionOptions, folder: Path, progress: Callable[[float], None]
    ) -> None:
        self._container = container
        self._options = options
        self._folder = folder
        self._progress = progress
        self._length = facts.duration(container)
        self._start = (container.start_time or 0) / 1_000_000
        self._deadline = time.monotonic() + options.give_up_after
        self._progress_at = time.monotonic()
        self._pictures: encoding.Pictures | None = None
        self._sound: encoding.Sound | None = None
        self._size: tuple[int, int] | None = None

    def run(self) -> tuple[Derivative, ...]:
        video_stream, sound_stream = main_video_stream(self._container), self._container.streams.best("audio")
        streams = [each for each in (video_stream, sound_stream) if each is not None and facts.context(each)]
        if not streams:
            raise ProcessorError("unsupported-format", "There is nothing in this file that can be converted.")
        for stream in streams:
            check_unprotected(stream)
            limit_decoder(stream.codec_context, threads=self._options.threads)
        codec, kind, file, media_type = SOUNDS[self._options.audio_format]
        if video_stream is not None:
            codec, kind, file, media_type = "aac", "mp4", "rendition.mp4", "video/mp4"
        with open_output(self._folder / file, kind, FASTSTART if kind == "mp4" else {}) as output:
            self._convert(streams, output, codec)
        return (Derivative("rendition", file, media_type, *(self._size or (None, None))),)

    def _convert(self, streams: list[Any], output: OutputContainer, codec: str) -> None:
        """All streams of the output must exist before its first packet, so frames wait for the first picture."""
        import av

        if any(stream.type == "audio" for stream in streams):
            self._sound = encoding.Sound(output, codec, self._options.audio_bitrate)
        picture_pending = any(stream.type == "video" for stream in streams)
        pending: list[tuple[Any, float]] = []
        for frame in self._frames(streams):
            seconds = self._time_of(frame)
            self._check_limits(seconds)
            if picture_pending and isinstance(frame, av.VideoFrame):
                picture_pending = False
                self._pictures = self._start_pictures(output, streams, frame)
            pending.append((frame, seconds))
            if not picture_pending or len(pending) > MAX_PENDING:
                picture_pending = False
                self._encode(output, pending)
                pending = []
        self._encode(output, pending)
        self._finish(output)

    def _start_pictures(self, output: OutputContainer, streams: list[Any], frame: Any) -> encoding.Pictures:
        stream = next(each for each in streams if each.type == "video")
        options = self._options
        keep_hdr = options.hdr == "keep"
        quality = encoding.Quality(options.height, options.crf, options.preset, options.threads, keep_hdr)
        pictures = encoding.Pictures(output, stream, quality, frame, self._folder)
        self._size = pictures.size
        return pictures

    def _encode(self, output: OutputContainer, pending: list[tuple[Any, float]]) -> None:
        import av

        for frame, seconds in pending:
            encoder: Any = self._pictures if isinstance(frame, av.VideoFrame) else self._sound
            if encoder is not None:
                mux(output, encoder.push(frame, seconds))

    def _finish(self, output: OutputContainer) -> None:
        if self._pictures is None and (self._sound is None or not self._sound.has_started):
            raise corrupt()
        for encoder in (self._pictures, self._sound):
            mux(output, encoder.finish() if encoder else ())

    def _frames(self, streams: list[Any]) -> Iterator[Any]:
        for packet in packets(self._container, *streams):
            yield from frames(packet)

    def _time_of(self, frame: Any) -> float:
        """Seconds from the start of the recording; -1 for a frame without a timestamp, which is left out."""
        return float(frame.time) - self._start if frame.pts is not None else -1.0

    def _check_limits(self, seconds: float) -> None:
        now = time.monotonic()
        if now > self._deadline or seconds > self._options.max_seconds:
            raise too_long()
        if self._length and now - self._progress_at > PROGRESS_SECONDS:
            self._progress_at = now
            self._progress(max(0.0, min(1.0, seconds / self._length)))


# Frames of sound before the first picture: about eight seconds. After that the conversion goes on without pictures.
MAX_PENDING = 400


@contextmanager
def open_output(path: Path, kind: str, options: dict[str, str]) -> Iterator[OutputContainer]:
    import av

    with translate_output_errors():
        output = av.open(str(path), "w", format=kind, container_options=options)
    try:
        yield output
    except BaseException:
        with suppress(Exception):  # the first error is the one to report
            output.close()
        raise
    with translate_output_errors():
        output.close()


@contextmanager
def translate_output_errors() -> Iterator[None]:
    """Errors of writing are the disk's fault, not the file's."""
    import av

    try:
        yield
    except av.FFmpegError as error:
        if isinstance(error, OSError):
            raise OSError(error.errno, f"the rendition can't be written: {error.strerror}") from error
        raise


def mux(output: OutputContainer, encoded: Iterable[Any]) -> None:
    for packet in encoded:
        with translate_output_errors():
            output.mux(packet)


def _hls(folder: Path, derivatives: tuple[Derivative, ...]) -> tuple[Derivative, ...]:
    """The same packets again, cut into segments. The playlist names its file without a folder."""
    import av

    rendition = derivatives[0]
    if rendition.media_type not in {"video/mp4", "audio/mp4"}:
        return ()
    with av.open(str(folder / rendition.file)) as source, open_output(folder / "rendition.m3u8", "hls", HLS) as output:
        streams = {stream.index: output.add_stream_from_template(stream) for stream in source.streams}
        for packet in source.demux():
            if packet.dts is not None:
                packet.stream = streams[packet.stream_index]
                output.mux(packet)
    return (
        Derivative(
            "hls-playlist", "rendition.m3u8", "application/vnd.apple.mpegurl", rendition.width, rendition.height
        ),
        Derivative("hls-media", "rendition.m4s", rendition.media_type, rendition.width, rendition.height),
    )
