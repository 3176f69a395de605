"""Small pictures of each format, made in code."""

import io
import struct
from collections.abc import Callable, Iterator
from typing import Any

RED, GREEN, BLUE, WHITE = (220, 30, 30), (30, 160, 30), (30, 30, 220), (250, 250, 250)


def corners(width: int = 320, height: int = 200) -> Any:
    """Red and green above, blue and white below, as a libvips image."""
    import pyvips

    def plain(colour: tuple[int, int, int]) -> Any:
        solid = pyvips.Image.black(width // 2, height // 2) + list(colour)
        return solid.cast("uchar").copy(interpretation="srgb")

    return pyvips.Image.arrayjoin([plain(colour) for colour in (RED, GREEN, BLUE, WHITE)], across=2)


def corners_in_pillow(width: int = 320, height: int = 200) -> Any:
    import PIL.Image

    return PIL.Image.frombytes("RGB", (width, height), bytes(corners(width, height).write_to_memory()))


def by_pillow(kind: str, picture: Any = None, **how: Any) -> bytes:
    target = io.BytesIO()
    (picture or corners_in_pillow()).save(target, kind, **how)
    return target.getvalue()


def jpeg() -> bytes:
    """With EXIF: make and orientation."""
    import pyvips

    picture = corners().rot270()
    picture.set_type(pyvips.GValue.gstr_type, "exif-ifd0-Make", "Acme")
    picture.set_type(pyvips.GValue.gint_type, "orientation", 6)
    return bytes(picture.jpegsave_buffer(Q=95))


def film(save: str, frames: int = 3, **how: Any) -> bytes:
    import pyvips

    upright = corners(60, 40).copy_memory()
    turned = upright.rot180().copy_memory()
    pictures = [upright if number % 2 else turned for number in range(frames)]
    strip = pyvips.Image.arrayjoin(pictures, across=1).copy()
    strip.set_type(pyvips.GValue.gint_type, "page-height", 40)
    strip.set_type(pyvips.GValue.array_int_type, "delay", [100] * frames)
    strip.set_type(pyvips.GValue.gint_type, "loop", 0)
    return bytes(getattr(strip, save)(**how))


def svg() -> bytes:
    return b'<svg xmlns="http://www.w3.org/2000/svg" width="90" height="60"><circle cx="45" cy="30" r="20"/></svg>'


def heic(**how: Any) -> bytes:
    import pillow_heif

    target = io.BytesIO()
    pillow_heif.from_pillow(corners_in_pillow()).save(target, quality=90, **how)
    return target.getvalue()


def jxl(**how: Any) -> bytes:
    import pillow_jxl  # noqa: F401 - registers itself with Pillow

    return by_pillow("JXL", **how)


def psd(depth: int = 8, mode: int = 3, preview: bytes = b"", resources: bytes = b"") -> bytes:
    """A merged picture of three channels. ``preview``, a JPEG, is added as a resource."""
    width, height = 320, 200
    pixels = bytes(corners(width, height).write_to_memory())
    planes = b"".join(pixels[band::3] for band in range(3))
    if depth == 16:
        planes = b"".join(bytes([level, level]) for level in planes)
    if preview:
        resources += resource(
            1036, struct.pack(">IIIIIIHH", 1, width, height, width * 3, 0, len(preview), 24, 1) + preview
        )
    head = struct.pack(">4sH6xHIIHH", b"8BPS", 1, 3, height, width, depth, mode)
    return head + bytes(4) + struct.pack(">I", len(resources)) + resources + bytes(4) + bytes(2) + planes


def resource(number: int, content: bytes) -> bytes:
    return b"8BIM" + struct.pack(">HHI", number, 0, len(content)) + content + bytes(len(content) % 2)


def tiff(directories: list[list[tuple[int, int, list[int] | bytes]]], head: int = 42, tail: bytes = b"") -> bytes:
    """A little-endian TIFF of entries (tag, type, values); an entry of type 13 holds the number of a directory of the
    list, which then is not chained, and one of type 0 an offset into ``tail``."""
    below = {entry[2][0] for entries in directories for entry in entries if entry[1] == 13}
    sizes = [
        2 + 12 * len(entries) + 4 + sum(_outside(kind, values) for _, kind, values in entries)
        for entries in directories
    ]
    starts = [8 + sum(sizes[:number]) for number in range(len(directories))]
    end = 8 + sum(sizes)
    out = bytearray(struct.pack("<2sHI", b"II", head, 8))
    for number, entries in enumerate(directories):
        after = starts[number] + 2 + 12 * len(entries) + 4
        lines, values = bytearray(), bytearray()
        for tag, kind, value in sorted(entries, key=lambda entry: entry[0]):
            packed, count, written = _packed_value(kind, value, starts, end)
            if len(packed) > 4:
                lines += struct.pack("<HHII", tag, written, count, after + len(values))
                values += packed + bytes(len(packed) % 2)
            else:
                lines += struct.pack("<HHI", tag, written, count) + packed.ljust(4, b"\0")
        following = starts[number + 1] if number + 1 < len(directories) and number + 1 not in below else 0
        out += (
            struct.pack("<H", len(entries))
            + lines
            + struct.pack("<I", following if number not in below else 0)
            + values
        )
    return bytes(out) + tail


FORMS = {1: "B", 2: "s", 3: "H", 4: "I", 5: "II", 7: "B", 10: "ii", 13: "I", 0: "I"}


def _outside(kind: int, values: list[int] | bytes) -> int:
    size = len(values) if isinstance(values, bytes) else struct.calcsize("<" + FORMS[kind][0]) * len(values)
    return size + size % 2 if size > 4 else 0


def _packed_value(kind: int, value: list[int] | bytes, starts: list[int], end: int) -> tuple[bytes, int, int]:
    if isinstance(value, bytes):
        return value, len(value), kind
    if kind == 13:
        value, kind = [starts[number] for number in value], 4
    if kind == 0:
        value, kind = [end + offset for offset in value], 4
    packed = struct.pack(f"<{len(value)}{FORMS[kind][0]}", *value)
    return packed, len(value) // len(FORMS[kind]), kind


def dng(width: int = 320, height: int = 200, preview: bytes = b"", orientation: int = 1) -> bytes:
    """A camera's raw file: a mosaic of 16 bits in a TIFF, with EXIF and GPS, and with the JPEG ``preview`` if given."""
    mosaic = bytearray()
    picture = bytes(corners(width, height).write_to_memory())
    for y in range(height):
        for x in range(width):
            band = (0, 1, 1, 2)[(y % 2) * 2 + x % 2]
            mosaic += struct.pack("<H", picture[(y * width + x) * 3 + band] ** 2)
    matrix = [3240, 1000, -1537, 1000, -498, 1000, -969, 1000, 1876, 1000, 41, 1000, 55, 1000, -204, 1000, 1057, 1000]
    first: list[tuple[int, int, list[int] | bytes]] = [
        (254, 4, [0]),
        (256, 4, [width]),
        (257, 4, [height]),
        (258, 3, [16]),
        (259, 3, [1]),
        (262, 3, [32803]),
        (271, 2, b"Acme\0"),
        (272, 2, b"Model One\0"),
        (273, 0, [len(preview)]),
        (274, 3, [orientation]),
        (277, 3, [1]),
        (278, 4, [height]),
        (279, 4, [len(mosaic)]),
        (33421, 3, [2, 2]),
        (33422, 1, bytes([0, 1, 1, 2])),
        (34665, 13, [1]),
        (34853, 13, [2]),
        (50706, 1, bytes([1, 4, 0, 0])),
        (50708, 2, b"Acme Model One\0"),
        (50714, 3, [0]),
        (50717, 4, [65535]),
        (50721, 10, matrix),
        (50728, 5, [1, 1, 1, 1, 1, 1]),
        (50778, 3, [21]),
    ]
    exif: list[tuple[int, int, list[int] | bytes]] = [(33434, 5, [1, 125]), (33437, 5, [28, 5]), (34855, 3, [400])]
    gps: list[tuple[int, int, list[int] | bytes]] = [
        (1, 2, b"N\0"),
        (2, 5, [48, 1, 30, 1, 15, 1]),
        (3, 2, b"W\0"),
        (4, 5, [2, 1, 21, 1, 0, 1]),
    ]
    if not preview:
        return tiff([first, exif, gps], tail=bytes(mosaic))
    small: list[tuple[int, int, list[int] | bytes]] = [
        (254, 4, [1]),
        (256, 4, [width]),
        (257, 4, [height]),
        (258, 3, [8, 8, 8]),
        (259, 3, [7]),
        (262, 3, [6]),
        (273, 0, [0]),
        (277, 3, [3]),
        (278, 4, [height]),
        (279, 4, [len(preview)]),
    ]
    return tiff([[*first, (330, 13, [3])], exif, gps, small], tail=preview + bytes(mosaic))


def simple(save: str, **how: Any) -> Callable[[], bytes]:
    return lambda: bytes(getattr(corners(), save)(**how))


MAKERS: dict[str, Callable[[], bytes]] = {
    "image/jpeg": jpeg,
    "image/png": simple("pngsave_buffer"),
    "image/webp": lambda: film("webpsave_buffer"),
    "image/gif": lambda: film("gifsave_buffer"),
    "image/tiff": simple("tiffsave_buffer", compression="deflate"),
    "image/avif": simple("heifsave_buffer", compression="av1", effort=0),
    "image/heic": heic,
    "image/jxl": jxl,
    "image/svg+xml": svg,
    "image/bmp": lambda: by_pillow("BMP"),
    "image/vnd.microsoft.icon": lambda: by_pillow("ICO", sizes=[(16, 16), (64, 40)]),
    "image/vnd.adobe.photoshop": psd,
    "image/x-adobe-dng": dng,
}


def samples() -> Iterator[tuple[str, bytes]]:
    for media_type, make in MAKERS.items():
        yield media_type, make()
