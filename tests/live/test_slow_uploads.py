"""Uploads that trickle: a byte now and then must not hold a connection for ever."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from picasso.errors import UploadTimeout
from picasso.web.body import Body, BodyOptions, Pace, WholeBody
from picasso.web.request import Request
from tests.live.handlers import Served, served
from tests.live.wire import check_problem, chunked, head, wire

pytestmark = pytest.mark.live

RATE = 10_000
OPTIONS = BodyOptions(idle_timeout=2, min_rate=RATE, slow_window=0.5)


@dataclass(slots=True)
class Kept:
    """A sink that remembers. Its disk is slow: that is not the client's fault."""

    content: bytearray = field(default_factory=bytearray)
    pauses: float = 0
    takes_blocks: bool = False

    async def write(self, data: bytes) -> None:
        self.content += data

    async def pause(self) -> None:
        time.sleep(self.pauses)  # noqa: ASYNC251 - nothing else runs


async def receive(request: Request) -> None:
    """Answers with the number of bytes, also of a body that was given up."""
    sink = Kept(pauses=float(request.headers.get("x-pauses", 0)))
    body = Body(request, OPTIONS)
    try:
        await body.receive(WholeBody(sink))  # type: ignore[arg-type]
        await request.answer(201, b"%d" % len(sink.content))
    except UploadTimeout as fault:
        await body.receive_arrived(sink)  # type: ignore[arg-type]
        fault.headers["X-Kept"] = str(len(sink.content))
        await request.answer_problem(fault)


@pytest.fixture(scope="module")
def server() -> Iterator[Served]:
    with served(receive) as server:
        yield server


@pytest.mark.parametrize("interval", [0.02, 0.5])
@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_a_trickle_ends(server: Served, framing: str, interval: float) -> None:
    """However short its pauses are. What arrived is kept, to the last byte."""
    length = {"Content_Length": 10**6} if framing == "length" else {"Transfer_Encoding": "chunked"}
    with wire(server) as connection:
        connection.send(head(server, **length))
        started, sent = time.monotonic(), 0
        connection.sock.settimeout(interval)
        while time.monotonic() - started < 15:
            connection.send(b"x" if framing == "length" else b"1\r\nx\r\n")
            sent += 1
            try:
                if connection.sock.recv(1, 2):  # MSG_PEEK
                    break
            except TimeoutError:
                continue
        connection.sock.settimeout(60)
        answer = connection.read()
        assert "too slowly" in check_problem(answer, 408, "upload-timeout")["detail"]
        assert 1.5 < time.monotonic() - started < 15
        assert sent - 2 <= int(answer.headers["x-kept"]) <= sent


def test_a_client_that_is_fast_enough_may_pause(server: Served) -> None:
    """In bursts of half a second's worth, silent at the end; it takes longer than a pause may."""
    pieces = [b"x" * (RATE // 2)] * 10 + [b"x"]
    with wire(server) as connection:
        connection.send(head(server, Transfer_Encoding="chunked"))
        for piece in pieces:
            connection.send(next(chunked([piece])))
            time.sleep(0.3)
        time.sleep(0.6)
        connection.send(b"0\r\n\r\n")
        assert connection.read().body == b"%d" % sum(map(len, pieces))


def test_a_slow_disk_is_not_the_clients_fault(server: Served) -> None:
    with wire(server) as connection:
        connection.send(head(server, Content_Length=6, X_Pauses=0.7))
        for _ in range(6):
            connection.send(b"x")
            time.sleep(0.75)
        assert connection.read().body == b"6"


def test_the_credit_to_the_second() -> None:
    pace = Pace(100, 10)
    for _ in range(20):
        pace.count(1, 100)
    pace.count(9.5, 0)
    pace.count(1, 60_000)
    pace.count(9.5, 0)
    with pytest.raises(UploadTimeout):
        pace.count(1, 49)
    unlimited = Pace(0, 10)
    unlimited.count(10**6, 0)
