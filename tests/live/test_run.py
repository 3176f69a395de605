"""How it starts and how it ends: the command line, signals, and parts that die."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from itertools import product
from operator import itemgetter
from pathlib import Path

import httpx
import psutil
import pytest

from picasso import supervise
from picasso.supervise import SupervisedProcess
from tests.processors_for_tests.picasso_processors_for_tests import FOLDER, script
from tests.sampling import sample
from tests.stack import BUSY, NO_TLS, Stack, environment, lives, migrated, until

pytestmark = pytest.mark.live

# Seconds until the supervisor kills what has not ended, and what a machine needs then.
ENDS_WITHIN = supervise.STOP_SECONDS + 2 * BUSY


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@contextmanager
def marked(data: Path, command: str = "up", **env: str) -> Iterator[Stack]:
    """A stack whose every process, contained children too, can be told by its TMPDIR or parents. Killed at the end."""
    mark = data.parent / "tmp"
    mark.mkdir(parents=True, exist_ok=True)
    stack = Stack(data, command, TMPDIR=str(mark), PYTHONPATH=str(FOLDER), **env)
    try:
        yield stack
    finally:
        stack.client.close()
        for process in alive(stack):
            with suppress(psutil.NoSuchProcess):
                process.kill()
        if stack._process:
            stack._process.wait()


def alive(stack: Stack) -> list[psutil.Process]:
    mark = str(stack.data.parent / "tmp")
    found: set[psutil.Process] = set()
    with suppress(psutil.Error):
        found.update(stack.processes() if stack._process else ())
    for process in psutil.process_iter():
        with suppress(psutil.Error):  # our parts' environments are root's alone to read
            if process.environ().get("TMPDIR") == mark:
                found.add(process)
    return [process for process in found if lives(process)]


def picasso(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    return picasso_in(Path.cwd(), *arguments, **env)


def picasso_in(folder: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "picasso", *arguments]
    return subprocess.run(argv, env=environment(**env), cwd=folder, capture_output=True, text=True, timeout=60)


# What it says


def test_a_taken_port_is_told(data: Path) -> None:
    shutil.copytree(migrated(), data)
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        for command in ("up", "web"):
            ended = picasso(command, PICASSO_DATA_DIR=str(data), PICASSO_PORT=port)
            assert ended.returncode not in {0, None}
            assert f"127.0.0.1:{port}" in ended.stderr
            assert "PICASSO_PORT" in ended.stderr
            assert len(ended.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize("command", ["up", "web", "worker", "manage check"])
def test_all_faults_of_a_configuration_are_told_at_once(data: Path, command: str) -> None:
    wrong = {
        "PICASSO_DATA_DIR": str(data),
        "PICASSO_PORT": "99999",
        "PICASSO_MAX_UPLOAD_SIZE": "5 apples",
        "PICASSO_MAX_UPLOD_SIZE": "5GiB",
        "DATABASE_URL": "mysql://root@localhost/picasso",
        "PICASSO_DEBUG": "perhaps",
    }
    ended = picasso(*command.split(), **wrong)
    assert ended.returncode not in {0, None}
    told = ended.stderr.splitlines()
    assert "can't start" in told[0]
    assert len(told) == len(wrong)
    for name in wrong.keys() - {"PICASSO_DATA_DIR"}:
        assert sum(line.startswith(f"{name} ") for line in told) == 1, ended.stderr
    assert not data.exists(), "it left something"


@pytest.mark.parametrize("command", ["up", "web", "worker"])
def test_production_refuses_to_start_half_configured(data: Path, command: str) -> None:
    env = {"PICASSO_DATA_DIR": str(data), "PICASSO_PROFILE": "production"}
    ended = picasso(command, **env, PICASSO_HOST="0.0.0.0", PICASSO_DEBUG="1", PICASSO_ALLOWED_HOSTS="*")
    assert ended.returncode not in {0, None}
    for reason in ("DATABASE_URL", "BROKER_URL", "PICASSO_SECRET_KEY", "PICASSO_DEBUG", "PICASSO_ALLOWED_HOSTS"):
        assert re.search(rf"^{reason} .*", ended.stderr, re.MULTILINE), ended.stderr
    assert "Traceback" not in ended.stderr
    assert not data.exists()


def test_a_secret_is_never_told(data: Path) -> None:
    secret = "hunter2-is-the-password"
    env = {"PICASSO_DATA_DIR": str(data), "PICASSO_SECRET_KEY": secret, "PICASSO_PROFILE": "production"}
    ended = picasso("web", **env)
    assert ended.returncode not in {0, None}
    assert secret not in ended.stderr + ended.stdout


def one_line(folder: Path, *arguments: str, **env: str) -> str:
    """What a command writes that fails with one line."""
    ended = picasso_in(folder, *arguments, **env)
    assert ended.returncode not in {0, None}
    assert not ended.stdout
    (line,) = ended.stderr.splitlines()
    return line


READING = [
    *("jobs list", "queues", "reprocess --list", "ready worker"),
    *("manage sweep", "manage createsuperuser", "manage shell"),
]


@pytest.mark.parametrize("command", READING)
def test_a_command_in_another_folder_says_so_and_makes_nothing(tmp_path: Path, command: str) -> None:
    assert one_line(tmp_path, *command.split()).startswith(f"There is no data of Picasso in {tmp_path}/data.")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("command", ["jobs list --help", "manage", "manage help sweep", "manage check", "ready web"])
def test_a_command_without_data_makes_nothing(tmp_path: Path, command: str) -> None:
    picasso_in(tmp_path, *command.split(), PICASSO_PORT="1")
    assert not list(tmp_path.iterdir())


def test_an_empty_database_is_told(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "picasso.sqlite3").touch()
    for command in ("jobs list", "ready worker"):
        line = one_line(tmp_path, *command.split())
        assert re.fullmatch(r"The database failed: no such table: \w+. Run `picasso manage migrate` first.", line)


@pytest.mark.parametrize("command", ["up", "jobs list", "manage migrate", "ready worker"])
def test_a_database_that_can_not_be_reached_is_told(tmp_path: Path, command: str) -> None:
    line = one_line(tmp_path, *command.split(), DATABASE_URL="postgres://u:secret@127.0.0.1:1/x")
    assert line.startswith("The database failed: ")
    assert "port 1 failed: Connection refused" in line
    assert "secret" not in line


@pytest.mark.parametrize("command", ["up", "web", "worker", "manage migrate"])
def test_a_data_folder_that_can_not_be_made_is_told(tmp_path: Path, command: str) -> None:
    ended = picasso_in(tmp_path, *command.split(), PICASSO_DATA_DIR="/proc/x")
    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1] == "PICASSO_DATA_DIR: /proc/x can't be created: No such file or directory"
    assert len(ended.stderr.splitlines()) == 2


def test_a_reader_that_ends_early_is_no_error() -> None:
    environ = environment(PICASSO_DATA_DIR=str(migrated()), PYTHONUNBUFFERED="1")
    argv = [sys.executable, "-m", "picasso", "jobs", "list"]
    reader, writer = os.pipe()
    os.close(reader)
    try:
        ended = subprocess.run(argv, env=environ, stdout=writer, stderr=subprocess.PIPE, text=True, timeout=60)
    finally:
        os.close(writer)
    assert (ended.returncode, ended.stderr) == (128 + signal.SIGPIPE, "")


def test_an_address_that_is_not_this_machines_is_told(tmp_path: Path) -> None:
    line = one_line(tmp_path, "web", PICASSO_HOST="192.0.2.1", PICASSO_PORT="9000")
    assert (
        line
        == "Picasso can't listen on 192.0.2.1:9000: Cannot assign requested address. PICASSO_HOST sets another one."
    )


def test_who_does_not_answer_is_told(tmp_path: Path) -> None:
    line = one_line(tmp_path, "ready", "web", PICASSO_PORT="1")
    assert line == "Picasso does not answer at http://127.0.0.1:1/healthz: Connection refused (see PICASSO_PORT)"


@pytest.mark.parametrize("command", ["jobs", "jobs list", "queues", "reprocess", "manage sweep"])
def test_help_shows_no_options_of_django(tmp_path: Path, command: str) -> None:
    ended = picasso_in(tmp_path, *command.split(), "--help")
    assert ended.returncode == 0
    for option in ("--settings", "--pythonpath", "--traceback", "--no-color", "--skip-checks", "--verbosity"):
        assert option not in ended.stdout


def test_help_and_version() -> None:
    assert re.fullmatch(r"picasso \d+\.\d+\.\d+\n", picasso("--version").stdout)
    assert {"up", "web", "worker", "manage"} <= set(re.findall(r"\w+", picasso("--help").stdout))
    assert picasso("dance").returncode == 2


# How it ends


def test_docker_need_not_kill_it() -> None:
    """Docker kills ten seconds after it has asked a container to end."""
    assert supervise.STOP_SECONDS <= 8


def to_top(number: signal.Signals) -> Callable[[Stack], None]:
    return lambda stack: stack.signal(number)


def to_group(number: signal.Signals) -> Callable[[Stack], None]:
    """As a terminal does it with Ctrl-C."""
    return lambda stack: os.killpg(stack.top.pid, number)


def to_all(number: signal.Signals) -> Callable[[Stack], None]:
    """As some service managers do it."""

    def send(stack: Stack) -> None:
        for process in alive(stack):
            with suppress(psutil.Error):
                process.send_signal(number)

    return send


def impatient(stack: Stack) -> None:
    """Ctrl-C, and once more when nothing seems to happen."""
    for _ in range(2):
        to_group(signal.SIGINT)(stack)
        time.sleep(0.3)


ENDINGS = {
    "sigterm": to_top(signal.SIGTERM),
    "sighup": to_top(signal.SIGHUP),
    "ctrl-c": impatient,
    "sigterm-to-all": to_all(signal.SIGTERM),
}
SOME_ENDINGS = sample(ENDINGS, lambda _: "a busy service", 1 / 4)


@dataclass
class Ending:
    """How one stack ended."""

    status: int | None
    took: float
    left: list[list[str]]
    log: str

    def assert_clean(self) -> None:
        assert not self.left, f"left behind: {self.left}"
        assert self.took < ENDS_WITHIN, f"{self.took:.1f} s\n{self.log}"
        assert self.status in {0, -signal.SIGTERM, -signal.SIGINT}, self.status

    def assert_said_once(self) -> None:
        assert self.log.count("picasso: ending; ") == 1, self.log
        assert "MainProcess" not in self.log, "Celery speaks past the log"


def ended(stack: Stack, end: Callable[[Stack], None]) -> Ending:
    assert stack._process
    started, status, family = time.monotonic(), None, alive(stack)
    end(stack)
    with suppress(subprocess.TimeoutExpired):
        status = stack._process.wait(ENDS_WITHIN + 30)
    # The promise is of all processes, and of the time until the last of them is gone: one that was still starting
    # when its parent ended notices a moment later.
    while (left := {*alive(stack), *filter(lives, family)}) and time.monotonic() - started < ENDS_WITHIN:
        time.sleep(0.05)
    took = time.monotonic() - started
    return Ending(status, took, [process.cmdline() for process in left], stack.log.read_text())


@contextmanager
def upload_in_progress(stack: Stack) -> Iterator[socket.socket]:
    head = (
        "POST /api/v1.0/upload/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: multipart/form-data; boundary=b\r\n"
        "Content-Length: 90000000\r\n\r\n"
        '--b\r\nContent-Disposition: form-data; name="file"; filename="a.bin"\r\n\r\n'
    )
    with socket.create_connection(("127.0.0.1", stack.port)) as client:
        client.sendall(head.encode() + b"x" * 3_000_000)
        until(lambda: any((stack.data / "incoming").iterdir()), 10, lambda: "the upload never began")
        yield client


@contextmanager
def busy(data: Path) -> Iterator[Stack]:
    """It runs jobs that take a minute, and takes an upload that never ends."""
    shutil.copytree(migrated(), data)
    with marked(data, PICASSO_QUICK_JOBS="2") as stack:
        stack.start()
        running = [stack.upload(script("sleep", pause=60), "slow.mid")["id"] for _ in range(3)]
        with upload_in_progress(stack):
            until(
                lambda: sum(stack.file(each)["state"] == "processing" for each in running) >= 2,
                20,
                lambda: f"jobs never began\n{stack.log_tail()}",
            )
            yield stack


@pytest.fixture(scope="module")
def endings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Ending, Path]]:
    """Several stacks that end at once, as most of the time is spent waiting."""
    with ExitStack() as stacks:
        started = {name: stacks.enter_context(busy(tmp_path_factory.mktemp(name) / "data")) for name in SOME_ENDINGS}
        with ThreadPoolExecutor(len(started)) as threads:
            found = threads.map(lambda name: ended(started[name], ENDINGS[name]), started)
            return {name: (ending, started[name].data) for name, ending in zip(started, found, strict=True)}


@pytest.mark.parametrize("how", SOME_ENDINGS)
def test_it_ends_within_ten_seconds_whatever_it_is_doing(endings: dict[str, tuple[Ending, Path]], how: str) -> None:
    ending, data = endings[how]
    ending.assert_clean()
    ending.assert_said_once()
    assert not list((data / "incoming").iterdir()), "the cut upload left something"
    assert not list((data / "scratch").iterdir()), "the jobs left something"
    with closing(sqlite3.connect(data / "picasso.sqlite3")) as database:
        jobs = database.execute("SELECT state, failures FROM picasso_job").fetchall()
    assert {failures for _, failures in jobs} == {0}, "a shutdown is nobody's fault"
    assert "running" not in {state for state, _ in jobs}, "what ran was not given back"


def test_clients_hear_of_a_stop(data: Path) -> None:
    """An upload is answered by a problem document that says when to try again, not by the server's own 500.

    A stream of events is ended, not cut: its client sees the end of the answer.
    """
    shutil.copytree(migrated(), data)
    headers = {"Accept": "text/event-stream"}
    with marked(data, "web") as stack:
        stack.start("/healthz")
        events = httpx.stream("GET", f"{stack.url}/api/v1.0/events/", headers=headers, timeout=60, verify=NO_TLS)
        with events as stream, upload_in_progress(stack) as client:
            lines = stream.iter_lines()
            assert next(lines) == "retry: 1000"
            stack.signal(signal.SIGTERM)
            client.settimeout(60)
            answer = b"".join(iter(partial(client.recv, 65536), b""))
            list(lines)  # raises if the connection is cut
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 503 ")
    assert b"retry-after: " in head.lower()
    assert json.loads(body)["code"] == "unavailable"


EARLY = {"sigterm": to_top(signal.SIGTERM), "ctrl-c": to_group(signal.SIGINT)}


def test_it_ends_also_while_it_starts(tmp_path: Path) -> None:
    def end_after(how: str, seconds: float) -> Ending:
        with marked(tmp_path / f"{how} {seconds}" / "data") as stack:
            stack.start("")
            time.sleep(seconds)
            return ended(stack, EARLY[how])

    moments = sample(product(EARLY, (0.4, 1.2, 2.2, 3.4)), itemgetter(0), 1 / 2)
    with ThreadPoolExecutor(4) as threads:
        for moment, ending in zip(moments, threads.map(end_after, *zip(*moments, strict=True)), strict=True):
            assert not ending.left, f"{moment} left behind: {ending.left}"
            assert ending.took < ENDS_WITHIN, moment


def test_each_part_ends_alone(tmp_path: Path) -> None:
    def run_and_end(command: str, number: signal.Signals) -> Ending:
        data = tmp_path / f"{command} {number.name}" / "data"
        shutil.copytree(migrated(), data)
        with marked(data, command) as stack:
            stack.start("/healthz" if command == "web" else "")
            workers = {"web": 0, "worker": 2}.get(command, 1)
            until(lambda: seen(data) == workers, 30, lambda: f"no worker\n{stack.log_tail()}")
            return ended(stack, to_group(number))

    commands = ["web", "web", "worker", "worker --queue quick"]
    with ThreadPoolExecutor(len(commands)) as threads:
        for ending in threads.map(run_and_end, commands, [signal.SIGINT, signal.SIGTERM] * 2):
            ending.assert_clean()
            assert "Traceback" not in ending.log, ending.log


def seen(data: Path) -> int:
    with closing(sqlite3.connect(data / "picasso.sqlite3")) as database:
        return int(database.execute("SELECT count(*) FROM picasso_worker").fetchone()[0])


# Parts that die


@pytest.fixture(scope="module")
def unprivileged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Without root's privileges, also where we are root. Ctrl-C ends it well, after all that the tests did to it."""
    data = tmp_path_factory.mktemp("unprivileged") / "data"
    shutil.copytree(migrated(), data)
    python = data.with_name("python")
    python.write_text(f'#!/bin/sh\nexec {" ".join([*UNPRIVILEGED, sys.executable])} "$@"\n')
    python.chmod(0o755)
    with marked(data) as stack:
        stack.python = str(python)
        stack.start()
        yield stack
        ended(stack, to_top(signal.SIGINT)).assert_clean()


