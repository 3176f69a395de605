"""Formats that libvips alone can't read, animations and pages."""

import io
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import pyvips
from tests.contract.samples.image import (
    BLUE,
    GREEN,
    MAKERS,
    RED,
    WHITE,
    by_pillow,
    corners,
    corners_in_pillow,
    dng,
    film,
    jpeg,
    jxl,
    psd,
    resource,
)
from tests.hostile.image import gif_of, ico_of, jxl_size, png_of, svg

from picasso.process.contract import JSON, ProcessorError, Result, Source
from picasso.process.processors.image import Image
from picasso.process.processors.image.jxl import find_codestream, read_size
from picasso.process.processors.image.svg import MAX_TEXT

Run = Callable[..., Result]
PHOTOSHOP = "image/vnd.adobe.photoshop"


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def run(content: bytes, media_type: str, **options: JSON) -> Result:
        (tmp_path / "original").write_bytes(content)
        (tmp_path / "derived").mkdir(exist_ok=True)
        return Image()(Source(tmp_path / "original", media_type, options), tmp_path / "derived")

    return run


@pytest.fixture
def made(tmp_path: Path) -> Callable[[str], Any]:
    return lambda name: pyvips.Image.new_from_file(str(tmp_path / "derived" / name))


Made = Callable[[str], Any]


def fails(code: str) -> Any:
    return pytest.raises(ProcessorError, match=f"^{code}:")


def assert_corners(picture: Any, by: int = 14) -> None:
    right, bottom = picture.width - 8, picture.height - 8
    for x, y, colour in ((8, 8, RED), (right, 8, GREEN), (8, bottom, BLUE), (right, bottom, WHITE)):
        assert all(abs(a - b) <= by for a, b in zip(picture(x, y)[:3], colour, strict=True)), (x, y, picture(x, y))


# By other decoders


@pytest.mark.parametrize(
    ("media_type", "name", "size"),
    [
        ("image/heic", "heic", (320, 200)),
        ("image/jxl", "jxl", (320, 200)),
        ("image/bmp", "bmp", (320, 200)),
        ("image/vnd.microsoft.icon", "ico", (64, 40)),
        ("image/vnd.adobe.photoshop", "psd", (320, 200)),
    ],
)
def test_formats_that_libvips_can_not_read_are_read(
    run: Run, made: Made, media_type: str, name: str, size: tuple[int, int]
) -> None:
    result = run(MAKERS[media_type](), media_type)
    assert (result.facts["format"], result.facts["width"], result.facts["height"]) == (name, *size)
    assert result.facts["has_alpha"] is False
    assert_corners(made("thumbnail-256.webp"))


@pytest.mark.parametrize("name", ["HEIF", "AVIF", "JXL", "WEBP", "TIFF", "PNG", "GIF", "JPEG", "BMP"])
def test_a_file_that_fills_many_buffers_is_read_whole(run: Run, made: Made, name: str) -> None:
    """Header and pixels may be read by different libraries, from the same file."""
    import pillow_heif
    import pillow_jxl  # noqa: F401 - registers itself with Pillow
    from PIL import Image as Pillow

    pillow_heif.register_heif_opener()
    noise = Pillow.effect_noise((400, 300), 60)
    picture, target = Pillow.merge("RGB", [noise, noise.rotate(180), Pillow.new("L", noise.size, 40)]), io.BytesIO()
    picture.save(target, name)
    assert len(target.getvalue()) > 4 * io.DEFAULT_BUFFER_SIZE
    run(target.getvalue(), f"image/{name.lower()}", sizes=[64])
    shown = made("thumbnail-64.webp")
    wanted = pyvips.Image.new_from_memory(picture.tobytes(), 400, 300, 3, "uchar").thumbnail_image(64)
    assert (shown.cast("int") - wanted).abs().avg() < 12


SHOWN_IN_PART = {"image/jpeg", "image/png", "image/gif", "image/webp", "image/bmp"}


