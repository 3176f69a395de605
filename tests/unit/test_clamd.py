"""The client of clamd, against a real one, and against peers that answer wrongly, late or not at all."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from tests import services
from tests.conftest import started_or_skipped
from tests.ports import free_port
from tests.waiting import SECONDS, join

from picasso import conf
from picasso.linux import IS_LINUX
from picasso.scan import probe
from picasso.scan.answers import Answer, BadAnswer, Reason, parse
from picasso.scan.clamd import AnswerLost, Clamd, ClamdError, Timeouts, Unreachable, connect

SHORT = Timeouts(connect=2, send=1, answer=1)


@pytest.fixture(params=["tcp", "unix"])
def client(request: pytest.FixtureRequest, clamd: services.Clamd) -> Clamd:
    if request.param == "unix" and not clamd.socket.exists():
        pytest.skip("NOT TESTED: the path of this clamd's socket is too long")
    return Clamd(clamd.url if request.param == "tcp" else clamd.socket_url)


@contextmanager
def peer(serve: Callable[[socket.socket], None]) -> Iterator[str]:
    """The address of a server that treats its one connection so."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(SECONDS)

        def accept() -> None:
            with closing(listener.accept()[0]) as connection:
                connection.settimeout(SECONDS)
                serve(connection)

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield f"tcp://127.0.0.1:{listener.getsockname()[1]}"
        join(thread)


def read_all(connection: socket.socket) -> None:
    """A stream of clamd's protocol up to its end."""
    received = b""
    while not received.endswith(bytes(4)):
        more = connection.recv(65536)
        assert more, f"the client left after {len(received)} bytes"
        received += more


def answering(answer: bytes) -> Callable[[socket.socket], None]:
    def serve(connection: socket.socket) -> None:
        read_all(connection)
        connection.sendall(answer)

    return serve


def test_it_answers(client: Clamd) -> None:
    client.ping()
    assert client.version().startswith("ClamAV ")


def test_what_it_finds(client: Clamd) -> None:
    assert parse(client.scan([b"harmless"])) == Answer()
    assert parse(client.scan([])) == Answer()
    assert parse(client.scan([b"x" * 70_000, services.Clamd.EICAR])) == Answer(malware="Picasso.Test.Eicar")
    halves = services.Clamd.MARKER[:10], services.Clamd.MARKER[10:]
    assert parse(client.scan(halves)) == Answer(malware="Picasso.Test.Marker")


def test_the_answer_to_a_stream_that_is_too_long_is_not_lost(client: Clamd) -> None:
    """clamd answers and closes while the client still writes."""
    for _ in range(10):
        sent: list[int] = []

        def chunks() -> Iterator[bytes]:
            for number in range(400):
                sent.append(number)  # noqa: B023
                yield bytes(2**18)

        assert parse(client.scan(chunks())) == Answer(reason=Reason.TOO_LARGE)
        assert len(sent) < 400


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"s",
        b"stream: O",
        b"stream: OK",
        b"stream: Evil FOUND",
        b"stream: Evil FOU",
        bytes(65536).replace(b"\0", b"a"),
    ],
)
def test_an_incomplete_answer_is_lost(answer: bytes) -> None:
    """Without its NUL even "stream: OK" could be the beginning of something else."""
    with peer(answering(answer)) as address, pytest.raises(AnswerLost):
        Clamd(address, SHORT).scan([b"content"])


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "OK",
        "stream: OK ",
        "stream: ok",
        "stream: ERROR",
        "stream: Can't allocate memory ERROR",
        "INSTREAM: Can't write to temporary file. ERROR",
        "UNKNOWN COMMAND",
        "PONG",
        "stream:  FOUND OK",
        "COMMAND READ TIMED OUT",
        "file: OK",
    ],
)
def test_an_answer_that_is_not_understood_is_an_error(answer: str) -> None:
    with pytest.raises(BadAnswer):
        parse(answer)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("Heuristics.Limits.Exceeded", Reason.LIMITS),
        ("Heuristics.Limits.Exceeded.MaxFileSize", Reason.LIMITS),
        ("Heuristics.Encrypted.Zip", Reason.ENCRYPTED),
        ("Heuristics.Encrypted.PDF", Reason.ENCRYPTED),
        ("Heuristics.Picasso.ZipMethod.UNOFFICIAL", Reason.UNSUPPORTED),
    ],
)
def test_some_alerts_say_that_it_was_not_scanned(name: str, reason: Reason) -> None:
    assert parse(f"stream: {name} FOUND") == Answer(reason=reason)


def test_other_heuristics_are_findings() -> None:
    assert parse("stream: Heuristics.Phishing.Email.SpoofedDomain FOUND").malware.startswith("Heuristics.Phishing")


def reset(connection: socket.socket) -> None:
    connection.recv(10)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


def test_a_reset_is_no_answer() -> None:
    with peer(reset) as address, pytest.raises(AnswerLost):
        Clamd(address, SHORT).scan(bytes(2**16) for _ in range(1000))


