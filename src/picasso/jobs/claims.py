"""Which of the due jobs are next: the relay's part of `waiting → queued`.

Each batch is shared between the pipelines, so that a million files of one pipeline do not delay a single file of
another. Within a pipeline the higher priority goes first, then the job that has been due the longest. Jobs of a
priority below 0 are background jobs: they are claimed only while nothing else is due, and only a few at a time, so that
a new upload waits behind those few at most.

The jobs of one queue, pipeline and priority are a lane. The index `job_claim` has each lane in the order of its due
times, so a claim costs a few look-ups in it, however many jobs are waiting.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Collection, Iterator, Sequence
from itertools import groupby, zip_longest
from typing import NamedTuple

from picasso.jobs import sql, states
from picasso.models import Job

# How many background jobs may be queued or running where the throughput of the workers is not known.
MIN_BACKGROUND = 4


class Lane(NamedTuple):
    """The waiting jobs of one pipeline and priority, the first of which is due."""

    pipeline: str
    priority: int


def claim_due(queue: str, limit: int, window: int, background: int = MIN_BACKGROUND) -> list[uuid.UUID]:
    """Claim up to ``limit`` due jobs, in the order in which they are to run.

    Afterwards at most ``window`` jobs of the queue are queued, and at most ``background`` background jobs are queued or
    running. Relays that claim at the same time get different jobs.
    """
    lanes = list(due_lanes(queue))
    if not lanes:
        return []
    paused, queued, active_background = sql.first(sql.QUEUE_STATUS, queue, queue) or (False, 0, 0)
    if paused:
        return []
    foreground = [lane for lane in lanes if lane.priority >= 0]
    limit = min(limit, window - queued, *([] if foreground else [background - active_background]))
    return claim(queue, foreground or lanes, limit) if limit > 0 else []


def due_lanes(queue: str) -> Iterator[Lane]:
    """The lanes with a due job, by pipeline, and from the lowest priority to the highest."""
    lane = Lane("", -(2**15))
    while row := sql.first(sql.NEXT_LANE, queue, *lane):
        lane, due = Lane(row[0], row[1]), row[2]
        if due:
            yield lane


def claim(queue: str, lanes: Sequence[Lane], limit: int) -> list[uuid.UUID]:
    """Claim up to ``limit`` jobs of these lanes. Pipelines that have enough jobs get equal shares, and take turns."""
    pipelines = [
        sorted(mine, key=lambda lane: -lane.priority) for _, mine in groupby(lanes, lambda lane: lane.pipeline)
    ]
    # If there are more pipelines than places, none is always the last.
    random.shuffle(pipelines)
    turns: list[list[uuid.UUID]] = []
    while pipelines and limit > 0:
        share = max(1, limit // len(pipelines))
        full = []
        for mine in pipelines[:limit]:
            jobs = claim_share(queue, mine, share)
            turns.append(jobs)
            limit -= len(jobs)
            if len(jobs) == share:
                full.append(mine)
        # The pipelines with more jobs share what the others did not use.
        pipelines = full
    return [job for turn in zip_longest(*turns) for job in turn if job]


def claim_share(queue: str, lanes: Sequence[Lane], limit: int) -> list[uuid.UUID]:
    """Claim up to ``limit`` jobs of the lanes of one pipeline, the first lane first."""
    taken: list[uuid.UUID] = []
    for lane in lanes:
        if len(taken) < limit:
            rows = sql.rows(sql.CLAIM, queue, *lane, limit - len(taken))
            taken += (sql.parse_id(pk) for pk, _ in sorted(rows, key=lambda row: row[1]))
    return taken


def unclaim(jobs: Collection[uuid.UUID]) -> None:
    """Let them wait again: their messages could not be sent."""
    states.take_back(Job.objects.filter(pk__in=jobs))


def unclaim_all(queue: str) -> None:
    """Let all queued jobs wait again: the messages of the queue are lost."""
    states.take_back(Job.objects.filter(queue=queue))
