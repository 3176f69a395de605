"""A fresh small upload while hundreds of clients have stopped in the middle of theirs."""

import select
import socket
import time
from contextlib import ExitStack

from bench.contenders import UPLOAD, migrate_picasso, picasso, picasso_env
from bench.load import Client, open_upload
from bench.place import Place
from bench.report import Bar, Row, show
from bench.rounds import Series
from bench.stack import services

BAR = Bar("<=", 1.0, " s")
PROMISED = 1 << 20
SENT = 64 << 10


def measure(place: Place) -> list[Row]:
    number = place.pick(500, 50)
    what = f"a fresh small upload while {number} clients are stalled in mid-upload, slowest of 20"
    if not place.picasso:
        return [Row(what, "-", bar=BAR, why="picasso did not run")]
    with ExitStack() as stack:
        near = stack.enter_context(services(place))
        env = picasso_env(place.new_folder("picasso"), near.database("picasso"), near.broker_url)
        migrate_picasso(env)
        port = stack.enter_context(picasso(place, "web", env)).port
        before = _fresh_uploads(port)
        clients = [stack.enter_context(_stalled(port)) for _ in range(number)]
        during = _fresh_uploads(port)
        held = _still_waiting(clients)
    samples = {"with none stalled": before, "with all stalled": during}
    measured = f"{show(samples, 's', 3)}; {held} of {number} still held at the end"
    return [Row(what, measured, max(during.values), BAR, samples=samples)]


def _fresh_uploads(port: int) -> Series:
    """Seconds of each of 20 uploads, every one on a connection of its own."""
    times = []
    for _ in range(20):
        begun = time.perf_counter()
        with Client(port) as client:
            client.upload(UPLOAD)
        times.append(time.perf_counter() - begun)
    return Series(tuple(times))


def _stalled(port: int) -> socket.socket:
    connection, _ = open_upload(port, UPLOAD, PROMISED, "stalled.bin")
    connection.sendall(bytes(SENT))
    return connection


def _still_waiting(clients: list[socket.socket]) -> int:
    """A client whose upload was ended by the server has something to read: an answer or the end."""
    poller = select.poll()
    for client in clients:
        poller.register(client, select.POLLIN)
    return len(clients) - len(poller.poll(0))
