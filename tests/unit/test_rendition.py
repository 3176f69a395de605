import io
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from tests.contract.samples.av import HEIGHT, WIDTH, recording, sound, video

from picasso import conf
from picasso.process.contract import JSON, ProcessorError, Result, Source
from picasso.process.pipelines import load
from picasso.process.processors import rendition
from picasso.process.processors.av import hdr
from picasso.process.processors.av.encoding import even_size
from picasso.process.processors.rendition import Rendition

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def run(content: bytes, media_type: str = "video/mp4", progress: Any = None, **options: JSON) -> Result:
        (tmp_path / "original").write_bytes(content)
        (tmp_path / "derived").mkdir(exist_ok=True)
        source = Source(tmp_path / "original", media_type, options, progress or (lambda _: None))
        return Rendition()(source, tmp_path / "derived")

    return run


@contextmanager
def opened(tmp_path: Path, name: str = "rendition.mp4") -> Iterator[Any]:
    import av

    with av.open(io.BytesIO((tmp_path / "derived" / name).read_bytes())) as container:
        yield container


def fails(code: str) -> Any:
    return pytest.raises(ProcessorError, match=f"^{code}:")


@pytest.mark.parametrize("media_type", ["video/mp4", "video/webm", "video/x-msvideo", "video/mpeg", "video/mp2t"])
def test_a_video_becomes_what_browsers_play(run: Run, tmp_path: Path, media_type: str) -> None:
    result = run(video(media_type), media_type)
    assert [(one.role, one.media_type) for one in result.derivatives] == [("rendition", "video/mp4")]
    content = (tmp_path / "derived" / "rendition.mp4").read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")
    with opened(tmp_path) as made:
        pictures, sounds = made.streams.video[0].codec_context, made.streams.audio[0].codec_context
        assert (pictures.codec.canonical_name, pictures.profile, pictures.pix_fmt) == ("h264", "High", "yuv420p")
        assert (pictures.width, pictures.height) == (WIDTH, HEIGHT)
        assert (sounds.codec.canonical_name, sounds.profile, sounds.channels) == ("aac", "LC", 2)
        assert made.duration / 1_000_000 == pytest.approx(1.0, abs=0.15)
        assert len(list(made.decode(video=0))) == pytest.approx(25, abs=1)


def test_sound_and_pictures_stay_together(run: Run, tmp_path: Path) -> None:
    """The transport stream begins at 1.4 s; the rendition begins at 0."""
    run(video("video/mp2t"), "video/mp2t")
    with opened(tmp_path) as made:
        begins = [float(stream.start_time * stream.time_base) for stream in made.streams]
    assert max(begins) - min(begins) < 0.1
    assert min(begins) < 0.1


@pytest.mark.parametrize(("rotation", "size"), [(90, (HEIGHT, WIDTH)), (180, (WIDTH, HEIGHT)), (270, (HEIGHT, WIDTH))])
def test_a_rendition_is_upright(run: Run, tmp_path: Path, rotation: int, size: tuple[int, int]) -> None:
    run(recording("mp4", "libx264", None, seconds=0.4, rotation=rotation))
    with opened(tmp_path) as made:
        frame = next(made.decode(video=0))
    assert ((frame.width, frame.height), frame.rotation) == (size, 0)
    red, green, blue = frame.to_image().getpixel((5, 5))
    assert (red > 180) == (rotation == 90 or min(green, blue) > 180)


def test_the_height_is_an_option(run: Run, tmp_path: Path) -> None:
    result = run(recording("mp4", "libx264", "aac", seconds=0.2, size=(640, 360)), height=101)
    assert (result.derivatives[0].width, result.derivatives[0].height) == (180, 100)
    with opened(tmp_path) as made:
        assert made.streams.video[0].height == 100


@pytest.mark.parametrize(
    ("size", "shorter", "expected"),
    [
        ((1920, 1080), 720, (1280, 720)),
        ((1080, 1920), 720, (720, 1280)),
        ((161, 91), 720, (160, 90)),
        ((1, 1), 720, (2, 2)),
    ],
)
def test_sides_are_even(size: tuple[int, int], shorter: int, expected: tuple[int, int]) -> None:
    assert even_size(size, shorter) == expected


@pytest.mark.parametrize(
    ("choice", "file", "codec"),
    [("m4a", "rendition.m4a", "aac"), ("mp3", "rendition.mp3", "mp3"), ("opus", "rendition.opus", "opus")],
)
def test_a_file_with_only_sound(run: Run, tmp_path: Path, choice: str, file: str, codec: str) -> None:
    result = run(sound("audio/flac"), "audio/flac", audio_format=choice)
    assert [one.file for one in result.derivatives] == [file]
    with opened(tmp_path, file) as made:
        assert made.streams.audio[0].codec_context.codec.canonical_name == codec
        assert made.duration / 1_000_000 == pytest.approx(1.0, abs=0.1)


