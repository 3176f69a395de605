"""Pictures that lack their end: what is there is shown, and the facts say so."""

import struct
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import pyvips
from tests.contract.samples.image import MAKERS, RED, by_pillow, corners, film
from tests.sampling import sample

from picasso.process.contract import ProcessorError, Result, Source
from picasso.process.processors.image import Image, jpeg

FILES = Path(__file__).parent / "files"

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def run(content: bytes, media_type: str) -> Result:
        (tmp_path / "original").write_bytes(content)
        (tmp_path / "derived").mkdir(exist_ok=True)
        return Image()(Source(tmp_path / "original", media_type), tmp_path / "derived")

    return run


@pytest.fixture
def shown(tmp_path: Path) -> Callable[[], Any]:
    return lambda: pyvips.Image.new_from_file(str(tmp_path / "derived" / "thumbnail-1024.webp"))


def noise() -> Any:
    """A plain upper half, so that its colour is known, and a lower one that takes most of the bytes."""
    below = [pyvips.Image.gaussnoise(400, 200, mean=128, sigma=40, seed=seed) for seed in (1, 2, 3)]
    lower = below[0].bandjoin(below[1:]).cast("uchar").copy(interpretation="srgb")
    upper = (pyvips.Image.black(400, 200) + list(RED)).cast("uchar").copy(interpretation="srgb")
    return upper.join(lower, "vertical")


def upside_down() -> Any:
    return noise().flipver()


def tiff_with_its_directory_first() -> bytes:
    pixels = bytes(noise().write_to_memory())
    entries = [(256, 4, 400), (257, 4, 400), (258, 3, 8), (262, 3, 2), (273, 4, 200), (277, 3, 3), (278, 4, 400)]
    lines = b"".join(
        struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in [*entries, (279, 4, len(pixels))]
    )
    return (b"II*\0" + struct.pack("<IH", 8, len(entries) + 1) + lines).ljust(200, b"\0") + pixels


SAVED: dict[str, tuple[str, Callable[[], bytes]]] = {
    "jpeg": ("image/jpeg", lambda: bytes(noise().jpegsave_buffer(Q=90))),
    "progressive": ("image/jpeg", lambda: bytes(noise().jpegsave_buffer(Q=90, interlace=True))),
    "png": ("image/png", lambda: bytes(noise().pngsave_buffer())),
    "interlaced": ("image/png", lambda: bytes(noise().pngsave_buffer(interlace=True))),
    "gif": ("image/gif", lambda: bytes(noise().gifsave_buffer())),
    "webp": ("image/webp", lambda: bytes(noise().webpsave_buffer(Q=90))),
    "lossless": ("image/webp", lambda: bytes(noise().webpsave_buffer(lossless=True))),
    "bmp": ("image/bmp", lambda: by_pillow("BMP", picture_of(upside_down()))),
    "tiff": ("image/tiff", tiff_with_its_directory_first),
}


def picture_of(image: Any) -> Any:
    import PIL.Image

    return PIL.Image.frombytes("RGB", (image.width, image.height), bytes(image.write_to_memory()))


CUTS: list[tuple[str, float]] = sample(product(SAVED, [0.8, 0.97]), lambda case: case[0], 1 / 2)


@pytest.mark.parametrize(("name", "part"), CUTS)
def test_what_is_there_is_shown(run: Run, shown: Callable[[], Any], name: str, part: float) -> None:
    media_type, make = SAVED[name]
    whole = make()
    assert run(whole, media_type).facts["truncated"] is False
    facts = run(whole[: int(len(whole) * part)], media_type).facts
    assert (facts["truncated"], facts["width"], facts["height"]) == (True, 400, 400)
    y = 350 if name == "bmp" else 50
    assert max(abs(a - b) for a, b in zip(shown()(200, y)[:3], RED, strict=True)) < 40


def test_a_png_of_one_chunk_is_shown_as_far_as_it_goes(run: Run, shown: Callable[[], Any]) -> None:
    whole = MAKERS["image/png"]()
    assert whole.count(b"IDAT") == 1
    run(whole[: whole.index(b"IDAT") + 900], "image/png")
    assert max(abs(a - b) for a, b in zip(shown()(5, 5)[:3], RED, strict=True)) < 40


