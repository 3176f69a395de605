"""Run processors in confined child processes, which are killed when their time is up.

A child runs a few jobs of one processor, one after the other. It has a slot (`picasso.workdir`): the worker links a
job's original into it, moves the results out of it and clears it, so that a child sees no file but the current one.
"""

from __future__ import annotations

import logging
import os
import re
import signal
import tempfile
import threading
import time
import uuid
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from subprocess import SubprocessError

from picasso.process import forkserver_client
from picasso.process.attempt import RunningAttempt
from picasso.process.child import Child, ChildDied
from picasso.process.child_protocol import TOO_LARGE_OUTPUT, TRANSIENT_ERRORS, AttemptFailed, parse_answer
from picasso.process.contract import ProcessorError, Result, Source
from picasso.process.forkserver_client import ForkServerClient, ServerDied
from picasso.workdir import OutputTooLarge, Scratch, Slot, remove

log = logging.getLogger(__name__)

# How long a worker that shuts down waits for its running jobs. Those that have not ended by then start again elsewhere.
CLOSE_SECONDS = 4.0

MAX_OUTPUT = 2 * 2**30

# A child keeps the memory that its libraries took, perhaps a hundred MiB. One that is idle for so long is ended.
IDLE_SECONDS = 30.0
# How often the output of idle children is measured: one that a file has taken over may write without a job, too.
CHECK_SECONDS = 1.0

# The last words of libraries that end the process when they get no memory: Rust's, GLib's, C++'s.
NO_MEMORY = re.compile(r"memory allocation of \d+ bytes failed|failed to allocate \d+ bytes|std::bad_alloc")


class Cancelled(Exception):
    """The attempt was ended by `RunningAttempt.cancel`."""


class ShuttingDown(Exception):
    """The worker shuts down; the job did not fail."""


