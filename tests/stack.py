"""The real service in processes of its own: started from the command line, used over HTTP, killed by tests."""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from signal import SIGTERM, Signals
from typing import Any

import httpx
import psutil

from tests.ports import free_port

# Of a busy machine.
READY_SECONDS = 120
MANAGE_SECONDS = 120
STOP_SECONDS = 60
# So many times as long as on an idle machine may something take.
BUSY = 4
# A test that passes never waits so long.
LEAST_WAIT = 60
FIRST_PAUSE = 0.02
OURS = ("PICASSO_", "DJANGO_", "DATABASE_", "BROKER_")
PATH = Path(__file__).parent / "service_path"
SETTLED = {"processed", "failed"}

# For clients of addresses without TLS: it trusts nobody. To read the certificates of the world costs each client 20 ms.
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


class Stack:
    """One `picasso` command with its own environment, at ``url``. It gets no settings of the tests' process."""

    def __init__(self, data: Path, command: str = "up", **env: str) -> None:
        self.data = data
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = data.parent / f"{data.name}-{self.port}.log"
        self.python = sys.executable
        self._command = command.split()
        self._env = environment(PICASSO_DATA_DIR=str(data), PICASSO_PORT=str(self.port), **env)
        self._process: subprocess.Popen[bytes] | None = None
        self.client = httpx.Client(base_url=self.url, timeout=60, verify=NO_TLS)

    @property
    def environment(self) -> dict[str, str]:
        """Of its processes."""
        return dict(self._env)

    @property
    def argv(self) -> list[str]:
        """The command that `start` runs."""
        return [self.python, "-m", "picasso", *self._command]

    def start(self, path: str = "/readyz") -> None:
        """Return when ``path`` answers 200. Commands without HTTP have an empty one."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(self.argv, env=self._env, stdout=log, stderr=log, start_new_session=True)
        if path:
            self.wait_for(path)

    def wait_for(self, path: str, seconds: float = READY_SECONDS) -> None:
        def answers() -> bool:
            try:
                return self.client.get(path).status_code == 200
            except httpx.TransportError:
                return False

        until(answers, seconds, lambda: f"{path} never answered 200; {self.log} ends:\n{self.log_tail()}", every=0.1)

    @property
    def is_whole(self) -> bool:
        """Whether it is more than a web process or a worker."""
        return self._command == ["up"]

    @property
    def top(self) -> psutil.Process:
        assert self._process is not None
        return psutil.Process(self._process.pid)

    @property
    def runs(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def processes(self, *words: str) -> list[psutil.Process]:
        """The processes of this stack with all of ``words`` in their command line, oldest first."""
        found = [self.top, *self.top.children(recursive=True)]
        return [p for p in sorted(found, key=lambda p: p.create_time()) if set(words) <= set(_command_line(p))]

    def manage(self, *arguments: str, **env: str) -> str:
        argv = [sys.executable, "-m", "picasso", "manage", *arguments]
        env = {**self._env, **env}
        done = subprocess.run(argv, env=env, check=False, capture_output=True, text=True, timeout=MANAGE_SECONDS)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def signal(self, number: Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def stop(self, number: Signals = SIGTERM) -> None:
        """Return when all its processes have ended; fails, and kills them, if they do not."""
        assert self._process is not None
        family = self.processes()
        self.signal(number)
        try:
            self._process.wait(STOP_SECONDS)
            # A process that was still starting when its parent ended notices it a moment later.
            until(lambda: not any(map(lives, family)), 15, lambda: f"left behind: {list(filter(lives, family))}")
        finally:
            for process in filter(lives, family):
                with suppress(psutil.NoSuchProcess):
                    process.kill()

    def kill(self) -> None:
        """Send SIGKILL to all its processes, like a power cut."""
        for process in reversed(self.processes()):
            process.kill()
        if self._process:
            self._process.wait()
        # One that was still starting when its parent was killed notices it a moment later.
        until(lambda: is_free(self.port), 15, lambda: f"something still listens at {self.url}")

    def log_tail(self, lines: int = 30) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def upload(self, content: bytes, name: str = "note.txt", media_type: str = "text/plain") -> dict[str, Any]:
        answer = self.client.post("/api/v1.0/upload/", files={"file": (name, content, media_type)})
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def file(self, file_id: str) -> dict[str, Any]:
        answer = self.client.get(f"/api/v1.0/files/{file_id}/")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def settled(self, file_id: str, seconds: float = 30) -> dict[str, Any]:
        """The file once it is processed or failed."""
        until(
            lambda: self.file(file_id)["state"] in SETTLED,
            seconds,
            lambda: f"not settled: {self.file(file_id)}\n{self.log_tail()}",
            every=0.2,
        )
        return self.file(file_id)

    def stored_files(self) -> list[Path]:
        """All files in the storage: originals, derivatives and incomplete uploads."""
        folders = ("media", "incoming", "scratch")
        return [path for folder in folders for path in (self.data / folder).rglob("*") if path.is_file()]


def environment(**env: str) -> dict[str, str]:
    """That of a process of the service: without settings of the tests' process, and with these."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    path = os.pathsep.join(filter(None, [str(PATH), env.get("PYTHONPATH", "")]))
    return {**kept, **env, "PYTHONPATH": path}


def lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def is_free(port: int) -> bool:
    with suppress(OSError), socket.create_server(("127.0.0.1", port)):
        return True
    return False


def until(
    true: Callable[[], bool],
    seconds: float,
    otherwise: Callable[[], str],
    *,
    promise: bool = False,
    every: float = 0.05,
) -> None:
    """Wait until it is true; fail after a minute or ``seconds``, whichever is more, as any machine may be busy.

    If the seconds are a ``promise``, exactly after those. It is asked ``every`` so many seconds, and more often in the
    beginning: each question may be a request.
    """
    deadline = time.monotonic() + (seconds if promise else max(seconds, LEAST_WAIT))
    pause = FIRST_PAUSE
    while not true():
        if time.monotonic() > deadline:
            raise AssertionError(otherwise())
        time.sleep(min(pause, every))
        pause *= 1.5


# The environment of the parts of the suite has the folder that they share for what `migrated` makes.
SHARED_FOLDER = "PICASSO_TEST_SHARED"
_OWN_FOLDER = tempfile.TemporaryDirectory(prefix="picasso-migrated-")


def migrated() -> Path:
    """A data folder with a migrated SQLite database, to be copied. Threads and processes make it once."""
    folder = Path(os.environ.get(SHARED_FOLDER) or _OWN_FOLDER.name)
    with once(folder / "sqlite") as data:
        if data:
            Stack(data).manage("migrate", "--verbosity", "0")
    return folder / "sqlite"


@contextmanager
def once(made: Path) -> Iterator[Path | None]:
    """Gives a path for what is to be made there, or None if it has been made."""
    done = made.with_name(f"{made.name}.done")
    with made.with_name(f"{made.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield None if done.exists() else made
        done.touch()


@contextmanager
def running(data: Path, command: str = "up", ready: str = "/readyz", **env: str) -> Iterator[Stack]:
    """A service, also on a new data folder. Its tables are copied, which takes less time than migrations."""
    if command == "up" and "DATABASE_URL" not in env and not data.exists():
        shutil.copytree(migrated(), data)
    with started(data, command, ready, **env) as stack:
        yield stack


@contextmanager
def started(data: Path, command: str = "up", ready: str = "/readyz", **env: str) -> Iterator[Stack]:
    """A service that makes what it finds missing."""
    stack = Stack(data, command, **env)
    try:
        stack.start(ready)
        yield stack
    finally:
        stack.client.close()
        if stack.runs:
            stack.stop()


def production(database_url: str, broker_url: str, **more: str) -> Mapping[str, str]:
    """The environment of the production profile."""
    return {
        "PICASSO_PROFILE": "production",
        "PICASSO_SECRET_KEY": "a-secret-that-only-the-tests-know-0123456789",
        "DATABASE_URL": database_url,
        "BROKER_URL": broker_url,
        "PICASSO_ACCESS": "open",
        # All tests have one address.
        "PICASSO_RATES": ",".join(f"{name}=10000000/60" for name in ("address", "list", "schema", "sign-in")),
        **more,
    }


def _command_line(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []
