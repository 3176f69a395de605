import base64
import os
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import pyvips
from tests.sampling import sample

from picasso.process.contract import JSON, ProcessorError, Result, Source
from picasso.process.processors.image import Image
from picasso.process.processors.image.errors import translate_error

RED, GREEN, BLUE, WHITE = [220, 30, 30], [30, 160, 30], [30, 30, 220], [250, 250, 250]

SAVE: dict[str, Callable[[Any], bytes]] = {
    "image/jpeg": lambda picture: picture.jpegsave_buffer(Q=95),
    "image/png": lambda picture: picture.pngsave_buffer(),
    "image/webp": lambda picture: picture.webpsave_buffer(lossless=True),
    "image/gif": lambda picture: picture.gifsave_buffer(),
    "image/tiff": lambda picture: picture.tiffsave_buffer(compression="deflate"),
    "image/avif": lambda picture: picture.heifsave_buffer(compression="av1", effort=0),
}


def plain(width: int, height: int, colour: list[int]) -> Any:
    interpretation = "b-w" if len(colour) < 3 else "srgb"
    return (pyvips.Image.black(width, height) + colour).cast("uchar").copy(interpretation=interpretation)


def corners(width: int = 320, height: int = 200) -> Any:
    """Red and green above, blue and white below."""
    quarters = [plain(width // 2, height // 2, colour) for colour in (RED, GREEN, BLUE, WHITE)]
    return pyvips.Image.arrayjoin(quarters, across=2)


def noise(width: int, height: int) -> Any:
    bands = [pyvips.Image.gaussnoise(width, height, mean=128, sigma=40, seed=seed) for seed in (1, 2, 3)]
    return bands[0].bandjoin(bands[1:]).cast("uchar").copy(interpretation="srgb").copy_memory()


def with_fields(picture: Any, gtype: Any, **fields: Any) -> Any:
    picture = picture.copy()
    for name, value in fields.items():
        picture.set_type(gtype, name.replace("_", "-"), value)
    return picture


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., Result]:
    def run(content: bytes, media_type: str = "image/png", **options: JSON) -> Result:
        (tmp_path / "original").write_bytes(content)
        (tmp_path / "derived").mkdir(exist_ok=True)
        return Image()(Source(tmp_path / "original", media_type, options), tmp_path / "derived")

    return run


@pytest.fixture
def thumbnail(tmp_path: Path) -> Callable[[int], Any]:
    return lambda size: pyvips.Image.new_from_file(str(tmp_path / "derived" / f"thumbnail-{size}.webp"))


Run = Callable[..., Result]
Thumbnail = Callable[[int], Any]


def fails(code: str) -> Any:
    return pytest.raises(ProcessorError, match=f"^{code}:")


def near(pixel: list[float], colour: list[int], by: int = 12) -> bool:
    return len(pixel) == len(colour) and all(abs(a - b) <= by for a, b in zip(pixel, colour, strict=True))


def assert_corners(picture: Any) -> None:
    right, bottom = picture.width - 8, picture.height - 8
    for x, y, colour in ((8, 8, RED), (right, 8, GREEN), (8, bottom, BLUE), (right, bottom, WHITE)):
        assert near(picture(x, y), colour), (x, y, picture(x, y), colour)


# What it says


@pytest.mark.parametrize("media_type", SAVE)
def test_every_common_format_is_read(run: Run, thumbnail: Thumbnail, media_type: str) -> None:
    result = run(SAVE[media_type](corners()), media_type)
    facts = result.facts
    assert facts["format"] == media_type.removeprefix("image/")
    assert (facts["width"], facts["height"], facts["pages"]) == (320, 200, 1)
    assert [(d.role, d.file, d.media_type, d.width, d.height) for d in result.derivatives] == [
        ("thumbnail-256", "thumbnail-256.webp", "image/webp", 256, 160),
        ("thumbnail-1024", "thumbnail-1024.webp", "image/webp", 320, 200),
    ]
    assert_corners(thumbnail(256).extract_band(0, n=3))
    assert_corners(thumbnail(1024).extract_band(0, n=3))


def test_large_pictures_fit_both_squares(run: Run, thumbnail: Thumbnail) -> None:
    result = run(corners(2400, 4000).jpegsave_buffer(), "image/jpeg")
    assert [(d.width, d.height) for d in result.derivatives] == [(154, 256), (614, 1024)]
    assert [(thumbnail(s).width, thumbnail(s).height) for s in (256, 1024)] == [(154, 256), (614, 1024)]
    assert_corners(thumbnail(1024))


def test_a_very_thin_picture_keeps_a_pixel(run: Run) -> None:
    result = run(plain(5000, 1, RED).pngsave_buffer())
    assert [(d.width, d.height) for d in result.derivatives] == [(256, 1), (1024, 1)]


def test_a_thin_picture_shrunk_by_the_decoder_keeps_a_pixel(run: Run) -> None:
    result = run(plain(3, 5000, RED).jpegsave_buffer(), "image/jpeg")
    assert [(d.width, d.height) for d in result.derivatives] == [(1, 256), (1, 1024)]


@pytest.mark.parametrize(
    ("orientation", "undo"), [(1, "copy"), (2, "fliphor"), (3, "rot180"), (4, "flipver"), (6, "rot270"), (8, "rot90")]
)
@pytest.mark.parametrize("media_type", ["image/jpeg", "image/tiff", "image/webp"])
def test_pictures_are_turned_upright(
    run: Run, thumbnail: Thumbnail, media_type: str, orientation: int, undo: str
) -> None:
    stored = with_fields(getattr(corners(), undo)(), pyvips.GValue.gint_type, orientation=orientation)
    facts = run(SAVE[media_type](stored), media_type).facts
    assert (facts["width"], facts["height"], facts["orientation"]) == (320, 200, orientation)
    assert_corners(thumbnail(256))
    assert_corners(thumbnail(1024))


def test_alpha_is_kept(run: Run, thumbnail: Thumbnail) -> None:
    see_through = plain(400, 300, [*RED, 0]).insert(plain(200, 300, [*BLUE, 255]), 0, 0)
    assert run(see_through.pngsave_buffer()).facts["has_alpha"] is True
    assert thumbnail(256)(20, 90)[3] == 255
    assert thumbnail(256)(230, 90)[3] == 0


@pytest.mark.parametrize(
    ("space", "save"),
    [
        ("cmyk", "jpegsave_buffer"),
        ("rgb16", "pngsave_buffer"),
        ("lab", "tiffsave_buffer"),
        ("scrgb", "tiffsave_buffer"),
    ],
)
def test_other_colour_spaces_become_srgb(run: Run, thumbnail: Thumbnail, space: str, save: str) -> None:
    facts = run(getattr(plain(300, 300, RED).colourspace(space), save)(), "image/x").facts
    assert facts["colour_space"] == space
    assert near(thumbnail(256)(100, 100), RED, by=25)


def test_an_embedded_profile_is_applied_and_left_out(run: Run, thumbnail: Thumbnail) -> None:
    wide = plain(300, 300, RED).icc_transform("p3", input_profile="srgb")
    assert not near(wide(1, 1), RED)
    run(wide.pngsave_buffer())
    assert near(thumbnail(1024)(100, 100), RED, by=4)
    assert not thumbnail(1024).get_typeof("icc-profile-data")


def test_a_damaged_profile_is_ignored(run: Run, thumbnail: Thumbnail) -> None:
    odd = with_fields(plain(300, 300, RED), pyvips.GValue.blob_type, icc_profile_data=b"junk" * 40)
    run(odd.jpegsave_buffer(), "image/jpeg")
    assert near(thumbnail(256)(100, 100), RED)


def test_pages_are_counted_and_the_first_is_shown(run: Run, thumbnail: Thumbnail) -> None:
    frames = [plain(60, 40, colour) for colour in (RED, GREEN, BLUE)]
    film = with_fields(pyvips.Image.arrayjoin(frames, across=1), pyvips.GValue.gint_type, page_height=40)
    for save, media_type in (
        ("gifsave_buffer", "image/gif"),
        ("webpsave_buffer", "image/webp"),
        ("tiffsave_buffer", "image/tiff"),
    ):
        facts = run(getattr(film, save)(), media_type).facts
        assert (facts["pages"], facts["width"], facts["height"]) == (3, 60, 40)
        assert (thumbnail(256).width, thumbnail(256).height) == (60, 40)
        assert near(thumbnail(256)(30, 20)[:3], RED, by=25)


def test_the_dominant_colour_is_a_colour_of_the_picture(run: Run) -> None:
    """The mean colour is a brown that no pixel has."""
    mostly_blue = plain(300, 300, BLUE).insert(plain(120, 300, RED), 0, 0)
    assert run(mostly_blue.pngsave_buffer()).facts["dominant_colour"] == "#1e1edc"


def test_transparent_pixels_are_not_dominant(run: Run) -> None:
    hidden = plain(300, 300, [*RED, 0]).insert(plain(100, 300, [*GREEN, 255]), 0, 0)
    assert run(hidden.pngsave_buffer()).facts["dominant_colour"] == "#1ea01e"
    assert run(plain(300, 300, [*RED, 0]).pngsave_buffer()).facts["dominant_colour"] is None


def test_exif_is_in_the_facts_and_not_in_thumbnails(run: Run, thumbnail: Thumbnail) -> None:
    photo = with_fields(
        plain(300, 200, RED),
        pyvips.GValue.gstr_type,
        exif_ifd0_Make="Acme (Europe) (what libvips drops)",
        exif_ifd0_Artist="x" * 5_000,
        exif_ifd0_Copyright="a\x07b\tc",
        exif_ifd2_FNumber="28/5 (f/5.6, Rational, 1 components, 8 bytes)",
        exif_ifd2_MeteringMode="5 (5, Short, 1 components, 2 bytes)",
        exif_ifd3_GPSLatitudeRef="N (N, ASCII, 2 components, 2 bytes)",
        exif_ifd3_GPSLatitude="48/1 30/1 15/1 (48, 30, 15, Rational, 3 components, 24 bytes)",
    )
    exif = run(photo.jpegsave_buffer(), "image/jpeg").facts["exif"]
    assert isinstance(exif, dict)
    assert exif["Make"] == "Acme (Europe)"
    assert exif["Artist"] == "x" * 300
    assert exif["Copyright"] == "a b c"
    assert exif["FNumber"] == "f/5.6"
    assert exif["MeteringMode"] == "5"
    assert "GPSLatitude" not in exif
    assert not thumbnail(1024).get_typeof("exif-data")
    assert b"Acme" not in Path(thumbnail(1024).filename).read_bytes()


def test_no_exif_is_no_tags(run: Run) -> None:
    facts = run(plain(30, 20, RED).pngsave_buffer(keep="none")).facts
    assert (facts["exif"], facts["orientation"]) == ({}, None)


# What it refuses


def png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_claiming(width: int, height: int) -> bytes:
    real = plain(9, 9, RED).pngsave_buffer(keep="none")
    return bytes(real[:8] + png_chunk(b"IHDR", struct.pack(">II", width, height) + real[24:29]) + real[33:])


def gif_claiming(width: int, height: int) -> bytes:
    """Wrong sizes in the header and in the frame, since the decoder checks both."""
    return bytes(plain(1, 2, RED).gifsave_buffer().replace(b"\1\0\2\0", struct.pack("<HH", width, height)))


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (png_claiming(65_535, 65_535), "image/png"),
        (png_claiming(22_700, 22_700), "image/png"),
        (gif_claiming(65_535, 65_535), "image/gif"),
        (b'<svg xmlns="http://www.w3.org/2000/svg" width="65000" height="65000"/>', "image/svg+xml"),
    ],
    ids=["png", "png-just-over", "gif", "svg"],
)
def test_bombs_are_detected_by_their_header(run: Run, content: bytes, media_type: str) -> None:
    with fails("too-many-pixels"):
        run(content, media_type)


