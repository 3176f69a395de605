"""Which of the due jobs go next: the relay's side of `waiting → queued`.

Pipelines share each batch, so that the million files of one don't hold up the single file of another. Within a pipeline
the higher priority goes first, then whatever has been due the longest. Priorities below 0 are the background: it goes
only while nothing else is due, and only a few at a time, so that a fresh upload waits behind those few at most.

The jobs of one queue, pipeline and priority are a lane. The index `job_claim` keeps each in the order of its due times,
so a claim costs a few probes of it, however many jobs are waiting.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Collection, Iterator, Sequence
from itertools import groupby, zip_longest
from typing import NamedTuple

from picasso.jobs import sql, states
from picasso.models import Job

# What `claim_due` lets be on its way of the background, if its caller does not know how fast the workers are.
FEW = 4


class Lane(NamedTuple):
    """The waiting jobs of one pipeline and priority, the first of which is due."""

    pipeline: str
    priority: int


Claimed = list[uuid.UUID]


def claim_due(queue: str, limit: int, window: int, background: int = FEW) -> Claimed:
    """Take up to ``limit`` due jobs for publishing, those first that are to go first.

    At most ``window`` are on their way afterwards, and no more of the background than ``background``, running ones
    included. Relays side by side get different ones.
    """
    lanes = list(due_lanes(queue))
    if not lanes:
        return []
    paused, queued, behind = sql.first(sql.QUEUE_STATUS, queue, queue) or (False, 0, 0)
    if paused:
        return []
    fresh = [lane for lane in lanes if lane.priority >= 0]
    limit = min(limit, window - queued, *([] if fresh else [background - behind]))
    return claim(queue, fresh or lanes, limit) if limit > 0 else []


def due_lanes(queue: str) -> Iterator[Lane]:
    """By pipeline, and from the lowest priority to the highest."""
    lane = Lane("", -(2**15))
    while found := sql.first(sql.NEXT_LANE, queue, *lane):
        lane = Lane(found[0], found[1])
        if found[2]:
            yield lane


def claim(queue: str, lanes: Sequence[Lane], limit: int) -> Claimed:
    """Up to ``limit`` jobs of these lanes, in which each pipeline has the same share as far as it has jobs."""
    pipelines = [
        sorted(mine, key=lambda lane: -lane.priority) for _, mine in groupby(lanes, lambda lane: lane.pipeline)
    ]
    # Where there are more pipelines than room, chance sees to it that none is always the last.
    random.shuffle(pipelines)
    taken: list[Claimed] = []
    while pipelines and limit > 0:
        share = max(1, limit // len(pipelines))
        full = []
        for mine in pipelines[:limit]:
            jobs = take(queue, mine, share)
            taken.append(jobs)
            limit -= len(jobs)
            if len(jobs) == share:
                full.append(mine)
        # What some did not use is for the others.
        pipelines = full
    return [job for turn in zip_longest(*taken) for job in turn if job]


def take(queue: str, lanes: Sequence[Lane], limit: int) -> Claimed:
    """Up to ``limit`` jobs of the lanes of one pipeline, the first lane's before the second's."""
    taken: Claimed = []
    for lane in lanes:
        if len(taken) < limit:
            rows = sql.rows(sql.CLAIM, queue, *lane, limit - len(taken))
            taken += (sql.parse_id(pk) for pk, _ in sorted(rows, key=lambda row: row[1]))
    return taken


def unclaim(jobs: Collection[uuid.UUID]) -> None:
    """Their messages could not be sent."""
    states.take_back(Job.objects.filter(pk__in=jobs))


def unclaim_all(queue: str) -> None:
    """All messages of the queue are known to be lost."""
    states.take_back(Job.objects.filter(queue=queue))
