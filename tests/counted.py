"""Runs a command whose processor time is that of all that it started, also of what it has left behind.

The kernel adds the time of a process to that of the one that waits for it. For what a killed browser had started, that
is the first process of the system, unless an ancestor has asked for such orphans. This one does. It needs Linux. Left
out is what a service of the system has started, as it starts containers.
"""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psutil

from picasso import linux
from tests import sampling

PR_SET_CHILD_SUBREAPER = 36

# Seconds. A part that takes longer hangs. It is stopped, so that its output tells where; the other parts still count.
LONGEST = 3600 if sampling.everything() else 1200
# Seconds in which a part that is stopped ends its services and prints its summary.
TO_STOP = 60
# Seconds in which orphans end: they have been told to.
TO_END = 10


def main() -> int:
    # A Ctrl-C in the terminal is for the command, which gets it as well.
    signal.signal(signal.SIGINT, lambda *_: None)
    take_orphans()
    with subprocess.Popen(sys.argv[1:]) as process, limited(process):
        # Without it the command would go on, with all its services.
        signal.signal(signal.SIGTERM, lambda *_: process.send_signal(signal.SIGINT))
        status = waited_for(process)
    for name in left_running():
        print(f"LEFT RUNNING by these tests: {name}", flush=True)
    return status


def take_orphans() -> bool:
    """Whether this process is from now on the parent of all processes below it that lose theirs."""
    if linux.IS_LINUX:
        with suppress(OSError):
            linux.prctl(PR_SET_CHILD_SUBREAPER, 1)
            return True
    return False


def waited_for(process: subprocess.Popen[bytes]) -> int:
    """Its exit status. Orphans are waited for meanwhile: to others they have ended only then."""
    while True:
        pid, status = os.wait()
        if pid == process.pid:
            process.returncode = os.waitstatus_to_exitcode(status)
            return process.returncode


def left_running() -> list[str]:
    """The names of the orphans that do not end; all others are waited for."""
    deadline = time.monotonic() + TO_END
    with suppress(ChildProcessError):
        while time.monotonic() < deadline:
            if os.waitpid(-1, os.WNOHANG) == (0, 0):
                time.sleep(0.05)
    return [each.name() for each in psutil.Process().children()]


def processor_seconds(usage: resource.struct_rusage) -> float:
    """Of a process and all its descendants that ended and were waited for."""
    return usage.ru_utime + usage.ru_stime


@contextmanager
def limited(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Interrupt it after `LONGEST` seconds: pytest then prints where it is. Kill it if it does not end."""
    timers = [
        threading.Timer(LONGEST, os.kill, [process.pid, signal.SIGINT]),
        threading.Timer(LONGEST + TO_STOP, os.kill, [process.pid, signal.SIGKILL]),
    ]
    for timer in timers:
        timer.daemon = True
        timer.start()
    try:
        yield
    finally:
        for timer in timers:
            timer.cancel()


if __name__ == "__main__":
    sys.exit(main())
