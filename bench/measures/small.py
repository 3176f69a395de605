"""Small uploads accepted per second by Picasso, the conventional build and Express, on the same services.

Acceptance is measured: no worker runs for any of them. While one has its turn the others are frozen.
"""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial

from bench import contenders
from bench.load import Load, LoadError, small_uploads
from bench.place import Place
from bench.report import Bar, Row, compared, show
from bench.rounds import Series, interleaved
from bench.stack import Program, Services, count_rows, services

CONNECTIONS = 16
OVER_CONVENTIONAL = Bar(">=", 8.0, "x")
OVER_EXPRESS = Bar(">=", 1.0, "x")


@dataclass
class Way:
    """One way to upload, and what wrk saw of it so far."""

    server: Program
    path: str
    database: str
    table: str
    loads: list[Load]

    def verify_rows(self) -> None:
        """Every 201 has its row. What was in flight when a round ended may have one as well."""
        answers = sum(load.requests for load in self.loads)
        rows = count_rows(self.database, self.table)
        if not answers <= rows <= answers + CONNECTIONS * len(self.loads):
            raise LoadError(f"{self.server.name}: {answers} answers, but {rows} rows")
        print(f"    {self.server.name}: {answers} answers, {rows} rows", flush=True)


def measure(place: Place) -> list[Row]:
    with ExitStack() as stack:
        near = stack.enter_context(services(place))
        ways = _ways(stack, place, near)
        runs = {name: partial(_round, ways, name, near, place.pick(6, 2)) for name in ways}
        interleaved(1, runs)
        samples = interleaved(place.pick(5, 2), runs)
        for way in ways.values():
            way.verify_rows()
    return _rows(samples, ways)


def _ways(stack: ExitStack, place: Place, near: Services) -> dict[str, Way]:
    ways = {}
    if place.picasso:
        env = contenders.picasso_env(place.new_folder("picasso"), near.database("picasso"), near.broker_url)
        contenders.migrate_picasso(env)
        server = contenders.picasso(place, "web", env)
        ways["picasso"] = Way(server, contenders.UPLOAD, env["DATABASE_URL"], "picasso_file", [])
    ways["express"] = _rival(place, near, "express", contenders.express, "files")
    ways["conventional"] = _rival(place, near, "conventional", contenders.conventional, "uploads_file")
    for way in ways.values():
        stack.enter_context(way.server)
    return ways


def _rival(place: Place, near: Services, name: str, make: Callable[[Place, str, str], Program], table: str) -> Way:
    database = near.database(name)
    return Way(make(place, database, near.broker_url), "/upload/", database, table, [])


def _round(ways: dict[str, Way], name: str, near: Services, seconds: int) -> float:
    way = ways[name]
    with ExitStack() as others:
        for other in ways.values():
            if other is not way:
                others.enter_context(other.server.frozen())
        near.settle()
        way.loads.append(small_uploads(way.server.port, way.path, seconds, CONNECTIONS))
    return way.loads[-1].rate


def _rows(samples: dict[str, Series], ways: dict[str, Way]) -> list[Row]:
    what = f"small uploads (1 KB text, {CONNECTIONS} connections, no workers) per second: Picasso ÷ "
    rate = show(samples, "/s")
    tail = {f"{name} p99": Series(tuple(load.p99_ms for load in way.loads[1:])) for name, way in ways.items()}
    detail = f"{rate}. {show(tail, 'ms')}"
    found = samples | tail
    return [
        compared(
            f"{what}the conventional build", found, "picasso", "conventional", bar=OVER_CONVENTIONAL, shown=detail
        ),
        compared(f"{what}Express", found, "picasso", "express", bar=OVER_EXPRESS, shown=detail),
    ]
