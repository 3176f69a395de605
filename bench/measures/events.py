"""Many clients that follow events while files are uploaded and processed: what they see, how late, what they cost."""

import asyncio
import re
import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import cast

import psycopg
import uvloop

from bench.contenders import UPLOAD, migrate_picasso, picasso, picasso_env
from bench.load import Client
from bench.place import Place
from bench.report import Bar, Row
from bench.rounds import Series
from bench.stack import Program, services

PATH = "/api/v1.0/events/"
NOBODY_MISSES = Bar("<=", 0, "")
LATE = Bar("<=", 1.0, " s")
MEMORY = Bar("<=", 50.0, " KB")

ID = re.compile(rb"id: (\d+)\nevent")
SETTLE_SECONDS = 30.0


@dataclass
class Follower(asyncio.Protocol):
    """One client on a socket. It keeps what arrived, and when."""

    head: bytes
    left: bytes = b""
    arrived: list[tuple[float, list[int]]] = field(default_factory=list)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        cast("asyncio.Transport", transport).write(self.head)  # that of uvloop is none by its class

    def data_received(self, data: bytes) -> None:
        """An event may be cut in two."""
        now = time.time()
        whole, _, self.left = (self.left + data).rpartition(b"\n\n")
        if numbers := [int(each) for each in ID.findall(whole + b"\n\n")]:
            self.arrived.append((now, numbers))

    @property
    def numbers(self) -> list[int]:
        return [number for _, numbers in self.arrived for number in numbers]


@dataclass
class Run:
    """What was measured."""

    followers: list[Follower]
    events: dict[int, float]
    """When each happened, in seconds of Unix time."""
    memory: float
    """MiB, of the web process with its clients, more than without, before anything has happened."""
    later: float
    """The same after the uploads."""
    cpu: float
    """Of the web process, while they followed."""

    @property
    def wrong(self) -> int:
        """Clients that have not seen all events, each once and in order."""
        expected = sorted(self.events)
        return sum(follower.numbers != expected for follower in self.followers)

    @property
    def delays(self) -> list[float]:
        found = (
            now - self.events[number]
            for follower in self.followers
            for now, numbers in follower.arrived
            for number in numbers
            if number in self.events
        )
        return sorted(found)


def measure(place: Place) -> list[Row]:
    if not place.picasso:
        return [Row("events", "-", bar=LATE, why="picasso did not run")]
    clients, uploads, seconds = place.pick((1000, 1000, 60), (1000, 250, 15))
    with ExitStack() as stack:
        near = stack.enter_context(services(place))
        url = near.database("events")
        env = picasso_env(place.new_folder("events"), url, near.broker_url, PICASSO_STREAMS_PER_CLIENT="100000")
        env["PICASSO_RATES"] = "off"
        migrate_picasso(env)
        web = stack.enter_context(picasso(place, "web", env))
        stack.enter_context(picasso(place, "worker", env))
        run = uvloop.run(_follow(web, url, clients, uploads, seconds))
    what = f"{clients} clients follow, {uploads} uploads in {seconds} s ({len(run.events)} events)"
    delays, each, later = run.delays, run.memory * 1024 / clients, run.later * 1024 / clients
    late = delays[int(len(delays) * 0.99)] if delays else float("inf")
    middle = delays[len(delays) // 2] if delays else float("inf")
    shown = f"p50 {middle:.3f} s, p99 {late:.3f} s, worst {max(delays, default=0):.3f} s"
    return [
        Row(f"{what}: clients that missed something", f"{run.wrong}", run.wrong, NOBODY_MISSES),
        Row(f"{what}: from event to client", shown, late, LATE, samples={"p99": Series((late,))}),
        Row(
            f"{what}: memory of the web process for each",
            f"{each:.1f} KB; after the uploads {later:.1f} KB",
            each,
            MEMORY,
        ),
        Row(f"{what}: processor time of the web process", f"{run.cpu:.1f} s"),
    ]


async def _follow(web: Program, url: str, clients: int, uploads: int, seconds: int) -> Run:
    await asyncio.to_thread(_upload, web.port, 20, 1)  # what is loaded once
    before = _resident(web)
    head = f"GET {PATH} HTTP/1.1\r\nHost: 127.0.0.1:{web.port}\r\nAccept: text/event-stream\r\n\r\n".encode()
    await _quiet(url)
    loop = asyncio.get_running_loop()
    followers = []
    for _ in range(clients):
        _, follower = await loop.create_connection(lambda: Follower(head), "127.0.0.1", web.port)
        followers.append(follower)
    await asyncio.sleep(3)
    memory = _resident(web) - before
    start = await asyncio.to_thread(_last, url)
    cpu = web.cpu_seconds()
    await asyncio.to_thread(_upload, web.port, uploads, seconds)
    await _quiet(url)
    await asyncio.sleep(3)
    later = _resident(web) - before
    events = await asyncio.to_thread(_events, url, start)
    return Run(followers, events, memory, later, web.cpu_seconds() - cpu)


def _resident(web: Program) -> float:
    """MiB of the one process that serves."""
    return max(process.memory_info().rss for process in web.processes()) / 2**20


def _upload(port: int, uploads: int, seconds: float) -> None:
    begin = time.monotonic()
    pause = threading.Event()
    with Client(port) as client:
        for number in range(uploads):
            client.upload(UPLOAD)
            pause.wait(max(0.0, begin + (number + 1) * seconds / uploads - time.monotonic()))


async def _quiet(url: str) -> None:
    """Wait until all files are settled and all events have a number."""
    end = time.monotonic() + SETTLE_SECONDS
    while time.monotonic() < end:
        if not await asyncio.to_thread(_busy, url):
            return
        await asyncio.sleep(0.2)


def _busy(url: str) -> bool:
    with psycopg.connect(url) as connection:
        found = connection.execute(
            "SELECT EXISTS (SELECT 1 FROM picasso_event WHERE seq IS NULL)"
            " OR EXISTS (SELECT 1 FROM picasso_file WHERE state IN ('pending', 'processing'))"
        ).fetchone()
    return bool(found and found[0])


def _last(url: str) -> int:
    with psycopg.connect(url) as connection:
        found = connection.execute("SELECT coalesce(max(last), 0) FROM picasso_eventcounter").fetchone()
    return int(found[0]) if found else 0


def _events(url: str, after: int) -> dict[int, float]:
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            "SELECT seq, extract(epoch FROM at)::float8 FROM picasso_event WHERE seq > %s", [after]
        ).fetchall()
    return dict(rows)
