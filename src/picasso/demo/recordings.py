"""Sound by arithmetic, and video encoded by PyAV."""

from __future__ import annotations

import io
import math
import struct
import wave
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

RATE = 44_100
SECONDS = 6
FRAMES_PER_SECOND = 12
WIDTH, HEIGHT = 320, 180
NOTES = (220.0, 277.18, 329.63, 440.0, 329.63, 277.18)
"""Hertz, one a second."""


def memo() -> bytes:
    """Two tones, without any library."""
    output = io.BytesIO()
    with wave.open(output, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(b"".join(struct.pack("<h", tone(n)) for n in range(3 * 16_000)))
    return output.getvalue()


def tone(sample: int) -> int:
    second = sample / 16_000
    loudness = 9000 * abs(math.sin(second * math.pi * 1.5))
    return round(loudness * math.sin(2 * math.pi * (330 if second < 1.5 else 440) * second))


def melody() -> NDArray[np.float32]:
    """Stereo: one row a channel."""
    import numpy as np

    time = np.arange(SECONDS * RATE) / RATE
    pitch = np.repeat(np.array(NOTES), RATE)
    fading = np.exp(-3 * (time % 1))
    left = 0.4 * fading * np.sin(2 * np.pi * pitch * time)
    right = 0.4 * fading * np.sin(2 * np.pi * pitch * 1.005 * time)
    return np.stack([left, right]).astype(np.float32)


def sound(kind: str) -> bytes:
    """``mp3`` or ``flac``, with a title."""
    import av

    output = io.BytesIO()
    with av.open(output, "w", format=kind) as container:
        container.metadata.update({"title": "Étude", "artist": "The Examples", "album": "Made on the spot"})
        stream: Any = container.add_stream("libmp3lame" if kind == "mp3" else "flac", rate=RATE)
        encode_sound(container, stream)
    return output.getvalue()


def encode_sound(container: Any, stream: Any) -> None:
    from av import AudioFrame, AudioResampler

    samples = melody()
    resampler = AudioResampler(stream.format, stream.layout, RATE, frame_size=stream.frame_size or 1152)
    frame = AudioFrame.from_ndarray(samples, format="fltp", layout="stereo")
    frame.sample_rate = RATE
    for piece in [*resampler.resample(frame), *resampler.resample(None)]:
        container.mux(stream.encode(piece))
    container.mux(stream.encode(None))


@cache
def video() -> bytes:
    """H.264 with sound; MPEG-4 where PyAV was built without an encoder for it."""
    import av

    output = io.BytesIO()
    with av.open(output, "w", format="mp4") as container:
        container.metadata["title"] = "Waves"
        picture: Any = container.add_stream(video_codec(), rate=FRAMES_PER_SECOND)
        picture.width, picture.height, picture.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        picture.options = {"preset": "veryfast"}
        sound: Any = container.add_stream("aac", rate=RATE, layout="stereo")
        for number in range(SECONDS * FRAMES_PER_SECOND):
            container.mux(picture.encode(av.VideoFrame.from_ndarray(waves(number), format="rgb24")))
        container.mux(picture.encode(None))
        encode_sound(container, sound)
    return output.getvalue()


def video_codec() -> str:
    import av

    return "libx264" if "libx264" in av.codecs_available else "mpeg4"


def waves(number: int) -> NDArray[np.uint8]:
    """One frame."""
    import numpy as np

    x, y = np.meshgrid(np.arange(WIDTH), np.arange(HEIGHT))
    level = HEIGHT * 0.55 + 26 * np.sin(x / 70 + number / 9) + 12 * np.sin(x / 23 - number / 6)
    depth = np.clip((y - level) / 160, 0, 1)[..., None]
    above = np.array([232, 190, 130]) - (y / HEIGHT)[..., None] * np.array([20, 60, 40])
    sea = np.array([34, 74, 120]) * (1 - depth) + np.array([10, 24, 50]) * depth
    picture: NDArray[np.uint8] = np.where((y > level)[..., None], sea, above).astype(np.uint8)
    return picture
