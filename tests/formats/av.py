"""Formats of video and audio."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import partial

from tests.contract.samples.av import recording, sound, video
from tests.formats import Format

ALWAYS = ("container", "chapters", "stream_count", "streams", "tags", "complete")
TIMED = ("duration", "bitrate")
SHOWN = ("width", "height", "rotation")
HEARD = ("codec", "sample_rate", "channels", "layout", "loudness")

VIDEO: dict[str, tuple[str, ...]] = {"video": (*ALWAYS, *TIMED, "start", *SHOWN)}
AUDIO: dict[str, tuple[str, ...]] = {"audio": (*ALWAYS, *TIMED, *HEARD)}

WAVEFORM = ("waveform-peaks", "waveform")
PICTURES = ("poster", "preview")

NO_XING = (
    "Without a Xing or VBRI header the file does not contain its length: `complete` is also true for a truncated file."
)
NO_END = "The file does not contain its length, so `complete` is also true for a truncated file."


def film(name: str, file: str, media_type: str, make: Callable[[], bytes] | None = None, gaps: str = "") -> Format:
    return Format(name, file, make or partial(video, media_type), media_type, VIDEO, PICTURES, gaps=gaps)


def tone(name: str, file: str, media_type: str, gaps: str = "", start: bool = True) -> Format:
    facts = {"audio": (*AUDIO["audio"], *(("start",) if start else ()))}
    return Format(name, file, partial(sound, media_type), media_type, facts, WAVEFORM, gaps=gaps)


def with_cover() -> bytes:
    from PIL import Image

    target = io.BytesIO()
    Image.new("RGB", (40, 30), (200, 40, 40)).save(target, "PNG")
    return sound("audio/mpeg", cover=target.getvalue(), tags=(("title", "A song"), ("artist", "Ann")))


FORMATS: tuple[Format, ...] = (
    film(
        "MP4 (H.264, HEVC, AV1; AAC, …)",
        "film.mp4",
        "video/mp4",
        gaps="Mirrored video is rotated, but stays mirrored.",
    ),
    film("QuickTime", "film.mov", "video/quicktime", gaps="Tracks in other files are not read."),
    film("3GP", "film.3gp", "video/3gpp"),
    film("Matroska", "film.mkv", "video/x-matroska", gaps="Attachments are listed as streams and not unpacked."),
    film("WebM (VP8, VP9, AV1)", "film.webm", "video/webm"),
    film("AVI", "film.avi", "video/x-msvideo"),
    film("MPEG program stream", "film.mpg", "video/mpeg", gaps=NO_END),
    film("MPEG transport stream", "film.ts", "video/mp2t", gaps=NO_END),
    film("Flash video", "film.flv", "video/x-flv"),
    film("Windows Media Video", "film.wmv", "video/x-ms-wmv"),
    Format(
        "Windows Media Audio",
        "song.wma",
        partial(recording, "asf", None, "wmav2"),
        "audio/x-ms-wma",
        {"audio": (*AUDIO["audio"], "start")},
        WAVEFORM,
    ),
    Format(
        "WebM with sound alone",
        "song.weba",
        partial(recording, "webm", None, "libopus"),
        "audio/webm",
        {"audio": (*AUDIO["audio"], "start")},
        WAVEFORM,
    ),
    Format(
        "Matroska with sound alone",
        "song.mka",
        partial(recording, "matroska", None, "flac"),
        "audio/x-matroska",
        {"audio": (*AUDIO["audio"], "start")},
        WAVEFORM,
    ),
    Format(
        "MP4 with sound alone",
        "song.mp4",
        partial(recording, "mp4", None, "aac"),
        "audio/mp4",
        {"audio": (*AUDIO["audio"], "start")},
        WAVEFORM,
    ),
    Format(
        "MP3 with a cover",
        "song.mp3",
        with_cover,
        "audio/mpeg",
        {"audio": (*AUDIO["audio"], "start")},
        ("cover", *WAVEFORM),
        gaps=f"The first cover is converted to WebP. {NO_XING}",
    ),
    tone("MP3", "tone.mp3", "audio/mpeg", gaps=NO_XING),
    tone("FLAC", "tone.flac", "audio/flac"),
    tone(
        "WAV",
        "tone.wav",
        "audio/wav",
        gaps="`complete` is also true for a truncated file that was written into a pipe: its head tells no length.",
        start=False,
    ),
    tone("Ogg (Opus, Vorbis, FLAC, Speex)", "tone.opus", "audio/ogg"),
    tone("M4A (AAC, ALAC)", "tone.m4a", "audio/mp4", gaps="Files with DRM fail with `protected`."),
    tone("AAC", "tone.aac", "audio/aac", gaps=NO_END, start=False),
    tone("AIFF", "tone.aiff", "audio/aiff"),
    tone("AMR", "tone.amr", "audio/amr", gaps=NO_END, start=False),
    tone("AU", "tone.au", "audio/basic"),
    tone("Dolby Digital", "tone.ac3", "audio/ac3", gaps=NO_END),
)
