import io
import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from tests.contract.samples.av import SOUNDS, recording, sound
from tests.hostile.av import atom

from picasso.process.contract import JSON, ProcessorError, Result, Source
from picasso.process.processors.audio import Audio
from picasso.process.processors.av.waveform import HEIGHT, MAX_POINTS, WIDTH, Wave
from picasso.process.registry import matches

Run = Callable[..., Result]
Made = Callable[[str], bytes]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def run(content: bytes, media_type: str = "audio/flac", **options: JSON) -> Result:
        (tmp_path / "original").write_bytes(content)
        (tmp_path / "derived").mkdir(exist_ok=True)
        return Audio()(Source(tmp_path / "original", media_type, options), tmp_path / "derived")

    return run


@pytest.fixture
def made(tmp_path: Path) -> Made:
    return lambda name: (tmp_path / "derived" / name).read_bytes()


def fails(code: str) -> Any:
    return pytest.raises(ProcessorError, match=f"^{code}:")


def loudness(result: Result) -> dict[str, float]:
    found: Any = result.facts["loudness"]
    return dict(found)


@pytest.mark.parametrize("media_type", SOUNDS)
def test_every_format_has_facts_and_a_waveform(run: Run, media_type: str) -> None:
    result = run(sound(media_type), media_type)
    assert result.facts["complete"] is True
    assert result.facts["duration"] == pytest.approx(1.0, abs=0.1)
    assert result.facts["channels"] == (1 if media_type == "audio/amr" else 2)
    assert -12 < loudness(result)["integrated_lufs"] < -4
    assert [one.role for one in result.derivatives] == ["waveform-peaks", "waveform"]


@pytest.mark.parametrize("volume", [0.5, 0.05])
def test_loudness_of_a_tone(run: Run, volume: float) -> None:
    """EBU Tech 3341: a stereo sine of 1 kHz at -23 dBFS has -23 LUFS; at 440 Hz it is 0.7 LU less."""
    level = {0.5: -6.0, 0.05: -26.0}[volume]
    found = loudness(run(sound("audio/flac", seconds=4.0, volume=volume)))
    assert found["integrated_lufs"] == pytest.approx(level - 0.7, abs=0.3)
    assert found["true_peak_dbtp"] == pytest.approx(level, abs=0.2)
    assert "range_lu" not in found


def test_a_long_recording_has_a_range(run: Run) -> None:
    assert loudness(run(sound("audio/flac", seconds=11.0)))["range_lu"] == pytest.approx(0, abs=0.2)


def test_silence_has_no_loudness(run: Run, made: Made) -> None:
    assert run(sound("audio/flac", volume=0.0)).facts["loudness"] is None
    assert set(json.loads(made("waveform-peaks.json"))["data"]) == {0}


def test_peaks_have_the_format_of_audiowaveform(run: Run, made: Made) -> None:
    run(sound("audio/flac", seconds=2.0, volume=0.5))
    peaks = json.loads(made("waveform-peaks.json"))
    assert list(peaks) == ["version", "channels", "sample_rate", "samples_per_pixel", "bits", "length", "data"]
    assert (peaks["version"], peaks["channels"], peaks["bits"], peaks["sample_rate"]) == (2, 1, 8, 48_000)
    assert len(peaks["data"]) == 2 * peaks["length"]
    assert peaks["length"] <= MAX_POINTS
    assert peaks["length"] * peaks["samples_per_pixel"] == pytest.approx(96_000, rel=0.01)
    lows, highs = peaks["data"][::2], peaks["data"][1::2]
    assert all(low <= high for low, high in zip(lows, highs, strict=True))
    assert min(lows) == pytest.approx(-64, abs=2)
    assert max(highs) == pytest.approx(63, abs=2)


