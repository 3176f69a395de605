"""From the first byte of a small upload to the moment its file is shown as processed, on an idle service."""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from bench.contenders import FILES, UPLOAD, migrate_picasso, picasso, picasso_env
from bench.load import Client, LoadError
from bench.place import Place
from bench.report import Bar, Row
from bench.rounds import Series
from bench.stack import services

BAR = Bar("<=", 100.0, " ms")
LOOK_EVERY = 0.004
GIVE_UP_AFTER = 60.0


def measure(place: Place) -> list[Row]:
    return [
        _row(place, "PostgreSQL and RabbitMQ", _production),
        _row(place, "`picasso up` as it comes, SQLite and the in-process broker", _embedded),
    ]


def _row(place: Place, where: str, engine: Callable[[Place], Iterator[int]]) -> Row:
    what = f"upload → processed, small text, idle service, p50; {where}"
    if not place.picasso:
        return Row(what, "-", bar=BAR, why="picasso did not run")
    with contextmanager(engine)(place) as port, Client(port) as client:
        _journey(client)  # the first one waits for the worker to come up
        values = [_after_a_pause(client) for _ in range(place.pick(60, 10))]
    series = Series(tuple(values))
    return Row(what, series.show("ms"), series.median, BAR, samples={where: series})


def _production(place: Place) -> Iterator[int]:
    with ExitStack() as stack:
        near = stack.enter_context(services(place))
        env = picasso_env(place.new_folder("picasso"), near.database("picasso"), near.broker_url)
        migrate_picasso(env)
        server = stack.enter_context(picasso(place, "web", env))
        stack.enter_context(picasso(place, "worker", env))
        yield server.port


def _embedded(place: Place) -> Iterator[int]:
    env = picasso_env(place.new_folder("picasso-embedded"))
    migrate_picasso(env)
    with picasso(place, "up", env) as service:
        yield service.port


def _after_a_pause(client: Client) -> float:
    # A random pause, so that the uploads do not fall into step with whatever polls.
    time.sleep(random.uniform(0.2, 0.4))
    return _journey(client)


def _journey(client: Client) -> float:
    """Milliseconds from the start of the upload until the API says processed."""
    begun = time.perf_counter()
    path = f"{FILES}{client.upload(UPLOAD)['id']}/"
    while time.perf_counter() - begun < GIVE_UP_AFTER:
        shown = client.get(path)
        if shown["processed"]:
            return (time.perf_counter() - begun) * 1000
        if shown["state"] == "failed":
            raise LoadError(f"the upload failed: {shown}")
        time.sleep(LOOK_EVERY)
    raise LoadError(f"not processed within {GIVE_UP_AFTER:.0f} s: {shown}")
