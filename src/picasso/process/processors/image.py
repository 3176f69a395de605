"""What a picture is, and two small WebP pictures of it, through libvips."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, cast

from picasso.process.contract import JSON, Derivative, ProcessorError, Result, Source

if TYPE_CHECKING:
    import pyvips

# Interlaced PNG, progressive JPEG and WebP are held whole while they are decoded, at up to 9 bytes a pixel: 576 MB, so
# that a child with one gibibyte is left room. The header is asked, for once there are pixels it is too late.
MAX_PIXELS = 64_000_000

# AVIF takes up to 24 bytes a pixel (12 bits, 4:4:4, alpha), so it is allowed half as many.
PIXEL_WEIGHT = {"avif": 2}

# All that libvips may open, with the type each is for; raw pixels, CSV, matrices and whatever else a libvips may have
# stay shut. It calls its SVG loader untrusted, because librsvg was never fuzzed with it. Allowed none the less: librsvg
# is memory-safe Rust with limits of its own, gets no address (see `_open`), and runs in a child without credentials.
LOADERS = {
    "VipsForeignLoadJpeg": "image/jpeg",
    "VipsForeignLoadPng": "image/png",
    "VipsForeignLoadWebp": "image/webp",
    "VipsForeignLoadNsgif": "image/gif",
    "VipsForeignLoadTiff": "image/tiff",
    "VipsForeignLoadHeif": "image/avif",
    "VipsForeignLoadJxl": "image/jxl",
    "VipsForeignLoadSvg": "image/svg+xml",
}

# A viewer shows a picture that was cut short with its lower part grey; here it is refused, because a neat thumbnail
# would hide the loss until the original is needed. Warnings pass: many cameras write JPEGs that libjpeg grumbles at.
# It is said in this string because thumbnail_source ignores its own fail_on (libvips issue 5195).
STRICT = "[fail_on=error]"

# Effort 2 costs half the time of libvips' default 4, for files that are 4 % larger.
WEBP = {"Q": 80, "effort": 2, "keep": "none"}

# Asked for by name, because a list of all fields quotes the file, and pyvips dies of what isn't UTF-8 in it.
EXIF = (
    "ifd0-ImageDescription ifd0-Make ifd0-Model ifd0-Software ifd0-DateTime ifd0-Artist ifd0-Copyright "
    "ifd2-DateTimeOriginal ifd2-OffsetTimeOriginal ifd2-ExposureTime ifd2-FNumber ifd2-ISOSpeedRatings "
    "ifd2-ExposureProgram ifd2-ExposureBiasValue ifd2-MeteringMode ifd2-Flash ifd2-WhiteBalance ifd2-FocalLength "
    "ifd2-FocalLengthIn35mmFilm ifd2-LensMake ifd2-LensModel ifd2-UserComment"
)
GPS = (
    "ifd3-GPSLatitudeRef ifd3-GPSLatitude ifd3-GPSLongitudeRef ifd3-GPSLongitude ifd3-GPSAltitudeRef ifd3-GPSAltitude "
    "ifd3-GPSDateStamp ifd3-GPSTimeStamp ifd3-GPSImgDirection"
)
EXIF_VALUE = re.compile(r"(?P<twice>.*), \w+, \d+ components, \d+ bytes\)", re.DOTALL)
EXIF_LENGTH = 300

# As collected by running each decoder into RLIMIT_AS, step by step. A security limit of libheif is about the file.
OUT_OF_MEMORY = re.compile(
    r"out of memory|insufficient memory|memory allocation error(?!: security limit)|cannot allocate|creating thread",
    re.IGNORECASE,
)
UNSUPPORTED = re.compile(r"not been built in|unsupported", re.IGNORECASE)
UNKNOWN = "not in a known format"


class Image:
    name: ClassVar[str] = "image"
    media_types: ClassVar[tuple[str, ...]] = ("image/*",)
    queue: ClassVar[str] = "quick"

    @staticmethod
    def prepare() -> None:
        import pyvips

        pyvips.cache_set_max(0)  # a child sees each picture once: what is remembered is memory lost
        pyvips.concurrency_set(1)  # pictures run side by side already: a second thread only takes from the neighbour
        pyvips.operation_block_set("VipsForeignLoad", True)
        for loader in LOADERS:
            pyvips.operation_block_set(loader, False)

    def __call__(self, source: Source, folder: Path) -> Result:
        """Facts and thumbnails of the first frame or page."""
        self.prepare()
        with source.path.open("rb") as file, _verdicts(source):
            header = _header(file.fileno())
            _bound(header, cast("int", source.options.get("max_pixels", MAX_PIXELS)))
            large = _shrink_on_load(file.fileno(), 1024)
            small = _shrink(large, 256)
            thumbnails = (_save(small, "thumbnail-256", folder), _save(large, "thumbnail-1024", folder))
            return Result(_facts(header) | {"dominant_colour": _dominant_colour(small)}, thumbnails)


def _open(descriptor: int) -> pyvips.Source:
    """As a stream without an address: given a path, librsvg would draw what an SVG names in its folder."""
    import pyvips

    return pyvips.Source.new_from_descriptor(descriptor)


def _header(descriptor: int) -> pyvips.Image:
    """The picture undecoded: what is read of it is paid for when it is asked for."""
    import pyvips

    return pyvips.Image.new_from_source(_open(descriptor), "")


def _bound(header: pyvips.Image, limit: int) -> None:
    if header.width * header.height * PIXEL_WEIGHT.get(_format(header), 1) > limit:
        raise ProcessorError("too-many-pixels", "This picture has more pixels than can be processed.")


def _shrink_on_load(descriptor: int, size: int) -> pyvips.Image:
    """Decoded here, and nowhere else; turned upright."""
    import pyvips

    picture = pyvips.Image.thumbnail_source(_open(descriptor), size, height=size, size="down", option_string=STRICT)
    for step in STEPS:
        picture = step(picture)
    return picture.copy_memory()


def _shrink(picture: pyvips.Image, size: int) -> pyvips.Image:
    return picture.thumbnail_image(size, height=size, size="down").copy_memory()


def _apply_profile(picture: pyvips.Image) -> pyvips.Image:
    """Done on what is left after shrinking: on a full 12 megapixels it takes 100 ms more."""
    return picture.icc_transform("srgb", embedded=True) if _has(picture, "icc-profile-data") else picture


def _to_srgb(picture: pyvips.Image) -> pyvips.Image:
    return picture.colourspace("srgb").cast("uchar")


def _drop_extra_channels(picture: pyvips.Image) -> pyvips.Image:
    return picture if picture.bands <= 4 else picture.extract_band(0, n=3)


STEPS = (_apply_profile, _to_srgb, _drop_extra_channels)


def _save(picture: pyvips.Image, role: str, folder: Path) -> Derivative:
    """Through memory, so that a full disk is an OSError and no fault of the picture's."""
    (folder / f"{role}.webp").write_bytes(picture.webpsave_buffer(**WEBP))
    return Derivative(role, f"{role}.webp", "image/webp", picture.width, picture.height)


