"""A small server that forks the children of one processor. Started with a clean environment.

It has loaded the processor's libraries and has no threads, so a new child costs a fork instead of an import. Neither
the server nor its children ever had a credential. Run as
``python -m picasso.process.forkserver FD PROCESSOR DATA_DIR LANGUAGES``; at the other end of the socket ``FD`` is
`forkserver_client.ForkServerClient`. When the worker ends, the server and all its children end as well.

Both protocols (worker to server, worker to child) are JSON, one message a line. No pickle: a child decodes untrusted
bytes.
"""

from __future__ import annotations

import errno
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

from picasso import garbage, linux
from picasso.charset import prefer_languages, prepare_guessing
from picasso.process import confinement, registry
from picasso.process.child_protocol import TOO_LARGE_OUTPUT
from picasso.process.confinement import Bounds, Confinement, limits
from picasso.process.contract import Processor, ProcessorError, Result, Source

# Five reports a second let a progress bar move smoothly.
PROGRESS_SECONDS = 0.2

# How long to wait for a child that is dying by itself, and how often to check.
PATIENCE_SECONDS = 0.5
CHECK_SECONDS = 0.001


class ForkServer:
    """The forking process: single-threaded, so that what it forks is whole."""

    def __init__(self, control: socket.socket, processor: str, data_dir: Path) -> None:
        self._control = control
        self._unread = b""
        self._fds: list[int] = []
        self._children: set[int] = set()
        # Before any library is loaded that might start a thread.
        self._confinement = confinement.enter()
        self._processor = registry.get(processor)()
        self._processor.prepare()
        prepare_guessing()  # any processor may meet a text, and its children can't read the model
        if threads() > 1:
            print(f"the libraries of {processor} start threads, which its children will lack", file=sys.stderr)
        self._readable = confinement.readable(data_dir)
        garbage.search_rarely()

    def serve(self) -> None:
        """Fork on ``{"fork": bounds}`` (with the child's socket and its output), end on ``{"end": pid}``."""
        try:
            while self._handle_orders():
                pass
        finally:
            # The worker must see the server's end before that of the children, or it would blame their files for it.
            self._control.close()
            for pid in self._children:
                self._reap(pid, 0)

    def _handle_orders(self) -> bool:
        """Handle the next orders; False when the worker has closed the connection."""
        try:
            received, fds, _, _ = socket.recv_fds(self._control, 4096, 16)
        except ConnectionError:
            return False
        except OSError as fault:  # such as no memory for it: the order is still there, and the worker waits
            print(f"could not read an order, trying again: {fault}", file=sys.stderr)
            time.sleep(0.1)
            return True
        if not received:
            return False
        self._fds += fds
        *lines, self._unread = (self._unread + received).split(b"\n")
        for order in map(json.loads, lines):
            answer = self._fork(order["fork"]) if "fork" in order else self._end(order["end"], order["patience"])
            self._control.sendall(json.dumps(answer).encode() + b"\n")
        return True

    def _fork(self, bounds: Mapping[str, Any]) -> dict[str, Any]:
        """The new child's ``pid``, or an ``error``."""
        fds, self._fds = self._fds, []
        try:
            if len(fds) != 2:  # the kernel drops them if the table of open files is full
                return {"error": "no room for the child's socket"}
            pid = os.fork()
            if pid == 0:
                self._control.close()
                self._become_child(fds[0], fds[1], parse_bounds(bounds))
        except OSError as fault:
            return {"error": str(fault)}
        finally:
            for fd in fds:
                os.close(fd)
        self._children.add(pid)
        return {"pid": pid}

    def _become_child(self, worker: int, output: int, bounds: Bounds) -> NoReturn:
        try:
            os.setsid()
            for fd in (1, 2):
                os.dup2(output, fd)
            os.close(output)
            serve_jobs(socket.socket(fileno=worker), bounds, self._processor, self._confinement, self._readable)
        except BaseException:
            with suppress(BaseException):
                traceback.print_exc()
            os._exit(1)

    def _end(self, pid: int, patient: bool) -> dict[str, int | None]:
        """End that child. Its ``status`` is the one of waitpid; None for an unknown child."""
        if pid not in self._children:
            return {"status": None}
        self._children.discard(pid)
        return {"status": self._reap(pid, PATIENCE_SECONDS if patient else 0)}

    def _reap(self, pid: int, patience: float) -> int:
        """Wait for a child's end for so many seconds, then kill it. Its status, 0 if it was killed here.

        The pid can't belong to another process by now: only this server reaps its children.
        """
        deadline = time.monotonic() + patience
        while True:
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                return status
            if time.monotonic() >= deadline:
                break
            time.sleep(CHECK_SECONDS)
        kill(pid)
        os.waitpid(pid, 0)
        return 0


