"""The workers: one for each queue, and what waits for them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.db.models.functions import Now

from picasso.doctor.finding import Finding, Installation, fault, ok, warning
from picasso.jobs.queues import Load, loads
from picasso.models import Worker
from picasso.process import pipelines

SEEN_WITHIN = timedelta(seconds=30)
LONG = 600.0
"""Seconds that a due job waits."""


def check(installation: Installation) -> Iterator[Finding]:
    alive = set(Worker.objects.filter(seen_at__gt=Now() - SEEN_WITHIN).values_list("queue", flat=True))
    found = {load.name: load for load in loads()}
    for queue in pipelines.queues(installation.conf):
        yield from queue_of(found[queue], lives=queue in alive)


def queue_of(load: Load, *, lives: bool) -> Iterator[Finding]:
    name = load.name
    if not lives:
        what = f"No worker of the queue {name} has reported within {SEEN_WITHIN.seconds} seconds."
        change = f"Start one: `picasso worker --queue {name}`."
        yield fault("worker", what, change, "troubleshooting.md#files-stay-pending")
    else:
        yield ok("worker", f"A worker of the queue {name} is alive.")
    if load.paused:
        what = f"The queue {name} is paused."
        yield warning("queue", what, f"Resume it: `picasso queues resume {name}`.", "operations.md")
    elif load.oldest and load.oldest > LONG:
        what = f"{load.waiting} jobs wait in the queue {name}, one of them for {load.oldest / 60:.0f} minutes."
        yield warning("queue", what, "Start more workers, or give them more places.", "settings.md#picasso_quick_jobs")
