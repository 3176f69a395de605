"""Jobs of files in the trash: no worker elsewhere gets one, so they are not due until their files are restored."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import UTC, datetime

from django.db.models import BooleanField, Exists, OuterRef
from django.db.models.expressions import RawSQL
from django.db.models.functions import Now

from picasso import activity
from picasso.access.principal import SERVICE
from picasso.files.queries import visible_to
from picasso.models import Job

NOT_DUE = datetime(8000, 1, 1, tzinfo=UTC)
"""When such a job is due. Another time than that of jobs in quarantine, which the scanner makes due."""

# Without parameters: SQLite then takes the partial index.
WAITING = RawSQL("picasso_job.state = 'waiting'", (), BooleanField())


def make_jobs_due(files: Collection[uuid.UUID]) -> None:
    """Of files that are restored in this transaction, which has locked them."""
    if Job.everywhere.filter(file__in=files, state=Job.State.WAITING, due_at=NOT_DUE).update(due_at=Now()):
        activity.announce()


def make_restored_jobs_due() -> None:
    """Of files that are not in the trash: a web process of an older version has restored them.

    Reads the index of the waiting jobs once.
    """
    waiting = Job.everywhere.filter(WAITING, due_at=NOT_DUE)
    present = visible_to(SERVICE).filter(pk=OuterRef("file_id"), deleted_at=None).order_by()
    if waiting.filter(Exists(present)).update(due_at=Now()):
        activity.announce()
