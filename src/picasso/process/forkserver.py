"""A small server that forks the children of one processor. Started with a clean environment.

It has the processor's libraries loaded and no threads, so a child costs a fork instead of an import, and neither it nor
its children ever had a credential. Run as ``python -m picasso.process.forkserver FD PROCESSOR DATA_FOLDER``; the socket
``FD`` leads to `servers.Server`. When the worker is gone, so are the server and all its children.

Both protocols are JSON, a line a message: what a child says comes from where strangers' bytes were decoded.
"""

from __future__ import annotations

import errno
import gc
import json
import os
import signal
import socket
import sys
import threading
import time
import traceback
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, NoReturn

from picasso import linux
from picasso.process import confinement, registry
from picasso.process.child_protocol import TOO_LARGE_OUTPUT
from picasso.process.confinement import Bounds, Confinement, limits
from picasso.process.contract import Processor, ProcessorError, Result, Source

# A second between two words on how far the work is would do for people; five make a bar move smoothly.
PROGRESS_EVERY = 0.2

# A child that dies takes a moment; one that was to be killed anyway is given none.
PATIENCE = 0.5
LOOK_EVERY = 0.001


class Server:
    """The forking process: single-threaded, so that what it forks is whole."""

    def __init__(self, control: socket.socket, processor: str, hole: Path) -> None:
        self._control = control
        self._unread = b""
        self._fds: list[int] = []
        self._children: set[int] = set()
        # Before anything is loaded that might start a thread.
        self._confinement = confinement.enter()
        self._processor = registry.processors()[processor]()
        self._processor.prepare()
        if threads() > 1:
            print(f"the libraries of {processor} start threads, which its children will lack", file=sys.stderr)
        self._readable = confinement.readable(hole)
        gc.freeze()

    def serve(self) -> None:
        """Fork on ``{"fork": bounds}`` (with the child's socket and its output), end on ``{"end": pid}``."""
        try:
            while self._obey():
                pass
        finally:
            # The worker sees our end before that of our children, so it blames no file for it.
            self._control.close()
            for pid in self._children:
                self._end(pid, 0)

    def _obey(self) -> bool:
        """The next orders; False when the worker is gone."""
        try:
            got, fds, _, _ = socket.recv_fds(self._control, 4096, 16)
        except ConnectionError:
            return False
        except OSError as fault:  # no memory for the message, say: it is still there, and the worker waits
            print(f"could not read an order, trying again: {fault}", file=sys.stderr)
            time.sleep(0.1)
            return True
        if not got:
            return False
        self._fds += fds
        *lines, self._unread = (self._unread + got).split(b"\n")
        for order in map(json.loads, lines):
            answer = self._fork(order["fork"]) if "fork" in order else self._ended(order["end"], order["patience"])
            self._control.sendall(json.dumps(answer).encode() + b"\n")
        return True

    def _fork(self, bounds: Mapping[str, Any]) -> dict[str, Any]:
        """The new child's ``pid``, or the ``error`` why there is none."""
        fds, self._fds = self._fds, []
        try:
            if len(fds) != 2:  # the kernel drops what a full table has no room for
                return {"error": "no room for the child's socket"}
            pid = os.fork()
            if pid == 0:
                self._control.close()
                self._be_child(fds[0], fds[1], bounds_in(bounds))
        except OSError as fault:
            return {"error": str(fault)}
        finally:
            for fd in fds:
                os.close(fd)
        self._children.add(pid)
        return {"pid": pid}

    def _be_child(self, worker: int, output: int, bounds: Bounds) -> NoReturn:
        try:
            os.setsid()
            for fd in (1, 2):
                os.dup2(output, fd)
            os.close(output)
            be_child(socket.socket(fileno=worker), bounds, self._processor, self._confinement, self._readable)
        except BaseException:
            with suppress(BaseException):
                traceback.print_exc()
            os._exit(1)

    def _ended(self, pid: int, patient: bool) -> dict[str, int | None]:
        """Whatever it takes, that child is gone now. Its ``status`` as waitpid says; None for one that is not ours."""
        if pid not in self._children:
            return {"status": None}
        self._children.discard(pid)
        return {"status": self._end(pid, PATIENCE if patient else 0)}

    def _end(self, pid: int, patience: float) -> int:
        """Safe from reused pids: nobody but us could have reaped this one."""
        deadline = time.monotonic() + patience
        while True:
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                return status
            if time.monotonic() >= deadline:
                break
            time.sleep(LOOK_EVERY)
        kill(pid)
        os.waitpid(pid, 0)
        return 0


