"""Small recordings of each format, made in code."""

import io
import math
import struct
from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from typing import Any

WIDTH, HEIGHT, FPS = 160, 90, 25
RATE = 48_000

# By media type: container, encoder of pictures, encoder of sound.
VIDEOS: dict[str, tuple[str, str, str]] = {
    "video/mp4": ("mp4", "libx264", "aac"),
    "video/quicktime": ("mov", "mpeg4", "pcm_s16le"),
    "video/3gpp": ("3gp", "libx264", "aac"),
    "video/x-matroska": ("matroska", "libx264", "flac"),
    "video/webm": ("webm", "libvpx-vp9", "libopus"),
    "video/x-msvideo": ("avi", "mpeg4", "libmp3lame"),
    "video/mpeg": ("mpeg", "mpeg2video", "mp2"),
    "video/mp2t": ("mpegts", "libx264", "aac"),
    "video/x-flv": ("flv", "libx264", "aac"),
    "video/x-ms-wmv": ("asf", "wmv2", "libmp3lame"),
}
SOUNDS: dict[str, tuple[str, str]] = {
    "audio/mpeg": ("mp3", "libmp3lame"),
    "audio/flac": ("flac", "flac"),
    "audio/wav": ("wav", "pcm_s16le"),
    "audio/ogg": ("ogg", "libopus"),
    "audio/mp4": ("ipod", "aac"),
    "audio/aac": ("adts", "aac"),
    "audio/aiff": ("aiff", "pcm_s16be"),
    "audio/amr": ("amr", "libopencore_amrnb"),
    "audio/basic": ("au", "pcm_s16be"),
    "audio/ac3": ("ac3", "ac3"),
}


def samples() -> Iterator[tuple[str, bytes]]:
    for media_type in VIDEOS:
        yield media_type, video(media_type)
    for media_type in SOUNDS:
        yield media_type, sound(media_type)


@cache
def video(media_type: str, **how: Any) -> bytes:
    kind, pictures, sounds = VIDEOS[media_type]
    return recording(kind, pictures, sounds, **how)


@cache
def sound(media_type: str, **how: Any) -> bytes:
    kind, codec = SOUNDS[media_type]
    return recording(kind, None, codec, **how)


@cache
def recording(
    kind: str,
    pictures: str | None,
    sounds: str | None,
    *,
    seconds: float = 1.0,
    size: tuple[int, int] = (WIDTH, HEIGHT),
    rotation: int = 0,
    shape: Fraction = Fraction(1),
    dark_seconds: float = 0.0,
    volume: float = 0.5,
    tags: tuple[tuple[str, str], ...] = (),
    options: tuple[tuple[str, str], ...] = (),
    key_every: int = 250,
    cover: bytes = b"",
) -> bytes:
    """Stripes that move over the screen, and a tone of 440 Hz. ``rotation`` is clockwise."""
    import av

    target = io.BytesIO()
    container_options = {"fflags": "+bitexact", **dict(options)}
    with av.open(target, "w", format=kind, container_options=container_options) as output:
        output.metadata.update(tags)
        streams = []
        if pictures:
            how = {"sample_aspect_ratio": shape, "gop_size": key_every}
            stream = picture_stream(output, pictures, size, rotation, **how)
            streams.append((stream, shown(seconds, size, dark_seconds)))
        if sounds:
            streams.append((sound_stream(output, sounds), heard(seconds, volume, sounds)))
        art = cover_stream(output, cover) if cover else None
        output.start_encoding()
        if art:
            output.mux(art)
        for stream, frames in streams:
            for frame in (*frames, None):
                output.mux(stream.encode(frame))
    return target.getvalue()


def picture_stream(output: Any, codec: str, size: tuple[int, int], rotation: int, **how: Any) -> Any:
    stream = output.add_stream(codec, rate=FPS)
    context = stream.codec_context
    context.width, context.height = size
    context.pix_fmt = "yuv420p"
    for name, value in how.items():
        setattr(context, name, value)
    context.thread_count = 1
    context.flags |= 1 << 23  # bitexact
    context.options = {"preset": "ultrafast"} if codec == "libx264" else {}
    if codec == "libvpx-vp9":
        context.options = {"deadline": "realtime", "cpu-used": "8"}
    if rotation:
        stream.set_display_rotation(-rotation)
    return stream


def sound_stream(output: Any, codec: str) -> Any:
    rate = 8_000 if "amr" in codec else RATE
    stream = output.add_stream(codec, rate=rate)
    stream.codec_context.layout = "mono" if "amr" in codec else "stereo"
    stream.codec_context.thread_count = 1
    if codec == "wmav2":  # has no default
        stream.codec_context.bit_rate = 128_000
    stream.codec_context.flags |= 1 << 23
    return stream


def cover_stream(output: Any, cover: bytes) -> Any:
    import av
    from av.stream import Disposition

    stream = output.add_mux_stream("png", width=40, height=30)
    stream.disposition = Disposition.attached_pic
    packet = av.Packet(cover)
    packet.stream, packet.pts, packet.dts = stream, 0, 0
    return packet


def shown(seconds: float, size: tuple[int, int], dark_seconds: float) -> Iterator[Any]:
    import av

    wide, high = size
    for number in range(round(seconds * FPS)):
        row = bytes(level for x in range(wide) for level in (*stripe(x + number * 3, wide), 255))
        content = row * high if number >= dark_seconds * FPS else bytes(4 * wide * high)
        frame = av.VideoFrame.from_bytes(content, wide, high, format="rgba").reformat(format="yuv420p")
        frame.pts, frame.time_base = number, Fraction(1, FPS)
        yield frame


def stripe(x: int, wide: int) -> tuple[int, int, int]:
    return ((220, 30, 30), (30, 160, 30), (30, 30, 220), (250, 250, 250))[x * 4 // wide % 4]


def heard(seconds: float, volume: float, codec: str) -> Iterator[Any]:
    import av

    rate, layout = (8_000, "mono") if "amr" in codec else (RATE, "stereo")
    resampler = av.AudioResampler(format=(av.Codec(codec, "w").audio_formats or [])[0], layout=layout, rate=rate)
    piece = rate // 10
    for number in range(round(seconds * 10)):
        wave = [volume * math.sin(2 * math.pi * 440 * (number * piece + at) / rate) for at in range(piece)]
        frame = av.AudioFrame(format="s16", layout=layout, samples=piece)
        content = b"".join(
            struct.pack("<h", round(32_767 * level)) * (2 if layout == "stereo" else 1) for level in wave
        )
        frame.planes[0].update(content)
        frame.sample_rate, frame.pts, frame.time_base = rate, number * piece, Fraction(1, rate)
        yield from resampler.resample(frame)
