"""One big file by tus: Picasso against @tus/server with its file store, against nginx's WebDAV PUT, and against itself
in many PATCHes. All on the same disk.

Against the others curl sends it, in one PATCH; a round is from the creation to the final answer. Against itself it is
a client that costs next to nothing (sendfile), so that what many PATCHes cost is not hidden behind it.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bench import bigfile, contenders, rss, tus
from bench.bigfile import AS_IT_COMES, BUFFERS, FASTEST
from bench.place import Place
from bench.report import Bar, Row, compared, show
from bench.rounds import Series, interleaved
from bench.stack import Program, services

OVER_TUS = Bar(">=", 1.5, "x")
OVER_ONE = Bar(">=", 0.8, "x")
OVER_NGINX = Bar(">=", 0.85, "x")
FLAT = Bar("<=", 16.0, " MiB")

STEP = 16 << 20
CURL, ONE, MANY = "picasso", "picasso, sendfile, one PATCH", "picasso, sendfile, PATCHes of 16 MiB"
TUS = "@tus/server"
Runs = dict[str, Callable[[], float]]


@dataclass(frozen=True)
class Contender:
    """A server that speaks tus at `path`, and the folder that holds what it was sent."""

    server: Program
    path: str
    folder: Path


def measure(place: Place) -> list[Row]:
    size = place.pick(1 << 30, 128 << 20)
    file = place.folder / "big.bin"
    bigfile.write_random(file, size)
    syncs: dict[str, list[float]] = {name: [] for name in (*BUFFERS, TUS)}
    with ExitStack() as stack:
        runs: Runs = {name: bigfile.put_into_nginx(stack, place, name, file, syncs[name]) for name in BUFFERS}
        rival = Contender(stack.enter_context(contenders.tus(place)), "/uploads", place.folder / "tus")
        runs[TUS] = partial(_round, rival, file, partial(tus.by_curl, rival.server.port, rival.path, file), syncs[TUS])
        ours = _picasso(stack, place) if place.picasso else None
        runs |= _picasso_runs(ours, file) if ours else {}
        interleaved(1, runs)
        for each in syncs.values():
            each.clear()  # the first round warms up
        before = rss.peak(ours.server.processes()) if ours else 0
        samples = interleaved(place.pick(7, 2), runs)
        memory = [before, rss.peak(ours.server.processes())] if ours else []
    synced = {f"{name} and fsync": Series(tuple(values)) for name, values in syncs.items()}
    return [*_rows(samples | synced, size), _memory(memory)]


def _rows(samples: Mapping[str, Series], size: int) -> list[Row]:
    shown, how_much = show(samples, "s", 2), f"{size / 2**30:g} GiB"
    many = f"{how_much} in {size // STEP} PATCHes of {STEP >> 20} MiB ÷ in one, throughput"
    ours = f"{how_much} in one PATCH through Picasso (tus; hash, type, rows, fsync)"
    untuned = f"{ours} ÷ nginx (PUT), throughput"
    # Seconds, so the throughput's ratio is the other way up.
    return [
        compared(f"{ours} ÷ {TUS}, throughput", samples, TUS, CURL, bar=OVER_TUS, shown=shown),
        compared(many, samples, ONE, MANY, bar=OVER_ONE, shown="as above"),
        compared(untuned, samples, AS_IT_COMES, CURL, bar=OVER_NGINX, shown="as above"),
        compared(
            f"{untuned}; nginx with a buffer of {BUFFERS[FASTEST]}",
            samples,
            FASTEST,
            CURL,
            bar=OVER_NGINX,
            shown="as above",
        ),
    ]


def _memory(peaks: Sequence[float]) -> Row:
    what = "peak memory of the web process over all of these PATCHes - over those of the first round"
    if not peaks:
        return Row(what, "-", bar=FLAT, why="picasso did not run")
    first, all_ = peaks
    return Row(what, f"first round {first:.1f} MiB; all {all_:.1f} MiB", all_ - first, FLAT)


def _picasso(stack: ExitStack, place: Place) -> Contender:
    near = stack.enter_context(services(place))
    data = place.new_folder("picasso")
    env = contenders.picasso_env(data, near.database("picasso"), near.broker_url)
    contenders.migrate_picasso(env)
    return Contender(stack.enter_context(contenders.picasso(place, "web", env)), contenders.UPLOADS, data)


def _picasso_runs(ours: Contender, file: Path) -> Runs:
    size, to = file.stat().st_size, (ours.server.port, ours.path, file)
    ways: Runs = {
        CURL: partial(tus.by_curl, *to),
        ONE: partial(tus.by_sendfile, *to, size),
        MANY: partial(tus.by_sendfile, *to, STEP),
    }
    return {name: partial(_round, ours, file, way, []) for name, way in ways.items()}


def _round(contender: Contender, file: Path, way: Callable[[], float], syncs: list[float]) -> float:
    bigfile.freshen(file)
    seconds = way()
    syncs.append(seconds + bigfile.fsync_seconds(bigfile.only_file(contender.folder, file.stat().st_size)))
    bigfile.forget(contender.folder, file.stat().st_size)
    return seconds
