"""How much memory processes take: at their peak, as the kernel keeps it, and as it changes."""

import re
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

import psutil

LOOK_EVERY = 0.2


def forget_peaks(processes: Iterable[psutil.Process]) -> None:
    for process in processes:
        # The kernel's word for: begin a new peak at what is resident now.
        Path(f"/proc/{process.pid}/clear_refs").write_text("5")


def peak(processes: Iterable[psutil.Process]) -> float:
    """MiB, of all of them together."""
    return sum(_status(process.pid, "VmHWM") for process in processes)


def _status(pid: int, name: str) -> float:
    """MiB; 0 of a process that is no more."""
    with suppress(OSError):
        if found := re.search(rf"{name}:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text()):
            return int(found[1]) / 1024
    return 0.0


class Watch:
    """What each of some processes has resident, looked at all the time inside the `with` statement."""

    def __init__(self, processes: Callable[[], Sequence[psutil.Process]]) -> None:
        self._processes = processes
        self._series: dict[int, list[float]] = {}
        self._peaks: dict[int, float] = {}
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join()

    @property
    def series(self) -> Mapping[int, Sequence[float]]:
        """MiB by process, oldest first, a value every 0.2 seconds."""
        return self._series

    @property
    def peak(self) -> float:
        """MiB, of the one process that had most, also between two looks."""
        return max(self._peaks.values(), default=0.0)

    def _run(self) -> None:
        while not self._stopped.wait(LOOK_EVERY):
            for process in self._processes():
                if resident := _status(process.pid, "VmRSS"):
                    self._series.setdefault(process.pid, []).append(resident)
                    self._peaks[process.pid] = max(self._peaks.get(process.pid, 0), _status(process.pid, "VmHWM"))