def test_a_peer_that_reads_and_never_answers() -> None:
    def silent(connection: socket.socket) -> None:
        read_all(connection)
        connection.recv(1)  # until the client is gone

    began = time.monotonic()
    with peer(silent) as address, pytest.raises(AnswerLost, match="in time"):
        Clamd(address, SHORT).scan([b"content"])
    assert time.monotonic() - began < 20


def test_a_peer_that_never_reads() -> None:
    ended = threading.Event()

    def wait(_: socket.socket) -> None:
        ended.wait(30)

    with peer(wait) as address:
        with pytest.raises(AnswerLost, match="in time"):
            Clamd(address, SHORT).scan(bytes(2**20) for _ in range(1000))
        ended.set()


def test_an_answer_that_never_ends() -> None:
    """Each byte comes in time, and all of them together take too long."""

    def drip(connection: socket.socket) -> None:
        read_all(connection)
        try:
            while True:
                connection.sendall(b"a")
                time.sleep(0.05)
        except OSError:
            pass

    with peer(drip) as address, pytest.raises(AnswerLost, match="in time"):
        Clamd(address, SHORT).scan([b"content"])


def test_nobody_listens(tmp_path: Path) -> None:
    for address in (f"tcp://127.0.0.1:{free_port()}", f"unix://{tmp_path}/none", "tcp://nobody.invalid:3310"):
        with pytest.raises(Unreachable):
            Clamd(address, SHORT).ping()


@pytest.mark.skipif(not IS_LINUX, reason="other systems have other names for it")
def test_a_machine_that_disappears_is_noticed_in_half_a_minute() -> None:
    """It can't be made to disappear here, so this asks what the kernel was told."""
    with peer(lambda _: None) as address, closing(connect(address, 2)) as made:
        assert made.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        names = (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT)
        idle, interval, probes = (made.getsockopt(socket.IPPROTO_TCP, name) for name in names)
        assert idle + interval * probes == 30


def test_a_wait_can_be_ended() -> None:
    class Ended(Exception):
        pass

    def end() -> None:
        if time.monotonic() > began + 0.5:
            raise Ended

    began = time.monotonic()
    with peer(read_all_and_wait) as address, pytest.raises(Ended):
        Clamd(address).scan([b"content"], end)
    assert time.monotonic() - began < 20


def read_all_and_wait(connection: socket.socket) -> None:
    read_all(connection)
    connection.recv(1)


def test_a_fault_of_the_content_is_not_hidden(client: Clamd) -> None:
    def content() -> Iterator[bytes]:
        yield b"half"
        raise OSError("the disk")

    with pytest.raises(OSError, match="the disk"):
        client.scan(content())


def test_many_at_once(client: Clamd) -> None:
    results = []
    scan = threading.Thread
    threads = [scan(target=lambda: results.append(client.scan([services.Clamd.MARKER]))) for _ in range(12)]
    for thread in threads:
        thread.start()
    join(*threads)
    assert {parse(result).malware for result in results} == {"Picasso.Test.Marker"}
    assert len(results) == 12


def test_a_clamd_that_tells_what_it_leaves_out(client: Clamd) -> None:
    assert probe.missing_settings(client) == ()


@pytest.mark.parametrize("setting", probe.EXPECTED)
def test_a_clamd_that_does_not(servers_folder: Path, setting: str) -> None:
    class Silent(services.Clamd):
        LIMITS = {**services.Clamd.LIMITS, setting: "no"}

    with started_or_skipped(Silent, servers_folder) as silent:
        client = Clamd(silent.url)
        assert probe.missing_settings(client) == (setting,)
        assert parse(client.scan([probe.probes()[setting]])) == Answer()


DEPLOYED = Path(__file__).parents[2] / "deploy/clamd"


@pytest.mark.usefixtures("clamd")  # skips where there is none; a clamd that does not start is a failure here
def test_the_deployed_settings(servers_folder: Path) -> None:
    """They start clamd, it tells what it leaves out, and all sizes are the same."""
    text = (DEPLOYED / "clamd.conf").read_text()

    class Deployed(services.Clamd):
        def _conf(self, data: str, port: int, address: str, temporary: str, path: Path | None) -> str:
            here = text.replace("3310", str(port)).replace("/tmp", temporary).replace("/var/lib/clamav", data)
            return f"{here}\nTCPAddr {address}\nOfficialDatabaseOnly no\n"

    with services.started(Deployed, servers_folder) as deployed:
        client = Clamd(deployed.url)
        assert probe.missing_settings(client) == ()
        assert parse(client.scan([services.Clamd.EICAR])).malware == "Picasso.Test.Eicar"
    sizes = set(re.findall(r"^(?:StreamMaxLength|MaxFileSize) (\S+)$", text, re.MULTILINE))
    limit = conf.load({}).clamd_max_size
    assert {conf.size(size) for size in sizes} == {limit}
    assert f":{limit + 1}-" in (DEPLOYED / "picasso.cdb").read_text()


def test_every_error_has_one_base() -> None:
    assert issubclass(AnswerLost, ClamdError)
    assert issubclass(Unreachable, ClamdError)
