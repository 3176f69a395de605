"""How many jobs a worker ends per second, and how long each takes: how many messages it needs, and of what size."""

from __future__ import annotations

import threading
import time
from collections import deque

SPAN_SECONDS = 1.0


class Throughput:
    """Of the jobs that ended within the last second. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ended: deque[tuple[float, float]] = deque()

    def count(self, jobs: int = 1, seconds: float = 0) -> None:
        """So many jobs have ended, which took so many seconds together."""
        with self._lock:
            self._ended.extend([(time.monotonic(), seconds / max(jobs, 1))] * jobs)

    def per_second(self) -> int:
        return len(self._last())

    def mean_duration(self) -> float | None:
        """In seconds; None if no job has ended."""
        last = self._last()
        return sum(last) / len(last) if last else None

    def _last(self) -> list[float]:
        with self._lock:
            since = time.monotonic() - SPAN_SECONDS
            while self._ended and self._ended[0][0] < since:
                self._ended.popleft()
            return [duration for _, duration in self._ended]