@pytest.mark.parametrize("media_type", sorted(set(MAKERS) - {"image/svg+xml"} - SHOWN_IN_PART))
def test_half_a_file_is_corrupt(run: Run, media_type: str) -> None:
    whole = MAKERS[media_type]()
    with fails("corrupt"):
        run(whole[: len(whole) // 2], media_type)


def test_an_icon_is_its_largest_picture(run: Run) -> None:
    assert run(MAKERS["image/vnd.microsoft.icon"](), "image/vnd.microsoft.icon").facts["pages"] == 2


@pytest.mark.parametrize(("mode", "alpha", "space"), [("RGBA", True, "srgb"), ("L", False, "b-w")])
def test_jpeg_xl_of_other_bands(run: Run, mode: str, alpha: bool, space: str) -> None:
    jxl()  # registers the encoder
    facts = run(by_pillow("JXL", corners_in_pillow().convert(mode)), "image/jxl").facts
    assert (facts["has_alpha"], facts["colour_space"]) == (alpha, space)


def test_a_jpeg_in_jpeg_xl_keeps_its_metadata(run: Run, tmp_path: Path, made: Made) -> None:
    import PIL.Image

    jxl()
    (tmp_path / "a.jpg").write_bytes(jpeg())
    with PIL.Image.open(tmp_path / "a.jpg") as picture:
        target = io.BytesIO()
        picture.save(target, "JXL", lossless_jpeg=True)
    facts = run(target.getvalue(), "image/jxl").facts
    assert (facts["format"], facts["width"], facts["height"], facts["exif"]) == ("jxl", 320, 200, {"Make": "Acme"})
    assert_corners(made("thumbnail-256.webp"))


@pytest.mark.parametrize("size", [(1, 1), (8, 8), (64, 48), (300, 300), (513, 900), (1000, 300), (1280, 720)])
def test_the_size_of_jpeg_xl_is_in_its_first_bits(size: tuple[int, int]) -> None:
    jxl()
    for container in (False, True):
        content = by_pillow("JXL", corners_in_pillow(2, 2).resize(size), use_container=container)
        assert read_size(find_codestream(content)) == size


def test_a_photoshop_file_of_16_bits_uses_its_preview(run: Run) -> None:
    with fails("unsupported-format"):
        run(psd(depth=16), "image/vnd.adobe.photoshop")
    result = run(psd(depth=16, preview=bytes(corners(160, 100).jpegsave_buffer())), "image/vnd.adobe.photoshop")
    assert (result.facts["width"], result.facts["height"], result.facts["bit_depth"]) == (320, 200, 16)
    assert [(d.width, d.height) for d in result.derivatives] == [(160, 100), (160, 100)]


def test_the_captions_of_a_photoshop_file_are_read(run: Run) -> None:
    captions = b"\x1c\2\5\0\5Title" + b"\x1c\2\x19\0\3one" + b"\x1c\2\x19\0\3two" + b"\x1c\2\x5a\0\4Rome"
    content = psd(resources=resource(1028, captions))
    kept = run(content, "image/vnd.adobe.photoshop").facts["iptc"]
    assert kept == {"title": "Title", "keywords": ["one", "two"], "city": "Rome"}
    assert run(content, "image/vnd.adobe.photoshop", gps="strip").facts["iptc"] == {
        "title": "Title",
        "keywords": ["one", "two"],
    }


# Raw


@pytest.mark.parametrize("media_type", ["image/tiff", "image/x-adobe-dng"])
def test_a_raw_file_is_developed_at_half_size(run: Run, made: Made, media_type: str) -> None:
    result = run(dng(), media_type)
    assert (result.facts["format"], result.facts["width"], result.facts["height"]) == ("raw", 320, 200)
    assert [(d.width, d.height) for d in result.derivatives] == [(160, 100), (160, 100)]
    assert_corners(made("thumbnail-256.webp"), by=35)


def test_exif_of_a_raw_file_is_read(run: Run) -> None:
    facts = run(dng(), "image/tiff").facts
    assert facts["exif"] == {
        "Make": "Acme",
        "Model": "Model One",
        "ExposureTime": "1/125 sec.",
        "FNumber": "f/5.6",
        "ISOSpeedRatings": "400",
    }
    gps = facts["gps"]
    assert isinstance(gps, dict)
    assert (gps["latitude"], gps["longitude"]) == (48.5041667, -2.35)


def test_the_preview_of_a_raw_file_is_used(run: Run, made: Made) -> None:
    """It is white, and the mosaic is not."""
    white = (pyvips.Image.black(320, 200, bands=3) + 255).cast("uchar").jpegsave_buffer()
    run(dng(preview=bytes(white)), "image/tiff")
    assert made("thumbnail-256.webp")(20, 20) == [255, 255, 255]


@pytest.mark.parametrize("preview", [b"", bytes(corners().jpegsave_buffer())], ids=["developed", "preview"])
def test_raw_files_are_turned_upright(run: Run, made: Made, preview: bytes) -> None:
    facts = run(dng(orientation=6, preview=preview), "image/tiff").facts
    assert (facts["width"], facts["height"]) == (200, 320)
    upright = made("thumbnail-256.webp")
    assert upright.height > upright.width
    assert_corners(upright.rot270(), by=35)


def test_with_a_damaged_preview_the_raw_file_is_developed(run: Run, made: Made) -> None:
    run(dng(preview=b"\xff\xd8\xff" + b"junk" * 20), "image/tiff")
    assert_corners(made("thumbnail-256.webp"), by=35)


# What moves


@pytest.mark.parametrize("save", ["gifsave_buffer", "webpsave_buffer"])
def test_an_animation_has_a_preview(run: Run, made: Made, save: str) -> None:
    result = run(film(save), f"image/{save.partition('save')[0]}")
    assert result.facts["animation"] == {"frames": 3, "loop": 0, "seconds": 0.3}
    assert [(d.role, d.media_type, d.width, d.height) for d in result.derivatives][2:] == [
        ("preview", "image/webp", 60, 40)
    ]
    preview = made("preview.webp")
    assert (preview.get("n-pages"), preview.get("delay"), preview.get("loop")) == (3, [100] * 3, 0)


def test_a_preview_is_limited_in_size_and_frames(run: Run, made: Made) -> None:
    frames = [corners(600, 400).rot180() if number % 2 else corners(600, 400) for number in range(65)]
    strip = pyvips.Image.arrayjoin(frames, across=1).copy()
    strip.set_type(pyvips.GValue.gint_type, "page-height", 400)
    run(bytes(strip.gifsave_buffer(effort=1)), "image/gif")
    preview = made("preview.webp")
    assert (preview.width, preview.height, preview.get("n-pages")) == (512, 341, 60)


def test_the_preview_is_an_option(run: Run) -> None:
    assert len(run(film("gifsave_buffer"), "image/gif", animated_preview=False).derivatives) == 2


def test_an_endless_gif_is_refused(run: Run) -> None:
    with fails("too-many-frames"):
        run(gif_of(20_000, struct.pack("<HH", 4, 4)), "image/gif")


def test_the_number_of_pages_has_a_limit(run: Run) -> None:
    page = pyvips.Image.black(8, 8 * 10_001).copy()
    page.set_type(pyvips.GValue.gint_type, "page-height", 8)
    with fails("too-many-pages"):
        run(bytes(page.tiffsave_buffer(compression="deflate")), "image/tiff")


# What is refused by its header


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (ico_of(png_of(8_100, 8_000)), "image/vnd.microsoft.icon"),
        (b"\xff\x0a" + jxl_size(5_000, 5_000) + bytes(90), "image/jxl"),
        (psd()[:14] + struct.pack(">II", 8_100, 8_000) + psd()[22:], "image/vnd.adobe.photoshop"),
        (MAKERS["image/bmp"]()[:18] + struct.pack("<II", 8_100, 8_000) + MAKERS["image/bmp"]()[26:], "image/bmp"),
    ],
    ids=["ico", "jxl", "psd", "bmp"],
)
def test_bombs_are_detected_by_their_header(run: Run, content: bytes, media_type: str) -> None:
    with fails("too-many-pixels"):
        run(content.ljust(500, b"\0"), media_type)


def test_a_photoshop_file_of_many_channels_takes_no_more_memory_than_its_file(run: Run) -> None:
    with fails("corrupt"):
        run(psd()[:12] + struct.pack(">H", 65_000) + struct.pack(">II", 8_000, 8_000) + psd()[22:], PHOTOSHOP)


@pytest.mark.parametrize("media_type", ["image/heic", "image/jxl", "image/bmp", "image/vnd.adobe.photoshop"])
def test_the_pixel_limit_holds_for_all_decoders(run: Run, media_type: str) -> None:
    with fails("too-many-pixels"):
        run(MAKERS[media_type](), media_type, max_pixels=63_999)


@pytest.mark.parametrize(
    "body",
    [
        "<g/>" * 50_001,
        f"<text>{'a' * (MAX_TEXT + 1)}</text>",
        f"<filter>{'<feTurbulence/>' * 11}</filter>",
        '<g filter="url(#f)"/>' * 501,
        '<g style="filter: url(#f)"/>' * 501,
    ],
    ids=["elements", "text", "filters", "filtered", "styled"],
)
def test_a_drawing_that_is_too_complex_is_refused(run: Run, body: str) -> None:
    with fails("too-complex"):
        run(svg(body), "image/svg+xml")
