"""Two hundred resumable uploads at once, each cut five times, while all web processes are killed three times.

The clients are those of `tests/faults`: a third speaks plain tus, a third the IETF's draft, a third what tus has
besides. Whatever the service has promised them has to hold, and its memory has to stay what it was.
"""

import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path

import psutil
from tests.faults.storm import Outcome, Upload, age, check, left_behind, storm, uploads

from bench import contenders, rss
from bench.load import BLOCK, HOST, LoadError
from bench.place import Place
from bench.report import Bar, Row, show
from bench.rounds import Series
from bench.stack import Program, services

NONE_WRONG = Bar("<=", 0.0, "")
# What one process lets all that is on its way have in its memory (64 MiB), and the blocks of the six that are received
# in place (24 MiB); on top of that each of two hundred connections has some buffers of its own.
HELD = Bar("<=", 112.0, " MiB")
CUTS, KILLS = 5, 3
SMALL = (1 << 20, 6 << 20)
LARGE = [256 << 20, 160 << 20, *[64 << 20] * 6]

Engine = Callable[[ExitStack, Place, Path], Mapping[str, str]]


def measure(place: Place) -> list[Row]:
    engines: dict[str, Engine] = {
        "PostgreSQL and RabbitMQ, 2 web processes": cluster,
        "`picasso up` as it comes, SQLite": embedded,
    }
    return [row for where, engine in engines.items() for row in _rows(place, where, engine)]


def _rows(place: Place, where: str, engine: Engine) -> list[Row]:
    number = place.pick(200, 40)
    what = f"{number} resumable uploads at once, each cut {CUTS} times, all web processes killed {KILLS} times; {where}"
    if not place.picasso:
        return [Row(what, "-", bar=NONE_WRONG, why="picasso did not run")]
    sent = uploads(number, CUTS, SMALL, place.pick(LARGE, LARGE[-1:]))
    with ExitStack() as stack:
        data = place.new_folder(engine.__name__)
        env = engine(stack, place, data)
        server = stack.enter_context(contenders.picasso(place, "up", env, engine.__name__))
        before, watch, outcome = _storm(server, sent)
        faults = [*outcome.faults, *check(f"http://{HOST}:{server.port}", sent)]
        age(left := left_behind(data, sent))
        contenders.manage_picasso(env, "sweep")
        faults += [f"left behind: {path.relative_to(data)}" for path in left_behind(data, sent)]
    shutil.rmtree(data)
    print(f"    {outcome}", *faults, sep="\n    ", flush=True)
    series = {f"process {n}": Series(tuple(found)) for n, found in enumerate(watch.series.values(), 1)}
    return [
        Row(f"{what}: lost, doubled, wrong", f"{outcome}; {len(left)} left to the sweep", len(faults), NONE_WRONG),
        Row(
            "the same: peak memory of a web process - before",
            f"before {before:.1f} MiB; {show(series, 'MiB', 1)}",
            watch.peak - before,
            HELD,
            samples=series,
        ),
    ]


def cluster(stack: ExitStack, place: Place, data: Path) -> Mapping[str, str]:
    near = stack.enter_context(services(place))
    return contenders.picasso_env(data, near.database("picasso"), near.broker_url, PICASSO_WEB_PROCESSES="2")


def embedded(_: ExitStack, __: Place, data: Path) -> Mapping[str, str]:
    return contenders.picasso_env(data)


def _storm(server: Program, sent: Sequence[Upload]) -> tuple[float, rss.Watch, Outcome]:
    before = _warm(server)
    with rss.Watch(lambda: _web(server)) as watch:
        return before, watch, storm(server.port, sent, lambda: _kill(server), KILLS)


def _warm(server: Program) -> float:
    """MiB of the web process that has most, when all is loaded that is loaded once."""
    few = uploads(24, 0, (BLOCK, 4 * BLOCK), (), seed=1)
    if faults := storm(server.port, few, lambda: 0, 0).faults:
        raise LoadError("; ".join(faults))
    rss.forget_peaks(_web(server))
    return max(rss.peak([process]) for process in _web(server))


def _kill(server: Program) -> int:
    killed = 0
    for process in _web(server):
        with suppress(psutil.NoSuchProcess):
            process.kill()
            killed += 1
    return killed


def _web(server: Program) -> list[psutil.Process]:
    """The processes that serve; their supervisor starts them again when they are gone."""
    found = []
    for process in server.processes():
        with suppress(psutil.Error):
            found += [process] if {"web", "--fd"} <= set(process.cmdline()) else []
    return found
