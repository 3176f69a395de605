"""Pictures with wrong headers, without an end, truncated, or that refer to other files."""

import struct
import zlib
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from tests.contract.samples.image import MAKERS, by_pillow, corners, dng, film, heic, jpeg, jxl, psd, resource, tiff
from tests.hostile import Content

EIGHTHS = 8
FLIPS = 6

Files = Iterator[tuple[str, str, Content]]


def files() -> Files:
    """Name, media type and content of each file."""
    for each in (cut_short, flipped, lying, bombs, endless, documents, directories, metadata):
        yield from each()


def cut_short() -> Files:
    for media_type, make in MAKERS.items():
        whole = make()
        for part in range(EIGHTHS):
            name = f"{media_type.partition('/')[2]}-{part}-eighths"
            yield name, media_type, whole[: len(whole) * part // EIGHTHS]


def flipped() -> Files:
    """With a few bits flipped, at fixed places; every other one near the beginning, where headers are."""
    for media_type, make in MAKERS.items():
        whole = make()
        for number in range(FLIPS):
            content = bytearray(whole)
            for turn in range(4):
                place = (number * 7919 + turn * 104_729) % (len(whole) if number % 2 else min(200, len(whole)))
                content[place] ^= 1 << (number + turn) % 8
            yield f"{media_type.partition('/')[2]}-flipped-{number}", media_type, bytes(content)


# Sizes that lie


def lying() -> Files:
    yield "png-of-65535-squared", "image/png", png_of(65_535, 65_535)
    yield "png-of-63-megapixels-in-few-bytes", "image/png", png_of(7_900, 7_900)
    yield "gif-of-65535-squared", "image/gif", sized(film("gifsave_buffer"), b"\x3c\0\x28\0", b"\xff\xff\xff\xff")
    yield "jpeg-of-65500-squared", "image/jpeg", sized(jpeg(), bytes([1, 64, 0, 200]), b"\xff\xdc\xff\xdc")
    yield "webp-of-16384-squared", "image/webp", webp_of(16_383, 16_383)
    yield "avif-of-4-gigapixels", "image/avif", sized(MAKERS["image/avif"](), ISPE, struct.pack(">II", 65_535, 65_535))
    yield "avif-of-8000-by-4000", "image/avif", sized(MAKERS["image/avif"](), ISPE, struct.pack(">II", 8_000, 4_000))
    yield "heic-of-4-gigapixels", "image/heic", sized(heic(), ISPE, struct.pack(">II", 65_535, 65_535))
    yield "bmp-of-4-gigapixels", "image/bmp", sized(MAKERS["image/bmp"](), BMP, struct.pack("<II", 65_535, 65_535))
    yield "bmp-of-63-megapixels", "image/bmp", sized(MAKERS["image/bmp"](), BMP, struct.pack("<II", 7_900, 7_900))
    yield "bmp-upside-down", "image/bmp", sized(MAKERS["image/bmp"](), BMP, struct.pack("<ii", 320, -(2**31)))
    yield "psd-of-900-megapixels", "image/vnd.adobe.photoshop", sized(psd(), PSD, struct.pack(">II", 30_000, 30_000))
    yield "psd-of-63-megapixels", "image/vnd.adobe.photoshop", sized(psd(), PSD, struct.pack(">II", 7_900, 7_900))
    yield "jxl-of-a-gigapixel", "image/jxl", b"\xff\x0a" + jxl_size(2**30, 1) + bytes(100)
    yield "jxl-of-20-megapixels-in-few-bytes", "image/jxl", b"\xff\x0a" + jxl_size(4_500, 4_500) + jxl()[12:]
    yield "dng-of-4-gigapixels", "image/tiff", sized(dng(), DNG, struct.pack("<HHIIHHII", *dng_size(65_535, 65_535)))
    yield "dng-of-63-megapixels", "image/tiff", sized(dng(), DNG, struct.pack("<HHIIHHII", *dng_size(7_900, 7_900)))
    yield "tiff-of-4-gigapixels", "image/tiff", tiff([bare_page(65_535, 65_535)])
    yield "tiff-of-63-megapixels-in-no-bytes", "image/tiff", tiff([bare_page(7_900, 7_900)])
    yield "ico-of-a-png-of-65535-squared", "image/vnd.microsoft.icon", ico_of(png_of(65_535, 65_535))
    yield "ico-of-a-bmp-of-4-gigapixels", "image/vnd.microsoft.icon", ico_of(dib_of(65_535, 65_535))
    yield "ico-of-itself", "image/vnd.microsoft.icon", ico_of(b"\0\0\1\0\1\0" * 40)
    yield (
        "ico-of-65535-pictures",
        "image/vnd.microsoft.icon",
        b"\0\0\1\0\xff\xff" + b"\x10\x10\0\0\1\0 \0\x40\0\0\0" * 90_000,
    )
    yield "svg-of-a-terapixel", "image/svg+xml", svg("", 'width="1000000" height="1000000"')
    yield "svg-without-an-end-to-its-width", "image/svg+xml", svg("", 'width="1e308" height="1e308"')
    yield "svg-of-nothing", "image/svg+xml", svg("", 'width="0" height="-3"')


ISPE, BMP, PSD = struct.pack(">II", 320, 200), struct.pack("<II", 320, 200), struct.pack(">II", 200, 320)


def dng_size(width: int, height: int) -> tuple[int, ...]:
    return (256, 4, 1, width, 257, 4, 1, height)


DNG = struct.pack("<HHIIHHII", *dng_size(320, 200))


def sized(content: bytes, old: bytes, new: bytes) -> bytes:
    if old not in content:
        raise LookupError("the size is not where it was expected")
    return content.replace(old, new)


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_of(width: int, height: int, before: bytes = b"", data: bytes = b"\0" * 1000) -> bytes:
    """Grey, 8 bits, with the pixels of ``data``, whatever size its header has."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    body = chunk(b"IDAT", zlib.compress(data, 9)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + head + before + body


def webp_of(width: int, height: int) -> bytes:
    """Lossless; the size is in the first 28 bits after the signature."""
    code = b"\x2f" + struct.pack("<I", (width - 1) | (height - 1) << 14) + bytes(64)
    return b"RIFF" + struct.pack("<I", len(code) + 13) + b"WEBPVP8L" + struct.pack("<I", len(code)) + code + b"\0"


def jxl_size(width: int, height: int) -> bytes:
    """Two numbers of 30 bits, and no ratio."""
    bits, place = 0, 1
    for number in (height, width):
        bits |= 3 << place | (number - 1) << place + 2
        place += 32 + (3 if number == height and place == 1 else 0)
    return bits.to_bytes(12, "little")


def ico_of(content: bytes) -> bytes:
    return struct.pack("<HHHBBBBHHII", 0, 1, 1, 0, 0, 0, 0, 1, 32, len(content), 22) + content


def dib_of(width: int, height: int) -> bytes:
    return struct.pack("<IiiHHIIiiII", 40, width, height * 2, 1, 32, 0, 0, 0, 0, 0, 0) + bytes(400)


def bare_page(width: int, height: int, compression: int = 1, strip: tuple[int, int] = (8, 100)) -> list[Any]:
    return [
        (256, 4, [width]),
        (257, 4, [height]),
        (258, 3, [8]),
        (259, 3, [compression]),
        (262, 3, [1]),
        (273, 4, [strip[0]]),
        (277, 3, [1]),
        (278, 4, [height]),
        (279, 4, [strip[1]]),
    ]


# Much from little


def bombs() -> Files:
    yield "png-of-60-black-megapixels", "image/png", lambda: png_of(7_740, 7_740, data=bytes(7_741 * 7_740))
    yield (
        "tiff-of-60-black-megapixels",
        "image/tiff",
        lambda: solid(7_740, 7_740).tiffsave_buffer(compression="deflate"),
    )
    yield "tiff-of-one-strip", "image/tiff", lambda: one_strip(7_740, 7_740)
    yield (
        "webp-of-60-black-megapixels",
        "image/webp",
        lambda: solid(7_740, 7_740).webpsave_buffer(lossless=True, effort=0),
    )
    yield (
        "avif-of-30-black-megapixels",
        "image/avif",
        lambda: solid(5_470, 5_470).heifsave_buffer(compression="av1", effort=0),
    )
    yield "gif-of-60-black-megapixels", "image/gif", lambda: black_gif(7_740)
    yield "jpeg-of-60-black-megapixels", "image/jpeg", lambda: solid(7_740, 7_740).jpegsave_buffer()
    yield "jxl-of-10-black-megapixels", "image/jxl", lambda: black_jxl(3_200)
    yield "heic-of-3-black-megapixels", "image/heic", lambda: black_heic(1_800)
    yield "jpeg-of-many-scans", "image/jpeg", lambda: many_scans(4_000, 400)


def solid(width: int, height: int) -> Any:
    import pyvips

    return pyvips.Image.black(width, height, bands=3).copy(interpretation="srgb")


def one_strip(width: int, height: int) -> bytes:
    packed = zlib.compress(bytes(width * height), 9)
    page = bare_page(width, height, compression=8, strip=(0, len(packed)))
    page[5] = (273, 0, [0])
    return tiff([page], tail=packed)


def black_gif(side: int) -> bytes:
    import PIL.Image

    return by_pillow("GIF", PIL.Image.new("L", (side, side)))


def black_jxl(side: int) -> bytes:
    import PIL.Image
    import pillow_jxl  # noqa: F401 - registers itself with Pillow

    return by_pillow("JXL", PIL.Image.new("RGB", (side, side)), effort=1)


def black_heic(side: int) -> bytes:
    import io

    import PIL.Image
    import pillow_heif

    target = io.BytesIO()
    pillow_heif.from_pillow(PIL.Image.new("RGB", (side, side))).save(target, quality=10)
    return target.getvalue()


def many_scans(side: int, times: int) -> bytes:
    """A progressive JPEG that repeats its last scan, which goes over the whole picture each time."""
    whole = bytes(solid(side, side).jpegsave_buffer(interlace=True))
    last = whole[whole.rindex(b"\xff\xda") : -2]
    return whole[:-2] + last * min(times, 1_900_000 // len(last)) + whole[-2:]


# Without an end


def endless() -> Files:
    yield "gif-of-100000-frames", "image/gif", gif_of(100_000, struct.pack("<HH", 900, 900))
    yield "gif-of-large-frames", "image/gif", gif_of(9_000, struct.pack("<HH", 2_000, 2_000))
    yield "gif-without-an-end", "image/gif", gif_of(5_000, struct.pack("<HH", 4, 4))[:-1]
    yield "gif-of-comments", "image/gif", gif_of(1, b"\4\0\4\0")[:-1] + b"\x21\xfe\xff" + b"\xff" * 1_000_000
    yield "webp-of-many-frames", "image/webp", lambda: film("webpsave_buffer", frames=1_000, effort=0)
    yield "tiff-of-50000-pages", "image/tiff", tiff_of_pages(50_000)


def gif_of(frames: int, screen: bytes) -> bytes:
    """Frames of one pixel on a screen of width and height ``size``."""
    palette = b"\0\0\0\xff\xff\xff"
    frame = b"\x2c" + bytes(4) + b"\1\0\1\0\0" + b"\2\2\x44\1\0"
    return b"GIF89a" + screen + b"\x80\0\0" + palette + frame * frames + b"\x3b"


def tiff_of_pages(number: int) -> bytes:
    """Many directories of one pixel each, one after the other."""
    out = bytearray(struct.pack("<2sHI", b"II", 42, 8))
    for page in range(number):
        following = 8 + (page + 1) * 30 if page + 1 < number else 0
        out += struct.pack("<HHHIIHHIII", 2, 256, 4, 1, 1, 257, 4, 1, 1, following)
    return bytes(out)


# Documents that ask for more


def documents() -> Files:
    """SVG."""
    reach = 'width="50" height="50"'
    yield "svg-with-a-file", "image/svg+xml", svg(f'<image {reach} href="file:///etc/passwd"/>')
    yield "svg-with-a-picture-of-the-web", "image/svg+xml", svg(f'<image {reach} href="http://127.0.0.1:9/a.png"/>')
    yield "svg-with-xlink", "image/svg+xml", svg(f'<image xmlns:x="{XLINK}" {reach} x:href="/etc/passwd"/>')
    yield (
        "svg-with-xinclude",
        "image/svg+xml",
        svg(f'<i:include xmlns:i="{XINCLUDE}" href="/etc/passwd" parse="text"/>'),
    )
    yield "svg-with-a-style-sheet", "image/svg+xml", svg('<style>@import url("http://127.0.0.1:9/a.css");</style>')
    yield "svg-with-a-script", "image/svg+xml", svg('<script href="http://127.0.0.1:9/a.js"/>')
    yield "svg-with-an-entity", "image/svg+xml", svg("<text>&a;</text>", prologue=ENTITY)
    yield (
        "svg-with-an-entity-of-the-web",
        "image/svg+xml",
        svg("&a;", prologue=ENTITY.replace("file:///etc/passwd", WEB)),
    )
    yield "svg-of-a-billion-laughs", "image/svg+xml", svg("<text>&j;</text>", prologue=laughs())
    yield "svg-of-nested-groups", "image/svg+xml", svg("<g>" * 100_000 + "</g>" * 100_000)
    yield "svg-of-nested-filters", "image/svg+xml", svg('<g filter="url(#f)">' * 200 + "<circle r='9'/>" + "</g>" * 200)
    yield "svg-of-nested-uses", "image/svg+xml", svg(uses())
    yield "svg-using-itself", "image/svg+xml", svg('<g id="a"><use href="#a"/><use href="#a"/></g>')
    yield "svg-of-patterns-of-patterns", "image/svg+xml", svg(patterns())
    yield "svg-of-a-wide-blur", "image/svg+xml", svg(filtered('<feGaussianBlur stdDeviation="9999"/>'), LARGE)
    yield "svg-of-turbulence", "image/svg+xml", svg(filtered('<feTurbulence numOctaves="9999"/>' * 20), LARGE)
    yield "svg-of-morphology", "image/svg+xml", svg(filtered('<feMorphology radius="9999"/>' * 20), LARGE)
    yield "svg-of-convolution", "image/svg+xml", svg(filtered(CONVOLUTION * 5), LARGE)
    yield "svg-of-lights", "image/svg+xml", svg(filtered(LIGHT * 50), LARGE)
    yield "svg-of-many-shapes", "image/svg+xml", svg('<circle r="2000"/>' * 60_000, LARGE)
    yield "svg-of-a-long-path", "image/svg+xml", svg(f'<path d="M0 0{"L9 9Q1 2 3 4" * 90_000}"/>', LARGE)
    yield "svg-of-dashes", "image/svg+xml", svg(DASHES, LARGE)
    yield "svg-of-text", "image/svg+xml", svg(f"<text>{'fi ' * 300_000}</text>", LARGE)
    yield "svg-of-svgs", "image/svg+xml", svg('<svg width="9" height="9">' * 3_000 + "</svg>" * 3_000)


XLINK, XINCLUDE, WEB = "http://www.w3.org/1999/xlink", "http://www.w3.org/2001/XInclude", "http://127.0.0.1:9/a"
ENTITY = '<!DOCTYPE svg [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
LARGE = 'width="4000" height="4000"'
CONVOLUTION = f'<feConvolveMatrix order="50" kernelMatrix="{"1 " * 2500}"/>'
LIGHT = '<feDiffuseLighting surfaceScale="9"><fePointLight x="1" y="2" z="3"/></feDiffuseLighting>'
DASHES = '<path d="M0 0H1e6M0 9H1e7" stroke="red" stroke-dasharray="0.0001 0.0001"/>'


def svg(body: str, size: str = 'width="50" height="50"', prologue: str = "") -> bytes:
    return f'{prologue}<svg xmlns="http://www.w3.org/2000/svg" {size}>{FILTER}{body}</svg>'.encode()


FILTER = '<filter id="f"><feGaussianBlur stdDeviation="3"/></filter>'


def filtered(primitives: str) -> str:
    return f'<filter id="g">{primitives}</filter><rect width="4000" height="4000" filter="url(#g)"/>'


def laughs() -> str:
    entities = "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in pairwise("abcdefghij"))
    return f'<!DOCTYPE svg [<!ENTITY a "aaaaaaaaaa">{entities}]>'


def uses() -> str:
    """Each group uses the one before ten times: ten to the power of 20 circles."""
    groups = [f'<g id="g{number}">{f"""<use href="#g{number - 1}"/>""" * 10}</g>' for number in range(1, 21)]
    return '<defs><g id="g0"><circle r="9"/></g>' + "".join(groups) + '</defs><use href="#g20"/>'


def patterns() -> str:
    made = [
        f'<pattern id="p{number}" width="1" height="1" patternUnits="userSpaceOnUse">'
        f'<rect width="50" height="50" fill="url(#p{number - 1})"/></pattern>'
        for number in range(1, 12)
    ]
    return f'<defs>{"".join(made)}</defs><rect width="50" height="50" fill="url(#p11)"/>'


# Directories that lead astray


def directories() -> Files:
    page = bare_page(4, 4)
    yield "tiff-whose-page-is-its-own-next", "image/tiff", following(tiff([page]), 8)
    yield "tiff-whose-pages-go-round", "image/tiff", following(tiff([page, page]), 8)
    yield "tiff-whose-next-is-far-away", "image/tiff", following(tiff([page]), 0xFFFFFF00)
    yield "tiff-below-itself", "image/tiff", tiff([[*page, (271, 2, b"Acme\0"), (254, 4, [1]), (330, 13, [0])]])
    yield "tiff-with-exif-in-itself", "image/tiff", tiff([[*page, (34665, 13, [0]), (34853, 13, [0])]])
    yield "tiff-of-65535-entries", "image/tiff", struct.pack("<2sHIH", b"II", 42, 8, 65_535) + bytes(65_535 * 12)
    yield "tiff-with-a-value-of-4-gigabytes", "image/tiff", tiff([[*page, (271, 2, b"x" * 9)]]).replace(COUNTED, HUGE)
    yield "tiff-of-many-strips", "image/tiff", tiff([[*page[:5], (273, 4, [8] * 200_000), (279, 4, [1] * 200_000)]])
    yield "dng-below-itself", "image/tiff", tiff([[*page, (50706, 1, b"\1\4\0\0"), (330, 13, [0])]])
    yield "jpeg-whose-exif-points-at-itself", "image/jpeg", jpeg_with(b"Exif\0\0" + following(tiff([page]), 8))


COUNTED, HUGE = struct.pack("<HHI", 271, 2, 9), struct.pack("<HHI", 271, 2, 0xFFFFFFFF)


def following(content: bytes, offset: int) -> bytes:
    """A TIFF whose last directory continues at ``offset``."""
    return content[:-4] + struct.pack("<I", offset)


def jpeg_with(segment: bytes, kind: bytes = b"\xff\xe1") -> bytes:
    plain = bytes(corners().jpegsave_buffer(keep="none"))
    return plain[:2] + kind + struct.pack(">H", len(segment) + 2) + segment + plain[2:]


# Metadata that is larger than its picture


def metadata() -> Files:
    spaces = zlib.compress(b" " * 100_000_000, 9)
    yield "png-with-100-megabytes-of-text", "image/png", png_of(9, 9, chunk(b"zTXt", b"Comment\0\0" + spaces))
    yield "png-with-100-megabytes-of-profile", "image/png", png_of(9, 9, chunk(b"iCCP", b"p\0\0" + spaces))
    yield "png-with-100-megabytes-of-xmp", "image/png", png_of(9, 9, chunk(b"iTXt", XMP_KEY + spaces))
    yield "png-with-10000-texts", "image/png", png_of(9, 9, chunk(b"tEXt", b"Comment\0" + b"x" * 90) * 10_000)
    yield "jpeg-with-laughing-xmp", "image/jpeg", jpeg_with(XMP_HEAD + laughs().encode() + b"<svg>&j;</svg>")
    yield "jpeg-with-deep-xmp", "image/jpeg", jpeg_with(XMP_HEAD + b"<a>" * 15_000)
    yield (
        "jpeg-with-broken-iptc",
        "image/jpeg",
        jpeg_with(b"Photoshop 3.0\0" + resource(1028, b"\x1c\2\5\x7f\xff"), APP13),
    )
    yield "jpeg-with-10000-keywords", "image/jpeg", jpeg_with(b"Photoshop 3.0\0" + resource(1028, KEYWORDS), APP13)
    yield "psd-with-a-resource-of-4-gigabytes", "image/vnd.adobe.photoshop", psd(resources=ENDLESS_RESOURCE)
    yield "psd-with-a-preview-that-lies", "image/vnd.adobe.photoshop", psd(depth=16, preview=png_of(65_535, 65_535))
    yield "psd-within-a-psd", "image/vnd.adobe.photoshop", psd(depth=16, preview=psd())


XMP_KEY = b"XML:com.adobe.xmp\0\1\0\0\0"
XMP_HEAD = b"http://ns.adobe.com/xap/1.0/\0"
APP13 = b"\xff\xed"
KEYWORDS = b"\x1c\2\x19\0\1k" * 10_000
ENDLESS_RESOURCE = b"8BIM" + struct.pack(">HHI", 1028, 0, 0xFFFFFFFF) + b"\x1c\2"
