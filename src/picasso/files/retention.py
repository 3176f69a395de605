"""Deletes what is due: files that have expired, and files that were in the trash for the days of their project.

An expired file is deleted for good, not put into the trash: somebody has decided how long it may be kept.
"""

from __future__ import annotations

import logging
import threading
from datetime import timedelta
from itertools import chain, islice

from django.db import connection
from django.db.models import Q, QuerySet, Sum
from django.db.models.functions import Now

from picasso.files.delete import remove
from picasso.models import File, Project, ProjectUsage
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
    due = chain(expired(), *(overdue(project) for project in projects_with_trash()))
    found = list(islice(due, BATCH))
    for file in found:
        remove(storage, File.everywhere.filter(DUE), file, "file.expire")
    return len(found)


# Asked again when the file is locked: somebody may have restored it, or given it more time.
DUE = Q(expires_at__lte=Now()) | Q(deleted_at__isnull=False)


def expired() -> QuerySet[File]:
    return File.everywhere.filter(expires_at__lte=Now()).only("pk", "key").order_by("expires_at")[:BATCH]


def projects_with_trash() -> QuerySet[Project]:
    used = ProjectUsage.objects.values("project").annotate(total=Sum("trashed")).filter(total__gt=0)
    return Project.objects.filter(pk__in=used.values("project"))


def overdue(project: Project) -> QuerySet[File]:
    """Its files that were in the trash for long enough."""
    trashed = File.objects.of(project.pk).filter(deleted_at__lte=Now() - timedelta(days=project.trash_days))
    return trashed.only("pk", "key").order_by("deleted_at")[:BATCH]
