"""Facts that a container and its streams contain, limited in length. Seconds, bits per second, pixels, hertz."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from picasso.process.contract import JSON
from picasso.process.processors.av.tag_texts import readable, readable_values
from picasso.process.processors.budget import take_fitting

if TYPE_CHECKING:
    from av.container import InputContainer

# Facts are limited to 64 KiB. 32 streams take up to 36 of them, which leaves this much for tags.
MAX_TAGS_BYTES = 24 * 2**10
STREAMS = 32
TAGS = 64
TAG_NAME = 64
TAG_VALUE = 300

# Tags of the container format, which other facts give in a better form.
TECHNICAL_TAGS = {
    *("major_brand", "minor_version", "compatible_brands", "handler_name", "vendor_id", "language", "duration"),
    *("bps", "number_of_frames", "number_of_bytes", "rotate", "mime_codec_string"),
}
LOCATION_TAGS = ("location", "com.apple.quicktime.location.iso6709", "location-eng")

TRANSFERS = {1: "bt709", 4: "gamma22", 6: "smpte170m", 8: "linear", 13: "srgb", 14: "bt2020-10", 15: "bt2020-12"}
TRANSFERS |= {16: "pq", 18: "hlg"}
PRIMARIES = {1: "bt709", 5: "bt470bg", 6: "smpte170m", 9: "bt2020", 11: "dci-p3", 12: "display-p3"}
MATRICES = {0: "rgb", 1: "bt709", 5: "bt470bg", 6: "smpte170m", 9: "bt2020-ncl", 10: "bt2020-cl", 14: "ictcp"}
RANGES = {1: "limited", 2: "full"}
LAYOUTS = {"1 channels": "mono", "2 channels": "stereo"}  # FFmpeg's names if a file gives only the number of channels
HDR = {16: "PQ", 18: "HLG"}


def read_facts(container: InputContainer, media_type: str, with_location: bool) -> dict[str, JSON]:
    """All facts that need no decoding. ``with_location``: whether to tell where it was recorded."""
    recorded_at = location(container) if with_location else None
    return read_container(container, media_type) | _without_none(tags=tags(container), location=recorded_at)


def read_container(container: InputContainer, media_type: str) -> dict[str, JSON]:
    return _without_none(
        container=_container_name(container, media_type),
        duration=duration(container),
        bitrate=container.bit_rate or None,
        start=_seconds(container.start_time, Fraction(1, 1_000_000)),
        chapters=len(container.chapters()),
        stream_count=len(container.streams),
        streams=[read_stream(stream) for stream in list(container.streams)[:STREAMS]],
    )


def duration(container: InputContainer) -> float | None:
    """As declared, or as the demuxer computes it from the first and last timestamps or the bit rate. None if
    unknown.
    """
    value = _seconds(container.duration, Fraction(1, 1_000_000))
    return value if value and value > 0 else None


def _container_name(container: InputContainer, media_type: str) -> str:
    name = container.format.name
    brand = container.metadata.get("major_brand", "")
    if name.startswith("mov"):
        return "mov" if brand.startswith("qt") or not brand else "3gp" if brand.startswith("3g") else "mp4"
    if name.startswith("matroska"):
        return "webm" if media_type.endswith("/webm") else "matroska"
    return name.partition(",")[0]


def read_stream(stream: Any) -> dict[str, JSON]:
    """Facts that the file does not have are left out."""
    type_facts = {"video": _video, "audio": _audio}.get(stream.type) if stream.codec_context else None
    disposition = stream.disposition.value
    return _without_none(
        type=stream.type,
        codec=codec(stream),
        **(type_facts(stream) if type_facts else {}),
        duration=_seconds(stream.duration, stream.time_base),
        language=_text(stream.metadata.get("language", ""), 16) or None,
        title=_text(_title(stream), 100) or None,
        default=bool(disposition & 0x1),
        forced=bool(disposition & 0x40) or None,
        cover=is_cover(stream) or None,
    )


def _title(stream: Any) -> str:
    return readable([stream.metadata.get("title", "")], "")[0]


def codec(stream: Any) -> str | None:
    """The format, not the decoder: ``av1``, also if libdav1d decodes it."""
    context = stream.codec_context
    return str(context.codec.canonical_name) if context else getattr(stream, "name", None)


def _video(stream: Any) -> dict[str, JSON]:
    context = stream.codec_context
    pixel_aspect = aspect(stream)
    return {
        "profile": context.profile,
        "width": context.width,
        "height": context.height,
        "sample_aspect_ratio": f"{pixel_aspect.numerator}:{pixel_aspect.denominator}" if pixel_aspect != 1 else None,
        "fps": None if is_cover(stream) else _rate(stream.average_rate) or _rate(stream.guessed_rate),
        "pixel_format": context.pix_fmt,
        "colour": _colour(context) or None,
        "hdr": HDR.get(context.color_trc),
        "bitrate": context.bit_rate or None,
        "frames": stream.frames or None,
    }


def _colour(context: Any) -> dict[str, JSON]:
    return _without_none(
        primaries=PRIMARIES.get(context.color_primaries),
        transfer=TRANSFERS.get(context.color_trc),
        matrix=MATRICES.get(context.colorspace),
        range=RANGES.get(context.color_range),
    )


def _audio(stream: Any) -> dict[str, JSON]:
    context = stream.codec_context
    return {
        "profile": context.profile,
        "sample_rate": context.sample_rate or None,
        "channels": context.channels or None,
        "layout": LAYOUTS.get(context.layout.name, _text(context.layout.name, 40)) if context.channels else None,
        "bitrate": context.bit_rate or None,
    }


def context(stream: Any) -> Any:
    """The decoder's context, or None if FFmpeg has no decoder for the stream."""
    return stream.codec_context


