"""What a container and its streams say of themselves, bounded. Seconds, bits per second, pixels, hertz."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from picasso.process.contract import JSON
from picasso.process.processors.budget import take_fitting

if TYPE_CHECKING:
    from av.container import InputContainer

# Facts are 64 KiB at most: 32 streams take up to 36 of them, so much is left for tags.
TAGS_ROOM = 24 * 2**10
STREAMS = 32
TAGS = 64
TAG_NAME = 64
TAG_VALUE = 300

# Of the container's making, and said better by other facts.
TECHNICAL = {
    *("major_brand", "minor_version", "compatible_brands", "handler_name", "vendor_id", "language", "duration"),
    *("bps", "number_of_frames", "number_of_bytes", "rotate", "mime_codec_string"),
}
PLACES = ("location", "com.apple.quicktime.location.iso6709", "location-eng")

TRANSFERS = {1: "bt709", 4: "gamma22", 6: "smpte170m", 8: "linear", 13: "srgb", 14: "bt2020-10", 15: "bt2020-12"}
TRANSFERS |= {16: "pq", 18: "hlg"}
PRIMARIES = {1: "bt709", 5: "bt470bg", 6: "smpte170m", 9: "bt2020", 11: "dci-p3", 12: "display-p3"}
MATRICES = {0: "rgb", 1: "bt709", 5: "bt470bg", 6: "smpte170m", 9: "bt2020-ncl", 10: "bt2020-cl", 14: "ictcp"}
RANGES = {1: "limited", 2: "full"}
LAYOUTS = {"1 channels": "mono", "2 channels": "stereo"}  # FFmpeg, of a file that gives only their number
HDR = {16: "PQ", 18: "HLG"}


def of_file(container: InputContainer, media_type: str, location: bool) -> dict[str, JSON]:
    """All that is told without decoding. ``location`` is whether to say where it was recorded."""
    where = place(container) if location else None
    return of_container(container, media_type) | _present(tags=tags(container), location=where)


def of_container(container: InputContainer, media_type: str) -> dict[str, JSON]:
    return _present(
        container=_container_name(container, media_type),
        duration=duration(container),
        bitrate=container.bit_rate or None,
        start=_seconds(container.start_time, Fraction(1, 1_000_000)),
        chapters=len(container.chapters()),
        stream_count=len(container.streams),
        streams=[of_stream(stream) for stream in list(container.streams)[:STREAMS]],
    )


def duration(container: InputContainer) -> float | None:
    """As declared, or as the demuxer makes it out from the first and the last timestamps or the bit rate."""
    found = _seconds(container.duration, Fraction(1, 1_000_000))
    return found if found and found > 0 else None


def _container_name(container: InputContainer, media_type: str) -> str:
    name = container.format.name
    brand = container.metadata.get("major_brand", "")
    if name.startswith("mov"):
        return "mov" if brand.startswith("qt") or not brand else "3gp" if brand.startswith("3g") else "mp4"
    if name.startswith("matroska"):
        return "webm" if media_type.endswith("/webm") else "matroska"
    return name.partition(",")[0]


def of_stream(stream: Any) -> dict[str, JSON]:
    """Without those facts that the file does not tell."""
    more = {"video": _video, "audio": _audio}.get(stream.type) if stream.codec_context else None
    disposition = stream.disposition.value
    return _present(
        type=stream.type,
        codec=codec(stream),
        **(more(stream) if more else {}),
        duration=_seconds(stream.duration, stream.time_base),
        language=_text(stream.metadata.get("language", ""), 16) or None,
        title=_text(stream.metadata.get("title", ""), 100) or None,
        default=bool(disposition & 0x1),
        forced=bool(disposition & 0x40) or None,
        cover=is_cover(stream) or None,
    )


def codec(stream: Any) -> str | None:
    """The format, not who decodes it: ``av1``, also where libdav1d does."""
    context = stream.codec_context
    return str(context.codec.canonical_name) if context else getattr(stream, "name", None)


def _video(stream: Any) -> dict[str, JSON]:
    context = stream.codec_context
    shape = aspect(stream)
    return {
        "profile": context.profile,
        "width": context.width,
        "height": context.height,
        "sample_aspect_ratio": f"{shape.numerator}:{shape.denominator}" if shape != 1 else None,
        "fps": None if is_cover(stream) else _rate(stream.average_rate) or _rate(stream.guessed_rate),
        "pixel_format": context.pix_fmt,
        "colour": _colour(context) or None,
        "hdr": HDR.get(context.color_trc),
        "bitrate": context.bit_rate or None,
        "frames": stream.frames or None,
    }


def _colour(context: Any) -> dict[str, JSON]:
    return _present(
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
    """The decoder to be, or None where FFmpeg has none for it."""
    return stream.codec_context


def is_cover(stream: Any) -> bool:
    return bool(stream.disposition.value & 0x400)


def aspect(stream: Any) -> Fraction:
    """How wide a pixel is to its height; square where the file says nothing, or nonsense."""
    found = stream.sample_aspect_ratio
    return found if found and Fraction(1, 8) <= found <= 8 else Fraction(1)


def tags(container: InputContainer) -> dict[str, JSON]:
    """Title, artist and whatever else; Ogg has them with its first stream."""
    first = next((s.metadata for s in container.streams if s.type == "audio"), {}) if container.streams else {}
    found: dict[str, JSON] = {}
    for name, value in _pairs((container.metadata, first)):
        if name not in TECHNICAL and name not in PLACES and len(found) < TAGS:
            found.setdefault(name, value)
    return take_fitting(found.items(), TAGS_ROOM)


def place(container: InputContainer) -> str | None:
    """Where it was recorded, as ISO 6709 has it: ``+52.5200+013.4050/``."""
    known = dict(_pairs((container.metadata,)))
    return next((known[name] for name in PLACES if name in known), None)


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


def _rate(found: Fraction | None) -> float | None:
    return _finite(float(found)) if found else None


def _finite(number: float) -> float | None:
    return round(number, 3) if math.isfinite(number) else None


def _present(**found: JSON) -> dict[str, JSON]:
    return {name: value for name, value in found.items() if value is not None}
