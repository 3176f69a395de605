"""An animated WebP of the first frames of what moves."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from picasso.process.contract import Derivative
from picasso.process.processors.image.thumbnails import STEPS

if TYPE_CHECKING:
    import pyvips

ROLE = "preview"


def saved(frames: pyvips.Image, quality: int, folder: Path) -> Derivative:
    """``frames`` lie below each other, with their delays."""
    for step in STEPS:
        frames = step(frames)
    # The least effort: sixty frames are sixty pictures to encode.
    film = frames.webpsave_buffer(Q=quality, effort=0, keep="none")
    (folder / f"{ROLE}.webp").write_bytes(film)
    return Derivative(ROLE, f"{ROLE}.webp", "image/webp", frames.width, frames.get_page_height())
