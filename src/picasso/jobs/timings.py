"""How long jobs waited and ran, for figures over time."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator
from datetime import datetime
from typing import NamedTuple

from picasso.models import Job


class Timing(NamedTuple):
    """Of a job that has ended."""

    file_id: uuid.UUID
    finished_at: datetime
    waited: float
    """Seconds from the request to the start of its last attempt."""
    ran: float
    """Seconds of its last attempt."""


def of_files(files: Collection[uuid.UUID]) -> Iterator[Timing]:
    """Of the ended jobs of these files that were started. One look-up in an index for each file."""
    rows = Job.everywhere.filter(file_id__in=files, finished_at__isnull=False, started_at__isnull=False)
    columns = ("file_id", "requested_at", "started_at", "finished_at")
    for file_id, requested, started, finished in rows.order_by().values_list(*columns):
        yield Timing(file_id, finished, seconds(requested, started), seconds(started, finished))


def seconds(start: datetime, end: datetime) -> float:
    return max(0.0, (end - start).total_seconds())
