"""Webhooks: how soon a receiver is told, messages per second, beside dead receivers, and what they cost uploads."""

import asyncio
import json
import re
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from queue import Queue
from threading import Thread
from typing import Any, cast

import psycopg
import uvloop

from bench.contenders import UPLOAD, migrate_picasso, picasso, picasso_env
from bench.load import HOST, Client, small_uploads
from bench.place import Place
from bench.report import Bar, Row, compared, show
from bench.rounds import Series, interleaved
from bench.stack import Program, Services, services

WEBHOOKS = "/api/v1.0/webhooks/"

SOON = Bar("<=", 150.0, " ms")
RATE = Bar(">=", 500.0, "/s")
BESIDE = Bar("<=", 2.0, "x")
COST = Bar(">=", 0.8, "x")

ENDPOINTS, DEAD = 100, 10
CONNECTIONS = 16
WITH, WITHOUT = "with events and a webhook", "without a webhook"

ANSWER = b"HTTP/1.1 204 No Content\r\n\r\n"
HEADER = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
WAIT_SECONDS = 120.0

# Events that look like those of uploads; the sequencer gives them their numbers. (how many)
FILL = """
    INSERT INTO picasso_event (project_id, type, at, owner, media_type, pipeline, tags, data)
    SELECT 1, 'file.processed', clock_timestamp(), '', 'text/plain', 'default', '[]',
        jsonb_build_object('id', gen_random_uuid(), 'name', 'note.txt', 'size', 1024, 'state', 'processed')
    FROM generate_series(1, %s)"""


@dataclass
class Connection(asyncio.Protocol):
    """Answers each message with 204 at once, and keeps its path and when it came."""

    receiver: "Receiver"
    left: bytes = b""
    transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # uvloop's is one by its methods only

    def data_received(self, data: bytes) -> None:
        self.left += data
        while (end := self.left.find(b"\r\n\r\n")) >= 0:
            length = HEADER.search(self.left, 0, end)
            size = end + 4 + (int(length[1]) if length else 0)
            if len(self.left) < size:
                return
            self._message(self.left[:end], self.left[end + 4 : size])
            self.left = self.left[size:]

    def _message(self, head: bytes, body: bytes) -> None:
        path = head.split(b" ", 2)[1].decode()
        self.receiver.arrived[path].append((time.time(), body))
        assert self.transport
        self.transport.write(ANSWER)


@dataclass
class Receiver:
    """A fast server in a thread of its own. What its path says is the webhook."""

    port: int = 0
    arrived: dict[str, list[tuple[float, bytes]]] = field(default_factory=lambda: defaultdict(list))

    @property
    def count(self) -> int:
        return sum(map(len, list(self.arrived.values())))

    def wait_for(self, count: int) -> None:
        end = time.monotonic() + WAIT_SECONDS
        while self.count < count:
            if time.monotonic() > end:
                raise TimeoutError(f"{self.count} of {count} messages arrived")
            time.sleep(0.005)


@contextmanager
def receiver() -> Iterator[Receiver]:
    found = Receiver()
    with _serving(lambda: Connection(found)) as found.port:
        yield found


@contextmanager
def _serving(protocol: Callable[[], asyncio.Protocol]) -> Iterator[int]:
    """A server in a thread of its own; its port."""
    started: Queue[tuple[int, Callable[[], object]]] = Queue()

    async def serve() -> None:
        loop, stop = asyncio.get_running_loop(), asyncio.Event()
        server = await loop.create_server(protocol, HOST, 0, backlog=1024)
        port = server.sockets[0].getsockname()[1]
        started.put((port, partial(loop.call_soon_threadsafe, stop.set)))
        await stop.wait()
        server.close()

    thread = Thread(target=lambda: uvloop.run(serve()), daemon=True)
    thread.start()
    port, stop = started.get()
    try:
        yield port
    finally:
        stop()
        thread.join()


def measure(place: Place) -> list[Row]:
    if not place.picasso:
        return [Row("webhooks", "-", bar=SOON, why="picasso did not run")]
    with services(place) as near:
        return [*_soon(place, near), *_rate(place, near), *_beside(place, near), *_cost(place, near)]


@dataclass
class Service:
    """A web process and a worker."""

    web: Program
    worker: Program
    database: str

    def create(self, url: str, types: list[str]) -> str:
        body = json.dumps({"url": url, "types": types}).encode()
        with Client(self.web.port) as client:
            return str(client.post(WEBHOOKS, body)["id"])

    def fill(self, count: int) -> None:
        with psycopg.connect(self.database) as connection:
            connection.execute(FILL, [count])


@contextmanager
def _service(place: Place, near: Services, name: str) -> Iterator[Service]:
    url = near.database(name)
    env = picasso_env(place.new_folder(name), url, near.broker_url, PICASSO_OUTBOUND_ALLOWED="127.0.0.1")
    env["PICASSO_RATES"] = "off"
    migrate_picasso(env)
    with picasso(place, "web", env, f"{name}-web") as web, picasso(place, "worker", env, f"{name}-worker") as worker:
        with Client(web.port) as client:
            client.upload(UPLOAD)  # what is loaded once
        _wait_until_idle(url)
        yield Service(web, worker, url)


