"""Animated PNG and AVIF, and the colours of a PNG by its gamma."""

import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import PIL.Image
import pytest
import pyvips
from tests.contract.samples.image import BLUE, GREEN, MAKERS, RED, by_pillow

from picasso.process.contract import ProcessorError, Result, Source
from picasso.process.processors.image import Image

FILES = Path(__file__).parent / "files"

Run = Callable[..., Result]
Made = Callable[[str], Any]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def run(content: bytes, media_type: str = "image/png") -> Result:
        (tmp_path / "original").write_bytes(content)
        (tmp_path / "derived").mkdir(exist_ok=True)
        return Image()(Source(tmp_path / "original", media_type), tmp_path / "derived")

    return run


@pytest.fixture
def made(tmp_path: Path) -> Made:
    return lambda name: pyvips.Image.new_from_file(str(tmp_path / "derived" / name), n=-1)


def plain(*colours: Any, size: tuple[int, int] = (60, 40)) -> list[Any]:
    return [PIL.Image.new("RGB", size, tuple(colour)) for colour in colours]


def animated(kind: str, colours: Any = (RED, GREEN, BLUE), **how: Any) -> bytes:
    first, *others = plain(*colours)
    return by_pillow(kind, first, save_all=True, append_images=others, **({"duration": 150} | how))


def near(pixel: Any, colour: Any, by: int = 14) -> bool:
    return bool(max(abs(a - b) for a, b in zip(pixel[:3], colour, strict=True)) <= by)


@pytest.mark.parametrize("kind", ["PNG", "AVIF"])
def test_an_animation_has_frames_and_a_preview(run: Run, made: Made, kind: str) -> None:
    result = run(animated(kind), f"image/{kind.lower()}")
    assert (result.facts["format"], result.facts["pages"]) == (kind.lower(), 3)
    assert result.facts["animation"] == {"frames": 3, "loop": 0, "seconds": 0.45}
    preview = made("preview.webp")
    assert (preview.get("n-pages"), preview.get("delay"), preview.get("loop")) == (3, [150] * 3, 0)
    assert [near(preview(30, 40 * number + 20), colour) for number, colour in enumerate((RED, GREEN, BLUE))] == [
        True
    ] * 3
    assert near(made("thumbnail-256.webp")(30, 20), RED)


@pytest.mark.parametrize(
    ("file", "media_type"),
    [("animated.avif", "image/avif"), ("animated.png", "image/png"), ("animated.png", "image/apng")],
)
def test_files_of_users(run: Run, file: str, media_type: str) -> None:
    result = run((FILES / file).read_bytes(), media_type)
    assert result.facts["animation"] == {"frames": 3, "loop": 0, "seconds": 0.6}
    assert [one.role for one in result.derivatives] == ["thumbnail-256", "thumbnail-1024", "preview"]


def test_a_picture_before_the_animation_is_the_thumbnail(run: Run, made: Made) -> None:
    content = animated("PNG", (RED, GREEN, BLUE), default_image=True, loop=3)
    assert run(content).facts["animation"] == {"frames": 2, "loop": 3, "seconds": 0.3}
    assert near(made("thumbnail-256.webp")(30, 20), RED)
    assert near(made("preview.webp")(30, 20), GREEN)


def test_an_animated_png_without_its_end_shows_what_is_there(run: Run, made: Made) -> None:
    content = animated("PNG")
    result = run(content[: content.rindex(b"fdAT") + 6])
    assert result.facts["truncated"] is True
    assert made("preview.webp").get("n-pages") == 2


def test_one_frame_is_no_animation(run: Run) -> None:
    content = bytes(MAKERS["image/png"]())
    control = png_chunk(b"acTL", struct.pack(">II", 2**31, 0))
    result = run(content[:33] + control + content[33:])
    assert (result.facts["animation"], result.facts["pages"]) == (None, 1)


def test_an_endless_animation_is_refused(run: Run) -> None:
    content = bytes(MAKERS["image/png"]())
    frames = b"".join(
        png_chunk(b"fcTL", struct.pack(">IIIIIHHBB", n, 320, 200, 0, 0, 1, 10, 0, 0)) for n in range(10_001)
    )
    with pytest.raises(ProcessorError, match=r"^too-many-frames:"):
        run(content[:33] + png_chunk(b"acTL", struct.pack(">II", 10_001, 0)) + frames + content[33:])


@pytest.mark.parametrize("brand", [b"mif1", b"avif"])
def test_the_first_brand_may_name_the_container_alone(run: Run, made: Made, brand: bytes) -> None:
    content = (FILES / "avif-major-brand-mif1.avif").read_bytes()
    result = run(content[:8] + brand + content[12:], "image/avif")
    assert (result.facts["format"], len(result.derivatives)) == ("avif", 2)
    assert near(made("thumbnail-256.webp")(40, 40), (255, 0, 0))


# Colours of PNG


def png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


