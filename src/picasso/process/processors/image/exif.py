"""EXIF: texts as libexif displays them, and the GPS position as numbers from the EXIF itself."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from picasso.process.contract import JSON
from picasso.process.processors.image.exif_texts import read_texts
from picasso.process.processors.image.picture import blob, has
from picasso.process.processors.image.text_values import clean_line, take_fitting
from picasso.process.processors.image.tiff import GPS_IFD, Directory, Entry, Reader

if TYPE_CHECKING:
    import pyvips

# libvips is asked for these fields one by one. Its list of all fields quotes the file, and pyvips fails if that is not
# UTF-8.
TAGS = (
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
GPS_TAGS = (
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
# libvips' form of a field: ``28/5 (f/5.6, Rational, 1 components, 8 bytes)``, ``Acme (Acme, ASCII, 5 components, 5
# bytes)``.
FIELD = re.compile(r"(?P<value>.*), \w+, \d+ components?, \d+ bytes?\)", re.DOTALL)
# What libexif displays instead of a comment in UTF-16 or Japanese.
NOT_DECODED = re.compile(r"Unsupported (UNICODE|JIS) string")

MAX_GPS_BYTES = 4 * 1024  # bytes

# Numbers of GPS tags, EXIF 3.0 section 4.6.6.
LATITUDE_REF, LATITUDE, LONGITUDE_REF, LONGITUDE, ALTITUDE_REF, ALTITUDE = range(1, 7)
# Values of GPSAltitudeRef that mean below: the sea level, or the ellipsoid.
BELOW = {b"\1", b"\3"}

MAX_ALTITUDE = 1e6  # metres


def read_exif(tags: pyvips.Image) -> dict[str, JSON]:
    """The texts of `TAGS`, as far as the file has them."""
    texts = read_texts(blob(tags, "exif-data"))
    return take_fitting(_texts(tags, TAGS, texts))


def read_gps(tags: pyvips.Image) -> JSON:
    """Where the picture was taken: degrees, negative to the south and west, and metres above the sea.

    None if the file does not tell.
    """
    texts = take_fitting(_texts(tags, GPS_TAGS), MAX_GPS_BYTES)
    if not texts:
        return None
    order, entries = _gps_directory(blob(tags, "exif-data"))
    latitude = _degrees(order, entries.get(LATITUDE), entries.get(LATITUDE_REF), b"S", 90)
    longitude = _degrees(order, entries.get(LONGITUDE), entries.get(LONGITUDE_REF), b"W", 180)
    complete = latitude is not None and longitude is not None
    return {
        "latitude": latitude if complete else None,
        "longitude": longitude if complete else None,
        "altitude": _altitude(order, entries.get(ALTITUDE), entries.get(ALTITUDE_REF)),
        "tags": texts,
    }


def _gps_directory(exif: bytes) -> tuple[str, Directory]:
    """The byte order and the entries; no entries if the EXIF can't be read."""
    try:
        reader = Reader(io.BytesIO(exif.removeprefix(b"Exif\0\0")))
    except ValueError:
        return "<", {}
    return reader.order, reader.directory_at(GPS_IFD)


def _degrees(order: str, value: Entry | None, reference: Entry | None, negative: bytes, limit: int) -> float | None:
    """From degrees, minutes and seconds; seven decimals are about a centimetre."""
    parts = value.fractions(order) if value else []
    if not 1 <= len(parts) <= 3:
        return None
    degrees = round(sum(part / (1, 60, 3600)[power] for power, part in enumerate(parts)), 7)
    if not 0 <= degrees <= limit:
        return None
    return -degrees if reference and reference.value.rstrip(b"\0 ") == negative else degrees


def _altitude(order: str, value: Entry | None, reference: Entry | None) -> float | None:
    parts = value.fractions(order) if value else []
    if len(parts) != 1 or not abs(parts[0]) < MAX_ALTITUDE:
        return None
    below = reference is not None and reference.value[:1] in BELOW
    return round(-parts[0] if below else parts[0], 2)


def _texts(
    tags: pyvips.Image, names: Iterable[str], known: Mapping[str, str] = MappingProxyType({})
) -> list[tuple[str, JSON]]:
    texts = ((name, known[name] if name in known else displayed(_field(tags, name))) for name in names)
    return [(name.partition("-")[2], clean_line(text)) for name, text in texts]


def _field(tags: pyvips.Image, name: str) -> str:
    field = f"exif-{name}"
    try:
        return str(tags.get(field)) if has(tags, field) else ""
    except UnicodeDecodeError:
        return ""


def displayed(field: str) -> str:
    """What libexif displays for a field, or the number where libexif has no words for it."""
    match = FIELD.fullmatch(field)
    if not match:
        return field
    value = match["value"]
    if NOT_DECODED.match(value):
        return ""
    # Of a text, libvips writes the same twice: ``Acme (Acme``.
    half = len(value) // 2 - 1
    if value[:half] == value[half + 2 :]:
        return value[:half]
    number, _, words = value.partition(" (")
    return number if words.startswith("Internal error") else words
