"""Facts of pictures: metadata, position, colours and hashes."""

import base64
import io
import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pyvips
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.contract.samples.image import corners, jpeg, tiff
from tests.hostile.image import bare_page
from tests.sampling import number

from picasso.process.contract import JSON, Result, Source
from picasso.process.options import parse_options
from picasso.process.processors.image import Image, Options, exif, exif_texts, icc, iptc, xmp
from picasso.process.processors.image.perceptual import thumbhash
from picasso.process.processors.image.tiff import Entry, build_exif, exif_of

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def run(content: bytes, media_type: str = "image/jpeg", **options: JSON) -> Result:
        (tmp_path / "original").write_bytes(content)
        (tmp_path / "derived").mkdir(exist_ok=True)
        return Image()(Source(tmp_path / "original", media_type, options), tmp_path / "derived")

    return run


def photo(picture: Any = None, **fields: str) -> bytes:
    picture = (picture or corners()).copy()
    for name, value in fields.items():
        picture.set_type(pyvips.GValue.gstr_type, f"exif-{name.replace('_', '-')}", value)
    return bytes(picture.jpegsave_buffer())


PLACE = {
    "ifd3_GPSLatitudeRef": "S (S, ASCII, 2 components, 2 bytes)",
    "ifd3_GPSLatitude": "33/1 51/1 3540/100 (33, 51, 35.40, Rational, 3 components, 24 bytes)",
    "ifd3_GPSLongitudeRef": "E (E, ASCII, 2 components, 2 bytes)",
    "ifd3_GPSLongitude": "151/1 12/1 40/1 (151, 12, 40, Rational, 3 components, 24 bytes)",
    "ifd3_GPSAltitude": "585/10 (58.5, Rational, 1 components, 8 bytes)",
}


GPS_PHOTO = pyvips.Image.jpegload_buffer(photo(**PLACE))


def test_the_position_is_in_degrees(run: Run) -> None:
    gps = run(photo(**PLACE)).facts["gps"]
    assert isinstance(gps, dict)
    assert (gps["latitude"], gps["longitude"], gps["altitude"]) == (-33.8598333, 151.2111111, 58.5)
    assert gps["tags"] == {
        "GPSLatitudeRef": "S",
        "GPSLatitude": "33, 51, 35.40",
        "GPSLongitudeRef": "E",
        "GPSLongitude": "151, 12, 40",
        "GPSAltitude": "58.5",
    }


def test_the_position_can_be_left_out(run: Run) -> None:
    facts = run(photo(**PLACE), gps="strip").facts
    assert facts["gps"] is None
    assert "GPS" not in json.dumps(dict(facts))


@pytest.mark.parametrize("latitude", ["91/1 0/1 0/1", "1/0 0/1 0/1"])
def test_an_invalid_position_has_no_degrees(run: Run, latitude: str) -> None:
    gps = run(photo(**PLACE | {"ifd3_GPSLatitude": latitude})).facts["gps"]
    assert isinstance(gps, dict)
    assert (gps["latitude"], gps["longitude"]) == (None, None)


def packet(body: str, description: str = "") -> bytes:
    names = 'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"'
    rdf = 'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
    start = f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF {rdf} {names}><rdf:Description {description}>'
    return f"{start}{body}</rdf:Description></rdf:RDF></x:xmpmeta>".encode()


def test_xmp_is_read_in_both_forms() -> None:
    bag = "<dc:subject><rdf:Bag><rdf:li>one</rdf:li>\n<rdf:li>two</rdf:li></rdf:Bag></dc:subject>"
    title = '<dc:title><rdf:Alt><rdf:li xml:lang="x-default">Größe</rdf:li><rdf:li>Size</rdf:li></rdf:Alt></dc:title>'
    short = 'xmp:Rating="4" xmp:CreatorTool="Tool"'
    assert xmp.read_xmp(packet(bag + title + "<xmp:CreateDate>2026-11-23</xmp:CreateDate>", short)) == {
        "title": "Größe",
        "keywords": ["one", "two"],
        "rating": 4,
        "tool": "Tool",
        "created": "2026-11-23",
    }


def test_xmp_is_limited_in_size() -> None:
    many = "".join(f"<rdf:li>{number}{'x' * 500}</rdf:li>" for number in range(90))
    found = xmp.read_xmp(packet(f"<dc:subject><rdf:Bag>{many}</rdf:Bag></dc:subject>"))
    assert isinstance(found["keywords"], list)
    assert (len(found["keywords"]), len(str(found["keywords"][0]))) == (50, 100)


