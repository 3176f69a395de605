"""What something costs, also on a machine that is busy with other things."""

from __future__ import annotations

import time
from collections.abc import Callable

TRIES = 5


def least_seconds(run: Callable[[], object], enough: float) -> float:
    """CPU seconds of this thread: the least of some tries, since other programs disturb the caches and the clock rate.

    No more tries are made once it is less than ``enough``.
    """
    return min(tried(run, enough))


def tried(run: Callable[[], object], enough: float) -> list[float]:
    found: list[float] = []
    while len(found) < TRIES and not (found and found[-1] < enough):
        began = time.thread_time()
        run()
        found.append(time.thread_time() - began)
    return found
