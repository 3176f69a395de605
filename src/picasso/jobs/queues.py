"""The queues: what they hold, and how to pause and resume them.

A paused queue starts no jobs. Jobs that are running already run to their end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count, F, Min, Q, QuerySet
from django.db.models.functions import Now

from picasso.access import actor, audit
from picasso.access.actor_names import name_of
from picasso.models import Job, Queue
from picasso.queue_names import QUEUES

State = Job.State


NOT_PAUSED = {"paused_at": None, "paused_by": ""}


@dataclass(frozen=True, slots=True)
class Load:
    """The jobs of a queue now."""

    name: str
    paused: bool
    waiting: int
    queued: int
    running: int
    oldest: float | None
    """For how many seconds the oldest due job has been due; None if no job is due."""
    paused_at: datetime | None = None
    """Since when it is paused; None also for one that an older version has paused."""
    paused_by: str = ""
    """The name of who paused it; empty where it is unknown."""


def pause(name: str) -> None:
    _set(name, paused=True)


def resume(name: str) -> None:
    _set(name, paused=False)


def is_paused(name: str) -> bool:
    return Queue.objects.filter(name=name, paused=True).exists()


def paused() -> dict[str, Queue]:
    """The paused queues by name."""
    return {each.name: each for each in Queue.objects.filter(paused=True)}


def _set(name: str, *, paused: bool) -> None:
    """Who pauses a paused queue once more does not change since when it is paused."""
    with transaction.atomic():
        if is_paused(name) != paused:
            since = {"paused_at": Now(), "paused_by": name_of(actor.current())} if paused else NOT_PAUSED
            Queue.objects.update_or_create(name=name, defaults={"paused": paused, **since})
        audit.record("queue.pause" if paused else "queue.resume", "queue", name)


def clear_resumed() -> None:
    """Forget who had paused the queues that are not paused.

    A process of an older version leaves that when it resumes a queue, and it would be shown when it pauses it again.
    """
    Queue.objects.filter(paused=False, paused_at__isnull=False).update(**NOT_PAUSED)


def load(name: str, rows: Callable[[], QuerySet[Job]] = Job.everywhere.all) -> Load:
    """Of the jobs among ``rows``. Each number comes from an index, as there may be a million jobs waiting."""
    jobs = rows().filter(queue=name)
    active = jobs.filter(state__in=(State.QUEUED, State.RUNNING)).aggregate(
        queued=Count("pk", Q(state=State.QUEUED)), running=Count("pk", Q(state=State.RUNNING))
    )
    waiting = jobs.filter(state=State.WAITING).aggregate(n=Count("*"), age=Now() - Min(F("due_at")))
    age: timedelta | None = waiting["age"]
    oldest = age.total_seconds() if age and age > timedelta() else None
    row = Queue.objects.filter(name=name, paused=True).first()
    since = (row.paused_at, row.paused_by) if row else (None, "")
    return Load(name, row is not None, waiting["n"], active["queued"], active["running"], oldest, *since)


def loads(rows: Callable[[], QuerySet[Job]] = Job.everywhere.all, names: Iterable[str] = QUEUES) -> list[Load]:
    return [load(name, rows) for name in names]
