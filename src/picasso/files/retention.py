"""Deletes what is due: files that have expired, and files that were in the trash for the days of their project.

An expired file is deleted for good, not put into the trash: somebody has decided how long it may be kept.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from datetime import timedelta
from itertools import islice

from django.db import connection
from django.db.models import DurationField, ExpressionWrapper, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Cast, Least, Now

from picasso.files.delete import remove
from picasso.models import MAX_DAYS, File, Project
from picasso.storage import Storage

log = logging.getLogger(__name__)

TICK_SECONDS = 5.0

# Between two looks at the clock and at whether the process stops.
BATCH = 100


class Retention:
    """Deletes due files in a thread of its own, from `start` to `stop`."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="retention", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Without waiting for the present file: its deletion can be interrupted and repeated."""
        self._stopped.set()

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                busy = remove_due(self._storage) == BATCH
            except Exception as fault:  # nothing may end this thread: nobody would notice
                log.warning("could not delete expired files, trying again: %s", fault, exc_info=fault)
                connection.close()
                busy = False
            if not busy:
                self._stopped.wait(TICK_SECONDS)
        connection.close()


def remove_due(storage: Storage) -> int:
    """Delete up to `BATCH` due files, and return how many. Several workers may do it at the same time."""
    found = list(islice(due(), BATCH))
    for file, is_due in found:
        # Asked again when the file is locked: somebody may have restored it, or given it more time.
        remove(storage, File.everywhere.filter(is_due), file, "file.expire")
    return len(found)


EXPIRED = Q(expires_at__lte=Now())


def due() -> Iterator[tuple[File, Q]]:
    """Each file that is to be deleted, with the condition that says so."""
    yield from first(File.everywhere.filter(EXPIRED), EXPIRED, "expires_at")
    for project in projects_with_overdue_trash():
        is_overdue = Q(deleted_at__lte=Now() - timedelta(days=min(project.trash_days, MAX_DAYS)))
        yield from first(File.objects.of(project.pk).filter(is_overdue), is_overdue, "deleted_at")


def first(files: QuerySet[File], is_due: Q, order: str) -> Iterator[tuple[File, Q]]:
    return ((file, is_due) for file in files.only("pk", "key").order_by(order)[:BATCH])


def projects_with_overdue_trash() -> QuerySet[Project]:
    """One probe of an index for each project. Most have nothing that is due."""
    trashed = File.everywhere.filter(project=OuterRef("pk"), deleted_at__isnull=False)
    kept = ExpressionWrapper(Least(Cast("trash_days", IntegerField()), MAX_DAYS) * timedelta(days=1), DurationField())
    projects = Project.objects.alias(oldest=Subquery(trashed.order_by("deleted_at").values("deleted_at")[:1]))
    return projects.filter(oldest__lte=Now() - kept)[:BATCH]
