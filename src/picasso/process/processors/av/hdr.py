"""A picture of HDR video for screens that have none of it: without this it comes out flat and grey."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image

PQ, HLG = 16, 18

# ITU-R BT.2408: paper white in nits. BT.2390: what HLG is meant for, and where most PQ masters end.
WHITE, PEAK = 203.0, 1000.0

# Puts paper white at 87 % of the signal; the bare curve has it at 75 %.
LIFT = 1.4

# BT.2020 to BT.709, from ITU-R BT.2087; rows of red, green and blue, as Pillow wants them. Applied to what is already
# encoded, which is not quite right, and right enough for a poster.
GAMUT = (1.6605, -0.5876, -0.0728, 0, -0.1246, 1.1329, -0.0083, 0, -0.0182, -0.1006, 1.1187, 0)


def sdr(picture: Image.Image, transfer: int) -> Image.Image:
    """An RGB picture of that transfer as sRGB, its highlights pressed together; others as they are."""
    if transfer not in EOTFS:
        return picture
    return picture.point(_table(transfer) * 3).convert("RGB", GAMUT)


@cache
def _table(transfer: int) -> list[int]:
    nits = EOTFS[transfer]
    return [round(255 * _encoded(_pressed(nits(level / 255) / WHITE))) for level in range(256)]


def _pq(level: float) -> float:
    """SMPTE ST 2084."""
    root = level ** (1 / 78.84375)
    return float(10_000 * (max(root - 0.8359375, 0) / (18.8515625 - 18.6875 * root)) ** (1 / 0.1593017578125))


def _hlg(level: float) -> float:
    """ARIB STD-B67 with the system gamma of a screen of 1,000 nits, each colour by itself."""
    from math import exp

    scene = level**2 / 3 if level <= 0.5 else (exp((level - 0.55991073) / 0.17883277) + 0.28466892) / 12
    return float(PEAK * scene**1.2)


EOTFS: dict[int, Callable[[float], float]] = {PQ: _pq, HLG: _hlg}


def _pressed(light: float) -> float:
    """Reinhard's curve, extended so that the peak becomes white."""
    return min(1.0, light * (1 + light / (PEAK / WHITE) ** 2) / (1 + light) * LIFT)


def _encoded(light: float) -> float:
    return 12.92 * light if light <= 0.0031308 else 1.055 * float(light ** (1 / 2.4)) - 0.055
