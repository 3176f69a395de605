"""What containment costs a job: a text of 1 KB in a contained child, less the same processor called in-process."""

import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bench.place import Place
from bench.report import Bar, Row, show
from bench.rounds import Series

BAR = Bar("<=", 10.0, " ms")
MEMORY = 2 * 2**30
JOBS_PER_CHILD = 32
SECONDS = 60.0
LINE = "Containment is paid for by each job, so that no file pays for another one's.\n"


def measure(place: Place) -> list[Row]:
    what = "1 KB text: a job in a contained child less the same processor called in-process"
    if not place.picasso:
        return [Row(what, "-", bar=BAR, why="picasso did not run")]
    # Beside the service's own data: hard links and scratch are to be on one disk.
    folder = Path(tempfile.mkdtemp(dir=place.folder))
    try:
        samples, report = _samples(folder, place.pick(2000, 300))
    finally:
        shutil.rmtree(folder)
    print("    " + "; ".join(f"{layer}: {how}" for layer, how in report.items()), flush=True)
    worst = samples["contained, first job of a child"]
    less = samples["in-process"].median
    return [
        Row(what, show(samples, "ms", 2), samples["contained"].median - less, BAR, samples=samples),
        Row("the same, first job of a new child", show({"contained": worst}, "ms", 2), worst.median - less, BAR),
    ]


def _samples(folder: Path, number: int) -> tuple[dict[str, Series], dict[str, str]]:
    from picasso.process import child_pool
    from picasso.process.contract import Source
    from picasso.process.processors.text import Text

    path, made = folder / "note.txt", folder / "made"
    path.write_text((LINE * 20)[:1024])
    source = Source(path, "text/plain")
    Text.prepare()
    plain = Text()
    with_all: list[float] = []
    without: list[float] = []
    children = child_pool.ChildPool(MEMORY, JOBS_PER_CHILD, folder / "scratch")
    children.open()
    try:
        children.run("text", source, made, SECONDS)  # which starts the server
        for _ in range(number):  # in turns, so that a slow moment of the machine falls on both
            with_all.append(_milliseconds(lambda: children.run("text", source, made, SECONDS)))
            without.append(_milliseconds(lambda: plain(source, made)))
    finally:
        children.close()
    first = [value for n, value in enumerate(with_all, 1) if n % JOBS_PER_CHILD == 0]
    found = {
        "contained": _series(with_all),
        "contained, first job of a child": _series(first),
        "in-process": _series(without),
    }
    return found, child_pool.confinement_report()


def _milliseconds(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return (time.perf_counter() - started) * 1000


def _series(values: list[float]) -> Series:
    """Its 5th percentile, median and 95th: thousands of values are not for a report."""
    cuts = statistics.quantiles(values, n=20)
    return Series((cuts[0], statistics.median(values), cuts[-1]))