class ChildPool:
    """A worker's children. Each runs a few jobs of one processor, and is replaced at once after any failure.

    It works from `open` to `close`. Thread-safe.
    """

    def __init__(
        self,
        memory_limit: int,
        jobs_per_child: int,
        scratch: Path | None = None,
        output_limit: int = MAX_OUTPUT,
        languages: Sequence[str] = (),
    ) -> None:
        """Limits in bytes, for each job. Without a ``scratch`` folder, `open` makes a temporary one.

        ``languages`` are those that texts are expected to have (ISO 639-1).
        """
        self._languages = languages
        self._memory_limit = memory_limit
        self._output_limit = output_limit
        self._jobs_per_child = jobs_per_child
        root = scratch.absolute() if scratch else temporary_folder() / "scratch"
        self.scratch = Scratch(root)
        self._data_dir = root.parent
        self._temporary = None if scratch else self._data_dir
        self._servers: dict[str, ForkServerClient] = {}
        self._idle: dict[str, list[Child]] = defaultdict(list)
        self._lock = threading.Lock()
        self._closing = False
        self._oom_kills = oom_kills()
        self._closed = threading.Event()

    def open(self) -> None:
        """Make the folder for the children, and start to end those that are idle."""
        if self._temporary:
            self._temporary.mkdir(mode=0o700)
        self.scratch.open()
        threading.Thread(target=self._end_idle_children, name="idle children", daemon=True).start()

    def run(
        self, processor: str, source: Source, folder: Path, seconds: float, attempt: RunningAttempt | None = None
    ) -> Result:
        """Have a child run one job, and move its derivatives to ``folder``, which is made when it is needed.

        Nothing of the job is left anywhere else when this returns or raises.

        Raises:
            ProcessorError: the processor refuses the file.
            AttemptFailed: something else went wrong.
            Cancelled: the attempt was cancelled.
            ShuttingDown: `close` was called meanwhile.
        """
        attempt = attempt or RunningAttempt()
        if attempt.cancelled:
            raise Cancelled
        attempt.hide(self._data_dir, source.path.parent)
        child = self._acquire(processor, attempt)
        attempt.on_cancel(child.disconnect)
        try:
            result = self._run(child, source, seconds, attempt)
            self._collect(child, result, folder)
        except ProcessorError:
            self._release(processor, child, attempt)
            raise
        except (ChildDied, TimeoutError, OutputTooLarge) as fault:
            raise self._end_and_explain(child, attempt, fault) from fault
        except BaseException:
            self._dispose(child, attempt)
            raise
        self._release(processor, child, attempt)
        return result

    def _run(self, child: Child, source: Source, seconds: float, attempt: RunningAttempt) -> Result:
        try:
            child.slot.link_original(source.path)
        except OSError as fault:
            raise AttemptFailed(TRANSIENT_ERRORS["storage"]) from fault
        request = {"media_type": source.media_type, "options": dict(source.options), "seconds": seconds}
        answer = child.run(request, seconds, attempt, self._output_limit)
        child.slot.check_size(self._output_limit, child.pid)
        return parse_answer(answer)

    def _collect(self, child: Child, result: Result, folder: Path) -> None:
        """Move the derivatives out of the child's reach."""
        for derivative in result.derivatives:
            try:
                child.slot.take(derivative.file, folder / derivative.file)
            except ValueError as fault:
                log.error("a derivative is not there: %s", fault)  # noqa: TRY400 - a traceback says nothing more
                raise AttemptFailed(TRANSIENT_ERRORS["processor-error"]) from fault
        # Holes in a file take no space on the disk, but whoever hashes, serves or copies the file reads them all.
        names = {derivative.file for derivative in result.derivatives}
        if sum((folder / name).stat().st_size for name in names) > self._output_limit:
            raise OutputTooLarge

    def close(self) -> None:
        """Kill all children and their servers; jobs in them end with `ShuttingDown`. May be called without `open`."""
        with self._lock:
            if self._closing:
                return
            self._closing = True
            self._closed.set()
            for server in self._servers.values():
                server.hang_up()
        for server in self._servers.values():
            server.close()
        for children in self._idle.values():
            while children:
                children.pop().close(RunningAttempt())
        self.scratch.close()
        if self._temporary:
            remove(self._temporary)

    def close_later(self) -> None:
        """`close` after `CLOSE_SECONDS`, so that jobs that are nearly done can end."""
        timer = threading.Timer(CLOSE_SECONDS, self.close)
        timer.daemon = True
        timer.start()

    def _acquire(self, processor: str, attempt: RunningAttempt) -> Child:
        while True:
            with self._lock:
                if self._closing:
                    raise ShuttingDown
                child = self._idle[processor].pop() if self._idle[processor] else None
            if child is None:
                self._warn_of_wait(processor, attempt)
                return self._fork(processor)
            if child.is_ready():
                return child
            self._dispose(child, RunningAttempt())

    def _warn_of_wait(self, processor: str, attempt: RunningAttempt) -> None:
        """A fork server that is to be started loads its libraries first."""
        server = self._servers.get(processor)
        if server is None or server.dead:
            attempt.let_go()

    def _release(self, processor: str, child: Child, attempt: RunningAttempt) -> None:
        """Empty its slot, then let it have the next job."""
        attempt.on_cancel(None)
        child.jobs += 1
        if attempt.cancelled or child.jobs >= self._jobs_per_child or not try_clear(child.slot):
            self._dispose(child, attempt)
            return
        with self._lock:
            if not self._closing:
                child.idle_since = time.monotonic()
                self._idle[processor].append(child)
                return
        self._dispose(child, attempt)

    def _end_idle_children(self) -> None:
        while not self._closed.wait(min(CHECK_SECONDS, IDLE_SECONDS / 3)):
            for child in self._remove_idle(time.monotonic() - IDLE_SECONDS):
                self._dispose(child, RunningAttempt())

    def _remove_idle(self, since: float) -> list[Child]:
        """Take those out of the idle ones that are idle since before that time, or that write without a job."""
        with self._lock:
            idle = [child for children in self._idle.values() for child in children]
            removed = [child for child in idle if child.idle_since < since or self._fills_the_disk(child)]
            for processor, children in self._idle.items():
                self._idle[processor] = [child for child in children if child not in removed]
        return removed

    def _fills_the_disk(self, child: Child) -> bool:
        try:
            child.slot.check_size(self._output_limit, child.pid)
        except OutputTooLarge:
            return True
        return False

    def _end_and_explain(self, child: Child, attempt: RunningAttempt, fault: Exception) -> Exception:
        """End a child that died, or that has to; the exception that says what happened to its job."""
        status = self._dispose(child, attempt, patient=isinstance(fault, ChildDied) and not attempt.cancelled)
        if attempt.cancelled:
            return Cancelled()
        if self._closing:
            return ShuttingDown()
        if isinstance(fault, OutputTooLarge):
            return ProcessorError(*TOO_LARGE_OUTPUT)
        code = "time-limit" if isinstance(fault, TimeoutError) else self._cause_of_death(status, attempt.log)
        return AttemptFailed(TRANSIENT_ERRORS[code])

    def _dispose(self, child: Child, attempt: RunningAttempt, *, patient: bool = False) -> int | None:
        """End a child, then remove its slot. Its status as `ForkServerClient.end` gives it, None if it is unknown."""
        attempt.on_cancel(None)
        status = None
        with suppress(ServerDied):
            status = child.end(patient=patient)
        child.close(attempt)
        remove(child.slot.folder)
        return status

    def _cause_of_death(self, status: int | None, log_text: str) -> str:
        """The code of a `TransientError`. A server that dies takes its children along, so no file is blamed then."""
        if status is None:
            return "processor-error"
        number = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
        if number == getattr(signal, "SIGXCPU", -1):
            return "time-limit"
        before, self._oom_kills = self._oom_kills, oom_kills()
        if (number == signal.SIGKILL and self._oom_kills > before) or (number and NO_MEMORY.search(log_text)):
            return "out-of-memory"
        return "crashed"

    def _fork(self, processor: str) -> Child:
        slot = self._slot()
        try:
            return self._fork_into(processor, slot)
        except BaseException:
            remove(slot.folder)
            raise

    def _fork_into(self, processor: str, slot: Slot) -> Child:
        """Fork a child into its slot. A dead server is replaced once."""
        for _ in range(2):
            with suppress(ServerDied):
                server = self._server(processor)
                return Child(server.fork(slot, self._memory_limit, self._output_limit), server, slot)
            log.warning("the fork server of %s died and is started again", processor)
        raise AttemptFailed(TRANSIENT_ERRORS["processor-error"])

    def _slot(self) -> Slot:
        try:
            return self.scratch.slot()
        except OSError as fault:
            if self._closing:
                raise ShuttingDown from fault
            log.warning("could not make a slot for a job: %s", fault)
            raise AttemptFailed(TRANSIENT_ERRORS["storage"]) from fault

    def _server(self, processor: str) -> ForkServerClient:
        with self._lock:
            if self._closing:
                raise ShuttingDown
            server = self._servers.get(processor)
            if server is None or server.dead:
                if server:
                    server.close()
                server = self._servers[processor] = ForkServerClient(processor, self._data_dir, self._languages)
            return server


