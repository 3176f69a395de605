"""An animated WebP of the first frames of an animation."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from picasso.process.contract import Derivative
from picasso.process.processors.image.thumbnails import STEPS

if TYPE_CHECKING:
    import pyvips

ROLE = "preview"


def save(frames: pyvips.Image, quality: int, folder: Path) -> Derivative:
    """``frames`` are one below the other in one image, as libvips has animations, with their delays."""
    for step in STEPS:
        frames = step(frames)
    # The least effort, since sixty frames are sixty pictures to encode.
    content = frames.webpsave_buffer(Q=quality, effort=0, keep="none")
    (folder / f"{ROLE}.webp").write_bytes(content)
    return Derivative(ROLE, f"{ROLE}.webp", "image/webp", frames.width, frames.get_page_height())
