"""Thumbnails of a photograph and all that is said of it, per core, against sharp, which only makes the thumbnails.

Both are warm, on the same single core, and take turns; both decode once, and write WebP of the same size, quality and
effort. What counts is the processor's time, all threads of it, so that a neighbour on the machine does not.
`python -m bench.measures.image PICTURE FOLDER WARM_UPS TIMES` is our side of it.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from bench import tools
from bench.place import ROOT, Place
from bench.report import Bar, Row, compared, show
from bench.rounds import Series, interleaved

BAR = Bar(">=", 0.9, "x")
WARM_UPS = 3


def measure(place: Place) -> list[Row]:
    picture = place.folder / "photograph.jpeg"
    picture.write_bytes(photograph())
    times = place.pick(15, 5)
    rival = ["node", str(tools.sharp() / "thumbnails.js")]
    ours = [sys.executable, "-m", "bench.measures.image"]
    runs = {"sharp": partial(_per_second, rival, picture, place.new_folder("sharp"), times)}
    if place.picasso:
        runs["picasso"] = partial(_per_second, ours, picture, place.new_folder("picasso"), times)
    samples = interleaved(place.pick(7, 3), runs)
    what = "12-megapixel JPEG to two WebP thumbnails, per core: Picasso, with facts ÷ sharp, without"
    return [compared(what, samples, "picasso", "sharp", bar=BAR, shown=show(samples, "pictures/s", 2))]


def photograph() -> bytes:
    """4,000 by 3,000: soft shapes of several sizes and the noise of a sensor; about as many bytes as a phone's."""
    import pyvips

    def layer(cell: int, seed: int) -> Any:
        return pyvips.Image.perlin(4000, 3000, cell_size=cell, seed=seed)

    detail = layer(220, 7) * 40 + layer(60, 9) * 22 + layer(16, 11) * 12 + layer(5, 13) * 7
    noise = [pyvips.Image.gaussnoise(4000, 3000, mean=128, sigma=5, seed=seed) for seed in (3, 4, 5)]
    bands = [layer(900, number + 1) * 70 + detail + noise[number] for number in range(3)]
    picture = bands[0].bandjoin(bands[1:]).cast("uchar").copy(interpretation="srgb")
    return bytes(picture.jpegsave_buffer(Q=88))


def _per_second(command: Sequence[str], picture: Path, folder: Path, times: int) -> float:
    # The last core: interrupts tend to be the first one's.
    core = ["taskset", "-c", str(max(os.sched_getaffinity(0)))]
    arguments = [str(picture), str(folder), str(WARM_UPS), str(times)]
    done = subprocess.run([*core, *command, *arguments], cwd=ROOT, capture_output=True, text=True, check=True)
    return 1_000 / float(done.stdout)


def main(picture: str, folder: str, warm_ups: str, times: str) -> None:
    """Print the median of the milliseconds that one picture takes."""
    from picasso.process.contract import Source
    from picasso.process.processors.image import Image

    Image.prepare()
    processor, source = Image(), Source(Path(picture), "image/jpeg")
    found = []
    for _ in range(int(warm_ups) + int(times)):
        with tempfile.TemporaryDirectory(dir=folder) as empty:
            begun = time.process_time()
            processor(source, Path(empty))
            found.append(1_000 * (time.process_time() - begun))
    print(Series(tuple(found[int(warm_ups) :])).median)


if __name__ == "__main__":
    main(*sys.argv[1:])
