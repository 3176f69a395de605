"""Formats that Pillow's plugins read: facts, thumbnails, limits, and files that lead astray."""

import io
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import pyvips
from tests.contract.samples.image import BLUE, GREEN, RED, WHITE, by_pillow
from tests.detection.samples import all_samples
from tests.formats.image_plugins import HEIGHT, SAMPLES, WIDTH, Sample, cur, dcx, fits, picture, sun, xpm

from picasso.process.contract import JSON, ProcessorError, Result, Source
from picasso.process.processors.image import Image
from picasso.process.processors.image.limits import MAX_TEXT_BYTES
from picasso.process.processors.image.pillow_plugins import MAX_HEAD, LimitedHead

Run = Callable[..., Result]
BY_NAME = {each.file_name: each for each in SAMPLES}
GREY = {"a.pbm", "a.pgm", "a.pfm", "a.xbm", "a.fits"}

each_format = pytest.mark.parametrize("sample", SAMPLES, ids=lambda each: each.name)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def run(content: bytes, media_type: str, **options: JSON) -> Result:
        (tmp_path / "original").write_bytes(content)
        (tmp_path / "derived").mkdir(exist_ok=True)
        return Image()(Source(tmp_path / "original", media_type, options), tmp_path / "derived")

    return run


@pytest.fixture
def thumbnail(tmp_path: Path) -> Callable[[], Any]:
    return lambda: pyvips.Image.new_from_file(str(tmp_path / "derived" / "thumbnail-256.webp"))


def fails(code: str) -> Any:
    return pytest.raises(ProcessorError, match=f"^{code}:")


@each_format
def test_a_format_has_facts(run: Run, sample: Sample) -> None:
    facts = run(sample.make(), sample.media_type).facts
    size = (128, 128) if sample.format == "icns" else (WIDTH, HEIGHT)
    assert (facts["format"], facts["width"], facts["height"], facts["truncated"]) == (sample.format, *size, False)
    assert facts["colour_space"] in ({"b-w", "grey16"} if sample.file_name in GREY else {"srgb"})


@pytest.mark.parametrize("name", sorted(set(BY_NAME) - GREY))
def test_a_thumbnail_shows_the_picture(run: Run, thumbnail: Callable[[], Any], name: str) -> None:
    run(BY_NAME[name].make(), BY_NAME[name].media_type)
    shown = thumbnail()
    right, bottom = shown.width - 8, shown.height - 8
    for x, y, colour in ((8, 8, RED), (right, 8, GREEN), (8, bottom, BLUE), (right, bottom, WHITE)):
        assert all(abs(a - b) <= 14 for a, b in zip(shown(x, y)[:3], colour, strict=True)), (x, y, shown(x, y))


def test_the_levels_of_telescopes_are_signed(run: Run, thumbnail: Callable[[], Any]) -> None:
    facts = run(fits(), "image/fits").facts
    assert facts["bit_depth"] == 16
    column = [thumbnail()(30, y)[0] for y in range(0, HEIGHT, 6)]
    assert column == sorted(column, reverse=True)  # the first row of the file is the lowest of the picture
    assert column[0] > 200


def test_grey_of_16_bits_keeps_its_depth(run: Run) -> None:
    content = b"P5 64 48 65535\n" + bytes(64 * 48 * 2)
    facts = run(content, "image/x-portable-graymap").facts
    assert (facts["bit_depth"], facts["colour_space"]) == (16, "grey16")


def test_pages_and_sizes_are_counted(run: Run) -> None:
    assert run(dcx(), "image/vnd.zbrush.dcx").facts["pages"] == 2
    assert run(BY_NAME["a.icns"].make(), "image/icns").facts["pages"] == 2


def test_a_cursor_may_be_a_png(run: Run, thumbnail: Callable[[], Any]) -> None:
    png = by_pillow("PNG", picture())
    head = struct.pack("<3H4B2H2I", 0, 2, 1, WIDTH, HEIGHT, 0, 0, 7, 9, len(png), 22)
    facts = run(head + png, "image/x-win-bitmap").facts
    assert (facts["format"], facts["width"], facts["height"]) == ("cur", WIDTH, HEIGHT)
    assert thumbnail()(8, 8)[0] > 200


# What is damaged


