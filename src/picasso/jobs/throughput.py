"""How fast a worker is, which says how many messages need to be on their way to it."""

from __future__ import annotations

import threading
import time
from collections import deque

SPAN = 1.0


class Pace:
    """The jobs that ended within the last second."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ended: deque[float] = deque()

    def ended(self, jobs: int = 1) -> None:
        with self._lock:
            self._ended.extend([time.monotonic()] * jobs)

    def per_second(self) -> int:
        with self._lock:
            since = time.monotonic() - SPAN
            while self._ended and self._ended[0] < since:
                self._ended.popleft()
            return len(self._ended)
