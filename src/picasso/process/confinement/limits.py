"""Resource limits of a process: memory, open files, bytes written, processor time."""

from __future__ import annotations

import resource
import signal
import sys
from contextlib import suppress
from pathlib import Path

MAX_OPEN_FILES = 256

# Threads of all children of one fork server. Set only if the server has a user namespace and the kernel counts threads
# per namespace; otherwise the limit would count everything that the worker's user runs on the machine.
MAX_THREADS = 512
COUNTS_BY_NAMESPACE = (5, 14)


def apply(memory: int, file_size: int, own_user: bool) -> None:
    """Set all limits but processor time, for good.

    ``memory`` and ``file_size`` are in bytes; memory is limited on Linux only. ``own_user`` says whether this process
    is in a user namespace of its own.
    """
    set_limit(resource.RLIMIT_CORE, 0)
    set_limit(resource.RLIMIT_NOFILE, MAX_OPEN_FILES)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # a write beyond the limit is then an OSError
    set_limit(resource.RLIMIT_FSIZE, file_size)
    if own_user:
        set_limit(resource.RLIMIT_NPROC, MAX_THREADS)
    if sys.platform == "linux":
        set_limit(resource.RLIMIT_AS, memory)
        # If the machine runs out of memory, the kernel kills a child before other processes.
        with suppress(OSError):
            Path("/proc/self/oom_score_adj").write_text("500")


def set_limit(kind: int, value: int) -> None:
    _, hard = resource.getrlimit(kind)
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(kind, (value, value))


def allow_processor_time(seconds: float) -> None:
    """Allow this process ``seconds`` more of processor time, rounded up. SIGXCPU ends it after that.

    Unlike the other limits, a process may raise this one again. Then the worker's time limit still ends it.
    """
    used = resource.getrusage(resource.RUSAGE_SELF)
    total = int(used.ru_utime + used.ru_stime + seconds) + 1
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (total if hard == resource.RLIM_INFINITY else min(total, hard), hard))
