import gc
import io
import os
import struct
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from tests.contract.samples.av import HEIGHT, VIDEOS, WIDTH, recording, video
from tests.hostile.av import atom, files, replaced

from picasso.process.contract import JSON, ProcessorError, Result, Source
from picasso.process.processors.av import hdr, open_media
from picasso.process.processors.video import Video
from picasso.process.registry import matches

RED, GREEN, BLUE, WHITE = (220, 30, 30), (30, 160, 30), (30, 30, 220), (250, 250, 250)

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def run(content: bytes, media_type: str = "video/mp4", **options: JSON) -> Result:
        (tmp_path / "original").write_bytes(content)
        (tmp_path / "derived").mkdir(exist_ok=True)
        return Video()(Source(tmp_path / "original", media_type, options), tmp_path / "derived")

    return run


@pytest.fixture
def made(tmp_path: Path) -> Callable[[str], Any]:
    return lambda name: Image.open(io.BytesIO((tmp_path / "derived" / name).read_bytes()))


def fails(code: str) -> Any:
    return pytest.raises(ProcessorError, match=f"^{code}:")


def near(pixel: tuple[int, ...], colour: tuple[int, ...], by: int = 25) -> bool:
    return all(abs(a - b) <= by for a, b in zip(pixel[:3], colour, strict=True))


def stream(result: Result, kind: str = "video") -> dict[str, Any]:
    streams: Any = result.facts["streams"]
    found: dict[str, Any] = next(one for one in streams if one["type"] == kind)
    return found


@pytest.mark.parametrize("media_type", VIDEOS)
def test_every_format_has_facts_poster_and_preview(run: Run, made: Callable[[str], Any], media_type: str) -> None:
    result = run(video(media_type), media_type)
    assert (result.facts["width"], result.facts["height"], result.facts["rotation"]) == (WIDTH, HEIGHT, 0)
    assert result.facts["complete"] is True
    assert result.facts["duration"] == pytest.approx(1.0, abs=0.15)
    assert stream(result)["fps"] == pytest.approx(25, abs=0.1)
    assert stream(result, "audio")["channels"] == 2
    assert [one.role for one in result.derivatives] == ["poster", "preview"]
    poster = made("poster.webp")
    assert (poster.format, poster.size) == ("WEBP", (WIDTH, HEIGHT))
    assert made("preview.webp").n_frames in {11, 12}


def test_facts_of_streams(run: Run) -> None:
    result = run(video("video/mp4"))
    assert result.facts["container"] == "mp4"
    assert stream(result)["codec"] == "h264"
    assert stream(result)["pixel_format"] == "yuv420p"
    sound = stream(result, "audio")
    assert (sound["codec"], sound["profile"], sound["sample_rate"], sound["layout"]) == ("aac", "LC", 48_000, "stereo")
    assert result.facts["chapters"] == 0
    assert result.facts["stream_count"] == 2


@pytest.mark.parametrize(
    ("media_type", "name"), [("video/webm", "webm"), ("video/quicktime", "mov"), ("video/3gpp", "3gp")]
)
def test_a_container_has_its_usual_name(run: Run, media_type: str, name: str) -> None:
    assert run(video(media_type), media_type).facts["container"] == name


@pytest.mark.parametrize(("rotation", "corner"), [(0, RED), (90, RED), (180, WHITE), (270, WHITE)])
def test_a_rotated_video_is_upright(
    run: Run, made: Callable[[str], Any], rotation: int, corner: tuple[int, ...]
) -> None:
    result = run(recording("mp4", "libx264", None, seconds=0.2, rotation=rotation), preview=False)
    poster = made("poster.webp").convert("RGB")
    upright = (WIDTH, HEIGHT) if rotation in {0, 180} else (HEIGHT, WIDTH)
    assert poster.size == upright == (result.facts["width"], result.facts["height"])
    assert result.facts["rotation"] == rotation
    assert near(poster.getpixel((8, 8)), corner)
    assert (stream(result)["width"], stream(result)["height"]) == (WIDTH, HEIGHT)


