"""Large pictures: what shrinks while it loads is limited by time, all else by the memory that it takes."""

import io
import os
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import pyvips
from tests.contract.samples.image import corners

from picasso.process.contract import ProcessorError, Result, Source
from picasso.process.processors.image import Image, jpeg, limits, png_chunks, tiff_layout

Run = Callable[..., Result]

# A telephone's picture of 200 megapixels.
WIDTH, HEIGHT = 16_320, 12_240


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def run(content: bytes, media_type: str) -> Result:
        (tmp_path / "original").write_bytes(content)
        (tmp_path / "derived").mkdir(exist_ok=True)
        return Image()(Source(tmp_path / "original", media_type), tmp_path / "derived")

    return run


def sized_jpeg(width: int, height: int, **how: Any) -> bytes:
    """Of a few kilobytes, whose head gives this size."""
    content = bytearray(corners().jpegsave_buffer(keep="none", **how))
    frame = content.index(b"\xff\xc2" if how.get("interlace") else b"\xff\xc0")
    content[frame + 5 : frame + 9] = struct.pack(">HH", height, width)
    return bytes(content)


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_of(width: int, height: int, bits: int = 1, colour: int = 0, interlaced: bool = False) -> bytes:
    """White, if it has one bit a pixel; of others only the head is right."""
    packer = zlib.compressobj(1)
    row = b"\0" + b"\xff" * -(-width // 8)
    rows = b"".join(packer.compress(row) for _ in range(height if bits == 1 else 1)) + packer.flush()
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, interlaced))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


MEASURE = """
import re, sys
from pathlib import Path
from picasso.process.contract import Source
from picasso.process.processors.image import Image
result = Image()(Source(Path(sys.argv[1]), sys.argv[2]), Path(sys.argv[3]))
peak = re.search(r"VmHWM:\\s*(\\d+)", Path("/proc/self/status").read_text())[1]
print(result.facts["width"], result.facts["height"], peak)
"""


def test_200_megapixels_in_strips_take_little_memory(tmp_path: Path) -> None:
    (tmp_path / "large.png").write_bytes(png_of(WIDTH, HEIGHT))
    command = [sys.executable, "-c", MEASURE, str(tmp_path / "large.png"), "image/png", str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "src")}
    shown = subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout
    width, height, kilobytes = map(int, shown.split())
    assert (width, height) == (WIDTH, HEIGHT)
    assert kilobytes < 300_000


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (sized_jpeg(WIDTH, HEIGHT), "image/jpeg"),
        (sized_jpeg(32_000, 31_000), "image/jpeg"),
    ],
    ids=["200-megapixels", "a-gigapixel"],
)
def test_a_jpeg_shrinks_while_it_loads(run: Run, content: bytes, media_type: str) -> None:
    """The end of the pixels is missing, so that the test is quick."""
    facts = run(content[:-2], media_type).facts
    assert facts["truncated"] is True
    assert len(run(content[:-2], media_type).derivatives) == 2


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (sized_jpeg(32_500, 32_500), "image/jpeg"),
        (sized_jpeg(15_000, 15_000, interlace=True), "image/jpeg"),
        (sized_jpeg(10_500, 10_500, interlace=True, subsample_mode="off"), "image/jpeg"),
        (png_of(9_000, 9_000, 16, 6, interlaced=True), "image/png"),
    ],
    ids=["jpeg", "progressive", "progressive-444", "interlaced"],
)
def test_what_would_take_too_much_is_refused(run: Run, content: bytes, media_type: str) -> None:
    with pytest.raises(ProcessorError, match=r"^too-many-pixels:"):
        run(content, media_type)


@pytest.mark.parametrize(
    ("how", "samples"),
    [({"interlace": True}, 1.5), ({"interlace": True, "subsample_mode": "off"}, 3.0), ({}, None)],
)
def test_a_progressive_jpeg_costs_two_bytes_a_sample(
    how: dict[str, Any], samples: float | None, tmp_path: Path
) -> None:
    (tmp_path / "a.jpg").write_bytes(corners().jpegsave_buffer(**how))
    with (tmp_path / "a.jpg").open("rb") as file:
        weight = jpeg.read_head(file).weight
    assert weight == (2 * samples / limits.BYTES_PER_PIXEL if samples else limits.SHRINKING)


def weight_of(image: Any, **how: Any) -> float:
    layout = tiff_layout.read_layout(io.BytesIO(image.tiffsave_buffer(**how)))
    assert layout is not None
    return layout.weight()


def test_a_tiff_costs_its_largest_piece() -> None:
    large = pyvips.Image.black(6_000, 4_000, bands=3)
    tiles = {"tile": True, "compression": "deflate"}
    assert weight_of(large, compression="deflate") == limits.IN_STRIPS
    assert weight_of(large, **tiles) == limits.IN_STRIPS
    assert weight_of(large, **tiles, pyramid=True) == pytest.approx(limits.IN_STRIPS, rel=0.01)
    huge = pyvips.Image.black(20_000, 2_000)
    assert weight_of(huge, **tiles, pyramid=True) == pytest.approx(limits.IN_STRIPS / 16, rel=0.01)
    assert tiff_weight_of_one_strip() == 3 / limits.BYTES_PER_PIXEL


def tiff_weight_of_one_strip() -> float:
    entries = [(256, 9_000), (257, 9_000), (258, 8), (259, 8), (277, 3), (278, 9_000)]
    lines = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in entries)
    layout = tiff_layout.read_layout(io.BytesIO(b"II*\0" + struct.pack("<IH", 8, len(entries)) + lines + bytes(4)))
    assert layout is not None
    return layout.weight()


def test_a_limit_above_the_usual_one_allows_more_memory() -> None:
    assert limits.max_pixels_of("bmp", 0) == limits.MAX_PIXELS
    assert limits.max_pixels_of("bmp", 100_000_000) == 100_000_000
    assert limits.max_pixels_of("avif", 100_000_000) == 80_000_000
    assert limits.max_pixels_of("svg", 1_000) == 1_000


def test_a_png_of_very_many_chunks_is_refused(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(png_chunks, "MAX_CHUNKS", 1_000)
    content = png_of(8, 8)
    with pytest.raises(ProcessorError) as caught:
        run(content[:33] + chunk(b"tEXt", b"") * 1_000 + content[33:], "image/png")
    assert caught.value.code == "too-complex"
