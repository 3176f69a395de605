"""EXIF, as libvips has it: a text for each tag, asked for by name."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from picasso.process.contract import JSON
from picasso.process.processors.image.picture import has
from picasso.process.processors.image.text_values import line, that_fit

if TYPE_CHECKING:
    import pyvips

# Asked for by name, because a list of all fields quotes the file, and pyvips dies of what isn't UTF-8 in it.
WANTED = (
    "ifd0-ImageDescription",
    "ifd0-Make",
    "ifd0-Model",
    "ifd0-Software",
    "ifd0-DateTime",
    "ifd0-Artist",
    "ifd0-Copyright",
    "ifd2-DateTimeOriginal",
    "ifd2-OffsetTimeOriginal",
    "ifd2-ExposureTime",
    "ifd2-FNumber",
    "ifd2-ISOSpeedRatings",
    "ifd2-ExposureProgram",
    "ifd2-ExposureBiasValue",
    "ifd2-MeteringMode",
    "ifd2-Flash",
    "ifd2-WhiteBalance",
    "ifd2-FocalLength",
    "ifd2-FocalLengthIn35mmFilm",
    "ifd2-LensMake",
    "ifd2-LensModel",
    "ifd2-UserComment",
)
GPS = (
    "ifd3-GPSLatitudeRef",
    "ifd3-GPSLatitude",
    "ifd3-GPSLongitudeRef",
    "ifd3-GPSLongitude",
    "ifd3-GPSAltitudeRef",
    "ifd3-GPSAltitude",
    "ifd3-GPSDateStamp",
    "ifd3-GPSTimeStamp",
    "ifd3-GPSImgDirection",
)
VALUE = re.compile(r"(?P<twice>.*), \w+, \d+ components?, \d+ bytes?\)", re.DOTALL)
# What libexif says in place of a comment in UTF-16 or Japanese.
UNREAD = re.compile(r"Unsupported (UNICODE|JIS) string")
# Of an altitude: libexif's odd words for 1 ("Sea level" alone is 0), those of later versions, or the number.
BELOW = ("Sea level reference", "Below", "1", "3")
GPS_ROOM = 4 * 1024

FRACTION = re.compile(r"(-?\d+)/(\d+)")


def of(tags: pyvips.Image) -> dict[str, JSON]:
    return that_fit(_texts(tags, WANTED))


def gps(tags: pyvips.Image) -> JSON:
    """Where it was taken: degrees, negative to the south and west, and metres above the sea. None if it is not told."""
    texts = that_fit(_texts(tags, GPS), GPS_ROOM)
    if not texts:
        return None
    latitude = _degrees(tags, "Latitude", texts.get("GPSLatitudeRef") == "S", 90)
    longitude = _degrees(tags, "Longitude", texts.get("GPSLongitudeRef") == "W", 180)
    known = latitude is not None and longitude is not None
    return {
        "latitude": latitude if known else None,
        "longitude": longitude if known else None,
        "altitude": _altitude(tags),
        "tags": texts,
    }


def _degrees(tags: pyvips.Image, name: str, negative: bool, limit: int) -> float | None:
    """Of degrees, minutes and seconds, to about a centimetre."""
    parts = _fractions(tags, f"ifd3-GPS{name}")
    if not 1 <= len(parts) <= 3:
        return None
    degrees = round(sum(part / (1, 60, 3600)[power] for power, part in enumerate(parts)), 7)
    if not 0 <= degrees <= limit:
        return None
    return -degrees if negative else degrees


def _altitude(tags: pyvips.Image) -> float | None:
    parts = _fractions(tags, "ifd3-GPSAltitude")
    below = _raw(tags, "ifd3-GPSAltitudeRef").startswith(BELOW)
    if len(parts) != 1 or not abs(parts[0]) < 1e6:
        return None
    return round(-parts[0] if below else parts[0], 2)


def _fractions(tags: pyvips.Image, tag: str) -> list[float]:
    """The numbers of ``48/1 30/1 15/1 (48, 30, 15, …)``; none where one of them is over nought."""
    numbers = FRACTION.findall(_raw(tags, tag).partition(" (")[0])
    if any(int(under) == 0 for _, under in numbers):
        return []
    found = [int(over) / int(under) for over, under in numbers]
    return found if all(map(math.isfinite, found)) else []


def _texts(tags: pyvips.Image, wanted: Iterable[str]) -> list[tuple[str, JSON]]:
    return [(tag.partition("-")[2], line(_readable(_raw(tags, tag)))) for tag in wanted]


def _raw(tags: pyvips.Image, tag: str) -> str:
    field = f"exif-{tag}"
    try:
        return str(tags.get(field)) if has(tags, field) else ""
    except UnicodeDecodeError:
        return ""


def _readable(value: str) -> str:
    """The words of libvips' ``28/5 (f/5.6, Rational, 1 components, 8 bytes)``, or the number where libexif has none."""
    match = VALUE.fullmatch(value)
    if not match:
        return value
    twice = match["twice"]
    if UNREAD.match(twice):
        return ""
    half = len(twice) // 2 - 1
    if twice[:half] == twice[half + 2 :]:
        return twice[:half]
    number, _, words = twice.partition(" (")
    return number if words.startswith("Internal error") else words
