"""When a job is tried again, and when it is given up."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import timedelta

MAX_FAILURES = 5
MAX_CRASHES = 3


@dataclass(frozen=True, slots=True)
class TransientError:
    """Why an attempt at a job ended without a verdict on its file. The job is tried again, up to a limit."""

    code: str
    sentence: str
    crashed: bool = False
    """Whether the child process died of it."""
    max_failures: int = MAX_FAILURES
    """The job fails for good when so many of its attempts have failed and this is the error of the last one.

    Lower for errors that cost much and are most likely caused by the file.
    """


POISON = TransientError("poison", f"Processing this file crashed {MAX_CRASHES} times, so it is not tried again.")
WORKER_DIED = TransientError("worker-died", "The worker that processed this file died.")


def backoff(failures: int) -> timedelta:
    """About 1, 4, 16, then 64 seconds. The jitter keeps jobs that failed together from coming back together."""
    return timedelta(seconds=4 ** min(failures - 1, 3) * random.uniform(0.75, 1.25))  # noqa: S311