def test_pixels_that_are_not_square_are_scaled(run: Run, made: Callable[[str], Any]) -> None:
    result = run(recording("mp4", "libx264", None, seconds=0.2, shape=Fraction(4, 3)), preview=False)
    assert made("poster.webp").size == (213, HEIGHT)
    assert (result.facts["width"], stream(result)["sample_aspect_ratio"]) == (213, "4:3")


def test_a_poster_is_not_black(run: Run, made: Callable[[str], Any]) -> None:
    """The only key frame is black."""
    run(recording("mp4", "libx264", None, seconds=2, dark_seconds=0.8), preview=False)
    assert made("poster.webp").convert("L").getextrema()[1] > 200


def test_other_key_frames_are_tried_for_the_poster(run: Run, made: Callable[[str], Any]) -> None:
    run(recording("mp4", "libx264", None, seconds=2, dark_seconds=0.9, key_every=5), preview=False)
    assert made("poster.webp").convert("L").getextrema()[1] > 200


def test_a_black_video_has_a_black_poster(run: Run, made: Callable[[str], Any]) -> None:
    run(recording("mp4", "libx264", None, seconds=0.4, dark_seconds=9), preview=False)
    assert made("poster.webp").convert("L").getextrema()[1] < 10


def test_options(run: Run, made: Callable[[str], Any]) -> None:
    result = run(video("video/mp4"), poster_size=64, preview_size=32, preview_frames=4)
    assert made("poster.webp").size == (64, 36)
    assert made("preview.webp").size == (32, 18)
    assert made("preview.webp").n_frames == 4
    assert result.derivatives[0].width == 64
    assert [one.role for one in run(video("video/mp4"), preview=False).derivatives] == ["poster"]


@pytest.mark.parametrize("options", [{"poster_size": 1}, {"preview_frames": 99}, {"max_pixels": 0}, {"poster": 1}])
def test_wrong_options_are_named(run: Run, options: dict[str, JSON]) -> None:
    with pytest.raises(ValueError, match=next(iter(options))):
        run(video("video/mp4"), **options)


def test_more_pixels_than_allowed(run: Run) -> None:
    with fails("too-many-pixels"):
        run(video("video/mp4"), max_pixels=WIDTH * HEIGHT - 1)
    with fails("too-many-pixels"):
        run(recording("mp4", "mpeg4", None, seconds=0.08, size=(8000, 5000)))


