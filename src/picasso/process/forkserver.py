"""A small server that forks children to run processors in. Started with a clean environment, before any connection.

It has the heavy libraries loaded and no threads, so a child costs a fork instead of an import, and neither it nor
its children ever had a credential in its environment. They run under the worker's uid, though, and can read whatever
that uid can read, until Landlock comes. Run as ``python -m picasso.process.forkserver FD``; the socket ``FD`` leads to
`contain.Children`. When the worker is gone, so are the server and all its children.

Both protocols are JSON, a line a message: what a child says comes from where strangers' bytes were decoded.
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import resource
import select
import signal
import socket
import sys
import traceback
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, NoReturn

from picasso.process import registry
from picasso.process.contract import Processor, ProcessorError, Result, Source

PR_SET_PDEATHSIG = 1

MAX_OPEN_FILES = 256

# No derivative of ours comes near it, and a runaway does not fill the disk that uploads need.
MAX_FILE_SIZE = 2**30


def serve(control: socket.socket) -> None:
    """Fork on ``{"fork": memory_limit}`` (with the child's socket), kill on ``{"kill": pid}``, until the end."""
    wakeup = wake_on_child_death()
    server = Server(control, wakeup)
    try:
        while True:
            select.select([control, wakeup], [], [])
            drain(wakeup)
            server.reap()
            if readable(control) and not server.obey():
                return
    finally:
        # The worker sees our end before that of our children, so it blames no file for it.
        control.close()
        server.kill_all()


class Server:
    """The forking process: single-threaded, so that what it forks is whole."""

    def __init__(self, control: socket.socket, wakeup: socket.socket) -> None:
        self._control = control
        self._wakeup = wakeup
        self._unread = b""
        self._fds: list[int] = []
        self._children: set[int] = set()
        self._processors = {name: processor() for name, processor in registry.processors().items()}
        for processor in self._processors.values():
            processor.prepare()
        gc.freeze()

    def obey(self) -> bool:
        """Whatever orders have come; False when the worker is gone."""
        got, fds, _, _ = socket.recv_fds(self._control, 4096, 16)
        if not got:
            return False
        self._fds += fds
        *lines, self._unread = (self._unread + got).split(b"\n")
        for order in map(json.loads, lines):
            if "fork" in order:
                answer = self._fork(order["fork"])
                self._control.sendall(json.dumps(answer).encode() + b"\n")
            elif order["kill"] in self._children:
                kill(order["kill"])
        return True

    def _fork(self, memory_limit: int) -> dict[str, Any]:
        """The new child's ``pid``, or the ``error`` why there is none."""
        if not self._fds:  # the kernel drops what a full table has no room for
            return {"error": "no room for the child's socket"}
        fd = self._fds.pop(0)
        try:
            pid = os.fork()
        except OSError as fault:
            os.close(fd)
            return {"error": str(fault)}
        if pid == 0:
            self._control.close()
            self._wakeup.close()
            be_child(socket.socket(fileno=fd), memory_limit, self._processors)
        os.close(fd)
        self._children.add(pid)
        return {"pid": pid}

    def reap(self) -> None:
        while self._children:
            pid, _ = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            self._children.discard(pid)

    def kill_all(self) -> None:
        for pid in self._children:
            kill(pid)


def wake_on_child_death() -> socket.socket:
    wakeup, other = socket.socketpair()
    wakeup.setblocking(False)
    other.setblocking(False)
    signal.set_wakeup_fd(other.detach(), warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    # Only the worker decides when to end, by closing its socket; a Ctrl-C in a terminal reaches everybody, and so does
    # a service manager's SIGTERM. Its children inherit this: what a shutdown killed would count as a crash of its file.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    return wakeup


def readable(sock: socket.socket) -> bool:
    return bool(select.select([sock], [], [], 0)[0])


def drain(wakeup: socket.socket) -> None:
    with suppress(BlockingIOError):
        wakeup.recv(4096)


def kill(pid: int) -> None:
    """The whole group. Safe from reused pids: nobody but us could have reaped this one."""
    for send in (os.killpg, os.kill):
        try:
            send(pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            continue


def be_child(worker: socket.socket, memory_limit: int, processors: Mapping[str, Processor]) -> NoReturn:
    """Run jobs until the worker closes the socket. Never returns into the server's code."""
    try:
        confine(memory_limit)
        with worker, worker.makefile("rwb") as stream:
            for line in stream:
                stream.write(json.dumps(run(json.loads(line), processors)).encode() + b"\n")
                stream.flush()
    except BaseException:
        os._exit(1)
    os._exit(0)


def confine(memory_limit: int) -> None:
    os.setsid()
    os.close(signal.set_wakeup_fd(-1))
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (MAX_OPEN_FILES, MAX_OPEN_FILES))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # so that a write beyond it is an OSError
    resource.setrlimit(resource.RLIMIT_FSIZE, (MAX_FILE_SIZE, MAX_FILE_SIZE))
    if sys.platform == "linux":  # macOS refuses to limit the address space
        resource.setrlimit(resource.RLIMIT_AS, (memory_limit, memory_limit))


def run(job: Mapping[str, Any], processors: Mapping[str, Processor]) -> dict[str, Any]:
    """The outcome of one job: ``result``, ``refused`` (the file's fault) or ``trouble`` (ours, or the machine's)."""
    source = Source(Path(job["path"]), job["media_type"], job["options"])
    try:
        result: Result = processors[job["processor"]](source, Path(job["folder"]))
        return {"result": {"facts": dict(result.facts), "derivatives": [asdict(d) for d in result.derivatives]}}
    except ProcessorError as verdict:
        return {"refused": [verdict.code, verdict.sentence]}
    except MemoryError:
        return {"trouble": "out-of-memory"}
    except Exception:
        with suppress(OSError):  # a log that is full
            traceback.print_exc()
        return {"trouble": "processor-error"}


def main() -> None:
    with socket.socket(fileno=int(sys.argv[1])) as control:
        serve(control)


if __name__ == "__main__":
    main()
