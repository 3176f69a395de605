"""The small picture of a file in lists: the one of its derivatives that is shown."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import pytest

from picasso.files.thumbnail import thumbnail_of
from picasso.models import Derivative


@dataclass(frozen=True)
class Made:
    role: str
    width: int | None = None
    height: int | None = None
    media_type: str = "image/webp"


# What a file has, and which of it is shown.
CASES: list[tuple[list[Made], str | None]] = [
    ([], None),
    ([Made("thumbnail-1024", 1024, 700), Made("thumbnail-256", 256, 175)], "thumbnail-256"),
    ([Made("thumbnail-1280", 1280, 800), Made("thumbnail-320", 320, 200)], "thumbnail-320"),
    ([Made("thumbnail-320-avif", 320, 200, "image/avif"), Made("thumbnail-320", 320, 200)], "thumbnail-320"),
    ([Made("thumbnail-320-avif", 320, 200, "image/avif")], "thumbnail-320-avif"),
    ([Made("thumbnail-16", 16, 16), Made("thumbnail-200", 200, 200), Made("thumbnail-512", 512, 512)], "thumbnail-200"),
    ([Made("poster", 1280, 720), Made("preview", 320, 180)], "poster"),
    (
        [Made("page-1", 724, 1024), Made("text", media_type="text/plain"), Made("thumbnail-256", 181, 256)],
        "thumbnail-256",
    ),
    ([Made("page-1", 724, 1024), Made("text", media_type="text/plain")], "page-1"),
    ([Made("cover", 600, 600), Made("waveform", 1800, 280)], "cover"),
    ([Made("waveform", 1800, 280), Made("waveform-peaks", media_type="application/json")], "waveform"),
    ([Made("waveform-peaks", media_type="application/json"), Made("preview", 320, 180)], None),
    ([Made("thumbnail-list", media_type="application/json"), Made("posters", 9, 9)], None),
    ([Made("thumbnail-unknown"), Made("poster", 256, 256)], "thumbnail-unknown"),
]


@pytest.mark.parametrize(("made", "shown"), CASES)
def test_the_server_chooses(made: list[Made], shown: str | None) -> None:
    chosen = thumbnail_of([Derivative(**asdict(each)) for each in made])
    assert (chosen.role if chosen else None) == shown
