import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import kombu
import psutil
import psycopg
import pytest
from tests import ports, services
from tests.ports import free_port
from tests.sampling import sample
from tests.services import Postgres, RabbitMQ, Unavailable, started


@pytest.fixture(params=[Postgres, RabbitMQ])
def service(request: pytest.FixtureRequest, tmp_path: Path) -> Postgres | RabbitMQ:
    made: Postgres | RabbitMQ = request.param(tmp_path)
    return made


def test_none_rules_every_way_out(service: Postgres | RabbitMQ, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(services.WAY, "none")
    with pytest.raises(Unavailable, match="none rules out"):
        service.start()
    service.remove()


def test_a_misspelt_way_is_named(service: Postgres | RabbitMQ, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(services.WAY, "dockre")
    with pytest.raises(Unavailable, match="must be auto, installed, apt, docker or none, not 'dockre'"):
        service.start()
    service.remove()


def test_unavailable_says_what_was_tried(
    service: Postgres | RabbitMQ, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv(services.WAY, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(service, "_find_programs", lambda: None)
    with pytest.raises(Unavailable, match=r"No programs .* apt-get\. No Docker engine"):
        service.start()
    service.remove()


def test_a_port_is_free_and_below_those_of_outgoing_connections() -> None:
    port = free_port()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
    assert 16_000 <= port < 32_000


def test_no_other_process_is_given_the_same_port() -> None:
    given = free_port()
    other = f"from tests import ports; ports._reserve({given})"
    asked = subprocess.run([sys.executable, "-c", other], capture_output=True, text=True, check=False, timeout=60)
    assert "BlockingIOError" in asked.stderr
    with pytest.raises(BlockingIOError):
        ports._reserve(given)


@pytest.mark.parametrize("before", ["what was there", None])
def test_a_placed_file_gives_way_to_what_was_there(tmp_path: Path, before: str | None) -> None:
    path = tmp_path / "etc" / "policy"
    if before:
        path.parent.mkdir()
        path.write_text(before)
    with services._placed(path, "ours", mode=0o755):
        assert path.read_text() == "ours"
        assert path.stat().st_mode & 0o777 == 0o755
    assert (path.read_text() if path.exists() else None) == before


def test_roots_servers_do_not_live_in_a_closed_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tmp_path.chmod(0o700)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert services._within_reach(tmp_path / "new") != tmp_path / "new"
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert services._within_reach(tmp_path / "new") == tmp_path / "new"


def postgres_keeps_what_was_committed(tmp_path: Path) -> None:
    with started(Postgres, tmp_path) as server:
        with psycopg.connect(server.url) as client:
            client.execute("CREATE TABLE kept AS SELECT 7 AS n")
        for ending in (server.kill, server.stop):
            ending()
            server.start()
            with psycopg.connect(server.url) as client:
                assert client.execute("SELECT n FROM kept").fetchone() == (7,)
        with psycopg.connect(server.create_database("other name")) as client:
            assert client.info.dbname == "other name"


def rabbitmq_keeps_what_was_confirmed(tmp_path: Path) -> None:
    with started(RabbitMQ, tmp_path) as server:
        for ending in sample((server.kill, server.stop), lambda _: "RabbitMQ", 1 / 2):
            _publish(server.url, "kept")
            time.sleep(3)  # see RabbitMQ.kill
            ending()
            server.start()
            assert _take(server.url) == "kept"


def nothing_outlives_a_killed_owner(_: Path) -> None:
    owner = subprocess.Popen([sys.executable, "-m", "tests.services"], stdout=subprocess.PIPE, text=True)
    assert owner.stdout
    with closing(owner.stdout):
        ports = re.findall(r"@127\.0\.0\.1:(\d+)", owner.stdout.readline())
    labels = [f"picasso-{name}-{port}" for name, port in zip(("postgres", "rabbitmq"), ports, strict=True)]
    theirs = [each for each in psutil.process_iter(["cmdline"]) if any(label in _command(each) for label in labels)]
    assert len(theirs) >= 4
    owner.kill()
    owner.wait(60)
    _soon(lambda: not any(_alive(each) for each in theirs))
    _soon(lambda: not [each for label in labels for each in Path(tempfile.gettempdir()).glob(f"{label}*")])


# Each starts servers, which takes more time than all other tests of this file.
REAL_SERVERS = [postgres_keeps_what_was_committed, rabbitmq_keeps_what_was_confirmed, nothing_outlives_a_killed_owner]


@pytest.mark.live
@pytest.mark.parametrize("check", sample(REAL_SERVERS, lambda _: "servers", 1 / 3), ids=lambda check: check.__name__)
def test_real_servers(check: Callable[[Path], None], tmp_path: Path) -> None:
    check(tmp_path)


def _command(process: psutil.Process) -> str:
    return " ".join(process.info["cmdline"] or ())


def _alive(process: psutil.Process) -> bool:
    return process.is_running() and not services._ended(process)


def _soon(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def _queue() -> kombu.Queue:
    return kombu.Queue("kept", durable=True, queue_arguments={"x-queue-type": "quorum"})


def _publish(url: str, text: str) -> None:
    with kombu.Connection(url, transport_options={"confirm_publish": True}) as connection:
        connection.Producer().publish(text, routing_key="kept", declare=[_queue()], delivery_mode=2)


def _take(url: str) -> object:
    with kombu.Connection(url) as connection:
        queue = _queue().bind(connection.default_channel)
        messages = iter(lambda: queue.get(no_ack=True), ...)
        return next(message.payload for message in messages if message)