def is_cover(stream: Any) -> bool:
    return bool(stream.disposition.value & 0x400)


def aspect(stream: Any) -> Fraction:
    """Width of a pixel relative to its height; 1 if the file does not tell, or gives an absurd value."""
    value = stream.sample_aspect_ratio
    return value if value and Fraction(1, 8) <= value <= 8 else Fraction(1)


def tags(container: InputContainer) -> dict[str, JSON]:
    """Title, artist and other tags. Ogg has them in its first stream."""
    first = next((s.metadata for s in container.streams if s.type == "audio"), {}) if container.streams else {}
    texts: dict[str, JSON] = {}
    sources = [readable_values(source, container.format.name) for source in (container.metadata, first)]
    for name, text in _pairs(sources):
        if name not in TECHNICAL_TAGS and name not in LOCATION_TAGS and len(texts) < TAGS:
            texts.setdefault(name, text)
    return take_fitting(texts.items(), MAX_TAGS_BYTES)


def location(container: InputContainer) -> str | None:
    """Where it was recorded, in the form of ISO 6709: ``+52.5200+013.4050/``."""
    pairs = dict(_pairs((container.metadata,)))
    return next((pairs[name] for name in LOCATION_TAGS if name in pairs), None)


def _pairs(sources: Iterable[Mapping[str, str]]) -> Iterable[tuple[str, str]]:
    for source in sources:
        for name, value in source.items():
            clean = _text(name, TAG_NAME).lower(), _text(value, TAG_VALUE)
            if all(clean):
                yield clean


def _text(value: str, length: int) -> str:
    return "".join(letter if letter.isprintable() else " " for letter in str(value)[:length]).strip()


def _seconds(ticks: int | None, unit: Fraction | None) -> float | None:
    if ticks is None or not unit:
        return None
    return _finite(float(ticks * unit))


def _rate(value: Fraction | None) -> float | None:
    return _finite(float(value)) if value else None


def _finite(number: float) -> float | None:
    return round(number, 3) if math.isfinite(number) else None


def _without_none(**value: JSON) -> dict[str, JSON]:
    return {name: value for name, value in value.items() if value is not None}
