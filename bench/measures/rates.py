"""What it costs to count requests: processor time for one, and the rate of small uploads with and without."""

import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from functools import partial

from bench import contenders
from bench.load import small_uploads
from bench.place import ROOT, Place
from bench.report import Bar, Row, compared, show
from bench.rounds import Series, interleaved
from bench.stack import Program, Services, services

CONNECTIONS = 16
MICROSECONDS = Bar("<=", 100.0, " µs")
NOT_SLOWER = Bar(">=", 0.95, "x")

WITH, WITHOUT = "with rates", "without"


def measure(place: Place) -> list[Row]:
    if not place.picasso:
        return [Row("counting requests", "-", bar=MICROSECONDS, why="picasso did not run")]
    with services(place) as near:
        return [*_processor_time(place, near), _uploads(place, near)]


def _processor_time(place: Place, near: Services) -> list[Row]:
    env = contenders.picasso_env(place.new_folder("take"), near.database("take"), near.broker_url)
    contenders.migrate_picasso(env)
    alone = {name: value for name, value in env.items() if name != "DATABASE_URL"}
    runs = {"PostgreSQL": partial(_take, env), "memory": partial(_take, alone)}
    samples = interleaved(place.pick(5, 2), runs)
    what = "processor time to count one request and to tell what remains"
    return [
        Row(f"{what}; {name}", series.show("µs", 1), series.median, MICROSECONDS, samples={name: series})
        for name, series in samples.items()
    ]


def _take(env: Mapping[str, str]) -> float:
    command = [sys.executable, "-m", "bench.take"]
    done = subprocess.run(command, cwd=ROOT, env=os.environ | env, capture_output=True, text=True, check=True)
    return float(done.stdout)


def _uploads(place: Place, near: Services) -> Row:
    with ExitStack() as stack:
        servers = {name: _server(place, near, name) for name in (WITH, WITHOUT)}
        for server in servers.values():
            stack.enter_context(server)
        runs = {name: partial(_round, servers, name, near, place.pick(6, 2)) for name in servers}
        interleaved(1, runs)
        samples: dict[str, Series] = interleaved(place.pick(7, 2), runs)
    what = f"small uploads (1 KB text, {CONNECTIONS} connections, no workers) per second: with rates ÷ without"
    return compared(what, samples, WITH, WITHOUT, bar=NOT_SLOWER, shown=show(samples, "/s"))


def _server(place: Place, near: Services, name: str) -> Program:
    folder = name.replace(" ", "-")
    rates = "off" if name == WITHOUT else "address=300000/60"
    database = near.database(folder.replace("-", "_"))
    env = contenders.picasso_env(place.new_folder(folder), database, near.broker_url, PICASSO_RATES=rates)
    contenders.migrate_picasso(env)
    return contenders.picasso(place, "web", env, name=folder)


def _round(servers: Mapping[str, Program], name: str, near: Services, seconds: int) -> float:
    with ExitStack() as others:
        for other, server in servers.items():
            if other != name:
                others.enter_context(server.frozen())
        near.settle()
        return small_uploads(servers[name].port, contenders.UPLOAD, seconds, CONNECTIONS).rate
