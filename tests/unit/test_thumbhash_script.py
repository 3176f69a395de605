"""The script that draws a ThumbHash shows the picture whose hash it was."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
from tests.services import required_program

import picasso
from picasso.process.processors.image.perceptual import thumbhash

SCRIPT = Path(picasso.__file__).parent / "static/picasso/console/views/files/thumbhash.js"


def pictures() -> dict[str, np.ndarray]:
    """Each half in another colour, across and down; and one that is half transparent."""
    wide = np.zeros((24, 48, 4), np.uint8)
    wide[:, :24], wide[:, 24:] = (200, 40, 30, 255), (20, 60, 180, 255)
    tall = np.zeros((48, 24, 4), np.uint8)
    tall[:24], tall[24:] = (240, 240, 240, 255), (10, 90, 20, 255)
    clear = np.zeros((32, 32, 4), np.uint8)
    clear[:, 16:] = (250, 180, 20, 255)
    return {"wide": wide, "tall": tall, "clear": clear}


def drawn(hashes: list[bytes]) -> list[dict[str, object]]:
    code = f"""{SCRIPT.read_text()}
        const shown = {json.dumps([list(each) for each in hashes])}.map((bytes) => decode(Uint8Array.from(bytes)));
        console.log(JSON.stringify(shown.map((each) => ({{ ...each, rgba: [...each.rgba] }}))));"""
    argv = [required_program("nodejs", "node"), "--input-type=module"]
    ran = subprocess.run(argv, input=code, capture_output=True, text=True, check=True, timeout=60)
    found: list[dict[str, object]] = json.loads(ran.stdout)
    return found


def test_the_halves_have_their_colours() -> None:
    made = pictures()
    for (name, picture), shown in zip(made.items(), drawn([thumbhash(each) for each in made.values()]), strict=True):
        rgba = np.array(shown["rgba"], float).reshape(int(str(shown["height"])), int(str(shown["width"])), 4)
        assert (rgba.shape[1] > rgba.shape[0]) == (name == "wide")
        assert (rgba.shape[0] > rgba.shape[1]) == (name == "tall")
        for part in halves(name):
            wanted, found = picture[part(picture)].reshape(-1, 4).mean(0), rgba[part(rgba)].reshape(-1, 4).mean(0)
            visible = slice(0, 4) if wanted[3] else slice(3, 4)
            assert found[visible] == pytest.approx(wanted[visible], abs=40), (name, wanted, found)


def halves(name: str) -> list:  # type: ignore[type-arg]
    if name == "tall":
        return [lambda a: np.s_[: a.shape[0] // 2], lambda a: np.s_[a.shape[0] // 2 :]]
    return [lambda a: np.s_[:, : a.shape[1] // 2], lambda a: np.s_[:, a.shape[1] // 2 :]]
