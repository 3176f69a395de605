"""Recordings whose head does not tell their duration, containers with other beginnings, and names of types."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.contract.samples.av import SOUNDS, VIDEOS, recording, sound, video

from picasso.process.contract import Processor, ProcessorError, Result, Source
from picasso.process.processors.audio import Audio
from picasso.process.processors.av import completeness
from picasso.process.processors.av.demuxers import BY_MEDIA_TYPE, HEAD, SIGNATURES, demuxers_for
from picasso.process.processors.rendition import Rendition
from picasso.process.processors.video import Video
from picasso.process.registry import matches

FILES = Path(__file__).parent / "files"
LIVE = (("live", "1"),)
"""Matroska as a recorder writes it into a stream: without duration and index."""

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def run(processor: type[Processor], content: bytes, media_type: str) -> Result:
        (tmp_path / "original").write_bytes(content)
        (tmp_path / "derived").mkdir(exist_ok=True)
        return processor()(Source(tmp_path / "original", media_type), tmp_path / "derived")

    return run


class Pipe:
    """What is written can't be changed later."""

    def __init__(self) -> None:
        self.content = b""

    def write(self, data: bytes) -> int:
        self.content += data
        return len(data)


def streamed(kind: str, codec: str) -> bytes:
    """Two seconds of silence, written into a pipe."""
    import av

    pipe = Pipe()
    with av.open(pipe, "w", format=kind) as output:
        stream: Any = output.add_stream(codec, rate=48_000)
        stream.codec_context.layout = "stereo"
        for number in range(20):
            frame = av.AudioFrame(format="s16", layout="stereo", samples=4_800)
            frame.planes[0].update(bytes(4_800 * 4))
            frame.sample_rate, frame.pts = 48_000, number * 4_800
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return pipe.content


# Duration


def test_a_video_lasts_until_its_last_packet(run: Run) -> None:
    content = recording("webm", "libvpx-vp9", "libopus", seconds=2.0, options=LIVE)
    result = run(Video, content, "video/webm")
    assert result.facts["duration"] == pytest.approx(2.0, abs=0.1)
    assert result.facts["bitrate"] == pytest.approx(8 * len(content) / 2, rel=0.1)
    assert [one.role for one in result.derivatives] == ["poster", "preview"]


def test_a_sound_lasts_as_long_as_it_plays(run: Run) -> None:
    for content, media_type in (
        (recording("matroska", None, "flac", seconds=2.0, options=LIVE), "audio/x-matroska"),
        (recording("webm", None, "libopus", seconds=2.0, options=LIVE), "audio/webm"),
        (streamed("flac", "flac"), "audio/flac"),
        (streamed("wv", "wavpack"), "audio/x-wavpack"),
    ):
        facts = run(Audio, content, media_type).facts
        assert facts["duration"] == pytest.approx(2.0, abs=0.05), media_type
        assert facts["complete"] is True


def test_a_file_that_is_too_large_to_read_has_no_duration(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(completeness, "SCAN_ALL_BYTES", 1)
    content = recording("webm", "libvpx-vp9", "libopus", seconds=1.0, options=LIVE)
    result = run(Video, content, "video/webm")
    assert "duration" not in result.facts
    assert [one.role for one in result.derivatives] == ["poster"]


@pytest.mark.parametrize("key_every", [5, 250])
def test_a_whole_flash_video_is_complete(run: Run, key_every: int) -> None:
    content = recording("flv", "libx264", None, seconds=2.0, key_every=key_every)
    assert run(Video, content, "video/x-flv").facts["complete"] is True
    assert run(Video, content[: len(content) // 2], "video/x-flv").facts["complete"] is False


@pytest.mark.parametrize(
    ("file", "media_type", "processor", "seconds"),
    [
        ("webm-mediarecorder.webm", "video/webm", Video, 2.0),
        ("flv-2s-whole.flv", "video/x-flv", Video, 2.0),
        ("mov-no-ftyp-wide-mdat.mov", "video/quicktime", Video, 2.0),
        ("mp4-brand-msnv-sony.mp4", "video/mp4", Video, 2.0),
        ("mp4-free-before-ftyp.mp4", "video/mp4", Video, 2.0),
        ("flac-streamed.flac", "audio/flac", Audio, 2.0),
        ("audio-only.mp4", "audio/mp4", Audio, 1.0),
        ("audio.wma", "audio/x-ms-wma", Audio, 1.0),
        ("mp3-three-zero-bytes-first.mp3", "audio/mpeg", Audio, 2.0),
        ("mp3-begins-mid-frame.mp3", "audio/mpeg", Audio, 1.93),
    ],
)
def test_files_of_users(run: Run, file: str, media_type: str, processor: Any, seconds: float) -> None:
    result = run(processor, (FILES / file).read_bytes(), media_type)
    assert result.facts["duration"] == pytest.approx(seconds, abs=0.05)
    assert result.facts["complete"] is True
    made = {"poster", "preview"} if processor is Video else {"waveform-peaks", "waveform"}
    assert {one.role for one in result.derivatives} == made


# Which demuxer

WITHOUT_SIGNATURE = {"video/mp2t", "audio/mpeg", "audio/aac", "audio/ac3"}


@pytest.mark.parametrize("media_type", [*VIDEOS, *SOUNDS])
def test_the_first_bytes_lead_to_the_demuxer_of_the_type(media_type: str) -> None:
    content = video(media_type) if media_type in VIDEOS else sound(media_type)
    by_type = BY_MEDIA_TYPE[media_type]
    assert demuxers_for(media_type, b"\1" * HEAD) == by_type
    if media_type not in WITHOUT_SIGNATURE:
        assert demuxers_for("video/x-unheard-of", content[:HEAD])[0] in by_type


def test_a_type_that_is_not_known_is_read_by_its_first_bytes(run: Run) -> None:
    assert run(Video, video("video/x-matroska"), "video/x-matroska-3d").facts["container"] == "matroska"
    assert run(Audio, sound("audio/wav"), "audio/x-pn-wav").facts["codec"] == "pcm_s16le"
    with pytest.raises(ProcessorError, match=r"^unsupported-format:"):
        run(Audio, b"\1" * 1_000, "audio/x-nothing")


def test_every_demuxer_is_there_and_opens_no_other_file() -> None:
    import av

    used = {demuxer for names in BY_MEDIA_TYPE.values() for demuxer in names} | {name for _, name in SIGNATURES}
    assert used <= av.formats_available
    assert not used & {"hls", "dash", "concat", "image2", "imf", "sdp", "rtsp", "tee", "playlist"}


@pytest.mark.parametrize(
    ("media_type", "processor"),
    [
        *((each, Audio) for each in ("audio/mp4", "audio/webm", "audio/x-matroska", "audio/x-ms-wma", "audio/x-dsf")),
        *((each, Video) for each in ("video/quicktime", "video/x-ms-wmv", "video/x-msvideo", "video/mp4")),
    ],
)
def test_each_type_reaches_its_processor(media_type: str, processor: type[Processor]) -> None:
    assert [each for each in (Audio, Video) if matches(each.media_types, media_type)] == [processor]
    assert matches(Rendition.media_types, media_type)


@pytest.mark.parametrize(
    "media_type",
    ["audio/midi", "audio/dls", "audio/x-soundfont", "audio/x-syx", "audio/imelody", "audio/x-xmi", "video/x-jng"],
)
def test_what_is_no_recording_is_left_alone(media_type: str) -> None:
    assert not any(matches(each.media_types, media_type) for each in (Audio, Video))
