"""The counters and the limiter that the settings ask for."""

from __future__ import annotations

from functools import cache

from django.conf import settings
from django.db import connection

from picasso.conf import Conf
from picasso.limits.counters import Counters, MemoryCounters
from picasso.limits.database import DatabaseCounters
from picasso.limits.leases import LeasingLimiter
from picasso.limits.limiter import DirectLimiter, Limiter


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


def close_connection() -> None:
    """That of the thread."""
    connection.close()
