"""Jobs of files in the trash: no worker elsewhere gets one, so they are not due until their files are restored."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import UTC, datetime

from django.db.models.functions import Now

from picasso import activity
from picasso.models import Job

NOT_DUE = datetime(8000, 1, 1, tzinfo=UTC)
"""When such a job is due. Another time than that of jobs in quarantine, which the scanner makes due."""


def make_jobs_due(files: Collection[uuid.UUID]) -> None:
    """Of files that are restored in this transaction, which has locked them."""
    if Job.everywhere.filter(file__in=files, state=Job.State.WAITING, due_at=NOT_DUE).update(due_at=Now()):
        activity.announce()
