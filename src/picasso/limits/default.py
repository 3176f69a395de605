"""The counters and the limiter that the settings ask for."""

from __future__ import annotations

from functools import cache

from django.conf import settings
from django.db import connection

from picasso.conf import Conf
from picasso.limits.counters import Counters, MemoryCounters, Taken, take_now
from picasso.limits.database import DatabaseCounters
from picasso.limits.leases import LeasingLimiter
from picasso.limits.limiter import DirectLimiter, Limiter
from picasso.rate_policies import Policy


@cache
def default_counters() -> Counters:
    """Of this process. In memory only where there is a single web process."""
    conf: Conf = settings.PICASSO
    return MemoryCounters() if conf.embedded_database and conf.web_processes == 1 else DatabaseCounters()


def new_limiter(conf: Conf) -> Limiter:
    """For the event loop of a web process."""
    counters = default_counters()
    if isinstance(counters, MemoryCounters):
        return DirectLimiter(counters)
    return LeasingLimiter(counters, conf.web_processes, close=close_connection)


def take(name: str, subject: str, cost: int = 1) -> Taken | None:
    """For views: take units of the policy with this name. None if the settings have switched it off.

    Not in a transaction. Raises `OperationalError` if the counters are not available.
    """
    policy: Policy | None = settings.PICASSO.rates.get(name)
    return take_now(default_counters(), policy, subject, cost) if policy else None


def close_connection() -> None:
    """That of the thread."""
    connection.close()
