"""When a delivery is tried again, and when a receiver is left alone."""

from __future__ import annotations

import random
from datetime import timedelta

# Seconds before each try, the first included: https://github.com/standard-webhooks/standard-webhooks, "Retry schedule".
DELAYS = (0, 5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)

JITTER = 0.1

# A receiver that fails is asked less and less often, by one message at a time.
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0

LONGEST_RETRY_AFTER = 86_400.0

# A webhook whose every attempt has failed for so long is disabled.
GIVE_UP_AFTER = timedelta(days=7)


def delay(tries: int) -> float | None:
    """Seconds until the next try after so many failed ones; None if there is none."""
    if tries >= len(DELAYS):
        return None
    return DELAYS[tries] * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 # no secret


def pause(failures: int) -> float:
    """Seconds for which a receiver is left alone after so many failures in a row."""
    return min(FIRST_PAUSE * 2.0 ** min(failures - 1, 10), LONGEST_PAUSE)
