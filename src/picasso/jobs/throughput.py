"""How many jobs a worker ends per second, which says how many messages it needs in advance."""

from __future__ import annotations

import threading
import time
from collections import deque

SPAN_SECONDS = 1.0


class Throughput:
    """Counts the jobs that ended within the last second. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ended: deque[float] = deque()

    def count(self, jobs: int = 1) -> None:
        with self._lock:
            self._ended.extend([time.monotonic()] * jobs)

    def per_second(self) -> int:
        with self._lock:
            since = time.monotonic() - SPAN_SECONDS
            while self._ended and self._ended[0] < since:
                self._ended.popleft()
            return len(self._ended)