def test_the_pixel_limit_can_be_set(run: Run) -> None:
    picture = corners(320, 200).pngsave_buffer()
    run(picture, max_pixels=64_000)
    with fails("too-many-pixels"):
        run(picture, max_pixels=63_999)


@pytest.mark.parametrize("media_type", SAVE)
def test_the_limit_that_is_set_holds_for_every_format(run: Run, media_type: str) -> None:
    picture = SAVE[media_type](corners(320, 200))
    run(picture, media_type, max_pixels=64_000)
    with fails("too-many-pixels"):
        run(picture, media_type, max_pixels=63_999)


@pytest.mark.parametrize("part", [0.5, 0.97])
@pytest.mark.parametrize("media_type", ["image/tiff", "image/avif"])
def test_a_truncated_picture_without_its_directory_is_corrupt(run: Run, media_type: str, part: float) -> None:
    whole = SAVE[media_type](noise(500, 400))
    with fails("corrupt"):
        run(whole[: int(len(whole) * part)], media_type)


def test_bytes_after_the_end_are_ignored(run: Run, thumbnail: Thumbnail) -> None:
    run(SAVE["image/jpeg"](corners()) + b"\0" * 500 + b"junk", "image/jpeg")
    assert_corners(thumbnail(256))


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(200), "image/jp2"),
        (b"PF\n2 2\n-1.0\n" + bytes(48), "image/x-portable-floatmap"),
        (b"2 2\n1 2\n3 4\n", "image/x-matrix"),
        (b"1,2\n3,4\n", "image/x-csv"),
        (b"", "image/x-nothing"),
    ],
    ids=["jp2", "pfm", "matrix", "csv", "empty"],
)
def test_a_format_without_loader_is_unsupported(run: Run, content: bytes, media_type: str) -> None:
    with fails("unsupported-format"):
        run(content, media_type)


