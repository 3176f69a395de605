"""The limiter of one of several web processes: it reserves shares of a quota from the common counters.

A share is spent in this process alone, without a statement for each request. The counters are asked in a thread, for
all subjects that need something in one statement, and before the last share is used up. So a limit is exceeded by at
most 1 % of the quota for each process (`picasso.limits.bucket`), and a request waits only for the first and
the last shares of a window. Shares that nobody uses go back after a second.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from picasso.limits.bucket import Bucket
from picasso.limits.counters import MAX_SUBJECTS, Clock, Counters, Return, Taken, key_of
from picasso.rate_policies import Policy

log = logging.getLogger(__name__)

# A request waits so long for the counters. Then this process counts alone for the second time, and asks again. A server
# that is only busy must answer in this time, as counting alone is less exact.
WAIT_SECONDS = 3.0
ALONE_SECONDS = 2.0
LOG_SECONDS = 60.0

IDLE_SECONDS = 1.0
REMOVE_SECONDS = 60.0

# Shares that are looked at in one round of giving back.
MAX_IDLE = 1000


class LeasingLimiter:
    """Used on the loop's thread. When the counters are not available, it counts alone."""

    def __init__(
        self,
        counters: Counters,
        processes: int,
        *,
        close: Callable[[], None] = lambda: None,
        clock: Clock = time.monotonic,
        max_subjects: int = MAX_SUBJECTS,
    ) -> None:
        """``processes`` share a quota while the counters are not available. ``close`` ends a thread's connection."""
        self._counters = counters
        self._processes = processes
        self._close = close
        self._clock = clock
        self._max = max_subjects
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()
        self._leased: OrderedDict[str, Bucket] = OrderedDict()
        self._pending: dict[str, Bucket] = {}
        self._answered = asyncio.Event()
        self._asking: asyncio.Task[None] | None = None
        self._sweeping: asyncio.Task[None] | None = None
        self._alone_until = self._log_at = float("-inf")
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="rates")

    def __len__(self) -> int:
        return len(self._buckets)

    def start(self) -> None:
        self._sweeping = asyncio.create_task(self._sweep())

    async def stop(self) -> None:
        for task in filter(None, (self._sweeping, self._asking)):
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        self._thread.submit(self._counters.give_back, self._idle_shares(since=float("inf")))
        self._thread.submit(self._close)
        self._thread.shutdown(wait=False)

    async def take(self, policy: Policy, subject: str, cost: int = 1) -> Taken:
        now = self._clock()
        bucket = self._bucket(policy, subject, now)
        if cost == 0:
            if bucket.used_up and not bucket.lease and not bucket.is_exhausted(now):
                await self._wait(bucket, 0)  # somebody may have given units back
            return bucket.taken(bucket.lease > 0 or not bucket.used_up, self._clock())
        while not bucket.spend(cost):
            if bucket.is_exhausted(now):
                return bucket.taken(False, now)
            if not await self._wait(bucket, cost):
                return self._take_alone(bucket, cost)
            now = self._clock()
            bucket = self._bucket(policy, subject, now)
        if bucket.runs_low:
            self._ask(bucket, 0)
        return bucket.taken(True, now)

    def _take_alone(self, bucket: Bucket, cost: int) -> Taken:
        quota = max(1, bucket.policy.quota // self._processes)
        allowed = bucket.spend(cost) or bucket.spend_alone(cost, quota)
        return bucket.taken(allowed, self._clock(), reduced=not allowed and not bucket.used_up)

    def _bucket(self, policy: Policy, subject: str, now: float) -> Bucket:
        key = key_of(policy, subject)
        bucket = self._buckets.get(key)
        if bucket is None or bucket.ends <= now:
            bucket = self._buckets[key] = Bucket(key, policy, now + policy.window, now)
        bucket.policy, bucket.used_at = policy, now
        self._buckets.move_to_end(key)
        if len(self._buckets) > self._max:
            self._buckets.popitem(last=False)
        return bucket

    async def _wait(self, bucket: Bucket, cost: int) -> bool:
        """Wait for the next answer of the counters. False if there was none."""
        if self._counts_alone():
            return False
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                await self._ask(bucket, cost).wait()
        except TimeoutError:
            self._count_alone("no answer in time")
        return not self._counts_alone()

    def _ask(self, bucket: Bucket, cost: int) -> asyncio.Event:
        """Ask the counters in the next round. The event is set when they have answered, or failed."""
        bucket.asking = True
        bucket.wanted += cost
        self._pending[bucket.key] = bucket
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._ask_all())
        return self._answered

    async def _ask_all(self) -> None:
        while self._pending:
            batch, self._pending = [*self._pending.values()], {}
            answered, self._answered = self._answered, asyncio.Event()
            try:
                await self._ask_for(batch)
            finally:
                answered.set()

    async def _ask_for(self, batch: Sequence[Bucket]) -> None:
        now = self._clock()
        charges = [bucket.charge(now) for bucket in batch]
        try:
            counts = await self._in_thread(self._counters.charge, charges)
        except Exception as fault:  # whatever it is: when the limiter fails, no request fails with it
            self._count_alone(fault)
            for bucket, charge in zip(batch, charges, strict=True):
                bucket.restore(charge)
            return
        now = self._clock()
        for bucket, count in zip(batch, counts, strict=True):
            bucket.settle(count, now)
            if bucket.lease and len(self._leased) < self._max:
                self._leased[bucket.key] = bucket

    def _counts_alone(self) -> bool:
        return self._clock() < self._alone_until

    def _count_alone(self, why: object) -> None:
        now = self._clock()
        self._alone_until = now + ALONE_SECONDS
        if now >= self._log_at:
            self._log_at = now + LOG_SECONDS
            log.warning("the counters of rates are not available, so this process counts alone: %s", why)

    async def _sweep(self) -> None:
        remove_at = self._clock() + REMOVE_SECONDS
        while True:
            await asyncio.sleep(IDLE_SECONDS)
            now = self._clock()
            try:
                if shares := self._idle_shares(since=now - IDLE_SECONDS):
                    await self._in_thread(self._counters.give_back, shares)
                if now >= remove_at:
                    remove_at = now + REMOVE_SECONDS
                    await self._in_thread(self._counters.remove_ended)
            except Exception as fault:
                self._count_alone(fault)

    def _idle_shares(self, since: float) -> list[Return]:
        """Take the shares away that were not used ``since`` then. Those of windows that are over are lost."""
        found = []
        for _ in range(min(len(self._leased), MAX_IDLE)):
            key, bucket = self._leased.popitem(last=False)
            if not bucket.lease or bucket.ends <= self._clock():
                continue
            if bucket.used_at > since:
                self._leased[key] = bucket
            else:
                found.append(bucket.give_back())
        return found

    async def _in_thread(self, call: Callable[..., Any], *args: object) -> Any:
        return await asyncio.shield(asyncio.get_running_loop().run_in_executor(self._thread, call, *args))