# Their pixels stand as they are, one after the other.
@pytest.mark.parametrize("name", ["a.pgm", "a.ppm", "a.pcx", "a.tga", "a.sgi", "a.ras", "a.fits", "a.dcx"])
def test_half_a_file_is_shown_in_part(run: Run, name: str) -> None:
    whole = BY_NAME[name].make()
    facts = run(whole[: len(whole) // 2], BY_NAME[name].media_type).facts
    assert (facts["truncated"], facts["height"]) == (True, HEIGHT)


@each_format
def test_whatever_is_cut_off_has_an_outcome(run: Run, sample: Sample) -> None:
    whole = sample.make()
    for end in (1, 17, 31, 60, len(whole) // 3):
        assert outcome(run, whole[:end], sample.media_type) in {"truncated", "whole", "corrupt", "unsupported-format"}


def outcome(run: Run, content: bytes, media_type: str) -> str:
    try:
        return "truncated" if run(content, media_type).facts["truncated"] else "whole"
    except ProcessorError as error:
        return error.code


def test_the_least_file_of_a_format_is_read(run: Run) -> None:
    """Shorter than what its plugin looks for at the end."""
    head = struct.pack("<3B5x4H2B", 0, 0, 2, 0, 0, 1, 1, 32, 0)
    assert run(head + b"\1\2\3\4", "image/x-tga").facts["width"] == 1


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (by_pillow("DDS", picture())[:84] + b"ABCD" + by_pillow("DDS", picture())[88:], "image/x-dds"),
        (xpm().replace(b"#dc1e1e", b"tomato"), "image/x-xpixmap"),
        (b"! XPM2\n64 48 4 1\n", "image/x-xpixmap"),
        (b"P7\nWIDTH 1\nHEIGHT 1\nDEPTH 1\nMAXVAL 255\nENDHDR\n\0", "image/x-portable-arbitrarymap"),
        (b"PF\n1 1\n-1.0\n" + bytes(12), "image/x-portable-floatmap"),
    ],
    ids=["dds", "xpm", "xpm2", "pam", "pfm"],
)
def test_what_no_plugin_reads_is_unsupported(run: Run, content: bytes, media_type: str) -> None:
    if media_type == "image/x-dds":
        content = content[:80] + struct.pack("<I", 4) + content[84:]  # a pixel format with a name
    with fails("unsupported-format"):
        run(content, media_type)


# What costs too much

HUGE = struct.pack(">I", 60_000)


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (b"P6 60000 60000 255\n", "image/x-portable-pixmap"),
        (b"P6 4000 4000 254\n", "image/x-portable-pixmap"),  # decoded in Python
        (by_pillow("PCX")[:8] + b"\xf0\xf0\xf0\xf0" + by_pillow("PCX")[12:], "image/vnd.zbrush.pcx"),
        (by_pillow("TGA")[:12] + b"\xf0\xf0\xf0\xf0" + by_pillow("TGA")[16:], "image/x-tga"),
        (by_pillow("SGI")[:6] + b"\xf0\xf0\xf0\xf0" + by_pillow("SGI")[10:], "image/x-sgi"),
        (xpm().replace(b"64 48", b"60000 60000"), "image/x-xpixmap"),
        (sun()[:4] + HUGE * 2 + sun()[12:], "image/x-sun-raster"),
        (by_pillow("DDS")[:12] + HUGE[::-1] * 2 + by_pillow("DDS")[20:], "image/x-dds"),
        (cur()[:26] + HUGE[::-1] * 2 + cur()[34:], "image/x-win-bitmap"),
        (b"qoif" + HUGE * 2 + b"\4\0", "image/x-qoi"),
        (fits().replace(b"   64 ", b"99999 ").replace(b"   48 ", b"99999 "), "image/fits"),
    ],
    ids=["ppm", "ppm-in-python", "pcx", "tga", "sgi", "xpm", "sun", "dds", "cur", "qoi", "fits"],
)
def test_bombs_are_detected_by_their_header(run: Run, content: bytes, media_type: str) -> None:
    with fails("too-many-pixels"):
        run(content, media_type)


@each_format
def test_the_pixel_limit_holds(run: Run, sample: Sample) -> None:
    with fails("too-many-pixels"):
        run(sample.make(), sample.media_type, max_pixels=WIDTH * HEIGHT - 1)


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (b"P6 #" + b"#" * (MAX_HEAD + 9), "image/x-portable-pixmap"),
        (b"P3 9 9 255\n" + b"#\n" * 9_999, "image/x-portable-pixmap"),
        (b"/* XPM */\n" * (MAX_HEAD // 10 + 9), "image/x-xpixmap"),
        (b"/* XPM */" + b" " * (MAX_HEAD + 9), "image/x-xpixmap"),
        (b"#define a_width 9\n" * (MAX_HEAD // 18 + 9), "image/x-xbitmap"),
        (b"SIMPLE  =                    T".ljust(80) * (MAX_HEAD // 80 + 9), "image/fits"),
        (b"icns\xff\xff\xff\xff" + b"ic07\0\0\0\x08" * (MAX_HEAD // 8 + 9), "image/icns"),
        (cur()[:22] + struct.pack("<I", 0xFFFFFFFF) + bytes(MAX_HEAD + 9), "image/x-win-bitmap"),
    ],
    ids=["ppm", "comments", "xpm", "line", "xbm", "fits", "icns", "cur"],
)
def test_an_endless_head_is_corrupt(run: Run, content: bytes, media_type: str) -> None:
    with fails("corrupt"):
        run(content, media_type)


def test_pictures_as_text_are_limited_in_size(run: Run, tmp_path: Path) -> None:
    with fails("too-large"):
        run(xpm() + bytes(MAX_TEXT_BYTES), "image/x-xpixmap")


def test_a_head_is_read_within_its_limit(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(bytes(MAX_HEAD * 2))
    with (tmp_path / "file").open("rb") as file:
        limited = LimitedHead(file)
        assert len(limited.read()) == MAX_HEAD
        with fails("corrupt"):
            limited.read(1)
        limited.unlimited = True
        assert len(limited.read()) == MAX_HEAD - 1
        assert limited.seek(-MAX_HEAD * 3, io.SEEK_END) == 0


def test_the_types_are_those_of_detection() -> None:
    assert {each.media_type for each in SAMPLES} <= {each.media_type for each in all_samples()}
