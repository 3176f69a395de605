"""Colours by gamma and chromaticities, as PNG states them instead of a profile: converted to sRGB."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyvips

    from picasso.process.processors.image.png_chunks import Chromaticities, Chunks

# What every writer of sRGB states. A value this close to it makes no visible difference (PNG 3, section 13.13).
SRGB_GAMMA, GAMMA_SLACK = 1 / 2.2, 0.05
SRGB: Chromaticities = (0.3127, 0.329, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06)
CHROMATICITY_SLACK = 0.01

GAMMAS = 0.01, 10.0


def is_srgb(chunks: Chunks) -> bool:
    """Whether the samples can be shown as they are."""
    if chunks.has_colour_space or chunks.gamma is None or not GAMMAS[0] <= chunks.gamma <= GAMMAS[1]:
        return True
    return abs(chunks.gamma / SRGB_GAMMA - 1) <= GAMMA_SLACK and _primaries(chunks) is None


def to_srgb(image: pyvips.Image, chunks: Chunks) -> pyvips.Image:
    """``image`` is grey or RGB of 8 or 16 bits, perhaps with alpha, as the file has it."""
    bands = 3 if image.bands >= 3 else 1
    colours, rest = image.extract_band(0, n=bands), image.bands - bands
    highest = 65_535 if image.format == "ushort" else 255
    light = (colours / highest) ** (1 / (chunks.gamma or SRGB_GAMMA))
    light = light.bandjoin([light, light]) if bands == 1 else light
    if primaries := _primaries(chunks):
        light = light.recomb(primaries)
    shown = light.copy(interpretation="scrgb").colourspace("srgb")
    if not rest:
        return shown
    alpha = (image.extract_band(bands) * (255 / highest)).cast("uchar")
    return shown.bandjoin(alpha).copy(interpretation="srgb")


def _primaries(chunks: Chunks) -> list[list[float]] | None:
    """The matrix from the file's linear RGB to that of sRGB; None if they are the same, or make no sense."""
    import numpy as np

    stated = chunks.chromaticities
    if stated is None or all(abs(a - b) <= CHROMATICITY_SLACK for a, b in zip(stated, SRGB, strict=True)):
        return None
    try:
        matrix = np.linalg.inv(_to_xyz(SRGB)) @ _to_xyz(stated)
    except (np.linalg.LinAlgError, ZeroDivisionError):
        return None
    return [[float(value) for value in row] for row in matrix] if np.isfinite(matrix).all() else None


def _to_xyz(chromaticities: Chromaticities) -> Any:
    """From linear RGB, so that white is 1 in each: colours stay relative to the white of their own space."""
    import numpy as np

    points = [(x / y, 1.0, (1 - x - y) / y) for x, y in zip(chromaticities[::2], chromaticities[1::2], strict=True)]
    white, primaries = np.array(points[0]), np.array(points[1:]).T
    return (primaries * np.linalg.solve(primaries, white)) / white[:, None]