UNPRIVILEGED = ["setpriv", "--bounding-set=-all"] if os.geteuid() == 0 and sys.platform == "linux" else []


def test_a_dead_part_is_started_again(unprivileged: Stack) -> None:
    stack = unprivileged
    parts = [("web",), ("worker", "quick"), ("worker", "heavy")]
    victims = [only(stack.processes(*words)) for words in parts]
    for victim in victims:
        victim.kill()
    # The socket outlives its process, so a client waits and is not refused.
    assert httpx.get(f"{stack.url}/healthz", timeout=60, verify=NO_TLS).status_code == 200
    for words, victim in zip(parts, victims, strict=True):
        until(partial(replaced, stack, words, victim), 10, lambda: f"not started again:\n{stack.log_tail()}")
    assert stack.settled(stack.upload(b"hello")["id"])["state"] == "processed"
    assert stack.log.read_text().count("starting it again") == 3


def replaced(stack: Stack, words: tuple[str, ...], victim: psutil.Process) -> bool:
    return [process == victim for process in stack.processes(*words)] == [False]


@pytest.mark.skipif(sys.platform != "linux", reason="only there a process hears of its parent's death")
def test_no_part_outlives_a_supervisor_that_is_killed(data: Path) -> None:
    shutil.copytree(migrated(), data)
    with marked(data) as stack:
        stack.start()
        family = alive(stack)
        assert len(family) >= 4
        second = picasso("up", PICASSO_DATA_DIR=str(data), PICASSO_PORT="1")
        assert (second.returncode, second.stderr.count(f"at port {stack.port}")) == (1, 1)
        stack.settled(stack.upload(b"text")["id"])
        family = alive(stack)
        assert len(family) >= 6, "a fork server and a child"
        stack.top.kill()
        until(lambda: not any(map(lives, family)), ENDS_WITHIN, lambda: f"left: {list(filter(lives, family))}")


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_nobody_of_the_same_uid_reads_a_secret_in_proc(unprivileged: Stack) -> None:
    """Root could, so where we are root all happens without root's privileges."""

    def readable(process: psutil.Process) -> bool:
        argv = [*UNPRIVILEGED, "cat", f"/proc/{process.pid}/environ"]
        return subprocess.run(argv, capture_output=True, check=False).returncode == 0

    ours = unprivileged.processes("-m", "picasso")
    assert len(ours) == 4
    assert all(map(readable, unprivileged.processes("picasso.process.forkserver"))), "it has nothing to hide"
    # One that was just started again closes itself in its first moments.
    until(lambda: not any(map(readable, ours)), 10, lambda: f"readable: {list(filter(readable, ours))}")
    assert unprivileged.settled(unprivileged.upload(b"one two")["id"])["state"] == "processed"