@pytest.mark.parametrize("content", [b"", b"junk", b"<a>" * 9_000, b"\xff\xfe\0", b"<?xml encoding='x'?><a/>"])
def test_damaged_xmp_gives_no_facts(content: bytes) -> None:
    assert xmp.read_xmp(content) == {}


def test_xmp_with_entities_is_refused() -> None:
    assert xmp.read_xmp(b'<!DOCTYPE a [<!ENTITY b "c">]>' + packet("<dc:title>&b;</dc:title>")) == {}


def test_iptc_of_older_software_is_read() -> None:
    assert iptc.read_iptc(b"\x1c\2\x78\0\x04caf\xe9") == {"caption": "café"}
    assert iptc.read_iptc(b"\x1c\2\x78\0\x05caf\xc3\xa9\x1c\2\5\x7f\xff") == {"caption": "café"}
    assert iptc.read_iptc(b"Photoshop 3.0\x008BIM\4\4\0\0\0\0\0\x08\x1c\2\5\0\3abc") == {"title": "abc"}


def test_all_texts_of_iptc_share_an_encoding() -> None:
    texts = {5: "Москва", 120: "Вид на Кремль", 80: "Иванов"}
    content = b"".join(
        struct.pack(">BBBH", 0x1C, 2, number, len(text)) + text.encode("cp1251") for number, text in texts.items()
    )
    assert iptc.read_iptc(content) == {"title": texts[5], "caption": texts[120], "creator": [texts[80]]}


def exif_with(picture: dict[int, bytes], comment: bytes = b"", order: str = "<") -> bytes:
    first = {tag: Entry(2, len(value) + 1, value + b"\0") for tag, value in picture.items()}
    return build_exif(order, first, {37510: Entry(7, len(comment), comment)} if comment else {}, {})


TEXTS = {270: "Вид на Кремль", 315: "Иван Петров", 33432: "© Иванов"}


@pytest.mark.parametrize("encoding", ["utf-8", "cp1251"])
def test_texts_of_exif_beyond_ascii_are_read(encoding: str) -> None:
    content = exif_with({tag: text.encode(encoding) for tag, text in TEXTS.items()})
    assert exif_texts.read_texts(content) == dict(
        zip(("ifd0-ImageDescription", "ifd0-Artist", "ifd0-Copyright"), TEXTS.values(), strict=True)
    )


def test_a_picture_has_the_texts_of_its_exif(run: Run) -> None:
    content = exif_with({270: "Größe".encode("cp1252"), 271: b"Acme"})
    plain = jpeg()
    segment = b"\xff\xe1" + struct.pack(">H", len(content) + 8) + b"Exif\0\0" + content
    facts = run(plain[:2] + segment + plain[2:]).facts["exif"]
    assert facts == {"ImageDescription": "Größe", "Make": "Acme"}


@pytest.mark.parametrize(
    ("comment", "order", "text"),
    [
        (b"UNICODE\0" + "Привет, мир".encode("utf-16-le"), "<", "Привет, мир"),
        (b"UNICODE\0" + "Привет, мир".encode("utf-16-be"), ">", "Привет, мир"),
        (b"UNICODE\0" + "Привет, мир".encode("utf-16-be"), "<", "Привет, мир"),
        (b"UNICODE\0" + "日本".encode("utf-16-le"), "<", "日本"),
        (b"JIS\0\0\0\0\0" + "日本".encode("iso2022_jp"), "<", "日本"),
        (bytes(8) + "Привет, мир".encode("cp1251"), "<", "Привет, мир"),
        (b"ASCII\0\0\0" + "Größe".encode(), "<", "Größe"),
        (b"ASCII\0\0\0plain", "<", None),
        (b"UNIC", "<", None),
    ],
)
def test_comments_are_in_the_encoding_that_they_name(comment: bytes, order: str, text: str | None) -> None:
    assert exif_texts.read_texts(exif_with({}, comment, order)).get("ifd2-UserComment") == text


def test_profiles_have_names(run: Run) -> None:
    wide = corners().icc_transform("p3", input_profile="srgb")
    assert "P3" in str(run(bytes(wide.pngsave_buffer()), "image/png").facts["icc_profile"])
    assert run(jpeg()).facts["icc_profile"] is None
    assert icc.read_name(bytes(128) + struct.pack(">I4sII", 1, b"desc", 144, 90) + b"mluc") is None


