"""One big file: Picasso's whole API against nginx's WebDAV PUT, on the same disk.

nginx runs twice: as it comes, and with the buffer that made it fastest. What an fsync would have cost it on top is
taken along, since a 201 of Picasso's promises that and one of nginx's does not.
"""

from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from bench.bigfile import AS_IT_COMES, BUFFERS, FASTEST, forget, freshen, put_into_nginx, write_random
from bench.contenders import UPLOAD, migrate_picasso, picasso, picasso_env
from bench.load import curl
from bench.place import Place
from bench.report import Bar, Row, compared, show
from bench.rounds import Series, interleaved
from bench.stack import Program, services

BAR = Bar(">=", 0.85, "x")


def measure(place: Place) -> list[Row]:
    size = place.pick(1 << 30, 128 << 20)
    file = place.folder / "big.bin"
    write_random(file, size)
    syncs: dict[str, list[float]] = {name: [] for name in BUFFERS}
    with ExitStack() as stack:
        runs = {name: put_into_nginx(stack, place, name, file, syncs[name]) for name in BUFFERS}
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


def _post_to_picasso(stack: ExitStack, place: Place, file: Path) -> Callable[[], float]:
    near = stack.enter_context(services(place))
    data = place.new_folder("picasso")
    env = picasso_env(data, near.database("picasso"), near.broker_url)
    migrate_picasso(env)
    server = stack.enter_context(picasso(place, "web", env))
    return partial(_picasso_round, server, data, file)


def _picasso_round(server: Program, data: Path, file: Path) -> float:
    freshen(file)
    seconds = curl(server.port, UPLOAD, "--form", f"file=@{file};type=application/octet-stream")
    forget(data, file.stat().st_size)
    return seconds