def temporary_folder() -> Path:
    """The path of a new folder, whose name nobody can guess."""
    return Path(tempfile.gettempdir()) / f"picasso-scratch-{uuid.uuid4().hex}"


def try_clear(slot: Slot) -> bool:
    """Empty a slot; False if that failed, and the slot can't be used again."""
    try:
        slot.clear()
    except OSError as fault:
        log.warning("could not empty a slot, so its child is ended: %s", fault)
        return False
    return True


def confinement_report() -> dict[str, str]:
    """How children are confined on this machine: a few words for each layer. Tries each, which takes a moment."""
    return forkserver_client.confinement_layers()


def log_confinement() -> None:
    """Write `confinement_report` to the log, in a thread of its own."""

    def report() -> None:
        try:
            layers = "; ".join(f"{layer}: {how}" for layer, how in confinement_report().items())
            log.info("jobs are confined: %s", layers)
        except (OSError, ValueError, SubprocessError) as fault:
            log.warning("could not find out how jobs are confined: %s", fault)

    threading.Thread(target=report, name="confinement", daemon=True).start()


def oom_kills() -> int:
    """How many processes this kernel has killed for memory; 0 where it does not say."""
    try:
        match = re.search(r"^oom_kill (\d+)$", Path("/proc/vmstat").read_text(), re.MULTILINE)
    except OSError:
        return 0
    return int(match[1]) if match else 0
