"""Facts and a poster of a minute of video, against the two commands that people run for them.

Ours is what runs in a child that has its libraries loaded, which is how it runs in a worker; the rival is `ffprobe` and
`ffmpeg -ss … -frames:v 1`, with their starts, which is how they are run.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import IO

from bench import tools
from bench.place import ROOT, WORK, Place
from bench.report import Bar, Row, compared, show
from bench.rounds import Series, interleaved

BAR = Bar(">=", 0.8, "x")
SECONDS, FPS, WIDTH, HEIGHT = 60, 30, 1920, 1080
WARM_UPS = 2
CHILD = "import sys; from bench.measures.video import main; main(*sys.argv[1:])"
PROBE = ("-v", "error", "-show_format", "-show_streams", "-of", "json")


def measure(place: Place) -> list[Row]:
    film = made()
    ffprobe, ffmpeg = tools.need("ffprobe", "ffmpeg"), tools.need("ffmpeg", "ffmpeg")
    rounds = place.pick(15, 5)
    runs = {"ffprobe + ffmpeg": partial(_rival, ffprobe, ffmpeg, film, place.new_folder("rival"))}
    if not place.picasso:
        return _rows(interleaved(rounds, runs))
    command = [sys.executable, "-c", CHILD, str(film), str(place.new_folder("picasso")), str(WARM_UPS)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdin
        assert child.stdout
        for role, preview in (("picasso", False), ("picasso with preview", True)):
            runs[role] = partial(_ours, child.stdin, child.stdout, preview)
        samples = interleaved(rounds, runs)
        child.stdin.close()
    return _rows(samples)


def _rows(samples: Mapping[str, Series]) -> list[Row]:
    what = "facts and poster of 60 s of 1080p H.264, per second: Picasso, warm ÷ ffprobe + ffmpeg -ss 6 -frames:v 1"
    return [compared(what, samples, "picasso", "ffprobe + ffmpeg", bar=BAR, shown=show(samples, "/s", 2))]


def _rival(ffprobe: str, ffmpeg: str, film: Path, folder: Path) -> float:
    """Per second, as a shell would run them: one after the other."""
    begun = time.perf_counter()
    subprocess.run([ffprobe, *PROBE, str(film)], capture_output=True, check=True)
    arguments = ["-v", "error", "-y", "-ss", "6", "-i", str(film), "-frames:v", "1", str(folder / "poster.jpg")]
    subprocess.run([ffmpeg, *arguments], capture_output=True, check=True)
    return 1 / (time.perf_counter() - begun)


def _ours(ask: IO[str], answer: IO[str], preview: bool) -> float:
    ask.write(f"{int(preview)}\n")
    ask.flush()
    return 1 / float(answer.readline())


def made() -> Path:
    """A film with noise and movement, so that it is as large as a camera's; made once, and kept."""
    film = WORK / f"film-{SECONDS}-{FPS}-{WIDTH}x{HEIGHT}.mp4"
    if not film.exists():
        WORK.mkdir(exist_ok=True)
        print("    making a minute of video, once", flush=True)
        _encode(film.with_suffix(".part"))
        film.with_suffix(".part").rename(film)
    return film


def _encode(film: Path) -> None:
    picture = f"testsrc2=size={WIDTH}x{HEIGHT}:rate={FPS}:duration={SECONDS},noise=alls=8:allf=t,format=yuv420p"
    inputs = ["-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", f"sine=440:sample_rate=48000:duration={SECONDS}"]
    encoders = ["-c:v", "libx264", "-preset", "ultrafast", "-crf", "30", "-g", "250", "-c:a", "aac", "-f", "mp4"]
    command = [tools.need("ffmpeg", "ffmpeg"), "-v", "error", "-y", *inputs, *encoders, str(film)]
    subprocess.run(command, check=True)


def main(film: str, folder: str, warm_ups: str) -> None:
    """For each line with a 1 (preview too) or a 0, the seconds that facts and poster take."""
    from picasso.process.contract import Source
    from picasso.process.processors.video import Video

    Video.prepare()
    processor = Video()

    def run(preview: bool) -> float:
        with tempfile.TemporaryDirectory(dir=folder) as empty:
            begun = time.perf_counter()
            processor(Source(Path(film), "video/mp4", {"preview": preview}), Path(empty))
            return time.perf_counter() - begun

    for _ in range(int(warm_ups)):
        run(True)
    for line in sys.stdin:
        print(run(line.strip() == "1"), flush=True)
