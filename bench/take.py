"""`python -m bench.take`: microseconds of processor time for one counted request; a process of its own for `rates`."""

import asyncio
import os
import time

from picasso.limits.counters import Counters, MemoryCounters
from picasso.limits.database import DatabaseCounters
from picasso.limits.fields import fields
from picasso.limits.leases import LeasingLimiter
from picasso.limits.limiter import DirectLimiter, Limiter
from picasso.rate_policies import Policy

REQUESTS = 50_000

# As tight as it gets: all shares of the quota are asked for, down to the last units, and then it is refused.
POLICY = Policy("key", REQUESTS // 2, 3600)


def limiter() -> Limiter:
    counters: Counters = DatabaseCounters() if "DATABASE_URL" in os.environ else MemoryCounters()
    return DirectLimiter(counters) if isinstance(counters, MemoryCounters) else LeasingLimiter(counters, 2)


async def microseconds() -> float:
    found, subject = limiter(), f"key:{time.time_ns()}"
    found.start()
    began = time.process_time()  # of all threads, so that of the one that asks the database as well
    for _ in range(REQUESTS):
        fields([await found.take(POLICY, subject)])
    used = time.process_time() - began
    await found.stop()
    return used / REQUESTS * 1e6


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "picasso.settings")
    print(asyncio.run(microseconds()))
