"""What a recording of sound is, how loud, its cover and its waveform, through FFmpeg.

On the heavy queue: the whole of it is decoded, which goes 200 times as fast as it plays, so an hour takes 18 seconds.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from picasso.process.contract import JSON, Derivative, Processor, ProcessorError, Result, Source
from picasso.process.options import parse_options
from picasso.process.processors.av import facts, sound
from picasso.process.processors.av.completeness import is_told
from picasso.process.processors.av.open_media import corrupt, opened, packets, unprotected

if TYPE_CHECKING:
    from av.container import InputContainer

# A cover of more is no cover; decoded it takes 4 bytes a pixel, so this is 64 MB.
MAX_COVER_BYTES = 16 * 2**20
MAX_COVER_PIXELS = 16_000_000
COVER_FORMATS = ("JPEG", "PNG", "WEBP")
COVER = {"quality": 85, "method": 4}

# Packets in which a container has its covers; FFmpeg gives them out before all others.
COVER_PACKETS = 64


@dataclass(frozen=True, slots=True)
class AudioOptions:
    max_seconds: int = 4 * 3600
    """Of stereo at 48 kHz (surround counts for more), beyond which there is neither loudness nor waveform: four hours
    take about 70 s of one core."""
    cover_size: int = 1000
    """Its longer side, in pixels; a smaller one is not enlarged."""
    location: bool = True
    """Whether where it was recorded is among the facts."""

    def __post_init__(self) -> None:
        for name, low, high in (("max_seconds", 1, 86_400), ("cover_size", 16, 4096)):
            if not low <= getattr(self, name) <= high:
                raise ValueError(f"{name} is not from {low} to {high}: {getattr(self, name)}")


class Audio(Processor):
    """``complete`` is false where less can be decoded than was declared; absent where not all of it was decoded."""

    name: ClassVar[str] = "audio"
    media_types: ClassVar[tuple[str, ...]] = (
        "audio/*",
        "application/ogg",
        "!audio/midi",  # notes, not sound; neither are playlists
        "!audio/x-midi",
        "!audio/mpegurl",
        "!audio/x-mpegurl",
        "!audio/x-scpls",
    )
    queue: ClassVar[str] = "heavy"
    Options: ClassVar[type] = AudioOptions
    requires: ClassVar[tuple[str, ...]] = ("av", "PIL")
    extra: ClassVar[str] = "video"

    @staticmethod
    def prepare() -> None:
        import av.filter
        import PIL.Image

        av.logging.set_level(None)  # FFmpeg would tell the log about every fault of every file
        PIL.Image.init()

    def __call__(self, source: Source, folder: Path) -> Result:
        self.prepare()
        options = parse_options(AudioOptions, source.options)
        with opened(source) as (container, reader):
            stream: Any = container.streams.best("audio")
            if stream is None:
                raise corrupt()
            if not stream.codec_context:
                raise ProcessorError("unsupported-format", "The sound in this file is in a format that can't be read.")
            unprotected(stream)
            found = facts.of_file(container, source.media_type, options.location) | main(stream)
            if not is_told(container, reader):
                found["streams"] = [without_guesses(stream) for stream in container.streams]
            cover = covered(container, options.cover_size, folder)
            heard, drawn = sound.hear(container, reader, options.max_seconds, folder)
        return Result(found | heard, (*cover, *drawn))


def without_guesses(stream: Any) -> JSON:
    """Of a stream that does not tell how long it is, nor therefore how many bits a second it has."""
    return {name: fact for name, fact in facts.of_stream(stream).items() if name not in {"duration", "bitrate"}}


def main(stream: Any) -> dict[str, JSON]:
    """Of the stream that a player plays, again, where one looks for it first."""
    told = facts.of_stream(stream)
    return {name: told[name] for name in ("codec", "sample_rate", "channels", "layout") if name in told}


def covered(container: InputContainer, side: int, folder: Path) -> tuple[Derivative, ...]:
    """The first picture that comes with the sound and can be decoded, made anew: nothing else in it survives."""
    for content in _embedded(container):
        if picture := _decoded(content):
            picture.thumbnail((side, side))
            picture.save(folder / "cover.webp", **COVER)
            return (Derivative("cover", "cover.webp", "image/webp", *picture.size),)
    return ()


def _embedded(container: InputContainer) -> list[bytes]:
    covers = [stream for stream in container.streams.video if facts.is_cover(stream)]
    if not covers:
        return []
    found: dict[int, bytes] = {}
    for packet in islice(packets(container, *covers), COVER_PACKETS):
        if 0 < packet.size <= MAX_COVER_BYTES:
            found.setdefault(packet.stream_index, bytes(packet))
        if len(found) == len(covers):
            break
    return [found[index] for index in sorted(found)]


def _decoded(content: bytes) -> Any:
    """A Pillow image, or None of what is no such picture, too large or damaged."""
    from PIL import Image

    try:
        with Image.open(io.BytesIO(content), formats=COVER_FORMATS) as image:
            if image.width * image.height > MAX_COVER_PIXELS:
                return None
            return image.convert("RGBA" if image.has_transparency_data else "RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