def parse_bounds(order: Mapping[str, Any]) -> Bounds:
    return Bounds(order["memory"], order["output"], Path(order["slot"]))


def threads() -> int:
    """How many threads this process has, including those that libraries started."""
    if sys.platform == "linux":
        return len(list(Path("/proc/self/task").iterdir()))
    return threading.active_count()


def kill(pid: int) -> None:
    """Kill a child's whole process group: without seccomp it may have started others."""
    for send in (os.killpg, os.kill):
        with suppress(ProcessLookupError, PermissionError):
            send(pid, signal.SIGKILL)


def serve_jobs(
    worker: socket.socket, bounds: Bounds, processor: Processor, layers: Confinement, readable: list[Path]
) -> NoReturn:
    """Run jobs until the worker closes the socket. Never returns to the server's code."""
    out = bounds.slot / "out"
    os.chdir(out)
    os.environ.update(TMPDIR=str(out), HOME=str(out))
    layers.apply(bounds, readable)
    print_by_lines()
    with worker, worker.makefile("rwb") as stream:
        for line in stream:
            answer = run(json.loads(line), processor, bounds.slot, stream)
            flush_output()
            stream.write(json.dumps(answer).encode() + b"\n")
            stream.flush()
    os._exit(0)


def print_by_lines() -> None:
    """Send each line as soon as it is printed: people watch the log of a job that runs."""
    with suppress(AttributeError, OSError, ValueError):
        sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]


def flush_output() -> None:
    """Write out what Python and C libraries have buffered, so that it belongs to this job."""
    with suppress(OSError, ValueError):
        sys.stdout.flush()
        sys.stderr.flush()
        linux.LIBC.fflush(None)


class Progress:
    """Reports a job's progress to the worker, a few times a second at most."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._next = 0.0

    def __call__(self, fraction: float) -> None:
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + PROGRESS_SECONDS
        progress = min(1.0, max(0.0, float(fraction)))
        self._stream.write(json.dumps({"progress": progress}).encode() + b"\n")
        self._stream.flush()


def run(job: Mapping[str, Any], processor: Processor, slot: Path, stream: Any) -> dict[str, Any]:
    """The outcome of one job: ``result``, ``refused`` (the file's fault) or ``error`` (an internal one)."""
    limits.allow_processor_time(job["seconds"])
    source = Source(slot / "in" / "original", job["media_type"], job["options"], Progress(stream))
    try:
        result: Result = processor(source, slot / "out")
        return {"result": {"facts": dict(result.facts), "derivatives": [asdict(d) for d in result.derivatives]}}
    except ProcessorError as verdict:
        return {"refused": [verdict.code, verdict.sentence, dict(verdict.facts)]}
    except MemoryError:
        return {"error": "out-of-memory"}
    except Exception as fault:
        with suppress(OSError):  # a full log
            traceback.print_exc()
        return classify(fault)


def classify(fault: Exception) -> dict[str, Any]:
    """The outcome of a job whose processor raised an unexpected error."""
    number = fault.errno if isinstance(fault, OSError) else None
    if number == errno.EFBIG:
        return {"refused": list(TOO_LARGE_OUTPUT)}
    if number in {errno.ENOSPC, errno.EDQUOT}:
        return {"error": "storage"}
    return {"error": "out-of-memory" if number == errno.ENOMEM else "processor-error"}


def main() -> None:
    # Only the worker decides when to end, by closing its socket. A Ctrl-C in a terminal reaches every process, and so
    # does a service manager's SIGTERM. Children inherit this: a child killed by a shutdown would count as a crash.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    garbage.search_later()
    prefer_languages(sys.argv[4].split(",") if sys.argv[4] else [])
    with socket.socket(fileno=int(sys.argv[1])) as control:
        ForkServer(control, sys.argv[2], Path(sys.argv[3])).serve()
    os._exit(0)  # without the messages that some libraries print at the end of an interpreter


if __name__ == "__main__":
    main()