@pytest.mark.parametrize("file", ["last-fifth-missing.jpg", "jpeg-without-eoi.jpg"])
def test_files_of_users(run: Run, file: str) -> None:
    result = run((FILES / file).read_bytes(), "image/jpeg")
    assert result.facts["truncated"] is True
    assert len(result.derivatives) == 2


@pytest.mark.parametrize("media_type", ["image/gif", "image/webp"])
def test_an_animation_without_its_end_has_a_thumbnail(run: Run, media_type: str) -> None:
    whole = film("gifsave_buffer" if media_type == "image/gif" else "webpsave_buffer")
    result = run(whole[: len(whole) * 3 // 4], media_type)
    assert result.facts["truncated"] is True
    assert {one.role for one in result.derivatives} >= {"thumbnail-256", "thumbnail-1024"}


@pytest.mark.parametrize("media_type", ["image/jpeg", "image/png", "image/gif", "image/webp", "image/bmp"])
@pytest.mark.parametrize("length", [4, 12, 30])
def test_a_head_alone_is_corrupt(run: Run, media_type: str, length: int) -> None:
    with pytest.raises(ProcessorError, match=r"^corrupt:"):
        run(MAKERS[media_type]()[:length], media_type)


def test_a_jpeg_without_pixels_is_corrupt(run: Run) -> None:
    whole = bytes(corners().jpegsave_buffer())
    for end in (whole.index(b"\xff\xda"), whole.index(b"\xff\xda") + 14):
        with pytest.raises(ProcessorError, match=r"^corrupt:"):
            run(whole[:end], "image/jpeg")


def test_a_progressive_jpeg_that_ends_in_its_frame_is_corrupt(run: Run) -> None:
    whole = bytes(corners().jpegsave_buffer(interlace=True))
    frame = whole.index(b"\xff\xc2")
    for end in range(frame, frame + 30):
        with pytest.raises(ProcessorError, match=r"^corrupt:"):
            run(whole[:end], "image/jpeg")


def test_bytes_after_the_end_are_no_loss(run: Run) -> None:
    for media_type, make in MAKERS.items():
        if media_type in {"image/jpeg", "image/png", "image/gif", "image/webp", "image/tiff", "image/bmp"}:
            assert run(make() + bytes(2_000) + b"more", media_type).facts["truncated"] is False


def test_the_end_of_a_preview_within_the_head_does_not_count(tmp_path: Path) -> None:
    small = bytes(corners(64, 40).jpegsave_buffer(keep="none"))
    whole = bytes(corners().jpegsave_buffer(keep="none"))
    with_preview = whole[:2] + struct.pack(">2sH", b"\xff\xe1", len(small) + 2) + small + whole[2:-40]
    (tmp_path / "a.jpg").write_bytes(with_preview)
    with (tmp_path / "a.jpg").open("rb") as file:
        assert jpeg.is_complete(file, jpeg.read_head(file).size) is False


def test_the_end_marker_may_lie_between_two_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = bytes(corners().jpegsave_buffer())
    (tmp_path / "a.jpg").write_bytes(whole + bytes(60))
    for size in range(55, 70):
        monkeypatch.setattr(jpeg, "PIECE", size)
        with (tmp_path / "a.jpg").open("rb") as file:
            assert jpeg.is_complete(file, jpeg.read_head(file).size) is True


def test_damage_before_the_end_is_not_taken_for_a_lack_of_it(run: Run) -> None:
    whole = bytearray(noise().pngsave_buffer())
    whole[len(whole) // 2] ^= 0xFF
    with pytest.raises(ProcessorError, match=r"^corrupt:"):
        run(bytes(whole), "image/png")


@pytest.mark.parametrize("end", range(0, 120, 7))
def test_an_interlaced_png_may_end_anywhere_in_a_chunk(run: Run, end: int) -> None:
    whole = bytes(noise().pngsave_buffer(interlace=True))
    second = whole.index(b"IDAT", whole.index(b"IDAT") + 4)
    assert run(whole[: second - 30 + end], "image/png").facts["truncated"] is True
