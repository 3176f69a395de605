"""TIFFs of microscopes, scanners and maps: samples in other ranges, pyramids, YCbCr, BigTIFF."""

import io
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import pyvips
from tests.contract.samples.image import BLUE, GREEN, RED, WHITE, by_pillow, corners

from picasso.process.contract import ProcessorError, Result, Source
from picasso.process.processors.image import Image, tiff_layout

FILES = Path(__file__).parent / "files"

Run = Callable[[bytes], Result]
Shown = Callable[..., Any]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def run(content: bytes) -> Result:
        (tmp_path / "original").write_bytes(content)
        (tmp_path / "derived").mkdir(exist_ok=True)
        return Image()(Source(tmp_path / "original", "image/tiff"), tmp_path / "derived")

    return run


@pytest.fixture
def shown(tmp_path: Path) -> Shown:
    return lambda: pyvips.Image.new_from_file(str(tmp_path / "derived" / "thumbnail-256.webp"))


def quarters(picture: Any) -> list[list[int]]:
    across, down = picture.width, picture.height
    places = ((across // 4, down // 4), (3 * across // 4, down // 4), (across // 4, 3 * down // 4))
    return [[round(level) for level in picture(*place)][:3] for place in (*places, (3 * across // 4, 3 * down // 4))]


def assert_near(found: Any, expected: Any, by: int = 6) -> None:
    assert all(
        abs(a - b) <= by for one, other in zip(found, expected, strict=True) for a, b in zip(one, other, strict=True)
    ), (found, expected)


def ramp(low: float, high: float, kind: str, bands: int = 1) -> bytes:
    """From ``low`` on the left to ``high`` on the right."""
    grey = (pyvips.Image.xyz(300, 200)[0] * ((high - low) / 299) + low).cast(kind)
    image = grey.bandjoin([grey] * (bands - 1)) if bands > 1 else grey
    space = {("ushort", 1): "grey16", ("ushort", 3): "rgb16"}.get((kind, bands), "b-w" if bands == 1 else "srgb")
    return bytes(image.copy(interpretation=space).tiffsave_buffer())


@pytest.mark.parametrize(
    "samples",
    [
        (0, 1, "float"),
        (0, 255, "float"),
        (-1000, 4000, "float"),
        (0, 65_535, "ushort"),
        (0, 4095, "ushort"),
        (0, 4095, "ushort", 3),
        (0, 1023, "ushort"),
        (-1000, 3000, "short"),
        (-100, 100, "char"),
        (0, 2**31 - 1, "uint"),
    ],
)
def test_the_range_of_the_samples_is_from_black_to_white(run: Run, shown: Shown, samples: Any) -> None:
    assert run(ramp(*samples)).facts["pages"] == 1
    assert_near(quarters(shown()), [[64] * 3, [191] * 3, [64] * 3, [191] * 3])


def test_places_without_a_number_are_black(run: Run, shown: Shown) -> None:
    grey = pyvips.Image.xyz(300, 200)[0].cast("float") * 10 - 500
    holes = grey.insert(pyvips.Image.black(300, 60).cast("float") + float("nan"), 0, 0)
    run(bytes(holes.copy(interpretation="b-w").tiffsave_buffer()))
    assert_near(quarters(shown())[2:], [[64] * 3, [191] * 3])
    assert max(shown()(150, 10)) < 30


def test_a_picture_of_one_level_has_no_range(run: Run) -> None:
    assert run(ramp(-7, -7, "float")).facts["width"] == 300
    assert run(ramp(0, 0, "ushort")).facts["width"] == 300


def test_linear_light_is_shown_as_srgb(run: Run, shown: Shown) -> None:
    image = (pyvips.Image.black(60, 40, bands=3) + 0.5).cast("float").copy(interpretation="scrgb")
    run(bytes(image.tiffsave_buffer()))
    assert_near(quarters(shown()), [[188] * 3] * 4)


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("tiff-float-0-to-1.tif", [[128] * 3] * 4),
        ("tiff-ycbcr-uncompressed.tif", [[254, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 0]]),
        ("tiff-old-style-jpeg.tif", [[254, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 0]]),
        ("tiff-pyramid.tif", [[254, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 0]]),
    ],
)
def test_files_of_users(run: Run, shown: Shown, file: str, expected: list[list[int]]) -> None:
    facts = run((FILES / file).read_bytes()).facts
    assert (facts["format"], facts["pages"]) == ("tiff", 1)
    assert_near(quarters(shown()), expected, by=10)


@pytest.mark.parametrize("bigtiff", [False, True])
@pytest.mark.parametrize("subifd", [False, True])
def test_a_pyramid_is_one_page(run: Run, shown: Shown, bigtiff: bool, subifd: bool) -> None:
    large = corners(1600, 1000)
    how = {"pyramid": True, "tile": True, "tile_width": 128, "tile_height": 128, "compression": "deflate"}
    result = run(bytes(large.tiffsave_buffer(bigtiff=bigtiff, subifd=subifd, **how)))
    assert (result.facts["pages"], result.facts["width"], result.facts["height"]) == (1, 1600, 1000)
    assert [(one.width, one.height) for one in result.derivatives] == [(256, 160), (1024, 640)]
    assert_near(quarters(shown()), [RED, GREEN, BLUE, WHITE])


def pages(*sizes: tuple[int, int]) -> bytes:
    first, *others = (corners(*size).copy() for size in sizes)
    return by_pillow("TIFF", as_pillow(first), save_all=True, append_images=[as_pillow(each) for each in others])


def as_pillow(image: Any) -> Any:
    import PIL.Image

    return PIL.Image.frombytes("RGB", (image.width, image.height), bytes(image.write_to_memory()))


def test_a_pyramid_without_marks_is_known_by_its_sizes(run: Run) -> None:
    assert run(pages((400, 300), (200, 150), (100, 74))).facts["pages"] == 1
    assert run(pages((400, 300), (400, 300), (400, 300))).facts["pages"] == 3
    assert run(pages((400, 300), (200, 150), (200, 150))).facts["pages"] == 3


def test_the_copy_of_a_pyramid_that_suits_the_size_is_decoded() -> None:
    layout = tiff_layout.read_layout(io.BytesIO(pages((400, 300), (200, 150), (100, 74))))
    assert layout is not None
    assert [layout.level_for(size) for size in (1024, 400, 256, 200, 150, 100, 16)] == [0, 0, 0, 1, 1, 2, 2]


@pytest.mark.parametrize("offset", [2**44, 2**62, 2**64 - 1])
def test_a_bigtiff_that_points_beyond_every_file_is_corrupt(run: Run, offset: int) -> None:
    """The kernel refuses to seek so far, which is no fault of the machine."""
    whole = bytearray(corners().tiffsave_buffer(bigtiff=True))
    whole[8:16] = struct.pack("<Q", offset)
    with pytest.raises(ProcessorError, match=r"^corrupt:"):
        run(bytes(whole))
    whole = bytearray(corners().tiffsave_buffer(bigtiff=True))
    strips = whole.index(struct.pack("<H", 273), int.from_bytes(whole[8:16], "little"))
    whole[strips + 12 : strips + 20] = struct.pack("<Q", offset)
    with pytest.raises(ProcessorError, match=r"^corrupt:"):
        run(bytes(whole))


def test_pages_in_a_circle_end() -> None:
    entry = struct.pack("<HHII", 256, 4, 1, 20)
    circle = b"II*\0" + struct.pack("<I", 8) + struct.pack("<H", 1) + entry + struct.pack("<I", 8)
    layout = tiff_layout.read_layout(io.BytesIO(circle))
    assert layout is not None
    assert len(layout.pages) == 1


def test_floats_of_64_bits_are_not_called_damaged(run: Run) -> None:
    content = bytearray(ramp(0, 1, "float"))
    place = content.index(struct.pack("<HHI", 258, 3, 1))
    content[place + 8] = 64
    with pytest.raises(ProcessorError, match=r"^unsupported-format:"):
        run(bytes(content))