def test_a_waveform_has_a_transparent_background(run: Run, made: Made) -> None:
    run(sound("audio/flac", volume=0.5))
    picture = Image.open(io.BytesIO(made("waveform.webp")))
    assert (picture.format, picture.mode, picture.size) == ("WEBP", "RGBA", (WIDTH, HEIGHT))
    alpha = picture.getchannel("A")
    assert alpha.getpixel((500, HEIGHT // 2)) == 255
    assert alpha.getpixel((500, 10)) == 0
    assert alpha.getbbox() == pytest.approx((0, HEIGHT // 4, WIDTH, HEIGHT * 3 // 4), abs=3)


def test_points_are_joined_if_the_declared_duration_was_wrong() -> None:
    wave = Wave.of(48_000, 0.1)
    for number in range(5 * MAX_POINTS):
        wave.add(-number, number)
    before = wave.per_point
    wave.limit_points()
    assert len(wave.levels) <= MAX_POINTS
    assert wave.per_point == 8 * before
    assert wave.levels[-1][1] == 5 * MAX_POINTS - 1


def test_tags(run: Run) -> None:
    tags = (("title", "Größe"), ("artist", "日本"), ("album", "A\x00B"[:1]), ("date", "2024"))
    for media_type in ("audio/mpeg", "audio/flac", "audio/ogg", "audio/mp4"):
        found: Any = run(sound(media_type, tags=tags), media_type).facts["tags"]
        assert (found["title"], found["artist"], found["album"], found["date"]) == ("Größe", "日本", "A", "2024")


def id3v1(title: bytes, artist: bytes) -> bytes:
    return b"TAG" + title.ljust(30, b"\0") + artist.ljust(30, b"\0") + bytes(30) + b"2001" + bytes(30) + b"\x0c"


def id3v2(**texts: bytes) -> bytes:
    """Version 2.3; texts begin with the byte 0, which means Latin-1."""
    frames = b"".join(
        name.encode() + len(text).to_bytes(4, "big") + b"\0\0" + text
        for name, text in ((name, b"\0" + text) for name, text in texts.items())
    )
    size = bytes(len(frames) >> shift & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3\3\0\0" + size + frames


TITLES = [
    ("Группа крови", "Кино", "cp1251"),
    ("Звезда по имени Солнце", "Кино", "koi8-r"),
    ("Žlutý pes", "Jiří", "cp1250"),
    ("Café del Mar", "Björk", "latin-1"),
    ("ひこうき雲", "荒井由実", "cp932"),
]


@pytest.mark.parametrize(("title", "artist", "encoding"), TITLES)
def test_tags_that_are_not_in_latin_1_as_id3_says(run: Run, title: str, artist: str, encoding: str) -> None:
    mp3 = sound("audio/mpeg", tags=())
    texts = title.encode(encoding), artist.encode(encoding)
    for content in (
        strip_id3v2(mp3) + id3v1(*texts),
        id3v2(TIT2=texts[0], TPE1=texts[1]) + strip_id3v2(mp3),
    ):
        found: Any = run(content, "audio/mpeg").facts["tags"]
        assert (found["title"], found["artist"]) == (title, artist)


def strip_id3v2(mp3: bytes) -> bytes:
    if not mp3.startswith(b"ID3"):
        return mp3
    return mp3[10 + int("".join(f"{byte:07b}" for byte in mp3[6:10]), 2) :]


def test_many_tags_stay_within_the_size_limit(run: Run) -> None:
    tags = tuple((f"tag{number}", "日😀" * 150) for number in range(64))
    facts = run(sound("audio/flac", tags=tags)).facts
    assert 10 < len(facts["tags"]) < 64  # type: ignore[arg-type]
    assert len(json.dumps(dict(facts), ensure_ascii=False).encode()) < 65_536


def png(size: tuple[int, int] = (40, 30), **how: Any) -> bytes:
    target = io.BytesIO()
    Image.new("RGB", size, (200, 40, 40)).save(target, "PNG", **how)
    return target.getvalue()


def m4a_with_a_cover() -> bytes:
    m4a = sound("audio/mp4")
    moov = m4a.index(b"moov") - 4
    art = atom(b"ilst", atom(b"covr", atom(b"data", struct.pack(">II", 14, 0) + png())))
    handler = atom(b"hdlr", bytes(8) + b"mdirappl" + bytes(9))
    return m4a[:moov] + atom(b"moov", m4a[moov + 8 :] + atom(b"udta", atom(b"meta", bytes(4) + handler + art)))


COVERED: dict[str, Callable[[], bytes]] = {
    "audio/mpeg": lambda: sound("audio/mpeg", cover=png()),
    "audio/flac": lambda: sound("audio/flac", cover=png()),
    "audio/mp4": m4a_with_a_cover,
}


@pytest.mark.parametrize("media_type", COVERED)
def test_a_cover_is_encoded_again(run: Run, made: Made, media_type: str) -> None:
    result = run(COVERED[media_type](), media_type)
    assert [one.role for one in result.derivatives] == ["cover", "waveform-peaks", "waveform"]
    cover = Image.open(io.BytesIO(made("cover.webp")))
    assert (cover.format, cover.size) == ("WEBP", (40, 30))
    assert max(abs(a - b) for a, b in zip(cover.convert("RGB").getpixel((5, 5)), (200, 40, 40), strict=True)) < 12  # type: ignore[arg-type]


def test_a_cover_has_no_frames_a_second(run: Run) -> None:
    streams: Any = run(sound("audio/flac", cover=png())).facts["streams"]
    assert [stream.keys() & {"cover", "fps"} for stream in streams] == [set(), {"cover"}]


def test_a_cover_is_not_larger_than_wanted(run: Run, made: Made) -> None:
    run(sound("audio/mpeg", cover=png((400, 200))), "audio/mpeg", cover_size=100)
    assert Image.open(io.BytesIO(made("cover.webp"))).size == (100, 50)


@pytest.mark.parametrize(
    "cover", [b"\x89PNG\r\n\x1a\n" + bytes(40), png()[:60], b"<svg xmlns='http://www.w3.org/2000/svg'/>"]
)
def test_an_invalid_cover_is_left_out(run: Run, cover: bytes) -> None:
    result = run(sound("audio/mpeg", cover=cover), "audio/mpeg")
    assert [one.role for one in result.derivatives] == ["waveform-peaks", "waveform"]


def test_a_cover_of_too_many_pixels_is_left_out(run: Run) -> None:
    header = bytearray(png())
    header[16:24] = struct.pack(">II", 60_000, 60_000)
    result = run(sound("audio/mpeg", cover=bytes(header)), "audio/mpeg")
    assert "cover" not in {one.role for one in result.derivatives}


def test_a_recording_that_is_too_long_is_not_measured(run: Run) -> None:
    result = run(sound("audio/flac", seconds=3.0), max_seconds=2)
    assert result.derivatives == ()
    assert not {"loudness", "complete"} & set(result.facts)
    assert result.facts["duration"] == 3.0


def test_many_channels_count_for_more(run: Run) -> None:
    """A quarter of a second of many channels is as much work as three seconds of stereo."""
    wav = bytearray(sound("audio/wav", seconds=3.0))
    form = wav.index(b"fmt ") + 8
    wav[form + 2 : form + 16] = struct.pack("<HIIHH", 12, 96_000, 2_304_000, 24, 16)
    result = run(bytes(wav), "audio/wav", max_seconds=2)
    assert (result.facts["channels"], result.facts["duration"], result.derivatives) == (12, 0.25, ())
    assert run(bytes(wav), "audio/wav", max_seconds=4).derivatives != ()


@pytest.mark.parametrize("media_type", ["audio/mpeg", "audio/flac", "audio/wav"])
def test_a_truncated_recording_is_measured_to_its_end(run: Run, media_type: str) -> None:
    whole = sound(media_type, seconds=4.0)
    result = run(whole[: len(whole) // 2], media_type)
    assert result.facts["complete"] is False
    assert [one.role for one in result.derivatives] == ["waveform-peaks", "waveform"]


@pytest.mark.parametrize("length", [0, 0x7FFFF024, 0xFFFFFFFF])
def test_a_wav_whose_writer_did_not_know_its_length_is_complete(run: Run, length: int) -> None:
    """As FFmpeg and SoX write it into a pipe."""
    whole = sound("audio/wav", seconds=1.0)
    assert run(whole[:4] + struct.pack("<I", length) + whole[8:], "audio/wav").facts["complete"] is True


@pytest.mark.parametrize("media_type", ["audio/mpeg", "audio/aac"])
def test_an_unknown_duration_is_that_of_the_decoded_sound(run: Run, media_type: str) -> None:
    """FFmpeg estimates by the bit rate of the first packets: after a quiet beginning, seconds become minutes."""
    quiet, loud = (sound(media_type, seconds=3.0, volume=volume) for volume in (0.0, 0.9))
    quiet, loud = without_xing(quiet), without_xing(loud)
    facts = run(quiet + loud, media_type).facts
    assert facts["duration"] == pytest.approx(6.0, abs=0.3)
    assert facts["bitrate"] == pytest.approx(8 * len(quiet + loud) / 6, rel=0.1)
    assert facts["complete"] is True
    streams: Any = facts["streams"]
    assert streams[0].keys() & {"duration", "bitrate"} == set()


def without_xing(content: bytes) -> bytes:
    """An MP3 without the first frame that has the number of frames; other files unchanged."""
    marks = [place for mark in (b"Xing", b"Info") if 0 < (place := content.find(mark)) < 4096]
    return content[content.index(b"\xff\xfb", marks[0]) :] if marks else content


def test_a_file_that_ends_before_its_index_is_corrupt(run: Run) -> None:
    whole = sound("audio/mp4")
    for end in (74, len(whole) // 2):
        with fails("corrupt"):
            run(whole[:end], "audio/mp4")


def test_sound_that_can_not_be_decoded_is_corrupt(run: Run) -> None:
    flac = sound("audio/flac")
    with fails("corrupt"):
        run(flac[:42] + bytes(len(flac) - 42))


def test_protected_sound_says_so(run: Run) -> None:
    with fails("protected"):
        run(sound("audio/mp4").replace(b"mp4a\0\0\0\0\0\0", b"drms\0\0\0\0\0\0"), "audio/mp4")


def test_a_file_without_sound_is_corrupt(run: Run) -> None:
    with fails("corrupt"):
        run(recording("mp4", "libx264", None, seconds=0.2), "audio/mp4")


@pytest.mark.parametrize("options", [{"max_seconds": 0}, {"cover_size": 5}, {"cover": 1}])
def test_wrong_options_are_named(run: Run, options: dict[str, JSON]) -> None:
    with pytest.raises(ValueError, match=next(iter(options))):
        run(sound("audio/flac"), **options)


@pytest.mark.parametrize(
    ("media_type", "claimed"),
    [("audio/mpeg", True), ("application/ogg", True), ("audio/midi", False), ("audio/x-mpegurl", False)],
)
def test_claims(media_type: str, claimed: bool) -> None:
    assert matches(Audio.media_types, media_type) is claimed