def test_resolution_and_depth(run: Run) -> None:
    assert run(bytes(corners().copy(xres=11.811, yres=11.811).jpegsave_buffer())).facts["dpi"] == 300.0
    assert run(jpeg()).facts["dpi"] is None
    deep = corners().colourspace("rgb16")
    assert run(bytes(deep.pngsave_buffer()), "image/png").facts["bit_depth"] == 16


def test_exif_of_a_tiff_is_read(run: Run) -> None:
    """libvips itself reads no EXIF of a TIFF."""
    first = [*bare_page(4, 4), (271, 2, b"Acme\0"), (34665, 13, [1]), (34853, 13, [2])]
    place: list[Any] = [(1, 2, b"N\0"), (2, 5, [10, 1, 30, 1, 0, 1]), (3, 2, b"W\0"), (4, 5, [20, 1, 15, 1, 0, 1])]
    facts = run(tiff([first, [(33437, 5, [28, 5])], place]), "image/tiff").facts
    assert facts["exif"] == {"Make": "Acme", "FNumber": "f/5.6"}
    assert isinstance(facts["gps"], dict)
    assert (facts["gps"]["latitude"], facts["gps"]["longitude"]) == (10.5, -20.25)


@pytest.mark.parametrize("tag", [34665, 34853])
def test_a_pointer_beyond_the_end_of_a_tiff_leads_to_no_exif(tag: int) -> None:
    """Two values do not fit into the entry, and their offset is beyond the end."""
    content = b"II*\0" + struct.pack("<IH", 8, 1) + struct.pack("<HHII", tag, 4, 2, 2**31) + bytes(4)
    assert exif_of(io.BytesIO(content)) == b""


@settings(max_examples=number(300, 75), deadline=None)
@given(data=st.data())
def test_any_damage_to_exif_gives_a_position_or_none(data: st.DataObject) -> None:
    content = bytearray(GPS_PHOTO.get("exif-data"))
    for place, byte in data.draw(
        st.lists(st.tuples(st.integers(6, len(content) - 1), st.integers(0, 255)), max_size=8)
    ):
        content[place] = byte
    tags = GPS_PHOTO.copy()
    tags.set_type(pyvips.GValue.blob_type, "exif-data", bytes(content))
    gps = exif.read_gps(tags)
    assert isinstance(gps, dict)
    assert all(gps[key] is None or isinstance(gps[key], float) for key in ("latitude", "longitude", "altitude"))


@pytest.mark.parametrize(("reference", "metres"), [(0, 58.5), (1, -58.5)])
def test_altitudes_below_the_sea_are_negative(run: Run, reference: int, metres: float) -> None:
    place: list[Any] = [(5, 1, bytes([reference])), (6, 5, [117, 2])]
    gps = run(tiff([[*bare_page(4, 4), (34853, 13, [1])], place]), "image/tiff").facts["gps"]
    assert isinstance(gps, dict)
    assert gps["altitude"] == metres


def test_facts_stay_within_their_size_limit(run: Run) -> None:
    wide = "\U0001f600" * 5_000
    fields = {f"ifd0_{name}": wide for name in ("Make", "Model", "Artist", "Copyright", "Software", "ImageDescription")}
    facts = run(photo(**fields)).facts
    assert len(json.dumps(dict(facts), ensure_ascii=False).encode()) < 65_536


def test_a_comment_that_libexif_can_not_decode_is_left_out() -> None:
    """libexif displays ``Unsupported UNICODE string`` instead."""
    field = "Unsupported UNICODE string (Unsupported UNICODE string, Undefined, 18 components, 18 bytes)"
    assert exif.displayed(field) == ""
    assert exif.displayed("Unsupported film (Unsupported film, ASCII, 17 components, 17 bytes)") == "Unsupported film"


# How it looks


def test_colours_have_shares(run: Run) -> None:
    colours = run(bytes(corners().pngsave_buffer()), "image/png").facts["dominant_colours"]
    assert isinstance(colours, list)
    assert {each["colour"] for each in colours if isinstance(each, dict)} == {
        "#dc1e1e",
        "#1ea01e",
        "#1e1edc",
        "#fafafa",
    }
    assert all(0.2 < float(str(each["share"])) < 0.3 for each in colours if isinstance(each, dict))


