"""Which of the due jobs are next: the relay's part of `waiting → queued`.

Each batch is shared between the projects, and the share of a project between its pipelines. So a million files of one
project or pipeline do not delay a single file of another. Within a pipeline the higher priority goes first, then the
job that has been due the longest. Jobs of a priority below 0 are background jobs: they are claimed only while nothing
else is due, and only a few at a time, so that a new upload waits behind those few at most.

The jobs of one queue, project, pipeline and priority are a lane. The index `job_claim` has each lane in the order of
its due times, so a claim costs a few look-ups in it, however many jobs are waiting.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import timedelta
from itertools import groupby, zip_longest
from typing import NamedTuple

from django.db.models.functions import Now

from picasso.jobs import sql, states
from picasso.models import Job

# How many background jobs may be queued or running where the throughput of the workers is not known.
MIN_BACKGROUND = 4

# A job that no worker takes for so long may wait for ever, if no other worker has its processor.
STRANDED_AFTER = timedelta(seconds=30)


class Lane(NamedTuple):
    """The waiting jobs of one queue, project, pipeline and priority, the first of which is due."""

    queue: str
    project: int
    pipeline: str
    priority: int


Taker = Callable[[int], list[uuid.UUID]]
"""Claims up to so many jobs of somebody who has a share."""


def claim_due(
    queue: str,
    limit: int,
    window: int,
    background: int = MIN_BACKGROUND,
    unavailable: Collection[str] = (),
    *,
    at_least: int = 1,
) -> list[uuid.UUID]:
    """Claim up to ``limit`` due jobs, in the order in which they are to run, but none of ``unavailable`` processors.

    Afterwards at most ``window`` jobs of the queue are queued, and at most ``background`` background jobs are queued or
    running. Nothing is claimed while the window has room for fewer than ``at_least``. Relays that claim at the same
    time get different jobs.
    """
    found = due_lanes(queue)
    first = next(found, None)
    if first is None:
        return []
    paused, queued, active_background = sql.first(sql.QUEUE_STATUS, queue, queue) or (False, 0, 0)
    if paused or window - queued < at_least:
        return []
    lanes = [first, *found]
    foreground = [lane for lane in lanes if lane.priority >= 0]
    limit = min(limit, window - queued)
    if foreground and (jobs := claim(foreground, limit, unavailable)):
        return jobs
    # Jobs of unavailable processors may stay due for ever, so background jobs must not wait for them.
    if foreground and not unavailable:
        return []
    behind = [lane for lane in lanes if lane.priority < 0]
    return claim(behind, min(limit, background - active_background), unavailable)


def due_lanes(queue: str, project: int | None = None) -> Iterator[Lane]:
    """The lanes with a due job, by project and pipeline, and from the lowest priority to the highest.

    Those of one ``project``, or of all.
    """
    lane = Lane(queue, project or 0, "", -(2**15))
    while row := sql.first(sql.NEXT_LANE, *lane):
        *found, due = row
        lane = Lane(queue, *found)
        if project and lane.project != project:
            return
        if due:
            yield lane


def claim(lanes: Sequence[Lane], limit: int, unavailable: Collection[str] = ()) -> list[uuid.UUID]:
    """Claim up to ``limit`` jobs of these lanes, shared between projects and then between their pipelines.

    They are in the order of `due_lanes`, or of several queues sorted by project and pipeline.
    """

    def of_pipeline(mine: Sequence[Lane]) -> Taker:
        highest_first = sorted(mine, key=lambda lane: -lane.priority)
        return lambda limit: claim_share(highest_first, limit, unavailable)

    def of_project(mine: Sequence[Lane]) -> Taker:
        pipelines = [of_pipeline(list(group)) for _, group in groupby(mine, lambda lane: lane.pipeline)]
        return lambda limit: shared(pipelines, limit)

    projects = [of_project(list(group)) for _, group in groupby(lanes, lambda lane: lane.project)]
    return shared(projects, limit)


def shared(takers: Sequence[Taker], limit: int) -> list[uuid.UUID]:
    """Claim up to ``limit`` jobs. Those who have enough jobs get equal shares, and take turns."""
    takers = list(takers)
    # If there are more of them than places, none is always the last.
    random.shuffle(takers)
    turns: list[list[uuid.UUID]] = []
    while takers and limit > 0:
        share = max(1, limit // len(takers))
        full = []
        for take in takers[:limit]:
            jobs = take(share)
            turns.append(jobs)
            limit -= len(jobs)
            if len(jobs) == share:
                full.append(take)
        # Those with more jobs share what the others did not use.
        takers = full
    return [job for turn in zip_longest(*turns) for job in turn if job]


def claim_share(lanes: Sequence[Lane], limit: int, unavailable: Collection[str] = ()) -> list[uuid.UUID]:
    """Claim up to ``limit`` jobs of the lanes of one pipeline, the first lane first."""
    taken: list[uuid.UUID] = []
    for lane in lanes:
        if len(taken) < limit:
            claim = (sql.CLAIM, *lane, list(unavailable), limit - len(taken))
            # A claim that is lost is a message for a job that waits, which starts nothing: it is claimed again.
            (rows,) = sql.run_together(claim, durable=False)
            taken += (sql.parse_id(pk) for pk, _ in sorted(rows, key=lambda row: row[1]))
    return taken


def stranded(queue: str, unavailable: Collection[str]) -> list[str]:
    """Those of these processors that have a job which has been due for `STRANDED_AFTER`."""
    due = Job.everywhere.filter(queue=queue, state=Job.State.WAITING, due_at__lt=Now() - STRANDED_AFTER)
    return sorted(due.filter(processor__in=unavailable).values_list("processor", flat=True).distinct())


def unclaim(jobs: Collection[uuid.UUID]) -> None:
    """Let them wait again: their messages could not be sent."""
    states.take_back(Job.everywhere.filter(pk__in=jobs))


def unclaim_all(queue: str) -> None:
    """Let all queued jobs wait again: the messages of the queue are lost."""
    states.take_back(Job.everywhere.filter(queue=queue))
