"""Counters of rates: the one truth about what a subject has used in its current window.

`MemoryCounters` serves an installation with a single web process, `picasso.limits.database` all others. A process may
ask for one unit at a time, or for a share of many units that it then spends by itself (`picasso.limits.leases`).
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from picasso.rate_policies import Policy

Clock = Callable[[], float]
"""Seconds since some fixed moment."""

# About 25 MB. Whoever has so many addresses is not held by a limit for each of them.
MAX_SUBJECTS = 65_536


@dataclass(frozen=True, slots=True)
class Charge:
    """What a process used, and what it wants to have, of one counter."""

    key: str
    quota: int
    want: int
    """Units that are reserved if they are left; fewer if there are not so many."""
    debt: int
    """Units that were already used without being reserved. They are counted in any case."""
    seconds: float
    """How long the window is if it begins now."""


@dataclass(frozen=True, slots=True)
class Count:
    """The state of one counter after a charge."""

    granted: int
    """Units that were reserved."""
    left: int
    """Units that nobody has reserved yet."""
    seconds: float
    """Until the window ends."""
    window: int
    """Identifies the window among those of this counter."""


@dataclass(frozen=True, slots=True)
class Return:
    """Reserved units that are not needed. They are lost if their window is over."""

    key: str
    window: int
    units: int


class Counters(Protocol):
    """Thread-safe."""

    def charge(self, charges: Sequence[Charge]) -> list[Count]:
        """One count for each charge, in their order. The charges have different keys."""

    def give_back(self, returns: Sequence[Return]) -> None:
        """Make these units available again."""

    def remove_ended(self) -> None:
        """Remove the counters whose windows have ended; they count as unused in any case."""


@dataclass(frozen=True, slots=True)
class Taken:
    """The outcome of one request for units of a policy."""

    policy: Policy
    allowed: bool
    remaining: int
    """Units that the subject can still use in this window."""
    reset: float
    """Seconds until the window ends and the whole quota is available again."""
    reduced: bool = False
    """Refused because the counters are not available, and not because the quota is used up."""


def key_of(policy: Policy, subject: str) -> str:
    return f"{policy.name}:{subject}"


def take_now(counters: Counters, policy: Policy, subject: str, cost: int = 1) -> Taken:
    """Take all ``cost`` units or none, in a thread that may wait. 0 only asks whether there are any left."""
    key = key_of(policy, subject)
    count = counters.charge([Charge(key, policy.quota, cost, 0, policy.window)])[0]
    left = count.left
    if 0 < count.granted < cost:
        counters.give_back([Return(key, count.window, count.granted)])
        left += count.granted
    return Taken(policy, count.granted == cost and (cost > 0 or left > 0), left, count.seconds)


@dataclass(slots=True)
class Window:
    used: int
    ends: float
    number: int


class MemoryCounters:
    """Counters of one process. When there are too many, those that were not used for the longest time are removed."""

    def __init__(self, clock: Clock = time.monotonic, max_subjects: int = MAX_SUBJECTS) -> None:
        self._clock = clock
        self._max = max_subjects
        self._windows: OrderedDict[str, Window] = OrderedDict()
        self._number = 0
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._windows)

    def charge(self, charges: Sequence[Charge]) -> list[Count]:
        with self._lock:
            now = self._clock()
            return [self._charge(each, now) for each in charges]

    def give_back(self, returns: Sequence[Return]) -> None:
        with self._lock:
            for each in returns:
                window = self._windows.get(each.key)
                if window and window.number == each.window:
                    window.used = max(0, window.used - each.units)

    def remove_ended(self) -> None:
        with self._lock:
            now = self._clock()
            for key in [key for key, window in self._windows.items() if window.ends <= now]:
                del self._windows[key]

    def _charge(self, charge: Charge, now: float) -> Count:
        window = self._window(charge, now)
        window.used += charge.debt
        granted = max(0, min(charge.want, charge.quota - window.used))
        window.used += granted
        # The sum of the clock and the seconds is rounded, so their difference may be a little more.
        left = min(charge.seconds, window.ends - now)
        return Count(granted, max(0, charge.quota - window.used), left, window.number)

    def _window(self, charge: Charge, now: float) -> Window:
        window = self._windows.get(charge.key)
        if window is None or window.ends <= now:
            self._number += 1
            window = self._windows[charge.key] = Window(0, now + charge.seconds, self._number)
        self._windows.move_to_end(charge.key)
        if len(self._windows) > self._max:
            self._windows.popitem(last=False)
        return window
