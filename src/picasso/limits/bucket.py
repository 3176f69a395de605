"""What one process knows of one counter in its current window, and the units that it has reserved there."""

from __future__ import annotations

from dataclasses import dataclass

from picasso.limits.counters import Charge, Count, Return, Taken
from picasso.rate_policies import Policy

# Each process lets so much of a quota pass before it asks the counters for the first time in a window. Subjects with
# few requests then cost no statement and no row. This is also the tolerance of the limit, for each process: twice this
# part, as one window of the counters can overlap two that a process began by itself. Quotas below 200 have none.
FREE_PART = 200

# A share is so much of what is left. So shares become smaller towards the end, and little is held by other processes.
# Quotas below 200 are taken one by one.
SHARE_PART = 8
FIRST_SHARE_PART = 16

# Another process may give units back: when all are used up, the counters are asked again after this many seconds.
ASK_AGAIN_SECONDS = 1.0


@dataclass(slots=True, eq=False)
class Bucket:
    """All times are those of the limiter's clock."""

    key: str
    policy: Policy
    ends: float
    """When the window ends; exact once the counters have been asked."""
    used_at: float
    known: bool = False
    """Whether the counters have been asked in this window."""
    asking: bool = False
    window: int = 0
    lease: int = 0
    """Reserved units that are not yet used."""
    debt: int = 0
    """Used units that were not reserved and are not yet reported."""
    spent: int = 0
    left: int = 0
    """Units that nobody had reserved when the counters were last asked."""
    wanted: int = 0
    """Units that requests wait for."""
    last_grant: int = 0
    ask_at: float = 0.0

    def spend(self, cost: int) -> bool:
        """Use reserved units, or the free part of the quota. Whether there were enough."""
        if self.lease >= cost:
            self.lease -= cost
        elif not self.known and self.debt + cost <= self.policy.quota // FREE_PART:
            self.debt += cost
        else:
            return False
        self.spent += cost
        return True

    def spend_alone(self, cost: int, quota: int) -> bool:
        """Use units without the counters: of what they last said is left, and at most ``quota`` in this window."""
        if self.spent + cost > quota or (self.known and self.left < cost):
            return False
        self.spent += cost
        self.debt += cost
        self.left = max(0, self.left - cost)
        return True

    @property
    def used_up(self) -> bool:
        """Whether nothing is left, as far as known."""
        return self.known and self.left == 0

    def is_exhausted(self, now: float) -> bool:
        """Whether nothing is left, as far as known, and it is too early to ask again."""
        return self.used_up and now < self.ask_at

    @property
    def runs_low(self) -> bool:
        """Whether to reserve the next share now, so that no request has to wait for it."""
        return self.lease < self.last_grant // 2 and self.left > 0 and not self.asking

    def charge(self, now: float) -> Charge:
        """What to ask of the counters."""
        wanted, self.wanted = self.wanted, 0
        debt, self.debt = self.debt, 0
        return Charge(self.key, self.policy.quota, max(wanted, self._share()), debt, self.ends - now)

    def settle(self, count: Count, now: float) -> None:
        """Take in what the counters answered."""
        if count.window != self.window:
            self.lease = 0  # what was reserved in a window that is over
        self.known, self.asking = True, False
        self.window, self.ends, self.ask_at = count.window, now + count.seconds, now + ASK_AGAIN_SECONDS
        self.lease += count.granted
        self.last_grant, self.left = count.granted, count.left

    def restore(self, charge: Charge) -> None:
        """The counters did not answer ``charge``."""
        self.asking = False
        self.debt += charge.debt

    def give_back(self) -> Return:
        units, self.lease, self.last_grant = self.lease, 0, 0
        self.left += units
        return Return(self.key, self.window, units)

    def taken(self, allowed: bool, now: float, reduced: bool = False) -> Taken:
        remaining = self.lease + self.left if self.known else self.policy.quota - self.spent
        return Taken(self.policy, allowed, max(0, remaining), max(0.0, self.ends - now), reduced)

    def _share(self) -> int:
        if self.policy.quota < FREE_PART:
            return 0
        return self.left // SHARE_PART if self.known else self.policy.quota // FIRST_SHARE_PART