@pytest.mark.parametrize(
    ("width", "height", "alpha", "expected"),
    [
        (100, 75, False, "3vcFDYZEJcB1d3d0d0d3dAjrJcDo"),
        (40, 90, True, "HviFEgoXMIiISGhQigukp4eHSnQFa2o="),
        (7, 7, False, "hegFDwhyd3eAiIiIiHiIeIiHZwdzg48I"),
        (1, 1, False, "AAgCBwAAAAAAAAAAAAAAAAAAAAAAAAAA"),
        (100, 3, True, "D9iGIYIntGawp3hcT5f+hnSAd4d3iHg="),
    ],
)
def test_thumbhash_is_that_of_the_reference(width: int, height: int, alpha: bool, expected: str) -> None:
    """Equal to the reference's results, except for one digit on the border between two values."""
    pixels = np.array(gradient(width, height, alpha), np.uint8)
    made, reference = thumbhash(pixels).hex(), base64.b64decode(expected).hex()
    assert len(made) == len(reference)
    differences = [abs(int(a, 16) - int(b, 16)) for a, b in zip(made, reference, strict=True)]
    assert sum(differences) <= 1


def gradient(width: int, height: int, alpha: bool) -> list[list[list[int]]]:
    """A pattern without symmetry, in integers, so that every language computes the same."""
    return [
        [[x * 7 % 256, y * 11 % 256, (x * y) % 256, (x * 5 + y * 3) % 256 if alpha else 255] for x in range(width)]
        for y in range(height)
    ]


def test_phash_survives_resizing_and_saving_again(run: Run) -> None:
    shapes = pyvips.Image.perlin(900, 700, cell_size=200, seed=3) * 90 + 128
    picture = shapes.bandjoin([shapes.fliphor(), shapes.flipver()]).cast("uchar").copy(interpretation="srgb")
    first = int(str(run(bytes(picture.jpegsave_buffer(Q=95))).facts["phash"]), 16)
    again = int(str(run(bytes(picture.resize(0.4).jpegsave_buffer(Q=50))).facts["phash"]), 16)
    other = int(str(run(bytes(picture.rot90().jpegsave_buffer())).facts["phash"]), 16)
    assert (first ^ again).bit_count() <= 4
    assert (first ^ other).bit_count() > 16


# Options


def test_sizes_and_formats_can_be_chosen(run: Run, tmp_path: Path) -> None:
    result = run(bytes(corners(800, 500).jpegsave_buffer()), sizes=[64, 400], formats=["avif", "jpeg", "png", "webp"])
    assert [(d.role, d.media_type, d.width, d.height) for d in result.derivatives] == [
        (f"thumbnail-{size}{suffix}", f"image/{kind}", size, size * 5 // 8)
        for kind, suffix in (("avif", "-avif"), ("jpeg", "-jpeg"), ("png", "-png"), ("webp", ""))
        for size in (64, 400)
    ]
    for derivative in result.derivatives:
        shown = pyvips.Image.new_from_file(str(tmp_path / "derived" / derivative.file))
        assert (shown.width, shown.height) == (derivative.width, derivative.height)


def test_transparent_pixels_are_white_in_a_jpeg(run: Run, tmp_path: Path) -> None:
    clear = corners().bandjoin(0).copy(interpretation="srgb")
    run(bytes(clear.pngsave_buffer()), "image/png", formats=["jpeg"])
    shown = pyvips.Image.new_from_file(str(tmp_path / "derived" / "thumbnail-256-jpeg.jpeg"))
    assert all(level >= 253 for level in shown(20, 20))


def test_quality_can_be_chosen(run: Run, tmp_path: Path) -> None:
    noise = pyvips.Image.gaussnoise(600, 400, mean=128, sigma=40, seed=1).cast("uchar")
    sizes = []
    for quality in (20, 90):
        run(bytes(noise.jpegsave_buffer(Q=95)), quality=quality)
        sizes.append((tmp_path / "derived" / "thumbnail-1024.webp").stat().st_size)
    assert sizes[0] < sizes[1] / 2


@pytest.mark.parametrize(
    "options",
    [
        {"max_pixels": -1},
        {"sizes": []},
        {"sizes": [256, 256]},
        {"sizes": [8]},
        {"sizes": [5_000]},
        {"sizes": list(range(20, 29))},
        {"formats": []},
        {"formats": ["gif"]},
        {"formats": ["webp", "webp"]},
        {"quality": 0},
        {"quality": 101},
        {"gps": "hide"},
        {"animated_preview": "yes"},
        {"size": 3},
    ],
)
def test_options_that_make_no_sense_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(options))):
        parse_options(Options, options)
