"""The end of a huge upload by tus: what is left to do when its last byte has come, also after a kill in its middle."""

import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from bench import bigfile, contenders, rss, tus
from bench.load import BLOCK
from bench.place import Place
from bench.report import Bar, Row, show
from bench.rounds import Series, interleaved
from bench.stack import Program, services

BAR = Bar("<=", 0.5, " s")
FLAT = Bar("<=", 16.0, " MiB")
STRAIGHT, KILLED = "in one PATCH", "web process killed in the middle"
# The disk must hold the upload and still leave room for the service and everybody else.
SPARE = 4 << 30


def measure(place: Place) -> list[Row]:
    huge = place.pick(10 << 30, 1 << 30)
    what = f"{huge >> 30} GiB by tus, from the last byte to the final answer"
    why = "" if place.picasso else "picasso did not run"
    if place.free_bytes() < huge + SPARE:
        why = f"the disk has {place.free_bytes() >> 30} GiB free, {(huge + SPARE) >> 30} are needed"
    if why:
        return [Row(what, "-", bar=BAR, why=why)]
    with ExitStack() as stack:
        server, data = _picasso(stack, place)
        memory = _peaks(server, data, huge)
        resumed: list[float] = []
        runs: dict[str, Callable[[], float]] = {
            STRAIGHT: partial(_straight, server, data, huge),
            KILLED: partial(_killed, server, data, huge, resumed),
        }
        samples = interleaved(place.pick(3, 2), runs)
    return [*_rows(what, samples, Series(tuple(resumed))), _growth(memory)]


def _rows(what: str, samples: Mapping[str, Series], resumed: Series) -> list[Row]:
    return [
        Row(f"{what}; {STRAIGHT}", show(samples, "s", 3), samples[STRAIGHT].median, BAR, samples=samples),
        Row(f"{what}; {KILLED}", "as above", samples[KILLED].median, BAR),
        Row("HEAD and a PATCH of 1 MiB after that kill, once the process answers", resumed.show("s", 3)),
    ]


def _growth(memory: Mapping[str, Series]) -> Row:
    small, large = (series.median for series in memory.values())
    what = " - ".join(reversed(list(memory)))
    return Row(f"peak memory of the web process by tus, {what}", show(memory, "MiB", 1), large - small, FLAT)


def _picasso(stack: ExitStack, place: Place) -> tuple[Program, Path]:
    near = stack.enter_context(services(place))
    data = place.new_folder("picasso")
    limits = {"PICASSO_MAX_UPLOAD_SIZE": "20GiB", "PICASSO_MAX_UNFINISHED_SIZE": "20GiB"}
    env = contenders.picasso_env(data, near.database("picasso"), near.broker_url, **limits)
    contenders.migrate_picasso(env)
    return stack.enter_context(contenders.picasso(place, "web", env)), data


def _peaks(server: Program, data: Path, huge: int) -> Mapping[str, Series]:
    for _ in range(20):  # what is loaded once, or grows to its size once, belongs to neither
        _upload(server, BLOCK)
    sizes = {"1 MiB": BLOCK, f"{huge >> 30} GiB": huge}
    found = {}
    for name, size in sizes.items():
        rss.forget_peaks(server.processes())
        _upload(server, size)
        found[name] = Series((rss.peak(server.processes()),))
    bigfile.forget(data, huge)
    return found


def _upload(server: Program, size: int) -> float:
    """Seconds of its end."""
    upload, _ = tus.create(server.port, contenders.UPLOADS, size)
    return tus.Stream(server.port, upload, 0, size).finish()


def _straight(server: Program, data: Path, size: int) -> float:
    seconds = _upload(server, size)
    bigfile.forget(data, size)
    return seconds


def _killed(server: Program, data: Path, size: int, resumed: list[float]) -> float:
    upload, _ = tus.create(server.port, contenders.UPLOADS, size)
    stream = tus.Stream(server.port, upload, 0, size)
    stream.send(size // 2)
    server.kill()
    stream.break_off()
    server.start()
    begun = time.perf_counter()
    offset = tus.offset(server.port, upload)
    tus.Stream(server.port, upload, offset, offset + BLOCK).finish()
    resumed.append(time.perf_counter() - begun)
    print(f"    killed when {size // 2:,} bytes were sent; it had {offset:,}", flush=True)
    seconds = tus.Stream(server.port, upload, offset + BLOCK, size).finish()
    bigfile.forget(data, size)
    return seconds