def _soon(place: Place, near: Services) -> list[Row]:
    count = place.pick(100, 20)
    with _service(place, near, "soon") as service, receiver() as found, Client(service.web.port) as client:
        service.create(f"http://{HOST}:{found.port}/soon", ["file.received"])
        time.sleep(2)
        delays = []
        for number in range(count):
            sent = time.time()
            client.upload(UPLOAD)
            found.wait_for(number + 1)
            delays.append(1000 * (found.arrived["/soon"][-1][0] - sent))
            time.sleep(0.2)
    middle = statistics.median(delays)
    shown = f"p50 {middle:.0f} ms, p90 {sorted(delays)[int(0.9 * count)]:.0f} ms of {count}"
    return [Row("from an upload to its webhook, idle, p50", shown, middle, SOON)]


def _rate(place: Place, near: Services) -> list[Row]:
    count = place.pick(20_000, 5_000)
    with _service(place, near, "rate") as service, receiver() as found:
        service.create(f"http://{HOST}:{found.port}/", ["file.processed"])
        used = service.worker.cpu_seconds()
        service.fill(count)
        found.wait_for(count)
        used = service.worker.cpu_seconds() - used
        times = sorted(at for at, _ in found.arrived["/"])
    rate = (count - 1) / (times[-1] - times[0])
    shown = f"{rate:,.0f}/s; {1000 * used / count:.2f} ms of the worker's processor time for each"
    return [Row(f"messages per second to one fast receiver, of {count:,}", shown, rate, RATE)]


def _beside(place: Place, near: Services) -> list[Row]:
    """The same events, at a rate that is far from the most, to 100 webhooks with and without dead ones among them."""
    seconds = place.pick(30, 8)
    alone, among = (_delays(place, near, dead_ones, seconds) for dead_ones in (0, DEAD))
    late = {name: _p99(found) for name, found in (("alone", alone), ("among", among))}
    shown = f"p99 {late['among']:.3f} s beside {DEAD} dead of {ENDPOINTS}, {late['alone']:.3f} s beside none"
    return [Row("from an event to the living receivers, p99", shown, late["among"] / late["alone"], BESIDE)]


def _delays(place: Place, near: Services, dead_ones: int, seconds: int) -> list[float]:
    with ExitStack() as stack:
        service = stack.enter_context(_service(place, near, f"beside{dead_ones}"))
        found, silent = stack.enter_context(receiver()), stack.enter_context(_serving(asyncio.Protocol))
        for number in range(ENDPOINTS):
            port = silent if number < dead_ones else found.port
            service.create(f"http://{HOST}:{port}/{number}", ["file.processed"])
        for _ in range(seconds):
            service.fill(2)
            time.sleep(1)
        found.wait_for(2 * seconds * (ENDPOINTS - dead_ones))
    return [at - _happened(body) for each in found.arrived.values() for at, body in each]


def _happened(body: bytes) -> float:
    event: dict[str, Any] = json.loads(body)
    return datetime.fromisoformat(event["timestamp"]).timestamp()


def _p99(values: list[float]) -> float:
    return sorted(values)[int(0.99 * len(values))]


def _cost(place: Place, near: Services) -> list[Row]:
    """Accepted per second, while the worker processes and sends. Events are written in both."""
    with ExitStack() as stack:
        found = stack.enter_context(receiver())
        told = {WITH: stack.enter_context(_service(place, near, "with"))}
        told[WITHOUT] = stack.enter_context(_service(place, near, "without"))
        told[WITH].create(f"http://{HOST}:{found.port}/", ["file.*"])
        runs = {name: partial(_round, told, name, near, place.pick(6, 3)) for name in told}
        interleaved(1, runs)
        samples: dict[str, Series] = interleaved(place.pick(5, 2), runs)
    what = f"small uploads (1 KB text, {CONNECTIONS} connections, with a worker) per second: {WITH} ÷ {WITHOUT}"
    return [compared(what, samples, WITH, WITHOUT, bar=COST, shown=show(samples, "/s"))]


def _round(told: Mapping[str, Service], name: str, near: Services, seconds: int) -> float:
    """The other one is frozen, once all that it had to do is done."""
    with ExitStack() as others:
        for other, service in told.items():
            _wait_until_idle(service.database)
            if other != name:
                others.enter_context(service.web.frozen())
                others.enter_context(service.worker.frozen())
        near.settle()
        return small_uploads(told[name].web.port, UPLOAD, seconds, CONNECTIONS).rate


def _wait_until_idle(database: str) -> None:
    """Nothing of earlier rounds is left to be processed or sent."""
    end = time.monotonic() + WAIT_SECONDS
    with psycopg.connect(database, autocommit=True) as connection:
        while time.monotonic() < end and _busy(connection):
            time.sleep(0.2)


def _busy(connection: psycopg.Connection[Any]) -> bool:
    found = connection.execute(
        "SELECT EXISTS (SELECT 1 FROM picasso_event WHERE seq IS NULL)"
        " OR EXISTS (SELECT 1 FROM picasso_file WHERE state IN ('pending', 'processing'))"
        " OR EXISTS (SELECT 1 FROM picasso_delivery WHERE state = 'waiting')"
    ).fetchone()
    return bool(found and found[0])
