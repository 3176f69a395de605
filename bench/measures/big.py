"""One big file: Picasso's whole API against nginx's WebDAV PUT, on the same disk.

nginx runs twice: as it comes, and with the buffer that made it fastest. What an fsync would have cost it on top is
taken along, since a 201 of Picasso's promises that and one of nginx's does not.
"""

import os
import secrets
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from bench.contenders import UPLOAD, migrate_picasso, nginx, picasso, picasso_env
from bench.load import BLOCK, curl
from bench.place import Place, settle
from bench.report import Bar, Row, compared, show
from bench.rounds import Series, interleaved
from bench.stack import Program, services

BAR = Bar(">=", 0.85, "x")
BUFFERS = {"nginx": "16k", "nginx-128k": "128k"}
AS_IT_COMES, FASTEST = BUFFERS


def measure(place: Place) -> list[Row]:
    size = place.pick(1 << 30, 128 << 20)
    file = place.folder / "big.bin"
    _write_random(file, size)
    syncs: dict[str, list[float]] = {name: [] for name in BUFFERS}
    with ExitStack() as stack:
        runs = {name: _put_into_nginx(stack, place, name, file, syncs[name]) for name in BUFFERS}
        if place.picasso:
            runs["picasso"] = _post_to_picasso(stack, place, file)
        interleaved(1, runs)
        for each in syncs.values():
            each.clear()  # the first round warms up
        samples = interleaved(place.pick(7, 2), runs)
    synced = {f"{name} and fsync": Series(tuple(values)) for name, values in syncs.items()}
    return _rows(samples | synced, f"{size / 2**30:g} GiB")


def _rows(samples: dict[str, Series], size: str) -> list[Row]:
    shown = show(samples, "s", 2)
    # Seconds, so the throughput's ratio is the other way up.
    what = f"{size} through Picasso (multipart; hash, type, rows, fsync) ÷ nginx (PUT), throughput"
    tuned = f"{what}; nginx with a buffer of {BUFFERS[FASTEST]}"
    return [
        compared(what, samples, AS_IT_COMES, "picasso", bar=BAR, shown=shown),
        compared(tuned, samples, FASTEST, "picasso", bar=BAR, shown="as above"),
    ]


def _write_random(file: Path, size: int) -> None:
    with file.open("wb") as out:
        for _ in range(size // BLOCK):
            out.write(secrets.token_bytes(BLOCK))


def _freshen(file: Path) -> None:
    """New content at the start, so that no round is spared work by what an earlier one stored; all of it in memory."""
    with file.open("r+b") as out:
        out.write(secrets.token_bytes(4096))
    with file.open("rb") as back:
        while back.read(8 * BLOCK):
            pass
    settle()


def _put_into_nginx(stack: ExitStack, place: Place, name: str, file: Path, syncs: list[float]) -> Callable[[], float]:
    server = stack.enter_context(nginx(place, name, BUFFERS[name]))
    stored = place.folder / name / "files" / file.name

    def run() -> float:
        _freshen(file)
        seconds = curl(server.port, f"/{file.name}", "--upload-file", str(file))
        syncs.append(seconds + _fsync_seconds(stored))
        _forget(stored.parent, file.stat().st_size)
        return seconds

    return run


def _fsync_seconds(file: Path) -> float:
    begun = time.perf_counter()
    handle = os.open(file, os.O_RDONLY)
    os.fsync(handle)
    os.close(handle)
    return time.perf_counter() - begun


def _post_to_picasso(stack: ExitStack, place: Place, file: Path) -> Callable[[], float]:
    near = stack.enter_context(services(place))
    data = place.new_folder("picasso")
    env = picasso_env(data, near.database("picasso"), near.broker_url)
    migrate_picasso(env)
    server = stack.enter_context(picasso(place, "web", env))
    return partial(_picasso_round, server, data, file)


def _picasso_round(server: Program, data: Path, file: Path) -> float:
    _freshen(file)
    seconds = curl(server.port, UPLOAD, "--form", f"file=@{file};type=application/octet-stream")
    _forget(data, file.stat().st_size)
    return seconds


def _forget(folder: Path, size: int) -> None:
    """Delete what was stored, and make sure that it was."""
    stored = [path for path in folder.rglob("*") if path.is_file() and path.stat().st_size == size]
    if len(stored) != 1:
        raise RuntimeError(f"expected one stored file of {size} bytes, found {len(stored)}")
    stored[0].unlink()
    settle()
