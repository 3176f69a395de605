"""Facts about sound recordings, their loudness, cover and waveform, read by FFmpeg.

On the heavy queue, because all of it is decoded. That is 200 times as fast as it plays: an hour takes 18 seconds.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from picasso.process.contract import JSON, Derivative, Processor, ProcessorError, Result, Source
from picasso.process.options import check_range, parse_options
from picasso.process.processors.av import facts, sound
from picasso.process.processors.av.completeness import has_exact_duration
from picasso.process.processors.av.open_media import check_unprotected, corrupt, open_media, packets

if TYPE_CHECKING:
    from av.container import InputContainer

# Larger covers are ignored. Decoded they take 4 bytes a pixel, so this is 64 MB.
MAX_COVER_BYTES = 16 * 2**20
MAX_COVER_PIXELS = 16_000_000
COVER_FORMATS = ("JPEG", "PNG", "WEBP")
COVER = {"quality": 85, "method": 4}

# Covers are in the first packets that FFmpeg returns.
COVER_PACKETS = 64


@dataclass(frozen=True, slots=True)
class AudioOptions:
    max_seconds: int = 4 * 3600
    """Longer recordings get no loudness and no waveform. Counted for stereo at 48 kHz; more channels count for more.
    Four hours take about 70 s of one core.
    """
    cover_size: int = 1000
    """The longer side, in pixels. A smaller cover is not enlarged."""
    location: bool = True
    """Whether the facts tell where it was recorded."""

    def __post_init__(self) -> None:
        for name, low, high in (("max_seconds", 1, 86_400), ("cover_size", 16, 4096)):
            check_range(name, getattr(self, name), low, high)


class Audio(Processor):
    """``complete`` is false if less can be decoded than was declared; absent if not all of it was decoded."""

    name: ClassVar[str] = "audio"
    media_types: ClassVar[tuple[str, ...]] = (
        "audio/*",
        "application/ogg",
        "!audio/midi",  # notes and instruments, not sound; playlists are not sound either
        "!audio/x-midi",
        "!audio/x-xmi",
        "!audio/imelody",
        "!audio/dls",
        "!audio/x-soundfont",
        "!audio/x-syx",
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

        av.logging.set_level(None)  # otherwise FFmpeg logs every damage of every file
        PIL.Image.init()

    def __call__(self, source: Source, folder: Path) -> Result:
        self.prepare()
        options = parse_options(AudioOptions, source.options)
        with open_media(source) as (container, reader):
            stream: Any = container.streams.best("audio")
            if stream is None:
                raise corrupt()
            if not stream.codec_context:
                raise ProcessorError("unsupported-format", "The sound in this file is in a format that can't be read.")
            check_unprotected(stream)
            all_facts = facts.read_facts(container, source.media_type, options.location) | main_stream_facts(stream)
            if not has_exact_duration(container, reader):
                all_facts["streams"] = [without_estimates(stream) for stream in container.streams]
            cover = save_cover(container, options.cover_size, folder)
            sound_facts, waveforms = sound.analyse(container, reader, options.max_seconds, folder)
        return Result(all_facts | sound_facts, (*cover, *waveforms))


def without_estimates(stream: Any) -> JSON:
    """For a stream without an exact duration, and so without an exact bitrate."""
    return {name: fact for name, fact in facts.read_stream(stream).items() if name not in {"duration", "bitrate"}}


def main_stream_facts(stream: Any) -> dict[str, JSON]:
    """Facts of the stream that a player plays, repeated where people look for them first."""
    stream_facts = facts.read_stream(stream)
    return {name: stream_facts[name] for name in ("codec", "sample_rate", "channels", "layout") if name in stream_facts}


def save_cover(container: InputContainer, side: int, folder: Path) -> tuple[Derivative, ...]:
    """The first embedded picture that can be decoded, encoded again: nothing else of it is kept."""
    for content in _cover_packets(container):
        if picture := _decode_cover(content):
            picture.thumbnail((side, side))
            picture.save(folder / "cover.webp", **COVER)
            return (Derivative("cover", "cover.webp", "image/webp", *picture.size),)
    return ()


def _cover_packets(container: InputContainer) -> list[bytes]:
    covers = [stream for stream in container.streams.video if facts.is_cover(stream)]
    if not covers:
        return []
    contents: dict[int, bytes] = {}
    for packet in islice(packets(container, *covers), COVER_PACKETS):
        if 0 < packet.size <= MAX_COVER_BYTES:
            contents.setdefault(packet.stream_index, bytes(packet))
        if len(contents) == len(covers):
            break
    return [contents[index] for index in sorted(contents)]


def _decode_cover(content: bytes) -> Any:
    """A Pillow image; None if it is too large, damaged or of another format."""
    from PIL import Image

    try:
        with Image.open(io.BytesIO(content), formats=COVER_FORMATS) as image:
            if image.width * image.height > MAX_COVER_PIXELS:
                return None
            return image.convert("RGBA" if image.has_transparency_data else "RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
