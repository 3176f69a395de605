"""The queues: what they hold, and how to pause and resume them.

A paused queue starts no jobs. Jobs that are running already run to their end.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import transaction
from django.db.models import Count, Max, Min, Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from picasso.access import actor, audit
from picasso.access.actor_names import name_of
from picasso.models import Job, Queue
from picasso.queue_names import QUEUES

State = Job.State


MOST = 10_000
"""So many waiting jobs are counted each time."""

KEPT_SECONDS = 15.0
"""How old a larger number may be. To count a million takes a tenth of a second of three processes of PostgreSQL."""

MAX_KEPT = 1000

NOT_PAUSED = {"paused_at": None, "paused_by": ""}


@dataclass(frozen=True, slots=True)
class Load:
    """The jobs of a queue now."""

    name: str
    paused: bool
    waiting: int
    """Exact up to `MOST`; a larger number may be `KEPT_SECONDS` old."""
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


@dataclass(frozen=True, slots=True)
class Waiting:
    number: int
    due: datetime | None
    """Since when the oldest has been due."""
    now: datetime
    """The time of the database."""

    @classmethod
    def among(cls, jobs: QuerySet[Job]) -> Waiting:
        found = jobs.values("due_at").aggregate(n=Count("*"), due=Min("due_at"), now=Max(Now()))
        return cls(found["n"], found["due"], found["now"] or timezone.now())

    @property
    def oldest(self) -> float | None:
        return (self.now - self.due).total_seconds() if self.due and self.due < self.now else None


_kept: dict[tuple[str, Hashable], tuple[float, Waiting]] = {}


def waiting_among(jobs: QuerySet[Job], key: tuple[str, Hashable]) -> Waiting:
    """By an index alone, and of many jobs from before: ``key`` stands for the same jobs. Any thread may call it."""
    some = Waiting.among(jobs[: MOST + 1])
    if some.number <= MOST:
        return some
    at, all_of_them = _kept.get(key, (0.0, some))
    if all_of_them is some or time.monotonic() - at > KEPT_SECONDS:
        all_of_them = Waiting.among(jobs)
        if len(_kept) >= MAX_KEPT:
            _kept.clear()
        _kept[key] = time.monotonic(), all_of_them
    return replace(all_of_them, now=some.now)


def load(name: str, rows: Callable[[], QuerySet[Job]] = Job.everywhere.all, of: Hashable = None) -> Load:
    """Of the jobs among ``rows``, for which ``of`` stands: None for all. Each number comes from an index."""
    jobs = rows().filter(queue=name)
    active = jobs.filter(state__in=(State.QUEUED, State.RUNNING)).aggregate(
        queued=Count("pk", Q(state=State.QUEUED)), running=Count("pk", Q(state=State.RUNNING))
    )
    waiting = waiting_among(jobs.filter(state=State.WAITING).order_by(), (name, of))
    row = Queue.objects.filter(name=name, paused=True).first()
    since = (row.paused_at, row.paused_by) if row else (None, "")
    numbers = (waiting.number, active["queued"], active["running"], waiting.oldest)
    return Load(name, row is not None, *numbers, *since)


def loads(
    rows: Callable[[], QuerySet[Job]] = Job.everywhere.all, names: Iterable[str] = QUEUES, of: Hashable = None
) -> list[Load]:
    """As of `load`."""
    return [load(name, rows, of) for name in names]