def bounds_in(told: Mapping[str, Any]) -> Bounds:
    return Bounds(told["memory"], told["output"], Path(told["slot"]))


def threads() -> int:
    """How many this process has, whoever started them."""
    if sys.platform == "linux":
        return len(list(Path("/proc/self/task").iterdir()))
    return threading.active_count()


def kill(pid: int) -> None:
    """The whole group, where seccomp could not keep it to one."""
    for send in (os.killpg, os.kill):
        with suppress(ProcessLookupError, PermissionError):
            send(pid, signal.SIGKILL)


def be_child(
    worker: socket.socket, bounds: Bounds, processor: Processor, layers: Confinement, readable: list[Path]
) -> NoReturn:
    """Run jobs until the worker closes the socket. Never returns into the server's code."""
    out = bounds.slot / "out"
    os.chdir(out)
    os.environ.update(TMPDIR=str(out), HOME=str(out))
    layers.apply(bounds, readable)
    with worker, worker.makefile("rwb") as stream:
        for line in stream:
            answer = run(json.loads(line), processor, bounds.slot, stream)
            flush_output()
            stream.write(json.dumps(answer).encode() + b"\n")
            stream.flush()
    os._exit(0)


def flush_output() -> None:
    """Ours and that of libraries, so that it belongs to this job."""
    with suppress(OSError, ValueError):
        sys.stdout.flush()
        sys.stderr.flush()
        linux.LIBC.fflush(None)


class Progress:
    """Tells the worker how far a job is, a few times a second at most."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._next = 0.0

    def __call__(self, fraction: float) -> None:
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + PROGRESS_EVERY
        known = min(1.0, max(0.0, float(fraction)))
        self._stream.write(json.dumps({"progress": known}).encode() + b"\n")
        self._stream.flush()


def run(job: Mapping[str, Any], processor: Processor, slot: Path, stream: Any) -> dict[str, Any]:
    """The outcome of one job: ``result``, ``refused`` (the file's fault) or ``trouble`` (ours, or the machine's)."""
    limits.allow_processor_time(job["seconds"])
    source = Source(slot / "in" / "original", job["media_type"], job["options"], Progress(stream))
    try:
        result: Result = processor(source, slot / "out")
        return {"result": {"facts": dict(result.facts), "derivatives": [asdict(d) for d in result.derivatives]}}
    except ProcessorError as verdict:
        return {"refused": [verdict.code, verdict.sentence]}
    except MemoryError:
        return {"trouble": "out-of-memory"}
    except Exception as fault:
        with suppress(OSError):  # a log that is full
            traceback.print_exc()
        return blamed(fault)


def blamed(fault: Exception) -> dict[str, Any]:
    """Who is to blame for what a processor did not expect."""
    number = fault.errno if isinstance(fault, OSError) else None
    if number == errno.EFBIG:
        return {"refused": list(TOO_LARGE_OUTPUT)}
    if number in {errno.ENOSPC, errno.EDQUOT}:
        return {"trouble": "storage"}
    return {"trouble": "out-of-memory" if number == errno.ENOMEM else "processor-error"}


def main() -> None:
    # Only the worker decides when to end, by closing its socket; a Ctrl-C in a terminal reaches everybody, and so does
    # a service manager's SIGTERM. The children inherit this: what a shutdown killed would count as its file's crash.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    with socket.socket(fileno=int(sys.argv[1])) as control:
        Server(control, sys.argv[2], Path(sys.argv[3])).serve()
    os._exit(0)  # without the last words that libraries have for an interpreter that ends


if __name__ == "__main__":
    main()
