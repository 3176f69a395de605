"""The limiter of a web process: takes units of a policy for a subject, on the event loop."""

from __future__ import annotations

from typing import Protocol

from picasso.limits.counters import MemoryCounters, Taken, take_now
from picasso.rate_policies import Policy


class Limiter(Protocol):
    """Used on the loop's thread. Another thread, as that of a view, uses `picasso.limits.counters.take_now` on the
    `picasso.limits.default.default_counters`, outside of a transaction."""

    async def take(self, policy: Policy, subject: str, cost: int = 1) -> Taken:
        """Take all ``cost`` units or none. 0 only asks whether there are any left, as far as this process knows."""

    def start(self) -> None:
        """On the loop's thread."""

    async def stop(self) -> None:
        """Give back what is not needed."""


class DirectLimiter:
    """For the only web process of an installation."""

    def __init__(self, counters: MemoryCounters) -> None:
        self._counters = counters

    async def take(self, policy: Policy, subject: str, cost: int = 1) -> Taken:
        return take_now(self._counters, policy, subject, cost)

    def start(self) -> None:
        pass

    async def stop(self) -> None:
        pass
