"""Run processors where they do little harm: in confined children, killed when time is up.

A child serves a few jobs of one processor, one after the other. It has a slot (`picasso.workdir`): the worker links a
job's original into it, moves what was made out of it, and clears it, so that a child sees no file but the present one.
"""

from __future__ import annotations

import logging
import os
import re
import signal
import tempfile
import threading
import time
from collections import defaultdict
from contextlib import suppress
from pathlib import Path
from subprocess import SubprocessError

from picasso.process import forkserver_client
from picasso.process.attempt import Ticket
from picasso.process.child import Child, Died, waits
from picasso.process.child_protocol import TOO_LARGE_OUTPUT, TROUBLES, Troubled, understood
from picasso.process.contract import ProcessorError, Result, Source
from picasso.process.forkserver_client import Server, ServerDied
from picasso.workdir import Scratch, Slot, TooMuch, remove

log = logging.getLogger(__name__)

# What a worker that is told to end gives its running jobs; they begin anew elsewhere if it was not enough.
CLOSE_SECONDS = 4.0

MAX_OUTPUT = 2 * 2**30

# A child keeps what its libraries have taken, a hundred MiB perhaps; one without work for so long is let go.
IDLE_SECONDS = 30.0
# One that a file has taken over may write while it has no job, too.
LOOK_EVERY = 1.0

# The last words of libraries that end the process when they get no memory: Rust's, GLib's, C++'s.
NO_MEMORY = re.compile(r"memory allocation of \d+ bytes failed|failed to allocate \d+ bytes|std::bad_alloc")


class Cancelled(Exception):
    """Somebody ended the attempt by its ticket."""


class ShuttingDown(Exception):
    """The worker ends; the job is nobody's fault."""


