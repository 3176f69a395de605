"""Keep the parts of one machine running: start each in a process group of its own, start the dead again, end all.

A Ctrl-C in a terminal reaches the whole foreground group at once, and parts that end before those they serve hang;
in groups of their own they hear from us alone, and once. If we are killed, the kernel tells them, where it can.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from picasso import linux

# From the first signal to the last process, less than the 10 s after which Docker kills.
GRACE = 8.0

# A part that dies young is started again, but not in a busy loop.
YOUNG = 5.0
PAUSE = 1.0


@dataclass(slots=True)
class Part:
    """One process: ``picasso`` with these arguments, and these file descriptors handed on."""

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

    def revive(self) -> None:
        """Start it again if it died, a second later if it died young or could not be started."""
        now = time.monotonic()
        if self.process is not None:
            if self.process.poll() is None:
                return
            say(f"{self.name} ended with {self.process.returncode}; starting it again")
            self.process = None
            self.wait_until = now + (PAUSE if now - self.started < YOUNG else 0.0)
        if now >= self.wait_until:
            try:
                self.start()
            except OSError as fault:
                say(f"{self.name} can't be started, trying again: {fault}")
                self.wait_until = now + PAUSE

    def signal(self, number: int) -> None:
        if self.process and self.process.poll() is None:
            self.process.send_signal(number)

    def kill(self) -> None:
        """With all that it started and that stayed in its group."""
        if self.process and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)


_ending = False


def heed_signals() -> None:
    """From here on SIGINT, SIGTERM and SIGHUP are a wish, which `once` and `run` fulfil."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:  # nohup means it
            signal.signal(number, _end)


def _end(*_: object) -> None:
    global _ending  # noqa: PLW0603 - a signal is for the process, whichever function it finds
    _ending = True


def once(*arguments: str) -> None:
    """Run ``picasso`` with these arguments to its end; ends this process with its status if that is not 0."""
    heed_signals()
    part = Part(arguments[0], arguments)
    part.start()
    assert part.process is not None
    while part.process.poll() is None and not _ending:
        time.sleep(0.02)
    if _ending:
        stop([part])
        sys.exit(0)
    if part.process.returncode:
        sys.exit(part.process.returncode)


def run(parts: Sequence[Part]) -> int:
    """Until SIGINT, SIGTERM or SIGHUP; returns when no process is left."""
    heed_signals()
    try:
        while not _ending:
            for part in parts:
                part.revive()
            time.sleep(0.2)
    finally:
        stop(parts)
    return 0


def stop(parts: Sequence[Part]) -> None:
    deadline = time.monotonic() + GRACE
    for part in parts:
        part.signal(signal.SIGTERM)
    while any(part.process and part.process.poll() is None for part in parts) and time.monotonic() < deadline:
        time.sleep(0.05)
    for part in parts:
        part.kill()


def say(what: str) -> None:
    with suppress(OSError):  # the terminal may be gone
        print(f"picasso: {what}", file=sys.stderr)


def end_with(supervisor: int) -> None:
    """Have this process hear a SIGTERM when the one that started it dies, however it dies."""
    prctl(linux.PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != supervisor:
        sys.exit("picasso: the supervisor is gone")


def keep_secrets() -> None:
    """Nobody of the same uid may read this process's environment or memory in /proc."""
    prctl(linux.PR_SET_DUMPABLE, 0)


def prctl(option: int, value: int) -> None:
    if linux.IS_LINUX:
        with suppress(OSError):
            linux.prctl(option, value)
