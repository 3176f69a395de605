"""A waveform as numbers and as a picture."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from picasso.process.contract import JSON, Derivative

# Enough for the width of a screen. A waveform to zoom into needs the file itself.
MAX_POINTS = 2_000
MIN_SAMPLES_PER_POINT = 64

WIDTH, HEIGHT = 1_000, 160  # of the picture, in pixels
COLOUR = (59, 130, 246, 255)  # a blue that shows on white and on black


@dataclass(slots=True)
class Wave:
    """Levels of a 16-bit mono mix: the lowest and the highest of each ``per_point`` samples."""

    rate: int
    per_point: int
    levels: list[tuple[int, int]] = field(default_factory=list)

    @classmethod
    def of(cls, rate: int, seconds: float | None) -> Self:
        """For a recording of about ``seconds``."""
        expected = min(seconds or 0.0, 10**6) * rate / (MAX_POINTS - 10)
        return cls(rate, max(MIN_SAMPLES_PER_POINT, math.ceil(expected)))

    def add(self, low: int, high: int) -> None:
        self.levels.append((low, high))

    def limit_points(self) -> None:
        """Join neighbours while there are too many points, which happens if the declared duration was wrong."""
        while len(self.levels) > MAX_POINTS:
            pairs = [self.levels[start : start + 2] for start in range(0, len(self.levels), 2)]
            self.levels = [(min(low for low, _ in pair), max(high for _, high in pair)) for pair in pairs]
            self.per_point *= 2


def save(wave: Wave, folder: Path) -> tuple[Derivative, ...]:
    """The peaks as numbers and as a picture; nothing if there are none."""
    if not wave.levels:
        return ()
    (folder / "waveform-peaks.json").write_text(json.dumps(peaks(wave), separators=(",", ":")))
    picture(wave).save(folder / "waveform.webp", lossless=True, method=4)
    return (
        Derivative("waveform-peaks", "waveform-peaks.json", "application/json"),
        Derivative("waveform", "waveform.webp", "image/webp", WIDTH, HEIGHT),
    )


def peaks(wave: Wave) -> dict[str, JSON]:
    """The data format of BBC's audiowaveform, version 2, 8 bits: the lowest and the highest level of each point."""
    data: list[JSON] = [level >> 8 for pair in wave.levels for level in pair]
    return {
        "version": 2,
        "channels": 1,
        "sample_rate": wave.rate,
        "samples_per_pixel": wave.per_point,
        "bits": 8,
        "length": len(wave.levels),
        "data": data,
    }


def picture(wave: Wave) -> Any:
    """A line from the lowest to the highest level in each column, on a transparent background; a flat line for
    silence.
    """
    from PIL import Image, ImageDraw

    image = Image.new("RGBA", (WIDTH, HEIGHT), (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)
    for column in range(WIDTH):
        start = column * len(wave.levels) // WIDTH
        piece = wave.levels[start : max(start + 1, (column + 1) * len(wave.levels) // WIDTH)]
        top, bottom = _row(max(high for _, high in piece)), _row(min(low for low, _ in piece))
        draw.line(((column, top), (column, bottom)), fill=COLOUR)
    return image


def _row(level: int) -> int:
    return round((HEIGHT - 1) * (0.5 - level / 65_536))
