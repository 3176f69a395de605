"""Converts pictures and frames of HDR video for ordinary screens. Without this they look flat and grey."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image

PQ, HLG = 16, 18

# In nits. ITU-R BT.2408: paper white. BT.2390: the peak that HLG is made for, and where most PQ masters end.
WHITE, PEAK = 203.0, 1000.0

# Puts paper white at 87 % of the signal; the curve alone puts it at 75 %.
GAIN = 1.4

# BT.2020 to BT.709, from ITU-R BT.2087: rows of red, green and blue, as Pillow needs them. It is applied to encoded
# values, which is not exact, but good enough for a poster.
GAMUT = (1.6605, -0.5876, -0.0728, 0, -0.1246, 1.1329, -0.0083, 0, -0.0182, -0.1006, 1.1187, 0)


# Points of a table of colours along each side. The curves of HDR are even to the eye, so few points are enough.
CUBE = 33


def is_hdr(transfer: int) -> bool:
    return transfer in EOTFS


def cube(transfer: int) -> str:
    """A table for FFmpeg's filter lut3d that converts RGB of this transfer and BT.2020 to sRGB (Adobe's Cube LUT 1.0).

    Greys come out as from `to_sdr`; here the gamut is converted in linear light.
    """
    levels = [EOTFS[transfer](step / (CUBE - 1)) / WHITE for step in range(CUBE)]
    lines = [
        " ".join(f"{_encode_srgb(_compress(light)):.5f}" for light in _to_bt709(red, green, blue))
        for blue in levels
        for green in levels
        for red in levels
    ]
    return "\n".join([f"LUT_3D_SIZE {CUBE}", *lines, ""])


def _to_bt709(*light: float) -> tuple[float, ...]:
    """Light of BT.2020 in BT.709. What that gamut does not have is cut off."""
    rows = GAMUT[0:3], GAMUT[4:7], GAMUT[8:11]
    return tuple(max(0.0, sum(a * b for a, b in zip(row, light, strict=True))) for row in rows)


def to_sdr(picture: Image.Image, transfer: int) -> Image.Image:
    """An RGB picture of this transfer as sRGB, with its highlights compressed. Pictures of other transfers stay as they
    are.
    """
    if transfer not in EOTFS:
        return picture
    return picture.point(_table(transfer) * 3).convert("RGB", GAMUT)


@cache
def _table(transfer: int) -> list[int]:
    nits = EOTFS[transfer]
    return [round(255 * _encode_srgb(_compress(nits(level / 255) / WHITE))) for level in range(256)]


def _pq(level: float) -> float:
    """SMPTE ST 2084."""
    root = level ** (1 / 78.84375)
    return float(10_000 * (max(root - 0.8359375, 0) / (18.8515625 - 18.6875 * root)) ** (1 / 0.1593017578125))


def _hlg(level: float) -> float:
    """ARIB STD-B67 with the system gamma of a screen of 1,000 nits, for each colour separately."""
    from math import exp

    scene = level**2 / 3 if level <= 0.5 else (exp((level - 0.55991073) / 0.17883277) + 0.28466892) / 12
    return float(PEAK * scene**1.2)


EOTFS: dict[int, Callable[[float], float]] = {PQ: _pq, HLG: _hlg}


def _compress(light: float) -> float:
    """Reinhard's curve, extended so that the peak becomes white."""
    return min(1.0, light * (1 + light / (PEAK / WHITE) ** 2) / (1 + light) * GAIN)


def _encode_srgb(light: float) -> float:
    return 12.92 * light if light <= 0.0031308 else 1.055 * float(light ** (1 / 2.4)) - 0.055