class Children:
    """A worker's children. Each serves jobs of one processor, a few, and is replaced at once after any failure.

    Thread-safe.
    """

    def __init__(
        self, memory_limit: int, jobs_per_child: int, scratch: Path | None = None, output_limit: int = MAX_OUTPUT
    ) -> None:
        """Limits in bytes, for each job. Without a ``scratch`` folder there is a temporary one."""
        self._memory_limit = memory_limit
        self._output_limit = output_limit
        self._jobs_per_child = jobs_per_child
        root = scratch.absolute() if scratch else Path(tempfile.mkdtemp(prefix="picasso-scratch-")) / "scratch"
        self.scratch = Scratch(root)
        self._hole = root.parent
        self._temporary = None if scratch else self._hole
        self._servers: dict[str, Server] = {}
        self._idle: dict[str, list[Child]] = defaultdict(list)
        self._lock = threading.Lock()
        self._closing = False
        self._oom_kills = oom_kills()
        self._over = threading.Event()
        threading.Thread(target=self._retire_for_ever, name="idle children", daemon=True).start()

    def run(self, processor: str, source: Source, folder: Path, seconds: float, ticket: Ticket | None = None) -> Result:
        """Have a child run one job, and move the derivatives that it made to ``folder``, which is made if need be.

        Nothing of the job is left anywhere else when this returns or raises.

        Raises:
            ProcessorError: the file's own fault.
            Troubled: anything else that went wrong.
            Cancelled: by its ticket.
            ShuttingDown: `close` was called meanwhile.
        """
        ticket = ticket or Ticket()
        if ticket.cancelled:
            raise Cancelled
        ticket.hide(self._hole, source.path.parent)
        child = self._take(processor)
        ticket.attach(lambda: hang_up(child))
        try:
            found = self._run(child, source, seconds, ticket)
            self._collect(child, found, folder)
        except ProcessorError:
            self._give_back(processor, child, ticket)
            raise
        except (Died, TimeoutError, TooMuch) as fault:
            raise self._ended(child, ticket, fault) from fault
        except BaseException:
            self._dispose(child, ticket)
            raise
        self._give_back(processor, child, ticket)
        return found

    def _run(self, child: Child, source: Source, seconds: float, ticket: Ticket) -> Result:
        try:
            child.slot.give(source.path)
        except OSError as fault:
            log.warning("could not hand over an original: %s", fault)
            raise Troubled(TROUBLES["storage"]) from fault
        question = {"media_type": source.media_type, "options": dict(source.options), "seconds": seconds}
        answer = child.ask(question, seconds, ticket, self._output_limit)
        child.slot.measure(self._output_limit, child.pid)
        return understood(answer)

    def _collect(self, child: Child, found: Result, folder: Path) -> None:
        for derivative in found.derivatives:
            try:
                child.slot.take(derivative.file, folder / derivative.file)
            except ValueError as fault:
                log.error("a derivative is not there: %s", fault)  # noqa: TRY400 - where it was raised tells nothing
                raise Troubled(TROUBLES["processor-error"]) from fault
        # Holes in a file take no room on the disk, but whoever hashes, serves or copies it reads them all.
        if (
            sum((folder / name).stat().st_size for name in {each.file for each in found.derivatives})
            > self._output_limit
        ):
            raise TooMuch

    def close(self) -> None:
        """Kill all children and their servers; jobs in them end with `ShuttingDown`."""
        with self._lock:
            if self._closing:
                return
            self._closing = True
            self._over.set()
            for server in self._servers.values():
                server.hang_up()
        for server in self._servers.values():
            server.close()
        for children in self._idle.values():
            while children:
                children.pop().hush(Ticket())
        self.scratch.close()
        if self._temporary:
            remove(self._temporary)

    def close_soon(self) -> None:
        """`close`, after those that are nearly done have had a moment."""
        timer = threading.Timer(CLOSE_SECONDS, self.close)
        timer.daemon = True
        timer.start()

    def _take(self, processor: str) -> Child:
        while True:
            with self._lock:
                if self._closing:
                    raise ShuttingDown
                child = self._idle[processor].pop() if self._idle[processor] else None
            if child is None:
                return self._fork(processor)
            if waits(child.socket) and not child.server.dead:
                return child
            self._dispose(child, Ticket())

    def _give_back(self, processor: str, child: Child, ticket: Ticket) -> None:
        """Its slot is empty before anybody hears of the job's end."""
        ticket.attach(None)
        child.jobs += 1
        if ticket.cancelled or child.jobs >= self._jobs_per_child or not cleared(child.slot):
            self._dispose(child, ticket)
            return
        with self._lock:
            if not self._closing:
                child.idle_since = time.monotonic()
                self._idle[processor].append(child)
                return
        self._dispose(child, ticket)

    def _retire_for_ever(self) -> None:
        while not self._over.wait(min(LOOK_EVERY, IDLE_SECONDS / 3)):
            for child in self._to_be_let_go(time.monotonic() - IDLE_SECONDS):
                self._dispose(child, Ticket())

    def _to_be_let_go(self, since: float) -> list[Child]:
        """No longer among the idle ones. The last that came is the first to go to work again."""
        with self._lock:
            idle = [child for children in self._idle.values() for child in children]
            found = [child for child in idle if child.idle_since < since or self._fills_the_disk(child)]
            for processor, children in self._idle.items():
                self._idle[processor] = [child for child in children if child not in found]
        return found

    def _fills_the_disk(self, child: Child) -> bool:
        try:
            child.slot.measure(self._output_limit, child.pid)
        except TooMuch:
            return True
        return False

    def _ended(self, child: Child, ticket: Ticket, fault: Exception) -> Exception:
        """What became of a job whose child died, or has to."""
        status = self._dispose(child, ticket, patient=isinstance(fault, Died) and not ticket.cancelled)
        if ticket.cancelled:
            return Cancelled()
        if self._closing:
            return ShuttingDown()
        if isinstance(fault, TooMuch):
            return ProcessorError(*TOO_LARGE_OUTPUT)
        code = "time-limit" if isinstance(fault, TimeoutError) else self._cause_of_death(status, ticket.log)
        return Troubled(TROUBLES[code])

    def _dispose(self, child: Child, ticket: Ticket, *, patient: bool = False) -> int | None:
        """End a child, and remove its slot once it can't write there any more. Its status, None if nobody knows."""
        ticket.attach(None)
        status = None
        with suppress(ServerDied):
            status = child.server.end(child.pid, patient=patient)
        child.hush(ticket)
        remove(child.slot.folder)
        return status

    def _cause_of_death(self, status: int | None, last_words: str) -> str:
        """The file's crash, unless the server died: that takes all its children along, whatever they do."""
        if status is None:
            return "processor-error"
        number = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
        if number == getattr(signal, "SIGXCPU", -1):
            return "time-limit"
        before, self._oom_kills = self._oom_kills, oom_kills()
        if (number == signal.SIGKILL and self._oom_kills > before) or (number and NO_MEMORY.search(last_words)):
            return "out-of-memory"
        return "crashed"

    def _fork(self, processor: str) -> Child:
        slot = self._slot()
        try:
            return self._forked(processor, slot)
        except BaseException:
            remove(slot.folder)
            raise

    def _forked(self, processor: str, slot: Slot) -> Child:
        """A dead server is replaced once."""
        for _ in range(2):
            with suppress(ServerDied):
                return self._server(processor).fork(slot, self._memory_limit, self._output_limit)
            log.warning("the fork server of %s died and is started again", processor)
        raise Troubled(TROUBLES["processor-error"])

    def _slot(self) -> Slot:
        try:
            return self.scratch.slot()
        except OSError as fault:
            if self._closing:
                raise ShuttingDown from fault
            log.warning("there is no place for a job: %s", fault)
            raise Troubled(TROUBLES["storage"]) from fault

    def _server(self, processor: str) -> Server:
        with self._lock:
            if self._closing:
                raise ShuttingDown
            server = self._servers.get(processor)
            if server is None or server.dead:
                if server:
                    server.close()
                server = self._servers[processor] = Server(processor, self._hole)
            return server


def cleared(slot: Slot) -> bool:
    try:
        slot.clear()
    except OSError as fault:
        log.warning("a slot could not be cleared, and is given up: %s", fault)
        return False
    return True


def hang_up(child: Child) -> None:
    """Whoever listens to it hears its end."""
    with suppress(OSError):
        child.socket.shutdown(2)


def report() -> dict[str, str]:
    """Which layers keep children to their work here, each in a few words. Takes a moment: it is tried out."""
    return forkserver_client.confinement()


def log_report() -> None:
    """For the log of a worker that starts; in a thread, for nothing waits for it."""

    def ask() -> None:
        try:
            log.info("jobs are confined: %s", "; ".join(f"{layer}: {how}" for layer, how in report().items()))
        except (OSError, ValueError, SubprocessError) as fault:
            log.warning("could not find out how jobs are confined: %s", fault)

    threading.Thread(target=ask, name="confinement", daemon=True).start()


def oom_kills() -> int:
    """How often this kernel has killed somebody for memory; 0 where it does not say."""
    try:
        found = re.search(r"^oom_kill (\d+)$", Path("/proc/vmstat").read_text(), re.MULTILINE)
    except OSError:
        return 0
    return int(found[1]) if found else 0
