"""What is wrong with the service, in words. It takes a few look-ups, so pages may ask every few seconds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from django.utils import timezone

from picasso.conf import Conf
from picasso.doctor.finding import Level
from picasso.jobs import queues
from picasso.models import Queue, ServiceMetrics, Step
from picasso.monitoring import workers
from picasso.monitoring.samples import free_space
from picasso.process import pipelines

LONG = 600.0
"""Seconds that a due job waits."""

LOW = 4
"""Below so many times of what is kept free, the disk is nearly full."""


@dataclass(frozen=True, slots=True)
class Problem:
    code: str
    """A stable identifier, such as ``no-worker``."""
    level: Level
    text: str
    """A sentence for people."""
    where: str
    """The path of the page that has the button, such as ``/system/#queues``."""
    queue: str = ""
    since: datetime | None = None
    by: str = ""
    """The name of who has done it."""
    seconds: float | None = None


def problems(conf: Conf) -> list[Problem]:
    """The faults first."""
    paused = queues.paused()
    found = [*of_workers(conf), *of_queues(paused), *of_disk(conf), *of_backlog(paused)]
    return sorted(found, key=lambda problem: problem.level != Level.FAULT)


def of_workers(conf: Conf) -> Iterator[Problem]:
    names = pipelines.queues(conf)
    alive = workers.alive_by_queue()
    missing = [name for name in names if name not in alive]
    if not missing:
        return
    seen = workers.last_seen()
    if len(missing) == len(names):
        since = max(seen.values(), default=None)
        text = f"Processing is stopped: no worker{clock(since)}."
        yield Problem("no-worker", Level.FAULT, text, "/system/#workers", since=since)
        return
    for name in missing:
        text = f"No worker of the queue {name}{clock(seen.get(name))}: its jobs wait."
        yield Problem("no-worker", Level.FAULT, text, "/system/#workers", name, seen.get(name))


def of_queues(paused: Mapping[str, Queue]) -> Iterator[Problem]:
    for name, row in sorted(paused.items()):
        by = f" by {row.paused_by}" if row.paused_by else ""
        text = f"The queue {name} is paused{clock(row.paused_at)}{by}."
        yield Problem("queue-paused", Level.WARNING, text, "/system/#queues", name, row.paused_at, row.paused_by)


def of_disk(conf: Conf) -> Iterator[Problem]:
    free = free_space(conf.data_dir)
    if free is None:
        return
    if free < conf.min_free_space:
        yield Problem("disk-full", Level.FAULT, "Uploads are refused: the disk is full.", "/system/#disk")
    elif free < LOW * conf.min_free_space:
        yield Problem("disk-low", Level.WARNING, "The disk is nearly full.", "/system/#disk")


def of_backlog(paused: Iterable[str]) -> Iterator[Problem]:
    """By the last sample: to look among a million waiting jobs would take too long here."""
    last = ServiceMetrics.objects.filter(step=Step.MINUTE).order_by("-at").first()
    if last is None or last.oldest <= LONG or list(paused) or (timezone.now() - last.at).total_seconds() > LONG:
        return
    text = f"A due job has waited for {last.oldest / 60:.0f} minutes."
    yield Problem("backlog", Level.WARNING, text, "/jobs/?state=waiting", seconds=last.oldest)


def clock(at: datetime | None) -> str:
    """The rest of a sentence: since when; the day too if it is another one."""
    if at is None:
        return ""
    at, now = at.astimezone(UTC), datetime.now(UTC)
    return f" since {at:%H:%M} UTC" if at.date() == now.date() else f" since {at:%Y-%m-%d %H:%M} UTC"


def without_names(problem: Problem) -> Problem:
    """For those who may not know who operates the service."""
    if not problem.by:
        return problem
    text = f"The queue {problem.queue} is paused{clock(problem.since)}."
    return Problem(problem.code, problem.level, text, problem.where, problem.queue, problem.since)
