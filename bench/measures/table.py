"""A CSV of a gibibyte: how long its facts take, and how much memory at the peak, beside those of a small one.

`python -m bench.measures.table TABLE FOLDER` is one run, in a process of its own with a child's limit on its memory.
"""

import os
import re
import resource
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from bench.place import ROOT, Place
from bench.report import Bar, Row, show
from bench.rounds import Series, interleaved

BAR = Bar("<=", 300.0, " MiB")
MEMORY_LIMIT = 2 << 30
SMALL = 16 << 20

# The disk must hold the table and still leave room.
SPARE = 2 << 30


def measure(place: Place) -> list[Row]:
    large = place.pick(1 << 30, 64 << 20)
    what = f"peak memory of facts and preview of a CSV of {large >> 20} MiB"
    if not place.picasso:
        return [Row(what, "-", bar=BAR, why="picasso did not run")]
    if place.free_bytes() < large + SPARE:
        return [Row(what, "-", bar=BAR, why="the disk is too full")]
    tables = {f"{size >> 20} MiB": written(place.folder / f"{size}.csv", size) for size in (SMALL, large)}
    seconds: dict[str, list[float]] = {name: [] for name in tables}
    runs = {name: lambda name=name, path=path: _run(path, seconds[name]) for name, path in tables.items()}
    peaks = interleaved(place.pick(3, 2), runs)
    times = {name: Series(tuple(values)) for name, values in seconds.items()}
    flat = max(peaks[f"{large >> 20} MiB"].values)
    return [
        Row(what, show(peaks, "MiB", 1), flat, BAR, samples=peaks),
        _growth(peaks, large),
        Row("time for it", show(times, "s", 2), samples=times),
    ]


def _growth(peaks: Mapping[str, Series], large: int) -> Row:
    small, big = (series.median for series in peaks.values())
    return Row(f"the same, {large >> 20} MiB - {SMALL >> 20} MiB", f"{big - small:.1f} MiB", samples=peaks)


def written(path: Path, size: int) -> Path:
    """Numbers, dates and quoted text, some of it with delimiters."""
    with path.open("wb") as out:
        out.write(b"id,name,price,day,shown,note\n")
        for block in range(0, 10**9, 10_000):
            lines = (
                f"{n},name {n % 9973},{n * 7919 % 100_000 / 100},2024-{n % 12 + 1:02}-{n % 28 + 1:02},"
                f'{"true" if n & 1 else "false"},"some, quoted note {n % 77}"\n'
                for n in range(block, block + 10_000)
            )
            out.write("".join(lines).encode())
            if out.tell() >= size:
                return path
    raise AssertionError(size)


def _run(path: Path, seconds: list[float]) -> float:
    """MiB at the peak of one process that does nothing else."""
    folder = path.with_suffix("")
    folder.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "bench.measures.table", str(path), str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    took, peak = map(float, done.stdout.split())
    seconds.append(took)
    return peak


def main(table: str, folder: str) -> None:
    from picasso.process.contract import Source
    from picasso.process.processors.table import Table

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, MEMORY_LIMIT))
    Table.prepare()
    began = time.perf_counter()
    facts = Table()(Source(Path(table), "text/csv"), Path(folder)).facts
    took = time.perf_counter() - began
    assert facts["sampled"] is False
    assert facts["columns_total"] == 6
    assert int(str(facts["rows"])) > os.path.getsize(table) / 100
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found
    print(took, int(found[1]) / 1024)


if __name__ == "__main__":
    main(*sys.argv[1:])
