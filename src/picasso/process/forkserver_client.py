"""The worker's end of fork servers: one for each processor, started when it is first needed."""

from __future__ import annotations

import json
import logging
import os
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

from picasso.process.child import Child
from picasso.process.child_protocol import TROUBLES, Troubled
from picasso.workdir import Slot

log = logging.getLogger(__name__)

# The first fork waits for the server to load its libraries.
ANSWER_SECONDS = 60.0

END_SECONDS = 5.0

# The environment of a fork server: how to find programs and libraries, and nothing that anyone would steal.
HARMLESS = (
    *("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR"),
    *("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "VIRTUAL_ENV", "PYTHONPATH"),
)

# glibc reserves 64 MiB of addresses for each thread that allocates; those count for a child's limit.
FEW_ARENAS = {"MALLOC_ARENA_MAX": "2"}

# NumPy's linear algebra starts threads when it is imported, and nobody forks a process with threads.
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


class ServerDied(Exception):
    """And its children with it."""


class Server:
    """Thread-safe."""

    def __init__(self, processor: str, hole: Path) -> None:
        self._lock = threading.Lock()
        ours, theirs = socket.socketpair()
        with theirs:
            # -P and a working directory of its own: nothing is imported from where the service happens to be started.
            self.process = subprocess.Popen(
                [*PYTHON, "-u", "-m", "picasso.process.forkserver", str(theirs.fileno()), processor, str(hole)],
                pass_fds=[theirs.fileno()],
                cwd="/",
                env=harmless_environment(),
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        self._control = ours
        self._control.settimeout(ANSWER_SECONDS)
        self.dead = False

    def fork(self, slot: Slot, memory: int, output: int) -> Child:
        """Raises `ServerDied`, or `Troubled` when there is no room for a child; those that it has are well."""
        ours, theirs = socket.socketpair()
        said, saying = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK) if hasattr(os, "pipe2") else os.pipe()
        try:
            os.set_blocking(said, False)
            os.set_blocking(saying, True)
            order = {"fork": {"memory": memory, "output": output, "slot": str(slot.folder)}}
            with theirs:
                answer = self._asked(order, theirs.fileno(), saying)
            return Child(pid_in(answer), self, slot, ours, said)
        except BaseException:
            ours.close()
            os.close(said)
            raise
        finally:
            os.close(saying)

    def end(self, pid: int, *, patient: bool = False) -> int | None:
        """On return that child is gone. Its status as waitpid says, 0 if it had to be killed. Raises `ServerDied`.

        One of which nothing is known is None. ``patient`` is for one that should be about to end by itself.
        """
        status: int | None = self._asked({"end": pid, "patience": patient})["status"]
        return status

    def hang_up(self) -> None:
        """At the end of its socket it ends, and all its children with it."""
        self.dead = True
        with suppress(OSError):
            self._control.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """On return it is gone, and if it could help it, its children are."""
        self.hang_up()
        try:
            self.process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        with self._lock:
            self._control.close()

    def _asked(self, order: dict[str, Any], *fds: int) -> dict[str, Any]:
        try:
            with self._lock:
                socket.send_fds(self._control, [json.dumps(order).encode() + b"\n"], fds)
                answer: dict[str, Any] = json.loads(self._line())
        except (OSError, ValueError) as fault:
            self.dead = True
            raise ServerDied from fault
        return answer

    def _line(self) -> bytes:
        """The next of its lines; cut off, and so no JSON, if it died."""
        got = b""
        while not got.endswith(b"\n") and (piece := self._control.recv(4096)):
            got += piece
        return got


PYTHON = (sys.executable, "-P")


def harmless_environment() -> dict[str, str]:
    found = {name: os.environ[name] for name in HARMLESS if name in os.environ}
    if "PYTHONPATH" in found:  # which may be relative to where we are
        found["PYTHONPATH"] = os.pathsep.join(map(os.path.abspath, found["PYTHONPATH"].split(os.pathsep)))
    return found | FEW_ARENAS | ONE_THREAD


def confinement() -> dict[str, str]:
    """Which layers children get here: asked of a process that starts as a fork server does."""
    asked = subprocess.run(
        [*PYTHON, "-m", "picasso.process.confinement"],
        cwd="/",
        env=harmless_environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=True,
        timeout=ANSWER_SECONDS,
    )
    found: dict[str, str] = json.loads(asked.stdout)
    return found


def pid_in(answer: dict[str, Any]) -> int:
    if "error" in answer:
        log.error("no child can be forked: %s", answer["error"])
        raise Troubled(TROUBLES["processor-error"])
    return int(answer["pid"])
