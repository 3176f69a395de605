"""What the kernel counts for each process: memory, files, bytes written, processor time."""

from __future__ import annotations

import resource
import signal
import sys
from contextlib import suppress
from pathlib import Path

MAX_OPEN_FILES = 256

# Children of one fork server and their threads together, where it has a user namespace of its own and the kernel counts
# by that; else it would count all that the worker's user runs on the machine.
MAX_THREADS = 512
COUNTED_BY_NAMESPACE = (5, 14)


def apply(memory: int, file_size: int, own_user: bool) -> None:
    """Limits in bytes. What macOS refuses to limit stays as it is there."""
    set_limit(resource.RLIMIT_CORE, 0)
    set_limit(resource.RLIMIT_NOFILE, MAX_OPEN_FILES)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # so that a write beyond it is an OSError
    set_limit(resource.RLIMIT_FSIZE, file_size)
    if own_user:
        set_limit(resource.RLIMIT_NPROC, MAX_THREADS)
    if sys.platform == "linux":
        set_limit(resource.RLIMIT_AS, memory)
        # When the machine has no memory left, a child goes before whatever else runs.
        with suppress(OSError):
            Path("/proc/self/oom_score_adj").write_text("500")


def set_limit(kind: int, value: int) -> None:
    _, hard = resource.getrlimit(kind)
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(kind, (value, value))


def allow_processor_time(seconds: float) -> None:
    """That much from now on, whole seconds; SIGXCPU ends what takes more.

    A process may lift this limit again, unlike the others; then its time is up by the clock.
    """
    used = resource.getrusage(resource.RUSAGE_SELF)
    until = int(used.ru_utime + used.ru_stime + seconds) + 1
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (until if hard == resource.RLIM_INFINITY else min(until, hard), hard))
