"""Small files of the formats that Pillow's plugins read: `corners` in 64 by 48 pixels, made in code."""

import struct
from collections.abc import Callable
from typing import Any, NamedTuple

from tests.contract.samples.image import by_pillow, corners_in_pillow

WIDTH, HEIGHT = 64, 48


class Sample(NamedTuple):
    name: str
    file_name: str
    media_type: str
    make: Callable[[], bytes]
    format: str
    """As in the facts."""
    gaps: str = ""


def picture(mode: str = "RGB") -> Any:
    return corners_in_pillow(WIDTH, HEIGHT).convert(mode)


def by_plugin(kind: str, mode: str = "RGB", **how: Any) -> Callable[[], bytes]:
    return lambda: by_pillow(kind, picture(mode), **how)


def dcx() -> bytes:
    """Two pages."""
    page = by_pillow("PCX", picture())
    return struct.pack("<4I", 0x3ADE68B1, 16, 16 + len(page), 0) + page + page


def xpm() -> bytes:
    above, below = (f'"{left * 32}{right * 32}",\n' for left, right in ("rg", "bw"))
    colours = '"r c #dc1e1e",\n"g c #1ea01e",\n"b c #1e1edc",\n"w c #fafafa",\n'
    rows = above * 24 + below * 24
    return f'/* XPM */\nstatic char *a[] = {{\n"64 48 4 1",\n{colours}{rows}}};\n'.encode()


def sun() -> bytes:
    pixels = bytes(picture().tobytes("raw", "BGR"))
    return struct.pack(">8I", 0x59A66A95, WIDTH, HEIGHT, 24, len(pixels), 1, 0, 0) + pixels


def cur() -> bytes:
    """One cursor of 24 bits with its mask."""
    pixels = bytes(picture().tobytes("raw", "BGR", 0, -1))
    mask = bytes(WIDTH // 8 * HEIGHT)
    dib = struct.pack("<IiiHHIIiiII", 40, WIDTH, HEIGHT * 2, 1, 24, 0, 0, 0, 0, 0, 0) + pixels + mask
    return struct.pack("<3H4B2H2I", 0, 2, 1, WIDTH, HEIGHT, 0, 0, 0, 0, len(dib), 22) + dib


def icns() -> bytes:
    """A picture of 128 by 128 pixels, and one of 32."""
    pictures = (by_pillow("PNG", corners_in_pillow(side, side)) for side in (128, 32))
    blocks = b"".join(
        code + struct.pack(">I", 8 + len(png)) + png for code, png in zip((b"ic07", b"icp5"), pictures, strict=True)
    )
    return b"icns" + struct.pack(">I", 8 + len(blocks)) + blocks


def fits(bits: int = 16, pixels: bytes = b"") -> bytes:
    """Levels from -32,000 below to 15,000 above, as unsigned samples are stored."""
    cards = {"SIMPLE": "T", "BITPIX": bits, "NAXIS": 2, "NAXIS1": WIDTH, "NAXIS2": HEIGHT, "BZERO": 32768}
    head = "".join(f"{key:8}= {value:>20}".ljust(80) for key, value in cards.items()) + "END"
    levels = pixels or b"".join(struct.pack(">h", -32_000 + row * 1_000) * WIDTH for row in range(HEIGHT))
    return head.ljust(2880).encode() + levels.ljust(-(-len(levels) // 2880) * 2880, b"\0")


SAMPLES: tuple[Sample, ...] = (
    Sample("PBM", "a.pbm", "image/x-portable-bitmap", by_plugin("PPM", "1"), "ppm"),
    Sample("PGM", "a.pgm", "image/x-portable-graymap", by_plugin("PPM", "L"), "ppm"),
    Sample(
        "PPM",
        "a.ppm",
        "image/x-portable-pixmap",
        by_plugin("PPM"),
        "ppm",
        "Of several pictures in one file, the first one is read. PAM is not read.",
    ),
    Sample(
        "PFM, grey",
        "a.pfm",
        "image/x-portable-floatmap",
        by_plugin("PPM", "F"),
        "ppm",
        "PFM in colour fails with `unsupported-format`.",
    ),
    Sample("PCX", "a.pcx", "image/vnd.zbrush.pcx", by_plugin("PCX"), "pcx", "CGA's two bits a pixel are not read."),
    Sample("DCX (a fax of PCX pages)", "a.dcx", "image/vnd.zbrush.dcx", dcx, "dcx", "The first page is shown."),
    Sample("TGA", "a.tga", "image/x-tga", by_plugin("TGA"), "tga"),
    Sample("SGI", "a.sgi", "image/x-sgi", by_plugin("SGI"), "sgi", "16 bits are shown with 8."),
    Sample("XBM", "a.xbm", "image/x-xbitmap", by_plugin("XBM", "1"), "xbm"),
    Sample("XPM", "a.xpm", "image/x-xpixmap", xpm, "xpm", "Colours by name, and XPM2, fail with `unsupported-format`."),
    Sample("Sun raster", "a.ras", "image/x-sun-raster", sun, "sun"),
    Sample(
        "DDS",
        "a.dds",
        "image/x-dds",
        by_plugin("DDS"),
        "dds",
        "The first surface is shown. Pixel formats that Pillow does not know fail with `unsupported-format`.",
    ),
    Sample(
        "Icons of macOS (ICNS)",
        "a.icns",
        "image/icns",
        icns,
        "icns",
        "The largest picture is shown; `pages` is their number.",
    ),
    Sample(
        "Cursor (CUR)",
        "a.cur",
        "image/x-win-bitmap",
        cur,
        "cur",
        "The largest picture is shown.",
    ),
    Sample("QOI", "a.qoi", "image/x-qoi", by_plugin("QOI"), "qoi"),
    Sample(
        "FITS",
        "a.fits",
        "image/fits",
        fits,
        "fits",
        "The first picture is shown in grey, with the whole range of its levels. Of the compressions, only GZIP_1 is "
        "read.",
    ),
)
