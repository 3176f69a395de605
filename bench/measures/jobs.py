"""Jobs per second through relay, broker, worker and rows, against the same Celery with a task that does nothing.

Both are timed from the first job that ended to the last one, so neither pays for its start.
"""

import os
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import NamedTuple

import psycopg

from bench import contenders
from bench.load import LoadError, upload_many
from bench.place import Place
from bench.report import Bar, Row, compared, show
from bench.rounds import interleaved
from bench.stack import Services, services

BAR = Bar(">=", 0.3, "x")
# Picasso's default for the queue of quick jobs, given to both.
THREADS = max(2, os.cpu_count() or 1)
GIVE_UP_AFTER = 300.0
LOOK_EVERY = 0.05


class JobsRound(NamedTuple):
    """What one round of Picasso took."""

    rate: float
    """Jobs per second."""
    cpu: float
    """Milliseconds of CPU per job: the worker with its children, and PostgreSQL."""


def measure(place: Place) -> list[Row]:
    number = place.pick(2000, 500)
    with ExitStack() as stack:
        near = stack.enter_context(services(place))
        runs: dict[str, Callable[[], float]] = {"noop": partial(_noop_round, place, near, number)}
        if place.picasso:
            env = contenders.picasso_env(place.new_folder("picasso"), near.database("picasso"), near.broker_url)
            env |= {"PICASSO_QUICK_JOBS": str(THREADS)}
            contenders.migrate_picasso(env)
            runs["picasso"] = lambda: picasso_round(place, near, env, number).rate
        samples = interleaved(place.pick(3, 1), runs)
    what = f"jobs per second, {number} small texts, {THREADS} at once: Picasso ÷ Celery with a task that does nothing"
    return [compared(what, samples, "picasso", "noop", bar=BAR, shown=show(samples, "/s"))]


def _noop_round(place: Place, near: Services, number: int) -> float:
    span = place.folder / "noop.span"
    span.unlink(missing_ok=True)
    env = contenders.noop_env(near.broker_url, number, span)
    publish = contenders.noop_publisher(place, env, number)
    with contenders.noop_worker(place, env, THREADS) as worker, publish as publisher:
        deadline = time.monotonic() + GIVE_UP_AFTER
        while not span.exists():
            worker.check()
            publisher.check(may_have_ended=True)
            if time.monotonic() > deadline:
                raise LoadError("the noop worker did not see all messages")
            time.sleep(LOOK_EVERY)
    return (number - 1) / float(span.read_text())


def picasso_round(
    place: Place, near: Services, env: Mapping[str, str], number: int, build: Path = contenders.PICASSO
) -> JobsRound:
    """The files are there before the worker starts, and the web is gone: only the journey of jobs is left."""
    with contenders.picasso(place, "web", env, build=build) as server:
        upload_many(server.port, contenders.UPLOAD, number)
    near.settle()
    with psycopg.connect(env["DATABASE_URL"], autocommit=True) as database:
        before, todo = count_ended(database), _waiting(database)
        with contenders.picasso(place, "worker", env, build=build) as worker:
            first, begun = wait_for(database, before + 1)
            used = worker.cpu_seconds() + near.database_cpu_seconds()
            last, ended = wait_for(database, before + todo)
            used = worker.cpu_seconds() + near.database_cpu_seconds() - used
            worker.check()
        refuse_failures(database)
    return JobsRound((last - first) / (ended - begun), used * 1000 / (last - first))


def wait_for(database: psycopg.Connection, goal: int) -> tuple[int, float]:
    """How many jobs have ended, and when that was seen, as soon as it is the goal or more."""
    deadline = time.monotonic() + GIVE_UP_AFTER
    while (ended := count_ended(database)) < goal:
        if time.monotonic() > deadline:
            raise LoadError(f"{ended} jobs ended, waiting for {goal}")
        time.sleep(LOOK_EVERY)
    return ended, time.perf_counter()


def count_ended(database: psycopg.Connection) -> int:
    return _count(database, "state IN ('done', 'failed', 'cancelled')")


def _waiting(database: psycopg.Connection) -> int:
    return _count(database, "state = 'waiting'")


def refuse_failures(database: psycopg.Connection) -> None:
    if failed := _count(database, "state IN ('failed', 'cancelled')"):
        raise LoadError(f"{failed} jobs failed, so their speed means nothing")


def _count(database: psycopg.Connection, where: str) -> int:
    row = database.execute(f"SELECT count(*) FROM picasso_job WHERE {where}").fetchone()
    return int(row[0]) if row else 0
