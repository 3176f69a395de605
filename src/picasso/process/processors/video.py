"""What a video is, a poster and a short preview of it, through FFmpeg.

On the quick queue, because all that it does is bounded in pixels (`pictures.MAX_DECODED`), packets and bytes, whatever
the length of the video: about a second for 4K. On the heavy one a poster would wait behind somebody's rendition.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from picasso.process.contract import JSON, Derivative, Processor, Result, Source
from picasso.process.options import parse_options
from picasso.process.processors.av import facts, pictures, sound
from picasso.process.processors.av.completeness import complete
from picasso.process.processors.av.open_media import LOOKING_BYTES, MAX_PIXELS, corrupt, lean, opened, unprotected

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.stream import VideoStream

    from picasso.process.processors.av.open_media import Reader

# Quality 80 as for thumbnails of pictures; effort 2 costs a third of Pillow's default 4, for files 5 % larger.
POSTER: dict[str, Any] = {"quality": 80, "method": 2}
PREVIEW: dict[str, Any] = {"quality": 60, "method": 2}

PREVIEW_SECONDS = 3.0

# Of a video that has none but sound, to stay within what the quick queue is for.
MAX_SOUND_SECONDS = 1_200


@dataclass(frozen=True, slots=True)
class VideoOptions:
    poster_size: int = 1280
    """Its longer side, in pixels; a smaller video is not enlarged."""
    preview: bool = True
    preview_size: int = 320
    preview_frames: int = 12
    location: bool = True
    """Whether where it was recorded is among the facts."""
    max_pixels: int = MAX_PIXELS
    """Of a frame."""

    def __post_init__(self) -> None:
        for name, low, high in (
            ("poster_size", 16, 4096),
            ("preview_size", 16, 1024),
            ("preview_frames", 2, 30),
            ("max_pixels", 1, 268_435_456),
        ):
            if not low <= getattr(self, name) <= high:
                raise ValueError(f"{name} is not from {low} to {high}: {getattr(self, name)}")


class Video(Processor):
    """``width`` and ``height`` are as shown, turned by ``rotation`` degrees clockwise; those of the streams as coded.

    ``complete`` is false where the end is missing, and facts and poster are those of what is there.
    """

    name: ClassVar[str] = "video"
    media_types: ClassVar[tuple[str, ...]] = ("video/*", "application/mxf", "application/mp4", "application/vnd.ms-asf")
    queue: ClassVar[str] = "quick"
    Options: ClassVar[type] = VideoOptions
    requires: ClassVar[tuple[str, ...]] = ("av", "PIL")
    extra: ClassVar[str] = "video"

    @staticmethod
    def prepare() -> None:
        import av.filter
        import PIL.Image
        import PIL.WebPImagePlugin

        av.logging.set_level(None)  # FFmpeg would tell the log about every fault of every file
        PIL.Image.init()

    def __call__(self, source: Source, folder: Path) -> Result:
        self.prepare()
        options = parse_options(VideoOptions, source.options)
        with opened(source, options.max_pixels) as (container, reader):
            found = facts.of_file(container, source.media_type, options.location)
            stream = moving(container)
            if stream is None:
                return only_sound(container, reader, found, folder)
            unprotected(stream)
            _attend_to(container, stream, options.max_pixels)
            shown, derivatives = _pictures(container, reader, stream, options, folder)
            reader.allow(LOOKING_BYTES)
            return Result(found | shown | {"complete": complete(container, reader, stream)}, derivatives)


def moving(container: InputContainer) -> VideoStream | None:
    """The stream that a player shows; covers are none. None also where nothing here can decode it."""
    able = [stream for stream in container.streams.video if facts.context(stream) and not facts.is_cover(stream)]
    best = container.streams.best("video")
    return next((stream for stream in able if stream is best), able[0] if able else None)


def _attend_to(container: InputContainer, stream: Any, max_pixels: int) -> None:
    """Nothing is read of the other streams where the container allows that."""
    from av.stream import Discard

    for other in container.streams:
        if other is not stream:
            other.discard = Discard.all
    lean(stream.codec_context, max_pixels)


def _pictures(
    container: InputContainer, reader: Reader, stream: VideoStream, options: VideoOptions, folder: Path
) -> tuple[dict[str, JSON], tuple[Derivative, ...]]:
    reader.allow(LOOKING_BYTES)
    best = pictures.best_shot(container, stream)
    if best is None:
        raise corrupt()
    width, height = pictures.shown_size(best.frame, facts.aspect(stream))
    shown: dict[str, JSON] = {"width": width, "height": height, "rotation": pictures.turned(best.frame)}
    poster = _poster(best.frame, stream, options.poster_size, folder)
    reader.allow(LOOKING_BYTES)
    preview = _preview(container, stream, options, folder) if options.preview else ()
    return shown, (poster, *preview)


def _poster(frame: Any, stream: VideoStream, side: int, folder: Path) -> Derivative:
    picture = pictures.picture(frame, stream, side)
    picture.save(folder / "poster.webp", **POSTER)
    return Derivative("poster", "poster.webp", "image/webp", *picture.size)


def _preview(
    container: InputContainer, stream: VideoStream, options: VideoOptions, folder: Path
) -> tuple[Derivative, ...]:
    """Nothing of a video that has but one frame."""
    frames = pictures.spread(container, stream, options.preview_frames)
    shots = [pictures.picture(frame, stream, options.preview_size) for frame in frames]
    same = [shot for shot in shots if shot.size == shots[0].size]
    if len(same) < 2:
        return ()
    pause = round(PREVIEW_SECONDS * 1000 / options.preview_frames)
    same[0].save(folder / "preview.webp", save_all=True, append_images=same[1:], duration=pause, loop=0, **PREVIEW)
    return (Derivative("preview", "preview.webp", "image/webp", *same[0].size),)


def only_sound(container: InputContainer, reader: Reader, found: dict[str, JSON], folder: Path) -> Result:
    """An MP4 or ASF says what it holds only inside: libmagic takes one with sound alone for a video."""
    if not container.streams.audio or any(not facts.is_cover(stream) for stream in container.streams.video):
        return Result(found)
    heard, derivatives = sound.hear(container, reader, MAX_SOUND_SECONDS, folder)
    return Result(found | heard, derivatives)
