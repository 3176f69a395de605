"""The first page of the list with a million files against the same page with a thousand."""

import time
from contextlib import ExitStack
from functools import partial

from bench.contenders import FILES, UPLOAD, migrate_picasso, picasso, picasso_env
from bench.filling import fill
from bench.load import Client, LoadError
from bench.place import Place
from bench.report import Bar, Row, compared, show
from bench.rounds import Series, interleaved
from bench.stack import Services, services

BAR = Bar("<=", 2.0, "x")
PAGE = f"{FILES}?page=1&page_size=10"


def measure(place: Place) -> list[Row]:
    few, many = 1_000, place.pick(1_000_000, 50_000)
    names = {f"{number:,} files": number for number in (few, many)}
    samples: dict[str, Series] = {}
    if place.picasso:
        with ExitStack() as stack:
            near = stack.enter_context(services(place))
            ports = {name: _filled(stack, place, near, number) for name, number in names.items()}
            runs = {name: partial(_page_time, port, place.pick(200, 50)) for name, port in ports.items()}
            interleaved(1, runs)
            samples = interleaved(place.pick(5, 2), runs)
    smaller, larger = names
    what = f"page 1 of `files/` with {larger} ÷ with {smaller}, on one connection"
    return [compared(what, samples, larger, smaller, bar=BAR, shown=show(samples, "ms", 2) or "-")]


def _filled(stack: ExitStack, place: Place, near: Services, number: int) -> int:
    """The port of a Picasso that has this many files, all of them processed."""
    database = near.database(f"picasso_{number}")
    env = picasso_env(place.new_folder(f"picasso-{number}"), database, near.broker_url)
    migrate_picasso(env)
    server = stack.enter_context(picasso(place, "web", env, f"picasso-web-{number}"))
    with picasso(place, "worker", env, f"picasso-worker-{number}"), Client(server.port) as client:
        _wait_until_processed(client, client.upload(UPLOAD)["id"])
    fill(database, number)
    with Client(server.port) as client:
        shown = client.get(PAGE)
    if len(shown["results"]) != 10 or shown.get("count", number) != number:
        raise LoadError(f"the list is not what was filled in: {shown.get('count')} of {number}")
    return server.port


def _wait_until_processed(client: Client, identifier: str) -> None:
    deadline = time.monotonic() + 60
    while not client.get(f"{FILES}{identifier}/")["processed"]:
        if time.monotonic() > deadline:
            raise LoadError("the file to copy was not processed within 60 s")
        time.sleep(0.05)


def _page_time(port: int, requests: int) -> float:
    """Milliseconds, the median of many."""
    times = []
    with Client(port) as client:
        for _ in range(requests):
            begun = time.perf_counter()
            client.get(PAGE)
            times.append((time.perf_counter() - begun) * 1000)
    return Series(tuple(times)).median
