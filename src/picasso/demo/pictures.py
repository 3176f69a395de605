"""Pictures, drawn by Pillow."""

from __future__ import annotations

import io
import math
import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Exif, Image

Colour = tuple[int, int, int]

NIGHT: Colour = (24, 30, 62)
ROSE: Colour = (217, 112, 106)
OCHRE: Colour = (232, 176, 74)
SEA: Colour = (34, 74, 120)


def mixed(one: Colour, other: Colour, share: float) -> Colour:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


def sky(width: int, height: int, above: Colour, below: Colour) -> Image:
    from PIL import Image, ImageDraw

    image = Image.new("RGB", (width, height))
    draw = ImageDraw.Draw(image)
    for y in range(height):
        draw.line([(0, y), (width, y)], mixed(above, below, y / height))
    return image


def sunset(seed: int) -> bytes:
    """A sun over the sea, with a camera and a place."""
    from PIL import ImageDraw

    chance = random.Random(seed)
    image = sky(1600, 1200, mixed(NIGHT, ROSE, 0.2 * seed), OCHRE)
    draw = ImageDraw.Draw(image)
    x, y, radius = chance.randint(400, 1200), 620 + 60 * seed, 130
    draw.ellipse([x - radius, y - radius, x + radius, y + radius], (255, 236, 190))
    draw.rectangle([0, 760, 1600, 1200], SEA)
    for line in range(780, 1200, 14):
        start = x + chance.randint(-200, 60)
        draw.line([(start, line), (start + chance.randint(80, 260), line)], mixed(SEA, OCHRE, 0.6), 4)
    return jpeg(image, taken(seed))


def taken(seed: int) -> Exif:
    """Camera, time and place, as in the Exif standard (CIPA DC-008)."""
    from PIL import Image
    from PIL.ExifTags import GPS, IFD, Base

    exif = Image.Exif()
    exif[Base.Make], exif[Base.Model] = "Example", "Camera One"
    exif[Base.DateTime] = f"2026:07:1{seed} 20:4{seed}:00"
    exif.get_ifd(IFD.Exif)[Base.DateTimeOriginal] = exif[Base.DateTime]
    place = exif.get_ifd(IFD.GPSInfo)
    place[GPS.GPSLatitudeRef], place[GPS.GPSLatitude] = "N", (36.0, 43.0, 12.0)
    place[GPS.GPSLongitudeRef], place[GPS.GPSLongitude] = "W", (4.0, 25.0, 13.0)
    return exif


def jpeg(image: Image, exif: Exif | None = None) -> bytes:
    output = io.BytesIO()
    image.save(output, "JPEG", quality=85, **({"exif": exif} if exif else {}))
    return output.getvalue()


def city(seed: int) -> bytes:
    from PIL import ImageDraw

    chance = random.Random(seed)
    image = sky(1400, 900, (120, 160, 210), (244, 226, 200))
    draw = ImageDraw.Draw(image)
    x = 0
    while x < 1400:
        width, height = chance.randint(60, 150), chance.randint(180, 620)
        colour = mixed(SEA, ROSE, chance.random())
        draw.rectangle([x, 900 - height, x + width, 900], colour)
        for window in range(900 - height + 20, 880, 36):
            draw.rectangle([x + 14, window, x + width - 14, window + 12], mixed(colour, OCHRE, 0.7))
        x += width + 6
    output = io.BytesIO()
    image.save(output, "WEBP", quality=80)
    return output.getvalue()


def panorama() -> bytes:
    return jpeg(hills(3600, 900))


def tall() -> bytes:
    return jpeg(hills(900, 1600))


def hills(width: int, height: int) -> Image:
    from PIL import ImageDraw

    image = sky(width, height, (90, 140, 200), (250, 236, 214))
    draw = ImageDraw.Draw(image)
    for layer in range(5):
        base, size = height * (0.45 + layer * 0.1), height * (0.12 - layer * 0.015)
        crest = [
            (x, base + size * math.sin(x / (140 + 60 * layer) + layer) + size * 0.4 * math.sin(x / 61))
            for x in range(0, width + 20, 20)
        ]
        draw.polygon([(0, height), *crest, (width, height)], mixed((150, 190, 170), (20, 50, 50), layer / 4))
    return image


def badge() -> bytes:
    """With a transparent background."""
    from PIL import Image, ImageDraw

    image = Image.new("RGBA", (512, 512))
    draw = ImageDraw.Draw(image)
    draw.ellipse([16, 16, 496, 496], (*SEA, 255))
    points = [
        (256 + r * math.sin(n * math.pi / 5), 256 - r * math.cos(n * math.pi / 5))
        for n, r in ((n, 190 if n % 2 == 0 else 80) for n in range(10))
    ]
    draw.polygon(points, (*OCHRE, 255))
    return png(image)


def png(image: Image) -> bytes:
    output = io.BytesIO()
    image.save(output, "PNG")
    return output.getvalue()


def spinner() -> bytes:
    from PIL import Image, ImageDraw

    frames = []
    for step in range(12):
        frame = Image.new("RGB", (160, 160), "white")
        ImageDraw.Draw(frame).arc([20, 20, 140, 140], step * 30, step * 30 + 110, SEA, 18)
        frames.append(frame)
    output = io.BytesIO()
    frames[0].save(output, "GIF", save_all=True, append_images=frames[1:], duration=80, loop=0)
    return output.getvalue()


def broken() -> bytes:
    """A JPEG by its head (JFIF) and no further. Of one that only lacks its end, decoders show what there is."""
    return bytes.fromhex("ffd8ffe000104a46494600010100000100010000") + b"This is no picture. " * 40


def drawing() -> bytes:
    return b"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64" width="256" height="256">
  <rect width="64" height="64" rx="14" fill="#e8b04a"/>
  <path d="M15 0h22L26 24l9 14-8 3 3 8-6 15H0V15A15 15 0 0 1 15 0z" fill="#2c4f9e"/>
  <circle cx="47" cy="21" r="8" fill="#fbf7ee"/><circle cx="45" cy="22" r="3.6" fill="#141a2b"/>
</svg>
"""
