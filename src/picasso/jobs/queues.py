"""The queues: their names, how full they are, and holding them.

A queue that is paused starts nothing; what runs goes on.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Count, F, Min, Q
from django.db.models.functions import Now

from picasso.models import Job, Queue
from picasso.queue_names import QUEUES

State = Job.State


@dataclass(frozen=True, slots=True)
class Load:
    """What a queue holds now."""

    name: str
    paused: bool
    waiting: int
    queued: int
    running: int
    oldest: float | None
    """Seconds since the job that has been due the longest was, or None if none is."""


def pause(name: str) -> None:
    _say(name, paused=True)


def resume(name: str) -> None:
    _say(name, paused=False)


def is_paused(name: str) -> bool:
    return Queue.objects.filter(name=name, paused=True).exists()


def _say(name: str, *, paused: bool) -> None:
    Queue.objects.update_or_create(name=name, defaults={"paused": paused})


def load(name: str) -> Load:
    """Each of its numbers by an index of its own, as there may be a million waiting."""
    jobs = Job.objects.filter(queue=name)
    taken = jobs.filter(state__in=(State.QUEUED, State.RUNNING)).aggregate(
        queued=Count("pk", Q(state=State.QUEUED)), running=Count("pk", Q(state=State.RUNNING))
    )
    waiting = jobs.filter(state=State.WAITING).aggregate(n=Count("*"), age=Now() - Min(F("due_at")))
    age: timedelta | None = waiting["age"]
    oldest = age.total_seconds() if age and age > timedelta() else None
    return Load(name, is_paused(name), waiting["n"], taken["queued"], taken["running"], oldest)


def loads() -> list[Load]:
    return [load(name) for name in QUEUES]