GAMMA_1 = png_chunk(b"gAMA", struct.pack(">I", 100_000))
GAMMA_SRGB = png_chunk(b"gAMA", struct.pack(">I", 45_455))
SRGB = png_chunk(b"sRGB", b"\0")
CICP_SRGB = png_chunk(b"cICP", bytes([1, 13, 0, 1]))
P3 = png_chunk(b"cHRM", struct.pack(">8I", 31_270, 32_900, 68_000, 32_000, 26_500, 69_000, 15_000, 6_000))
BT709 = png_chunk(b"cHRM", struct.pack(">8I", 31_270, 32_900, 64_000, 33_000, 30_000, 60_000, 15_000, 6_000))


def png_of(mode: str, level: Any, *chunks: bytes) -> bytes:
    content = by_pillow("PNG", PIL.Image.new(mode, (60, 40), level))
    return content[:33] + b"".join(chunks) + content[33:]


@pytest.mark.parametrize(
    "case",
    [
        ((), 128),
        ((GAMMA_1,), 188),
        ((GAMMA_SRGB,), 128),
        ((GAMMA_1, SRGB), 128),
        ((GAMMA_1, CICP_SRGB), 128),
        ((GAMMA_1, BT709), 188),
        ((P3,), 128),
        ((png_chunk(b"gAMA", bytes(4)),), 128),
        ((png_chunk(b"gAMA", b"\1"),), 128),
        ((GAMMA_1, png_chunk(b"cHRM", bytes(32))), 188),
    ],
)
@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "LA"])
def test_gamma_is_applied_as_in_browsers(run: Run, made: Made, mode: str, case: Any) -> None:
    chunks, expected = case
    level = {"L": 128, "RGB": (128,) * 3, "RGBA": (128, 128, 128, 255), "LA": (128, 255)}[mode]
    run(png_of(mode, level, *chunks))
    assert near(made("thumbnail-256.webp")(30, 20), [expected] * 3, by=3)


def test_gamma_of_16_bits_keeps_alpha(run: Run, made: Made) -> None:
    image = pyvips.Image.black(60, 40, bands=4).linear(1, 32_768).cast("ushort").copy(interpretation="rgb16")
    content = bytes(image.pngsave_buffer(keep="none"))
    run(content[:33] + GAMMA_1 + content[33:])
    *colour, alpha = made("thumbnail-256.webp")(30, 20)
    assert near(colour, [188] * 3, by=3)
    assert abs(alpha - 128) < 3


def test_chromaticities_are_applied_with_gamma(run: Run, made: Made) -> None:
    run(png_of("RGB", (200, 100, 100), GAMMA_SRGB, P3))
    red, green, blue = made("thumbnail-256.webp")(30, 20)
    assert red > 210
    assert green < 98
    assert near((red, green, blue), as_p3((200, 100, 100)), by=6)


def as_p3(colour: tuple[int, int, int]) -> Any:
    image = (pyvips.Image.black(8, 8, bands=3) + list(colour)).cast("uchar").copy(interpretation="srgb")
    return image.icc_transform("srgb", input_profile="p3")(1, 1)


def test_grey_stays_grey_whatever_the_white(run: Run, made: Made) -> None:
    d50 = png_chunk(b"cHRM", struct.pack(">8I", 34_567, 35_850, 64_000, 33_000, 30_000, 60_000, 15_000, 6_000))
    run(png_of("RGB", (128,) * 3, GAMMA_SRGB, d50))
    assert near(made("thumbnail-256.webp")(30, 20), [128] * 3, by=4)


def test_a_preview_has_the_colours_of_its_picture(run: Run, made: Made) -> None:
    content = animated("PNG", ((128,) * 3, (64,) * 3))
    run(content[:33] + GAMMA_1 + content[33:])
    assert near(made("preview.webp")(30, 20), [188] * 3, by=4)


# Names of types


@pytest.mark.parametrize(
    ("media_type", "others"),
    [
        ("image/png", ("image/apng", "image/vnd.mozilla.apng", "image/x-png")),
        ("image/avif", ("image/avif-sequence", "image/heif")),
        ("image/heic", ("image/heif", "image/heic-sequence", "image/heif-sequence")),
        ("image/jpeg", ("image/jpg", "image/pjpeg")),
        ("image/vnd.adobe.photoshop", ("image/x-photoshop", "image/psd")),
        ("image/vnd.microsoft.icon", ("image/x-icon", "image/ico")),
        ("image/bmp", ("image/x-ms-bmp", "image/x-bmp")),
        ("image/svg+xml", ("image/svg", "image/svg+xml-compressed")),
        ("image/x-adobe-dng", ("image/tiff", "image/dng", "image/x-nikon-nef", "image/x-sony-arw", "image/x-raw")),
        ("image/tiff", ("image/tiff-fx", "image/geotiff")),
    ],
)
def test_other_names_of_a_type_lead_to_the_same_decoder(run: Run, media_type: str, others: tuple[str, ...]) -> None:
    content = MAKERS[media_type]()
    expected = run(content, media_type).facts
    assert [run(content, other).facts for other in others] == [expected] * len(others)