class Refusing(SupervisedProcess):
    """Can't be started but at the third time."""

    tries = 0

    def start(self) -> None:
        self.tries += 1
        if self.tries < 3:
            raise OSError("no more processes")
        self.process = subprocess.Popen(["sleep", "60"], start_new_session=True)
        supervise._request_stop()


def test_a_part_that_can_not_be_started_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervise, "PAUSE_SECONDS", 0.3)
    monkeypatch.setattr(supervise, "_stopping", False)
    monkeypatch.setattr(supervise, "handle_signals", lambda: None)
    part = Refusing("web", [])
    assert supervise.run([part]) == 0
    assert part.tries == 3
    assert part.process
    assert part.process.poll() is not None


def test_whatever_ends_the_supervisor_ends_its_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: float) -> None:
        raise RuntimeError("a bug of ours")

    monkeypatch.setattr(supervise, "handle_signals", lambda: None)
    part = SupervisedProcess("web", [])
    part.process = subprocess.Popen(["sleep", "60"], start_new_session=True)
    pause = time.sleep
    monkeypatch.setattr(time, "sleep", lambda seconds: fail(seconds) if seconds == 0.2 else pause(seconds))
    with pytest.raises(RuntimeError):
        supervise.run([part])
    assert part.process.poll() is not None


def only(found: list[psutil.Process]) -> psutil.Process:
    assert len(found) == 1, found
    return found[0]
