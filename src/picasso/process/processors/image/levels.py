"""Makes samples visible that are not in the usual range: floats, signed numbers, 12 bits in 16.

Without this such pictures are black or white. What a file means by its numbers is rarely written in it, so they are
shown as viewers of scientific pictures do: the whole range that occurs, from black to white.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyvips

MAX_8_BITS, MAX_12_BITS, MAX_16_BITS = 255, 4_095, 65_535

# Shares of the samples that may be darker than black and brighter than white: single outliers, or a mark of no data.
LOWEST, HIGHEST = 0.5, 99.5

# Linear light has 1 for paper white. Lamps and the sun are brighter.
MAX_LINEAR = 16

# Floats beyond this mark places without data.
NO_DATA = 1e30

# Interpretations in which a sample is a brightness.
VISIBLE = {"b-w", "grey16", "srgb", "rgb", "rgb16", "scrgb", "multiband"}


def needs_levels(image: pyvips.Image) -> bool:
    """Whether the samples are other than 8 bits, and stand for brightness."""
    return image.format != "uchar" and image.interpretation in VISIBLE


def shrink_to_visible(image: pyvips.Image, size: int) -> pyvips.Image:
    """The picture within a square of ``size`` pixels, with its samples in the range of its interpretation."""
    small = _shrink(image, size)
    return _widen(small) if small.format == "ushort" else _stretch(small)


def _shrink(image: pyvips.Image, size: int) -> pyvips.Image:
    """Without a conversion to 8 bits, and without overshooting for samples that have no fixed range."""
    scale = size / max(image.width, image.height)
    if scale >= 1:
        return image.copy_memory()
    kernel = "lanczos3" if image.format == "ushort" else "linear"
    across, down = (max(scale, 1 / side) for side in (image.width, image.height))
    return image.resize(across, vscale=down, kernel=kernel).copy_memory()


def _widen(image: pyvips.Image) -> pyvips.Image:
    """If no sample needs more than 12 bits, its maximum becomes white: 255, 511, 1023, 2047 or 4095."""
    highest = int(image.max())
    if not 0 < highest <= MAX_12_BITS:
        return image
    white = max(MAX_8_BITS, (1 << highest.bit_length()) - 1)
    return image.linear(MAX_16_BITS / white, 0).cast("ushort").copy(interpretation=image.interpretation)


def _stretch(image: pyvips.Image) -> pyvips.Image:
    import numpy as np
    import pyvips

    samples = image.numpy().astype("float64")
    valid = samples[np.isfinite(samples) & (np.abs(samples) < NO_DATA)]
    if image.interpretation == "scrgb" and (not valid.size or valid.max() <= MAX_LINEAR):
        return image
    low, high = (float(level) for level in _range(image, valid))
    safe = np.nan_to_num(np.clip(samples, low, high), nan=low)
    shown = np.rint((safe - low) * (MAX_8_BITS / ((high - low) or 1))).astype("uint8")
    return pyvips.Image.new_from_array(shown).copy(interpretation="srgb" if image.bands >= 3 else "b-w")


def _range(image: pyvips.Image, valid: Any) -> tuple[float, float]:
    """The samples that become black and white: 0 and 1, 0 and 255, or those that occur."""
    import numpy as np

    if not valid.size:
        return 0, 1
    if image.format in {"float", "double"} and valid.min() >= 0 and valid.max() <= MAX_8_BITS:
        return 0, 1 if valid.max() <= 1 else MAX_8_BITS
    return tuple(np.percentile(valid, (LOWEST, HIGHEST)))
