"""Pictures of which no thumbnail can be made: their facts are told all the same."""

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import pyvips
from tests.contract.samples.image import MAKERS, corners, jpeg, psd

from picasso.process.contract import ProcessorError, Source
from picasso.process.processors.image import Image

Refused = Callable[..., ProcessorError]


@pytest.fixture
def refused(tmp_path: Path) -> Refused:
    def refused(content: bytes, media_type: str, **options: Any) -> ProcessorError:
        (tmp_path / "original").write_bytes(content)
        with pytest.raises(ProcessorError) as caught:
            Image()(Source(tmp_path / "original", media_type, options), tmp_path)
        return caught.value

    return refused


def size_of(error: ProcessorError) -> Any:
    return error.code, error.facts.get("width"), error.facts.get("height")


@pytest.mark.parametrize("media_type", sorted({*MAKERS} - {"image/x-adobe-dng", "image/vnd.microsoft.icon"}))
def test_a_picture_that_is_too_large_has_its_size(refused: Refused, media_type: str) -> None:
    error = refused(MAKERS[media_type](), media_type, max_pixels=9)
    assert error.code == "too-many-pixels"
    assert isinstance(error.facts["width"], int)
    assert error.facts["width"] > 50


def test_exif_of_a_picture_that_is_too_large_is_told(refused: Refused) -> None:
    error = refused(jpeg(), "image/jpeg", max_pixels=9)
    assert size_of(error) == ("too-many-pixels", 320, 200)
    assert error.facts["exif"] == {"Make": "Acme"}
    assert "thumbhash" not in error.facts


def test_exif_of_a_damaged_picture_is_told(refused: Refused) -> None:
    content = bytearray(pyvips.Image.new_from_buffer(jpeg(), "").pngsave_buffer(compression=0))
    content[content.index(b"IDAT") + 3_000] ^= 0xFF
    error = refused(bytes(content), "image/png")
    assert size_of(error) == ("corrupt", 320, 200)
    assert error.facts["exif"] == {"Make": "Acme"}


def test_the_place_stays_hidden_if_it_is_to_be(refused: Refused) -> None:
    assert refused(jpeg(), "image/jpeg", max_pixels=9, gps="strip").facts["gps"] is None


def test_a_photoshop_file_without_a_preview_has_its_size(refused: Refused) -> None:
    error = refused(psd(depth=16), "image/vnd.adobe.photoshop")
    assert size_of(error) == ("unsupported-format", 320, 200)
    assert error.facts["bit_depth"] == 16


def test_a_tiff_of_a_rare_kind_has_its_size(refused: Refused) -> None:
    content = bytearray(corners().colourspace("b-w").cast("float").tiffsave_buffer())
    content[content.index(struct.pack("<HHI", 258, 3, 1)) + 8] = 64
    assert size_of(refused(bytes(content), "image/tiff")) == ("unsupported-format", 320, 200)


def test_jpeg_2000_has_its_size(refused: Refused) -> None:
    header = struct.pack(">I4sII", 22, b"ihdr", 200, 320)
    start = bytes.fromhex("0000000c6a5020200d0a870a00000014667479706a703220000000006a703220")
    error = refused(start + struct.pack(">I4s", 45, b"jp2h") + header + bytes(60), "image/jp2")
    assert size_of(error) == ("unsupported-format", 320, 200)
