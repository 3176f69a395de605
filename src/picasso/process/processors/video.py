"""Facts about videos, a poster and a short preview, read by FFmpeg.

On the quick queue, because its work is limited in pixels (`pictures.MAX_DECODED`), packets and bytes, however long the
video is: about a second for 4K. On the heavy queue, a poster would wait behind renditions of other files.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from picasso.process.contract import JSON, Derivative, Processor, Result, Source
from picasso.process.options import check_range, parse_options
from picasso.process.processors.av import facts, pictures, sound
from picasso.process.processors.av.completeness import is_complete, scanned_duration
from picasso.process.processors.av.open_media import (
    MAX_PIXELS,
    SCAN_BYTES,
    check_unprotected,
    corrupt,
    limit_decoder,
    open_media,
)

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.stream import VideoStream

    from picasso.process.processors.av.open_media import Reader

# Quality 80 as for thumbnails of pictures. Effort 2 takes a third of the time of Pillow's default 4, for files 5 %
# larger.
POSTER: dict[str, Any] = {"quality": 80, "method": 2}
PREVIEW: dict[str, Any] = {"quality": 60, "method": 2}

PREVIEW_SECONDS = 3.0

# For files with only sound. It keeps the work within what the quick queue is for.
MAX_SOUND_SECONDS = 1_200


@dataclass(frozen=True, slots=True)
class VideoOptions:
    poster_size: int = 1280
    """The longer side, in pixels. A smaller video is not enlarged."""
    preview: bool = True
    preview_size: int = 320
    preview_frames: int = 12
    location: bool = True
    """Whether the facts tell where it was recorded."""
    max_pixels: int = MAX_PIXELS
    """Limit for one frame."""

    def __post_init__(self) -> None:
        for name, low, high in (
            ("poster_size", 16, 4096),
            ("preview_size", 16, 1024),
            ("preview_frames", 2, 30),
            ("max_pixels", 1, 268_435_456),
        ):
            check_range(name, getattr(self, name), low, high)


class Video(Processor):
    """``width`` and ``height`` are as displayed, after turning by ``rotation`` degrees clockwise; those of the streams
    are as coded.

    ``complete`` is false if the end is missing. Facts and poster then come from what is there.
    """

    name: ClassVar[str] = "video"
    media_types: ClassVar[tuple[str, ...]] = (
        "video/*",
        "application/mxf",
        "application/mp4",
        "application/vnd.ms-asf",
        "application/vnd.rn-realmedia",
        "!video/x-jng",  # a picture
        "!video/iso.segment",  # can't be read without the file that it follows
    )
    queue: ClassVar[str] = "quick"
    Options: ClassVar[type] = VideoOptions
    requires: ClassVar[tuple[str, ...]] = ("av", "PIL")
    extra: ClassVar[str] = "video"

    @staticmethod
    def prepare() -> None:
        import av.filter
        import PIL.Image
        import PIL.WebPImagePlugin

        av.logging.set_level(None)  # otherwise FFmpeg logs every damage of every file
        PIL.Image.init()

    def __call__(self, source: Source, folder: Path) -> Result:
        self.prepare()
        options = parse_options(VideoOptions, source.options)
        with open_media(source, options.max_pixels) as (container, reader):
            file_facts = facts.read_facts(container, source.media_type, options.location)
            stream = main_video_stream(container)
            if stream is None:
                return sound_only(container, reader, file_facts, folder)
            check_unprotected(stream)
            _read_only(container, stream, options.max_pixels)
            length = facts.duration(container)
            if length is None and (length := scanned_duration(container, reader, stream)):
                file_facts |= {"duration": length, "bitrate": round(8 * reader.size / length)}
            shown = Shown(container, reader, stream, length)
            picture_facts, derivatives = _pictures(shown, options, folder)
            reader.allow(SCAN_BYTES)
            return Result(
                file_facts | picture_facts | {"complete": is_complete(container, reader, stream)}, derivatives
            )


def main_video_stream(container: InputContainer) -> VideoStream | None:
    """The stream that a player shows, which is never a cover. None if there is none that can be decoded."""
    decodable = [stream for stream in container.streams.video if facts.context(stream) and not facts.is_cover(stream)]
    best = container.streams.best("video")
    return next((stream for stream in decodable if stream is best), decodable[0] if decodable else None)


def _read_only(container: InputContainer, stream: Any, max_pixels: int) -> None:
    """Skip the other streams, if the container allows that."""
    from av.stream import Discard

    for other in container.streams:
        if other is not stream:
            other.discard = Discard.all
    limit_decoder(stream.codec_context, max_pixels)


@dataclass(frozen=True, slots=True)
class Shown:
    """The stream that is shown, in its open file."""

    container: InputContainer
    reader: Reader
    stream: VideoStream
    length: float | None
    """In seconds, if it is known."""


def _pictures(shown: Shown, options: VideoOptions, folder: Path) -> tuple[dict[str, JSON], tuple[Derivative, ...]]:
    shown.reader.allow(SCAN_BYTES)
    best = pictures.best_frame(shown.container, shown.stream, shown.length)
    if best is None:
        raise corrupt()
    width, height = pictures.display_size(best.frame, facts.aspect(shown.stream))
    picture_facts: dict[str, JSON] = {"width": width, "height": height, "rotation": pictures.rotation(best.frame)}
    poster = _poster(best.frame, shown.stream, options.poster_size, folder)
    shown.reader.allow(SCAN_BYTES)
    preview = _preview(shown, options, folder) if options.preview else ()
    return picture_facts, (poster, *preview)


def _poster(frame: Any, stream: VideoStream, side: int, folder: Path) -> Derivative:
    picture = pictures.to_picture(frame, stream, side)
    picture.save(folder / "poster.webp", **POSTER)
    return Derivative("poster", "poster.webp", "image/webp", *picture.size)


def _preview(shown: Shown, options: VideoOptions, folder: Path) -> tuple[Derivative, ...]:
    """No preview for a video with only one frame."""
    frames = pictures.spread_frames(shown.container, shown.stream, options.preview_frames, shown.length or 0.0)
    images = [pictures.to_picture(frame, shown.stream, options.preview_size) for frame in frames]
    same_size = [image for image in images if image.size == images[0].size]
    if len(same_size) < 2:
        return ()
    pause = round(PREVIEW_SECONDS * 1000 / options.preview_frames)
    same_size[0].save(
        folder / "preview.webp", save_all=True, append_images=same_size[1:], duration=pause, loop=0, **PREVIEW
    )
    return (Derivative("preview", "preview.webp", "image/webp", *same_size[0].size),)


def sound_only(container: InputContainer, reader: Reader, file_facts: dict[str, JSON], folder: Path) -> Result:
    """For MP4 or ASF with only sound, which libmagic takes for a video."""
    if not container.streams.audio or any(not facts.is_cover(stream) for stream in container.streams.video):
        return Result(file_facts)
    sound_facts, derivatives = sound.analyse(container, reader, MAX_SOUND_SECONDS, folder)
    return Result(file_facts | sound_facts, derivatives)
