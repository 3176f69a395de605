"""What the server gives to doors beyond ASGI, seen from both ends: doors of the test's own behind our protocol."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from queue import Queue

import pytest

from picasso.web.request import Request
from tests.live.handlers import Served, served
from tests.live.wire import Answer, check_problem, chunked, head, wire
from tests.waiting import SECONDS

pytestmark = pytest.mark.live

MIB = 2**20
LOCATION = {"Location": "/uploads/1"}


async def read(request: Request) -> bytes:
    body, more = b"", True
    while more:
        chunk, more = await request.receive_or_gone()
        body += chunk
    return body


async def answer_size(request: Request) -> None:
    await request.answer(201, b"%d" % len(await read(request)))


def is_interim(answer: Answer) -> bool:
    return answer.status == 104 and answer.headers["location"] == "/uploads/1" and len(answer.headers) == 1


# Interim responses


async def tell_first(request: Request) -> None:
    request.interim(104, LOCATION)
    await answer_size(request)


def test_an_interim_response_comes_before_the_body_is_sent() -> None:
    with served(tell_first) as server, wire(server) as connection:
        for _ in range(2):
            connection.send(head(server, Content_Length=5))
            assert is_interim(connection.read())
            connection.send(b"hello")
            assert connection.read().body == b"5"


def test_an_interim_response_to_the_letter() -> None:
    with served(tell_first) as server, wire(server) as connection:
        connection.send(head(server, Content_Length=5))
        expected = b"HTTP/1.1 104 Upload Resumption Supported\r\nlocation: /uploads/1\r\n\r\n"
        assert connection.sock.recv(1000) == expected


def test_the_client_is_told_to_continue_all_the_same() -> None:
    with served(tell_first) as server, wire(server) as connection:
        connection.send(head(server, Content_Length=5, Expect="100-continue"))
        assert is_interim(connection.read())
        assert connection.read().status == 100
        connection.send(b"hello")
        assert connection.read().body == b"5"


async def in_place(request: Request) -> None:
    """Tells the client of each mebibyte."""
    room, size = memoryview(bytearray(MIB)), 0
    direct = request.direct_body()
    assert direct
    with direct:
        while direct.remaining and (received := await direct.receive_into(room)):
            size += received
            request.interim(104, LOCATION)
    request.more_body = False
    await request.answer(201, b"%d" % size)


def test_interim_responses_while_the_body_is_received_in_place() -> None:
    with served(in_place) as server, wire(server) as connection:
        for _ in range(2):
            connection.send(head(server, Content_Length=3 * MIB, Expect="100-continue"))
            assert connection.read().status == 100, "nothing was received by another way, which would have said it"
            for _ in range(3):
                connection.send(b"x" * MIB)
                assert is_interim(connection.read())
            assert connection.read().body == b"%d" % (3 * MIB)


async def tell_too_late(request: Request) -> None:
    await request.start(200, {"Content-Length": "4"})
    request.interim(104, LOCATION)
    await request.body(b"late")
    request.interim(104, LOCATION)


def test_nothing_is_interim_once_the_answer_has_begun() -> None:
    with served(tell_too_late) as server, wire(server) as connection:
        for _ in range(2):
            connection.send(head(server, "GET"))
            assert connection.read().body == b"late"
        connection.send(head(server, "GET", Connection="close"))
        assert connection.read().body == b"late"
        assert connection.closed()


def test_old_clients_know_no_interim_responses() -> None:
    with served(tell_first) as server, wire(server) as connection:
        connection.send(head(server, Content_Length=5).replace(b"HTTP/1.1", b"HTTP/1.0"), b"hello")
        assert connection.read().status == 201


def test_in_a_pipeline_each_has_its_own_after_the_answer_before() -> None:
    """The first answer is more than the transport takes at once, and its client reads nothing yet."""

    async def large(request: Request) -> None:
        request.interim(104, LOCATION)
        await request.answer(201, b"x" * 4 * MIB)

    with served(large) as server, wire(server) as connection:
        connection.send(head(server, "GET") * 3)
        time.sleep(0.5)
        for _ in range(3):
            answer = connection.read()
            if answer.status == 104:
                answer = connection.read()
            assert answer.body == b"x" * 4 * MIB


def test_interim_responses_do_not_pile_up_for_who_reads_none() -> None:
    said = threading.Event()

    async def tell_without_end(request: Request) -> None:
        for _ in range(2000):
            request.interim(103, {"Link": "x" * 10_000})
            await asyncio.sleep(0)
        said.set()
        await request.answer(200)

    with served(tell_without_end) as server, wire(server) as connection:
        connection.send(head(server, "GET"))
        assert said.wait(60)
        statuses = iter(lambda: connection.read().status, 200)
        heard = list(statuses)
    assert 1 < len(heard) < 1900
    assert set(heard) == {103}


def test_who_is_gone_is_told_nothing() -> None:
    told: Queue[bool] = Queue()
    begun = threading.Event()

    async def tell_the_gone(request: Request) -> None:
        begun.set()
        assert await request.receive() is None
        request.interim(104, LOCATION)
        told.put(request.gone)

    with served(tell_the_gone) as server:
        with wire(server) as connection:
            connection.send(head(server, Content_Length=5))
            assert begun.wait(SECONDS)
            connection.reset()
        assert told.get(timeout=60)


@pytest.mark.parametrize(
    "headers",
    [
        {"Location": "/x\r\nSet-Cookie: a=b"},
        {"Location": "/x\nY: z"},
        {"Location": "/x\0"},
        {"Location: /x\r\nY": "z"},
        {"Loca tion": "/x"},
    ],
)
def test_an_interim_response_holds_no_more_than_its_headers(headers: dict[str, str]) -> None:
    async def tell(request: Request) -> None:
        try:
            request.interim(104, headers)
        except ValueError:
            await request.answer(418)

    with served(tell) as server, wire(server) as connection:
        connection.send(head(server, "GET"))
        assert connection.read().status == 418


# Trailers


async def tell_trailers(request: Request) -> None:
    """Reads a moment late, so that what follows in a pipeline is here before."""
    await asyncio.sleep(0.05)
    body = await read(request)
    await request.answer_json(200, {"size": len(body), "trailers": request.trailers, "headers": request.headers})


@pytest.fixture(scope="module")
def echo() -> Iterator[Served]:
    with served(tell_trailers) as server:
        yield server


def with_trailers(server: Served, content: bytes, *trailers: bytes, **headers: str) -> bytes:
    body = b"".join(chunked([content] if content else [])).removesuffix(b"\r\n")
    lines = b"".join(line + b"\r\n" for line in trailers)
    return head(server, Transfer_Encoding="chunked", **headers) + body + lines + b"\r\n"


@pytest.mark.parametrize("content", [b"", b"hello", b"x" * 300_000])
@pytest.mark.parametrize("step", [1000, 11, 1])
def test_trailers_are_shown_to_the_door(echo: Served, content: bytes, step: int) -> None:
    request = with_trailers(echo, content, b"Upload-Checksum: sha1 Kq5s", b"X-Two:a", b"x-two: b ", Trailer="x")
    early, late = request[:-60], request[-60:]
    with wire(echo) as connection:
        connection.send(early)
        for start in range(0, len(late), step):
            connection.send(late[start : start + step])
            time.sleep(0.002)
        told = connection.read().json()
    assert told["size"] == len(content)
    assert told["trailers"] == {"upload-checksum": "sha1 Kq5s", "x-two": "a, b"}
    assert "upload-checksum" not in told["headers"]


def test_what_a_head_alone_may_say_is_no_trailer(echo: Served) -> None:
    smuggled = [
        *("Host: evil.example", "Authorization: Bearer x", "Content-Type: text/html", "Content-Encoding: gzip"),
        *("Cookie: a=b", "X-HTTP-Method-Override: DELETE", "Idempotency-Key: 1", "Connection: upgrade\r\nUpgrade: h2c"),
        *("X-Forwarded-For: 10.0.0.1", "Forwarded: host=evil.example", "If-Match: *", "Expect: 100-continue"),
    ]
    with wire(echo) as connection:
        for each in smuggled:
            connection.send(with_trailers(echo, b"hello", each.encode(), b"Content-Digest: x"))
            assert connection.read().json()["trailers"] == {"content-digest": "x"}, each
        connection.send(head(echo, Content_Length=2), b"ok")
        assert connection.read().json() | {"headers": {}} == {"size": 2, "trailers": {}, "headers": {}}


@pytest.mark.parametrize("trailer", [b"Content-Length: 3", b"Transfer-Encoding: chunked"])
def test_a_trailer_that_would_frame_the_body_anew(echo: Served, trailer: bytes) -> None:
    with wire(echo) as connection:
        connection.send(with_trailers(echo, b"hello", trailer))
        answer = connection.read()
        if answer.status == 200:
            assert answer.json()["trailers"] == {}
        else:
            check_problem(answer, 400, "bad-request")


def test_in_a_pipeline_each_has_its_own_trailers(echo: Served) -> None:
    with wire(echo) as connection:
        requests = [with_trailers(echo, b"x" * n, b"N: %d" % n) for n in (1, 2)]
        connection.send(
            *requests, with_trailers(echo, b"xxx"), head(echo, "GET"), with_trailers(echo, b"xxxx", b"N: 4")
        )
        told = [connection.read().json() for _ in range(5)]
    assert [(each["size"], each["trailers"].get("n")) for each in told] == [
        *((1, "1"), (2, "2"), (3, None), (0, None), (4, "4"))
    ]


def test_trailers_behind_an_offer_to_upgrade(echo: Served) -> None:
    with wire(echo) as connection:
        offer = {"Connection": "upgrade", "Upgrade": "h2c"}
        connection.send(with_trailers(echo, b"hello", b"N: 1", **offer) * 2)
        assert [connection.read().json()["trailers"] for _ in range(2)] == [{"n": "1"}] * 2


def test_trailers_have_the_limit_of_heads(echo: Served) -> None:
    with wire(echo) as connection:
        connection.send(with_trailers(echo, b"hello", b"N: " + b"x" * 60_000))
        assert len(connection.read().json()["trailers"]["n"]) == 60_000
        connection.send(with_trailers(echo, b"hello", *[b"N: " + b"x" * 1000] * 70))
        check_problem(connection.read(), 431, "headers-too-large")


# Other servers


async def tell_what_is_there(request: Request) -> None:
    sent, direct = request.interim(104, LOCATION), request.direct_body()
    size = len(await read(request))
    await request.answer_json(200, [size, sent, direct is not None, request.trailers, request.gone])


@pytest.mark.parametrize("http", ["httptools", "h11"])
def test_a_handler_works_on_a_server_that_gives_plain_asgi_only(http: str) -> None:
    with served(tell_what_is_there, http=http) as server, wire(server) as connection:
        connection.send(head(server, Content_Length=3 * MIB), b"x" * 3 * MIB)
        assert connection.read().json() == [3 * MIB, False, False, {}, False]
        connection.send(with_trailers(server, b"hello", b"N: 1"))
        assert connection.read().json() == [5, False, False, {}, False]
