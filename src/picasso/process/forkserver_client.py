"""The worker's side of fork servers: one for each processor, started when it is first needed."""

from __future__ import annotations

import json
import logging
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from picasso.process.child_protocol import TRANSIENT_ERRORS, AttemptFailed
from picasso.workdir import Slot

log = logging.getLogger(__name__)

# The first fork waits until the server has loaded its libraries.
ANSWER_SECONDS = 60.0

END_SECONDS = 5.0

PYTHON = (sys.executable, "-P")
SERVER = "picasso.process.forkserver"

# The environment of a fork server: how to find programs and libraries, and nothing that is worth stealing.
SAFE_VARIABLES = (
    *("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR"),
    *("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "VIRTUAL_ENV", "PYTHONPATH"),
)

# glibc reserves 64 MiB of address space for each thread that allocates, and the child's memory limit counts them.
FEW_ARENAS = {"MALLOC_ARENA_MAX": "2"}

# NumPy's linear algebra starts threads when it is imported, and a process with threads can't be forked safely.
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


class ServerDied(Exception):
    """The fork server died, and its children with it."""


@dataclass(frozen=True, slots=True)
class ForkedProcess:
    """A child of a fork server, and the worker's connections to it."""

    pid: int
    socket: socket.socket
    output: int
    """The reading end of a pipe for its stdout and stderr; reading never blocks."""


class ForkServerClient:
    """Starts a fork server, and sends it orders. Thread-safe."""

    def __init__(self, processor: str, data_dir: Path, languages: Sequence[str] = ()) -> None:
        self._lock = threading.Lock()
        ours, theirs = socket.socketpair()
        with theirs:
            # -P and a fixed working directory: no module is imported from the folder where the service was started.
            self.process = subprocess.Popen(
                [*PYTHON, "-u", "-m", SERVER, str(theirs.fileno()), processor, str(data_dir), ",".join(languages)],
                pass_fds=[theirs.fileno()],
                cwd="/",
                env=safe_environment(),
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        self._control = ours
        self._control.settimeout(ANSWER_SECONDS)
        self.dead = False

    def fork(self, slot: Slot, memory: int, output: int) -> ForkedProcess:
        """A new child that works in ``slot``; limits in bytes.

        Raises `ServerDied`, or `AttemptFailed` when there is no room for a child; the server then keeps its others.
        """
        ours, theirs = socket.socketpair()
        reading, writing = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK) if hasattr(os, "pipe2") else os.pipe()
        try:
            os.set_blocking(reading, False)
            os.set_blocking(writing, True)
            order = {"fork": {"memory": memory, "output": output, "slot": str(slot.folder)}}
            with theirs:
                answer = self._send(order, theirs.fileno(), writing)
            return ForkedProcess(pid_in(answer), ours, reading)
        except BaseException:
            ours.close()
            os.close(reading)
            raise
        finally:
            os.close(writing)

    def end(self, pid: int, *, patient: bool = False) -> int | None:
        """Kill that child, or wait for its end, and return its status as waitpid gives it: 0 if it had to be killed.

        None for an unknown child. ``patient`` is for a child that is about to end by itself. Raises `ServerDied`.
        """
        status: int | None = self._send({"end": pid, "patience": patient})["status"]
        return status

    def hang_up(self) -> None:
        """Close the connection: the server ends then, and all its children with it."""
        self.dead = True
        with suppress(OSError):
            self._control.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """End the server and its children, and wait for the server's end."""
        self.hang_up()
        try:
            self.process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        with self._lock:
            self._control.close()

    def _send(self, order: dict[str, Any], *fds: int) -> dict[str, Any]:
        """Send an order and return the answer."""
        try:
            with self._lock:
                socket.send_fds(self._control, [json.dumps(order).encode() + b"\n"], fds)
                answer: dict[str, Any] = json.loads(self._receive_line())
        except (OSError, ValueError) as fault:
            self.dead = True
            raise ServerDied from fault
        return answer

    def _receive_line(self) -> bytes:
        """The server's next line. If the server died it is cut off, which makes it invalid JSON."""
        received = b""
        while not received.endswith(b"\n") and (piece := self._control.recv(4096)):
            received += piece
        return received


def safe_environment() -> dict[str, str]:
    environment = {name: os.environ[name] for name in SAFE_VARIABLES if name in os.environ}
    if "PYTHONPATH" in environment:  # may be relative to the worker's folder
        paths = environment["PYTHONPATH"].split(os.pathsep)
        environment["PYTHONPATH"] = os.pathsep.join(map(os.path.abspath, paths))
    return environment | FEW_ARENAS | ONE_THREAD


def confinement_layers() -> dict[str, str]:
    """Which layers confine children on this machine, as a process reports it that starts like a fork server."""
    done = subprocess.run(
        [*PYTHON, "-m", "picasso.process.confinement"],
        cwd="/",
        env=safe_environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=True,
        timeout=ANSWER_SECONDS,
    )
    layers: dict[str, str] = json.loads(done.stdout)
    return layers


def pid_in(answer: dict[str, Any]) -> int:
    if "error" in answer:
        log.error("no child can be forked: %s", answer["error"])
        raise AttemptFailed(TRANSIENT_ERRORS["processor-error"])
    return int(answer["pid"])