@pytest.mark.parametrize(("media_type", "options"), [("video/mp4", (("moov_size", "20000"),)), ("video/webm", ())])
def test_a_truncated_video_has_a_poster(run: Run, media_type: str, options: Any) -> None:
    whole = video(media_type, options=options, seconds=3.0)
    result = run(whole[: len(whole) * 2 // 3], media_type, preview=False)
    assert result.facts["complete"] is False
    assert result.facts["duration"] == pytest.approx(3, abs=0.1)
    assert [one.role for one in result.derivatives] == ["poster"]


def test_a_video_without_its_index_is_corrupt(run: Run) -> None:
    whole = video("video/mp4")
    with fails("corrupt"):
        run(whole[: len(whole) // 2])


def test_an_empty_file_is_corrupt(run: Run) -> None:
    with fails("corrupt"):
        run(b"")


def test_a_type_without_demuxer_is_unsupported(run: Run) -> None:
    with fails("unsupported-format"):
        run(b"\1" * 1_000, "video/x-unheard-of")


def test_no_other_format_is_guessed(run: Run) -> None:
    with fails("corrupt"):
        run(video("video/x-matroska"), "video/mp4")


def test_protected_video_says_so(run: Run) -> None:
    encryption = {"encryption_scheme": "cenc-aes-ctr", "encryption_key": "00" * 16, "encryption_kid": "11" * 16}
    with fails("protected"):
        run(video("video/mp4", options=tuple(encryption.items())))


def test_a_file_with_only_sound_is_measured(run: Run) -> None:
    result = run(recording("mp4", None, "aac"))
    assert "width" not in result.facts
    assert isinstance(result.facts["loudness"], dict)
    assert [one.role for one in result.derivatives] == ["waveform-peaks", "waveform"]


def test_the_location_is_an_option(run: Run) -> None:
    content = recording(
        "mov", "libx264", None, seconds=0.2, tags=(("location", "+52.5200+013.4050/"), ("title", "Größe"))
    )
    result = run(content, "video/quicktime", preview=False)
    assert str(result.facts["location"]).startswith("+52.5200+013.4050")
    assert result.facts["tags"] == {"title": "Größe"}
    assert "location" not in run(content, "video/quicktime", preview=False, location=False).facts


def test_tags_are_limited_in_size(run: Run) -> None:
    tags = tuple((f"NAME{number}", "x" * 1000 + "\x07") for number in range(200))
    result = run(recording("matroska", "libx264", None, seconds=0.2, tags=tags), "video/x-matroska", preview=False)
    found: Any = result.facts["tags"]
    assert len(found) == 64
    assert all(len(value) <= 300 for value in found.values())


def test_the_data_of_a_track_is_never_read_elsewhere(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever else FFmpeg wants to open goes through this function."""
    (tmp_path / "secret").write_bytes(video("video/mp4"))
    asked: list[str] = []

    def refuse(address: str, *_: object) -> None:
        asked.append(address)
        raise ProcessorError("unsupported-format", "No.")

    monkeypatch.setattr(open_media, "_refuse_other_files", refuse)
    gc.collect()  # what earlier tests have left open
    before = set(os.listdir("/proc/self/fd"))
    for name, media_type, content in files():
        if "secret" in name or "passwd" in name:
            try:
                run(content, media_type, preview=False)
            except ProcessorError as error:
                assert error.code in {"corrupt", "unsupported-format"}, name  # noqa: PT017
    assert set(os.listdir("/proc/self/fd")) <= before
    assert asked == []


def test_a_reader_ends_after_its_maximum_of_bytes(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(bytes(100_000))
    with (tmp_path / "file").open("rb", buffering=0) as file:
        reader = open_media.Reader(file, 50_000)
        assert sum(iter(lambda: len(reader.read(10_000)), 0)) == 40_000
        assert reader.exhausted
        reader.allow(10**6)
        assert reader.seek(-5) < 0
        assert reader.seek(2**70) < 0
        assert reader.seek(10) == 10
        assert reader.read(1) == b"\0"


def test_an_error_of_the_disk_raises_os_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    def broken(*_: object) -> bytes:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(open_media.Reader, "read", broken)
    with pytest.raises(OSError, match="Input/output"):
        run(video("video/mp4"))


def test_an_index_that_needs_all_memory_is_the_files_fault(run: Run) -> None:
    with fails("too-large"):
        run(replaced(video("video/mp4"), b"stts", 4, struct.pack(">I", 2**32 - 1)))


def test_too_many_streams(run: Run) -> None:
    mp4 = video("video/mp4")
    moov, trak = mp4.index(b"moov") - 4, mp4.index(b"trak") - 4
    one = mp4[trak : trak + struct.unpack(">I", mp4[trak : trak + 4])[0]]
    with fails("too-large"):
        run(mp4[:moov] + atom(b"moov", mp4[moov + 8 : trak] + one * 300))


@pytest.mark.parametrize("transfer", [hdr.PQ, hdr.HLG])
def test_hdr_pictures_are_bright(transfer: int) -> None:
    """Paper white is at 58 % of the signal of PQ, and at 75 % of HLG."""
    level = 148 if transfer == hdr.PQ else 191
    grey = hdr.to_sdr(Image.new("RGB", (2, 2), (level,) * 3), transfer).getpixel((0, 0))
    assert 200 <= grey[1] <= 245  # type: ignore[index]
    assert hdr.to_sdr(Image.new("RGB", (2, 2)), transfer).getpixel((0, 0)) == (0, 0, 0)


def test_other_transfers_are_unchanged() -> None:
    picture = Image.open(io.BytesIO(_webp()))
    assert hdr.to_sdr(picture, 1) is picture


def _webp() -> bytes:
    target = io.BytesIO()
    Image.new("RGB", (4, 4), RED).save(target, "WEBP")
    return target.getvalue()


def test_claims() -> None:
    assert matches(Video.media_types, "video/x-matroska")
    assert not matches(Video.media_types, "application/vnd.apple.mpegurl")