def test_hls_plays_beside_its_files(run: Run, tmp_path: Path) -> None:
    import av

    result = run(recording("mp4", "libx264", "aac", seconds=9.0, key_every=25), hls=True)
    assert [one.role for one in result.derivatives] == ["rendition", "hls-playlist", "hls-media"]
    playlist = (tmp_path / "derived" / "rendition.m3u8").read_text()
    assert "#EXT-X-ENDLIST" in playlist
    assert set(re.findall(r"^[^#\s].*$|URI=\"(.*?)\"", playlist, re.MULTILINE)) <= {"", "rendition.m4s"}
    assert {line for line in playlist.splitlines() if line and not line.startswith("#")} == {"rendition.m4s"}
    lengths = [float(length) for length in re.findall(r"#EXTINF:([\d.]+)", playlist)]
    assert len(lengths) == 3
    assert sum(lengths) == pytest.approx(9.0, abs=0.1)
    assert max(lengths) <= 4.1
    with av.open(str(tmp_path / "derived" / "rendition.m3u8")) as made:
        assert len(list(made.decode(video=0))) == pytest.approx(225, abs=1)
    assert {path.name for path in (tmp_path / "derived").iterdir()} == {one.file for one in result.derivatives}


HDR = (Path(__file__).parent / "files" / "hdr-pq-203-nits.mp4").read_bytes()


def first_frame(container: Any) -> Any:
    return next(container.decode(video=0))


def test_hdr_becomes_sdr(run: Run, tmp_path: Path) -> None:
    """Paper white, 203 nits in PQ, is as bright as in the poster."""
    run(HDR)
    with opened(tmp_path) as made:
        frame = first_frame(made)
    assert (frame.format.name, frame.color_trc, frame.color_primaries, frame.colorspace) == ("yuv420p", 1, 1, 1)
    assert all(210 <= level <= 230 for level in frame.to_image().getpixel((100, 100)))
    assert {path.name for path in (tmp_path / "derived").iterdir()} == {"rendition.mp4"}


def test_hdr_can_be_kept(run: Run, tmp_path: Path) -> None:
    run(HDR, hdr="keep")
    with opened(tmp_path) as made:
        context, frame = made.streams.video[0].codec_context, first_frame(made)
        assert (context.codec.canonical_name, context.profile, context.codec_tag) == ("hevc", "Main 10", "hvc1")
    assert (frame.format.name, frame.color_trc, frame.color_primaries) == ("yuv420p10le", 16, 9)


def test_sdr_is_no_hdr_that_could_be_kept(run: Run, tmp_path: Path) -> None:
    run(video("video/mp4"), hdr="keep")
    with opened(tmp_path) as made:
        assert made.streams.video[0].codec_context.codec.canonical_name == "h264"


@pytest.mark.parametrize("transfer", [hdr.PQ, hdr.HLG])
def test_greys_of_the_table_are_those_of_the_poster(transfer: int) -> None:
    """The middle of the cube is its diagonal; black stays black, and the peak is white."""
    lines = [tuple(map(float, line.split())) for line in hdr.cube(transfer).splitlines()[1:]]
    greys = [lines[step * (hdr.CUBE**2 + hdr.CUBE + 1)] for step in range(hdr.CUBE)]
    assert len(lines) == hdr.CUBE**3
    for step, levels in enumerate(greys):
        level = round(255 * step / (hdr.CUBE - 1))
        shown = hdr.to_sdr(Image.new("RGB", (1, 1), (level,) * 3), transfer).getpixel((0, 0))
        assert max(abs(255 * a - b) for a, b in zip(levels, shown, strict=True)) < 4  # type: ignore[arg-type]


def test_a_folder_may_have_any_name(tmp_path: Path) -> None:
    folder = tmp_path / "it's [a]: folder, one"
    folder.mkdir()
    (folder / "original").write_bytes(HDR)
    result = Rendition()(Source(folder / "original", "video/mp4", {"height": 64}), folder)
    assert [one.file for one in result.derivatives] == ["rendition.mp4"]


def test_progress_is_reported(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rendition, "PROGRESS_SECONDS", 0.0)
    told: list[float] = []
    run(video("video/mp4"), progress=told.append)
    assert len(told) > 10
    assert all(0 <= part <= 1 for part in told)
    assert told[-1] > 0.8


def test_too_long(run: Run) -> None:
    with fails("too-long"):
        run(recording("mp4", "libx264", "aac", seconds=3.0), max_seconds=2)


def test_longer_than_declared(run: Run) -> None:
    """Raw AAC has no duration."""
    with fails("too-long"):
        run(sound("audio/aac", seconds=3.0), "audio/aac", max_seconds=2)


def test_it_gives_up_in_time(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter(range(0, 10**6, 100))
    monkeypatch.setattr("picasso.process.processors.rendition.time.monotonic", lambda: next(times))
    with fails("too-long"):
        run(video("video/mp4"))


def test_without_decodable_streams_it_is_unsupported(run: Run) -> None:
    flac = sound("audio/flac")
    with fails("corrupt"):
        run(flac[:42] + bytes(len(flac) - 42), "audio/flac")


def test_a_full_disk_raises_os_error(run: Run, tmp_path: Path) -> None:
    (tmp_path / "derived").mkdir()
    (tmp_path / "derived" / "rendition.mp4").mkdir()
    with pytest.raises(OSError, match="rendition"):
        run(video("video/mp4"))


@pytest.mark.parametrize(
    "options", [{"height": 1}, {"crf": 99}, {"preset": "placebo"}, {"audio_format": "wav"}, {"hdr": "yes"}]
)
def test_wrong_options_are_named(run: Run, options: dict[str, JSON]) -> None:
    with pytest.raises(ValueError, match=next(iter(options))):
        run(video("video/mp4"), **options)


def test_it_runs_only_on_request() -> None:
    assert Rendition.on_request
    plan = load(conf.load({"PICASSO_CONFIG": ""})).plan("default", "video/mp4")
    assert "rendition" not in {step.processor for step in plan.steps}