def test_the_format_of_libvips_itself_is_not_read(run: Run, tmp_path: Path) -> None:
    plain(9, 9, RED).write_to_file(str(tmp_path / "picture.v"))
    with fails("unsupported-format"):
        run((tmp_path / "picture.v").read_bytes(), "image/x-vips")


def test_a_png_with_labels_that_are_not_utf_8_is_read(run: Run) -> None:
    """pyvips can't list the fields of this file."""
    png = plain(9, 9, RED).pngsave_buffer(keep="none")
    assert run(png[:33] + png_chunk(b"tEXt", b"K\xe9y\0v\xe9lue") + png[33:]).facts["width"] == 9


def test_a_missing_file_raises_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Image()(Source(tmp_path / "gone", "image/png"), tmp_path)


def test_a_read_only_folder_raises_os_error(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(plain(9, 9, RED).pngsave_buffer())
    with pytest.raises(OSError, match="thumbnail-256"):
        Image()(Source(tmp_path / "a.png", "image/png"), tmp_path / "no such folder")


# SVG


def svg(body: str, prologue: str = "") -> bytes:
    return f'{prologue}<svg xmlns="http://www.w3.org/2000/svg" width="50" height="50">{body}</svg>'.encode()


@pytest.mark.parametrize(
    "body",
    [
        '<image width="50" height="50" href="red.png"/>',
        '<image width="50" height="50" href="file://{folder}/red.png"/>',
        '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="red.svg"/>',
        '<style>@import url("red.css");</style><rect width="50" height="50" fill="none"/>',
        '<use href="red.svg#red"/>',
    ],
    ids=["neighbour", "file-url", "xinclude", "css", "use"],
)
def test_an_svg_reads_no_other_files(run: Run, thumbnail: Thumbnail, tmp_path: Path, body: str) -> None:
    """librsvg reads each of these if it knows the path, as the second half shows."""
    plain(50, 50, RED).pngsave(str(tmp_path / "red.png"))
    (tmp_path / "red.svg").write_bytes(svg('<rect id="red" width="50" height="50" fill="#dc1e1e"/>'))
    (tmp_path / "red.css").write_text("rect { fill: #dc1e1e !important }")
    content = svg(body.format(folder=tmp_path))
    run(content, "image/svg+xml")
    assert thumbnail(256)(25, 25)[3] == 0

    (tmp_path / "control.svg").write_bytes(content)
    control = "import sys, pyvips; print(pyvips.Image.svgload(sys.argv[1])(25, 25))"
    assert in_a_process(control, str(tmp_path / "control.svg")).startswith("[220.0, 30.0, 30.0")


def test_an_svg_may_embed_pictures(run: Run, thumbnail: Thumbnail) -> None:
    png = base64.b64encode(plain(50, 50, RED).pngsave_buffer()).decode()
    facts = run(svg(f'<image width="50" height="50" href="data:image/png;base64,{png}"/>'), "image/svg+xml").facts
    assert (facts["format"], facts["width"], facts["height"]) == ("svg", 50, 50)
    assert near(thumbnail(256)(25, 25)[:3], RED)


def test_an_svg_with_nested_entities_is_refused(run: Run) -> None:
    letters = "abcdefghij"
    entities = "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in pairwise(letters))
    with fails("too-complex"):
        run(svg("<text>&j;</text>", f'<!DOCTYPE svg [<!ENTITY a "aaaaaaaaaa">{entities}]>'), "image/svg+xml")


# Where it runs


def in_a_process(code: str, *arguments: str) -> str:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


IN_BOUNDS = """
import resource, sys
from pathlib import Path
from picasso.process.contract import Source
from picasso.process.processors.image import Image
Image.prepare()
path, media_type, megabytes = sys.argv[1:]
resource.setrlimit(resource.RLIMIT_AS, (int(megabytes) << 20,) * 2)
try:
    print(*[d.width for d in Image()(Source(Path(path), media_type), Path(path).parent).derivatives])
except Exception as error:
    print(type(error).__name__)
"""


LARGE: dict[str, dict[str, Any]] = {
    "plain.jpeg": {},
    "progressive.jpeg": {"interlace": True, "subsample_mode": "off"},
    "plain.png": {"compression": 1},
    "interlaced.png": {"compression": 1, "interlace": True},
}
IN_PIECES = ["progressive.jpeg", "interlaced.png"]
SOME_LARGE = sample(LARGE, lambda name: name in IN_PIECES, 1 / 2)


@pytest.fixture(scope="module")
def sixty_megapixels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("large")
    picture = corners(10_000, 6_000)
    for name in SOME_LARGE:
        picture.write_to_file(str(folder / name), **LARGE[name])
    return folder


@pytest.mark.parametrize("name", SOME_LARGE)
def test_sixty_megapixels_fit_a_gibibyte(sixty_megapixels: Path, name: str) -> None:
    path = sixty_megapixels / name
    assert in_a_process(IN_BOUNDS, str(path), f"image/{path.suffix[1:]}", "1024") == "256 1024\n"


@pytest.mark.parametrize("name", [name for name in SOME_LARGE if name in IN_PIECES])
def test_a_lack_of_memory_raises_memory_error(sixty_megapixels: Path, name: str) -> None:
    path = sixty_megapixels / name
    assert in_a_process(IN_BOUNDS, str(path), f"image/{path.suffix[1:]}", "230") == "MemoryError\n"


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("glib: Error creating thread: Resource temporarily unavailable", MemoryError),
        ("heif: Invalid input: Unspecified: Memory allocation error (2.0)", MemoryError),
        ("heif: Memory allocation error: Security limit exceeded: iloc box contains 65283 items", ProcessorError),
        ("VipsJpeg: premature end of JPEG image", ProcessorError),
        ("descriptor 7: read error\nunix error: Input/output error", OSError),
        ("wbuffer_write: write failed\nunix error: No space left on device", OSError),
    ],
)
def test_messages_of_libvips_become_the_right_exception(message: str, kind: type[Exception]) -> None:
    assert isinstance(translate_error(message, "image/png"), kind)


FORKED = """
import os, sys
from pathlib import Path
from picasso.process.contract import Source
from picasso.process.processors.image import Image
Image.prepare()
assert len(os.listdir("/proc/self/task")) == 1, "prepare() left threads, which a fork would lose"
for _ in range(30):
    if not (child := os.fork()):
        try:
            os._exit(len(Image()(Source(Path(sys.argv[1]), "image/jpeg"), Path(sys.argv[2])).derivatives))
        finally:
            os._exit(99)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="counts threads in /proc")
def test_forked_children_can_process(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(SAVE["image/jpeg"](corners()))
    assert in_a_process(FORKED, str(tmp_path / "a.jpg"), str(tmp_path)).split() == ["2"] * 30
