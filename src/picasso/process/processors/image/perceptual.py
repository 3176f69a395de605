"""Facts about how a picture looks: its colours, a blurred placeholder, and a hash that survives resizing.

They are computed from at most 100 by 100 pixels, which takes less than two milliseconds.
"""

from __future__ import annotations

import base64
import math
import os
from typing import TYPE_CHECKING

from picasso.process.contract import JSON

if TYPE_CHECKING:
    import numpy as np
    import PIL.Image
    import pyvips
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

# The largest side that ThumbHash allows.
SIDE = 100

MAX_COLOURS = 5
SMALLEST_SHARE = 0.02

# Boxes of colour (16 levels a channel) that are closer than this look alike.
MAX_DISTANCE = 3.0


def prepare() -> None:
    """Without these limits NumPy's linear algebra starts a thread for each core, each with tens of MB of address
    space.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    import numpy as np  # noqa: F401 - loaded before the fork
    import PIL.Image  # noqa: F401


def read_look(picture: pyvips.Image) -> dict[str, JSON]:
    """``picture`` is sRGB of 8 bits with three or four bands. A small picture costs less."""
    import numpy as np
    import PIL.Image

    # Pillow instead of libvips, which takes a millisecond for each step of a picture this small.
    mode = {3: "RGB", 4: "RGBA"}[picture.bands]
    image = PIL.Image.frombytes(mode, (picture.width, picture.height), bytes(picture.write_to_memory()))
    small = np.asarray(_within(image, SIDE).convert("RGBA"))
    colours = dominant_colours(small)
    return {
        "dominant_colour": colours[0]["colour"] if colours else None,
        "dominant_colours": [*colours],
        "thumbhash": base64.b64encode(thumbhash(small)).decode(),
        "phash": phash(_on_white(image)),
    }


def _within(image: PIL.Image.Image, side: int) -> PIL.Image.Image:
    import PIL.Image

    scale = min(1.0, side / max(image.size))
    width, height = (max(1, round(length * scale)) for length in image.size)
    return image if scale == 1 else image.resize((width, height), PIL.Image.Resampling.BOX)


def _on_white(image: PIL.Image.Image) -> PIL.Image.Image:
    import PIL.Image

    if image.mode == "RGB":
        return image
    page = PIL.Image.new("RGBA", image.size, "white")
    return PIL.Image.alpha_composite(page, image)


def dominant_colours(rgba: NDArray[np.uint8]) -> list[dict[str, JSON]]:
    """The most frequent colours first, each with its share of the opaque pixels; empty if none is opaque.

    Colours are counted in 4,096 boxes. Boxes that look alike count for the fullest one, whose mean is the colour.
    """
    import numpy as np

    pixels = rgba[rgba[..., 3] > 127][:, :3].astype(np.int64)
    if not len(pixels):
        return []
    box = pixels >> 4
    codes = box[:, 0] << 8 | box[:, 1] << 4 | box[:, 2]
    counts = np.bincount(codes, minlength=4096)
    sums = np.stack([np.bincount(codes, weights=pixels[:, band], minlength=4096) for band in range(3)], axis=1)
    groups = _group_boxes(counts)
    return [
        {"colour": "#" + "".join(f"{round(level):02x}" for level in sums[code] / counts[code]), "share": share}
        for code, number in groups
        if (share := round(number / len(pixels), 3)) >= SMALLEST_SHARE or (code, number) == groups[0]
    ]


def _group_boxes(counts: NDArray[np.int64]) -> list[tuple[int, int]]:
    """The boxes that represent others: code, and the number of pixels of all that look alike; the largest first."""
    import numpy as np

    codes = np.argsort(-counts, kind="stable")[: int(np.count_nonzero(counts))]
    positions = np.stack([codes >> 8, codes >> 4 & 15, codes & 15], axis=1)
    groups: list[tuple[int, int]] = []
    remaining = np.ones(len(codes), bool)
    while len(groups) < MAX_COLOURS and remaining.any():
        first = int(np.argmax(remaining))
        similar = remaining & (((positions - positions[first]) ** 2).sum(axis=1) <= MAX_DISTANCE**2)
        groups.append((int(codes[first]), int(counts[codes[similar]].sum())))
        remaining &= ~similar
    return sorted(groups, key=lambda each: -each[1])


def thumbhash(rgba: NDArray[np.uint8]) -> bytes:
    """ThumbHash as in the reference (Evan Wallace's `rgbaToThumbHash`), with NumPy for the sums.

    ``rgba`` has the shape (height, width, 4), with at most 100 pixels a side.
    """
    import numpy as np

    height, width, _ = rgba.shape
    alpha = rgba[..., 3] / 255
    colour = rgba[..., :3] / 255 * alpha[..., None]
    opaque = float(alpha.sum())
    mean = colour.sum(axis=(0, 1)) / opaque if opaque else np.zeros(3)
    red, green, blue = np.moveaxis(mean * (1 - alpha[..., None]) + colour, 2, 0)
    has_alpha = bool((rgba[..., 3] < 255).any())
    most_waves, longer = 5 if has_alpha else 7, max(width, height)
    across, down = (max(1, _round(most_waves * side / longer)) for side in (width, height))
    light = _channel((red + green + blue) / 3, max(3, across), max(3, down))
    yellow, reddish = _channel((red + green) / 2 - blue, 3, 3), _channel(red - green, 3, 3)
    channels = [light, yellow, reddish, *([_channel(alpha, 5, 5)] if has_alpha else [])]
    return _pack(channels, down if width > height else across, width > height)


def _round(number: float) -> int:
    """Halves are rounded up, as JavaScript does."""
    return math.floor(number + 0.5)


def _channel(levels: Floats, across: int, down: int) -> tuple[float, list[float], float]:
    """The mean, the other waves scaled to 0 to 1, and the scale."""
    height, width = levels.shape
    waves = _cosines(down, height) @ levels @ _cosines(across, width).T / (width * height)
    coefficients = [float(waves[y, x]) for y in range(down) for x in range(across) if x * down < across * (down - y)]
    mean, rest = coefficients[0], coefficients[1:]
    scale = max(map(abs, rest), default=0.0)
    return mean, [0.5 + 0.5 / scale * wave for wave in rest] if scale else rest, scale


def _cosines(waves: int, length: int) -> Floats:
    import numpy as np

    waves_table: Floats = np.cos(np.pi / length * np.arange(waves)[:, None] * (np.arange(length) + 0.5))
    return waves_table


def _pack(channels: list[tuple[float, list[float], float]], shorter: int, landscape: bool) -> bytes:
    (light, _, light_scale), (yellow, _, yellow_scale), (reddish, _, reddish_scale), *alpha = channels
    first = _round(63 * light) | _round(31.5 + 31.5 * yellow) << 6 | _round(31.5 + 31.5 * reddish) << 12
    first |= _round(31 * light_scale) << 18 | bool(alpha) << 23
    second = shorter | _round(63 * yellow_scale) << 3 | _round(63 * reddish_scale) << 9 | landscape << 15
    head = first.to_bytes(3, "little") + second.to_bytes(2, "little")
    if alpha:
        head += bytes([_round(15 * alpha[0][0]) | _round(15 * alpha[0][2]) << 4])
    halves = [_round(15 * wave) for _, waves, _ in channels for wave in waves]
    halves += [0] * (len(halves) % 2)
    return head + bytes(low | high << 4 for low, high in zip(halves[::2], halves[1::2], strict=True))


def phash(image: PIL.Image.Image) -> str:
    """Sixteen hex digits: which of the 64 lowest waves of the brightness, at 32 by 32 pixels, are above their median.

    Pictures that look alike differ in few bits (less than about 10).
    """
    import numpy as np
    import PIL.Image

    levels = np.asarray(image.convert("L").resize((32, 32), PIL.Image.Resampling.BOX), np.float64)
    waves = _cosines(8, 32) @ levels @ _cosines(8, 32).T
    # Without rounding, the last digit of waves that are really zero would decide their bits at random.
    waves = waves.round(6)
    return np.packbits(waves > np.median(waves)).tobytes().hex()