def _facts(header: pyvips.Image) -> dict[str, JSON]:
    orientation = header.get("orientation") if _has(header, "orientation") else None
    on_its_side = orientation in {5, 6, 7, 8}
    return {
        "format": _format(header),
        "width": header.height if on_its_side else header.width,
        "height": header.width if on_its_side else header.height,
        "pages": header.get_n_pages(),
        "colour_space": header.interpretation,
        "has_alpha": bool(header.hasalpha()),
        "orientation": orientation,
        "exif": _tags(header, EXIF) | _gps(header),
    }


def _format(header: pyvips.Image) -> str:
    loader = header.get("vips-loader").removesuffix("load_source")
    if loader == "heif":
        return {"av1": "avif", "hevc": "heic"}.get(header.get("heif-compression"), "heif")
    return str(loader)


def _has(picture: pyvips.Image, field: str) -> bool:
    return bool(picture.get_typeof(field))


def _gps(header: pyvips.Image) -> dict[str, JSON]:
    tags = _tags(header, GPS)
    return {"gps": tags} if tags else {}


def _tags(header: pyvips.Image, wanted: str) -> dict[str, JSON]:
    texts = ((tag.partition("-")[2], _tag(header, f"exif-{tag}")) for tag in wanted.split())
    return {name: text for name, text in texts if text}


def _tag(header: pyvips.Image, field: str) -> str:
    try:
        value = header.get(field) if _has(header, field) else ""
    except UnicodeDecodeError:
        return ""
    return "".join(letter if letter.isprintable() else " " for letter in _readable(value)[:EXIF_LENGTH]).strip()


def _readable(value: str) -> str:
    """The words of libvips' ``28/5 (f/5.6, Rational, 1 components, 8 bytes)``, or the number where libexif has none."""
    match = EXIF_VALUE.fullmatch(value)
    if not match:
        return value
    twice = match["twice"]
    half = len(twice) // 2 - 1
    if twice[:half] == twice[half + 2 :]:
        return twice[:half]
    number, _, words = twice.partition(" (")
    return number if words.startswith("Internal error") else words


def _dominant_colour(picture: pyvips.Image) -> str | None:
    """The mean within the fullest of 4,096 boxes of colour; None where nothing is opaque."""
    pixels = _opaque_pixels(_shrink(picture, 64))
    boxes = Counter(map(_box, pixels))
    if not boxes:
        return None
    fullest, count = boxes.most_common(1)[0]
    sums = map(sum, zip(*(pixel for pixel in pixels if _box(pixel) == fullest), strict=True))
    return "#" + "".join(f"{round(total / count):02x}" for total in sums)


def _box(pixel: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(level >> 4 for level in pixel)


def _opaque_pixels(picture: pyvips.Image) -> list[tuple[int, ...]]:
    data: Any = bytes(picture.write_to_memory())
    pixels = zip(*(data[band :: picture.bands] for band in range(picture.bands)), strict=True)
    return [pixel[:3] for pixel in pixels if len(pixel) == 3 or pixel[3] > 127]


@contextmanager
def _verdicts(source: Source) -> Iterator[None]:
    """Tell the faults of the file from those of the machine."""
    import pyvips

    try:
        yield
    except pyvips.Error as error:
        raise _verdict(str(error), source.media_type) from error
    except UnicodeDecodeError as error:  # pyvips, of a message that quotes the file
        raise _verdict("", source.media_type) from error


def _verdict(message: str, media_type: str) -> Exception:
    if OUT_OF_MEMORY.search(message):
        return MemoryError(message)
    # What is cut short may be past recognition: a TIFF has its directory at the end.
    unknown = UNKNOWN in message and media_type not in LOADERS.values()
    if unknown or UNSUPPORTED.search(message):
        return ProcessorError("unsupported-format", "Pictures of this format can't be read.")
    return ProcessorError("corrupt", "This picture is damaged or incomplete.")
