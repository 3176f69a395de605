"""This build of Picasso against an earlier one (`--before`): small uploads, one big file, jobs, the list of files.

CPU time is taken along: on a noisy machine it says more than a rate.
"""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import psycopg

from bench import contenders
from bench.bigfile import forget, freshen, write_random
from bench.load import Client, curl, small_uploads
from bench.measures.jobs import THREADS, picasso_round
from bench.place import Place
from bench.report import Bar, Row, compared, show
from bench.rounds import Series, interleaved
from bench.stack import Program, Services, services

CONNECTIONS = 16
NOT_SLOWER = Bar(">=", 0.95, "x")
NOT_MORE = Bar("<=", 1.05, "x")
LIST_REQUESTS = 200


@dataclass
class Build:
    """One build with its own database and data."""

    command: Path
    env: dict[str, str]
    data: Path
    web: Program
    cpu: list[float] = field(default_factory=list)
    """Milliseconds of CPU of the web process per small upload, a value per round."""
    job_cpu: list[float] = field(default_factory=list)
    """Milliseconds of CPU of worker and PostgreSQL per job, a value per round."""


def measure(place: Place) -> list[Row]:
    """All of it."""
    return _measure(place, _web, _jobs)


def measure_jobs(place: Place) -> list[Row]:
    """The part with the jobs alone."""
    return _measure(place, _jobs)


def _measure(place: Place, *parts: Callable[[Place, Services, dict[str, Build]], list[Row]]) -> list[Row]:
    if not place.before or not place.picasso:
        return [Row("this build ÷ an earlier one", "-", why="no earlier build was named with --before")]
    with services(place) as near:
        commands = {"now": contenders.PICASSO, "before": place.before}
        builds = {name: _build(place, near, name, command) for name, command in commands.items()}
        return [row for part in parts for row in part(place, near, builds)]


def _build(place: Place, near: Services, name: str, command: Path) -> Build:
    data = place.new_folder(name)
    env = contenders.picasso_env(data, near.database(name), near.broker_url, PICASSO_QUICK_JOBS=str(THREADS))
    contenders.migrate_picasso(env, command)
    return Build(command, env, data, contenders.picasso(place, "web", env, f"{name}-web", command))


def _web(place: Place, near: Services, builds: dict[str, Build]) -> list[Row]:
    with ExitStack() as running:
        for build in builds.values():
            running.enter_context(build.web)
        return [*_small(place, near, builds), _list(place, builds), _big(place, builds)]


def _small(place: Place, near: Services, builds: dict[str, Build]) -> list[Row]:
    runs = {name: partial(_small_round, near, build, builds, place.pick(6, 2)) for name, build in builds.items()}
    samples = _measured(place.pick(7, 3), runs)
    cpu = {name: Series(tuple(build.cpu[1:])) for name, build in builds.items()}
    what = f"small uploads (1 KB text, {CONNECTIONS} connections), this build ÷ the earlier one: "
    return [
        compared(f"{what}rate", samples, "now", "before", bar=NOT_SLOWER, shown=show(samples, "/s")),
        compared(f"{what}CPU per upload", cpu, "now", "before", bar=NOT_MORE, shown=show(cpu, "ms", 2)),
    ]


def _small_round(near: Services, build: Build, builds: dict[str, Build], seconds: int) -> float:
    with ExitStack() as others:
        for other in builds.values():
            if other is not build:
                others.enter_context(other.web.frozen())
        near.settle()
        begin = build.web.cpu_seconds()
        load = small_uploads(build.web.port, contenders.UPLOAD, seconds, CONNECTIONS)
        build.cpu.append((build.web.cpu_seconds() - begin) * 1000 / load.requests)
    return load.rate


def _list(place: Place, builds: dict[str, Build]) -> Row:
    runs = {name: partial(_list_round, build) for name, build in builds.items()}
    samples = _measured(place.pick(7, 3), runs)
    what = "a page of 100 files, this build ÷ the earlier one: requests per second of CPU"
    return compared(what, samples, "now", "before", bar=NOT_SLOWER, shown=show(samples, "/s"))


def _list_round(build: Build) -> float:
    begin = build.web.cpu_seconds()
    with Client(build.web.port) as client:
        for _ in range(LIST_REQUESTS):
            client.get(f"{contenders.FILES}?page_size=100")
    return LIST_REQUESTS / (build.web.cpu_seconds() - begin)


def _big(place: Place, builds: dict[str, Build]) -> Row:
    size = place.pick(1 << 30, 128 << 20)
    file = place.folder / "big.bin"
    write_random(file, size)
    samples = _measured(place.pick(5, 2), {name: partial(_big_round, build, file) for name, build in builds.items()})
    what = f"{size / 2**30:g} GiB by multipart form, this build ÷ the earlier one: throughput"
    return compared(what, samples, "before", "now", bar=NOT_SLOWER, shown=show(samples, "s", 2))


def _big_round(build: Build, file: Path) -> float:
    freshen(file)
    seconds = curl(build.web.port, contenders.UPLOAD, "--form", f"file=@{file};type=application/octet-stream")
    forget(build.data, file.stat().st_size)
    return seconds


def _jobs(place: Place, near: Services, builds: dict[str, Build]) -> list[Row]:
    number = place.pick(2000, 500)
    for build in builds.values():
        _end_all(build.env["DATABASE_URL"])
    runs = {name: partial(_jobs_round, place, near, build, number) for name, build in builds.items()}
    samples = _measured(place.pick(5, 1), runs)
    cpu = {name: Series(tuple(build.job_cpu[1:])) for name, build in builds.items()}
    what = f"{number} small texts, {THREADS} at once, this build ÷ the earlier one"
    return [
        compared(f"jobs per second, {what}", samples, "now", "before", bar=NOT_SLOWER, shown=show(samples, "/s")),
        compared(
            f"CPU of worker and PostgreSQL per job, {what}",
            cpu,
            "now",
            "before",
            bar=NOT_MORE,
            shown=show(cpu, "ms", 2),
        ),
    ]


def _jobs_round(place: Place, near: Services, build: Build, number: int) -> float:
    done = picasso_round(place, near, build.env, number, build.command)
    build.job_cpu.append(done.cpu)
    return done.rate


def _end_all(database: str) -> None:
    """What the other measurements left waiting is not this one's work."""
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("UPDATE picasso_job SET state = 'done', finished_at = now() WHERE state = 'waiting'")


def _measured(rounds: int, runs: Mapping[str, Callable[[], float]]) -> dict[str, Series]:
    """After a round that warms up."""
    interleaved(1, runs)
    return interleaved(rounds, runs)
