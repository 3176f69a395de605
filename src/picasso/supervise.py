"""Keep the processes of one machine running: start them, restart those that die, and end them all.

Each has a process group of its own. A Ctrl-C in a terminal reaches the whole foreground group at once, and a process
that ends before those it serves makes them hang. So only the supervisor gets the Ctrl-C and tells each of them once. If
the supervisor is killed, the kernel sends them SIGTERM (on Linux).
"""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from picasso import garbage, linux, redaction

# How long the processes may take to end. Less than the 10 s after which Docker kills.
STOP_SECONDS = 8.0

# A process that dies within so many seconds is started again after a pause, so that there is no busy loop.
YOUNG_SECONDS = 5.0
PAUSE_SECONDS = 1.0

# No file that the service creates can be written by its group, or used by others.
FORBIDDEN = 0o027


@dataclass(slots=True)
class SupervisedProcess:
    """One process: ``picasso`` with these arguments, which inherits these file descriptors."""

    name: str
    arguments: Sequence[str]
    fds: tuple[int, ...] = ()
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)
    started: float = field(default=0.0, init=False)
    wait_until: float = field(default=0.0, init=False)

    def start(self) -> None:
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "picasso", "--supervisor", str(os.getpid()), *self.arguments],
            pass_fds=self.fds,
            start_new_session=True,
        )

    def restart_if_dead(self) -> None:
        """Start it again if it died; after a pause if it died early or could not be started."""
        now = time.monotonic()
        if self.process is not None:
            if self.process.poll() is None:
                return
            say(f"{self.name} ended with {self.process.returncode}; starting it again")
            self.process = None
            self.wait_until = now + (PAUSE_SECONDS if now - self.started < YOUNG_SECONDS else 0.0)
        if now >= self.wait_until:
            try:
                self.start()
            except OSError as fault:
                say(f"{self.name} can't be started, trying again: {fault}")
                self.wait_until = now + PAUSE_SECONDS

    def signal(self, number: int) -> None:
        if self.process and self.process.poll() is None:
            self.process.send_signal(number)

    def kill(self) -> None:
        """Kill it and all processes of its group."""
        if self.process and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)


_stopping = False


def handle_signals() -> None:
    """From now on SIGINT, SIGTERM and SIGHUP make `once` and `run` stop their processes and return."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:  # as it is under nohup
            signal.signal(number, _request_stop)


def _request_stop(*_: object) -> None:
    global _stopping  # noqa: PLW0603 - a signal is sent to the process, not to an object
    _stopping = True


def once(*arguments: str) -> None:
    """Run ``picasso`` with these arguments until it ends. If it fails, this process exits with the same status."""
    handle_signals()
    only = SupervisedProcess(arguments[0], arguments)
    only.start()
    assert only.process is not None
    while only.process.poll() is None and not _stopping:
        time.sleep(0.02)
    if _stopping:
        stop([only])
        sys.exit(0)
    if only.process.returncode:
        sys.exit(only.process.returncode)


def run(processes: Sequence[SupervisedProcess]) -> int:
    """Keep these processes running until SIGINT, SIGTERM or SIGHUP; returns when all of them have ended."""
    handle_signals()
    garbage.search_now()
    try:
        while not _stopping:
            for each in processes:
                each.restart_if_dead()
            time.sleep(0.2)
        say_ending()
    finally:
        stop(processes)
    return 0


def stop(processes: Sequence[SupervisedProcess]) -> None:
    """Send SIGTERM to all, and kill those that have not ended after `STOP_SECONDS`."""
    deadline = time.monotonic() + STOP_SECONDS
    for each in processes:
        each.signal(signal.SIGTERM)
    while any(each.process and each.process.poll() is None for each in processes) and time.monotonic() < deadline:
        time.sleep(0.05)
    for each in processes:
        each.kill()


def say_ending() -> None:
    if sys.stderr.isatty():
        print(file=sys.stderr)  # the terminal has shown ^C
    say("ending; jobs that are running begin again at the next start")


def say(message: str) -> None:
    with suppress(OSError):  # the terminal may be closed
        print(f"picasso: {message}", file=sys.stderr)


def end_with(supervisor: int) -> None:
    """Have the kernel send this process a SIGTERM when the supervisor dies, even if it is killed."""
    prctl(linux.PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != supervisor:
        sys.exit("picasso: the supervisor has ended")


def keep_secrets() -> None:
    """What this process knows stays in it.

    Other processes of the same user can't read its environment and memory in /proc, a crash leaves no image of its
    memory, new files can be read by their owner and group only, and what it prints has no secrets of the settings.
    """
    prctl(linux.PR_SET_DUMPABLE, 0)
    # If the system gives crashes to a program, only the line above keeps the memory from it.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.umask(os.umask(FORBIDDEN) | FORBIDDEN)
    redaction.redact_output()


def prctl(option: int, value: int) -> None:
    if linux.IS_LINUX:
        with suppress(OSError):
            linux.prctl(option, value)
