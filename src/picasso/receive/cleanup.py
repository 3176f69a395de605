"""Undo and clean up: files that are to go, and what a crash left behind."""

from __future__ import annotations

import fcntl
import logging
import threading
import time
import uuid
from datetime import datetime, timedelta
from itertools import count, islice

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection, transaction
from django.utils import timezone

from picasso import workdir
from picasso.models import File, Upload, made_at
from picasso.storage import Folder

log = logging.getLogger(__name__)

# An upload may pause; nothing is taken for a crash's remains before an hour has passed without a byte.
GRACE = timedelta(hours=1)
HOUR = 3600.0

KEEP_ORPHANS = timedelta(days=30)


def forget(storage: Folder, file: File) -> None:
    """Remove a file: rows first, so that a crash in between leaves an orphan and not a row without bytes."""
    with transaction.atomic():
        # Locks the row first, as every worker does, so that a job which finishes now has finished or finds nothing.
        File.objects.select_for_update().filter(pk=file.pk).first()
        File.objects.filter(pk=file.pk).delete()
    storage.remove(file.key)


def start(storage: Folder) -> None:
    """Sweep in the background for as long as this process lives: what is cheap each hour, all of it each day."""
    threading.Thread(target=_sweep_for_ever, args=(storage,), name="sweep", daemon=True).start()


def _sweep_for_ever(storage: Folder) -> None:
    for hour in count():
        try:
            # All of it not at the very start: a wrong setting is most often noticed, and mended, at once.
            sweep(storage) if hour % 24 == 1 else _sweep_hourly(storage)
        except (DatabaseError, InterfaceError, OSError) as fault:
            log.warning("could not sweep, the next hour will: %s", fault)
            connection.close()
        time.sleep(HOUR)


def _sweep_hourly(storage: Folder) -> None:
    expired(storage, settings.PICASSO.upload_expiry)
    _sweep_interrupted(storage)


def sweep(storage: Folder) -> int:
    """Clear away what crashes left behind, and return how many. Safe beside running servers and workers."""
    return expired(storage, settings.PICASSO.upload_expiry) + _sweep_interrupted(storage) + _sweep_media(storage)


def expired(storage: Folder, expiry: int) -> int:
    """Clear away uploads of which no byte came for so many seconds, and what is remembered of those that ended then."""
    old = timezone.now() - timedelta(seconds=expiry)
    Upload.objects.filter(finished_at__lt=old).delete()
    removed = 0
    for upload_id, stat in storage.unfinished():
        if stat.st_mtime < old.timestamp() and _nobody_writes(storage, upload_id):
            Upload.objects.filter(pk=upload_id, finished_at=None).delete()
            storage.remove_upload(upload_id)
            removed += 1
        elif stat.st_mtime < time.time() - GRACE.total_seconds():
            removed += _left_over(storage, upload_id)
    storage.forget_states(time.time() - GRACE.total_seconds())
    return removed + _without_bytes(storage, old)


def _without_bytes(storage: Folder, old: datetime) -> int:
    """Rows whose place on the disk was lost: they only count in the quota."""
    rows = Upload.objects.filter(finished_at=None, created_at__lt=old).values_list("pk", flat=True)
    return Upload.objects.filter(pk__in=[pk for pk in rows if not storage.upload(pk).exists()]).delete()[0]


def _left_over(storage: Folder, upload_id: uuid.UUID) -> bool:
    """Whether it has landed, or was never begun, and a crash left its bytes."""
    if Upload.objects.filter(pk=upload_id, finished_at=None).exists():
        return False
    storage.remove_upload(upload_id)
    return True


def _nobody_writes(storage: Folder, upload_id: uuid.UUID) -> bool:
    try:
        with storage.upload(upload_id).open("rb+") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _sweep_interrupted(storage: Folder) -> int:
    grace = max(GRACE.total_seconds(), 2 * settings.PICASSO.job_time_limit)
    abandoned = list(storage.abandoned(time.time() - grace))
    for path in abandoned:
        if path.is_dir():
            workdir.remove(path)
        else:
            path.unlink(missing_ok=True)
        log.warning("removed what an interrupted process left: %s", path.name)
    return len(abandoned)


def _sweep_media(storage: Folder) -> int:
    """Bytes without a row. An id tells its age, so one that is landing just now is let be.

    They are set aside and not deleted: to a process with the wrong database, or one restored from yesterday, all that
    was uploaded since looks like this.
    """
    storage.forget_orphans(timezone.now().date() - KEEP_ORPHANS)
    today = timezone.now().date()
    old = ((id_, key) for id_, key in storage.stored() if made_at(id_) < timezone.now() - GRACE)
    removed = 0
    while page := list(islice(old, 1000)):
        known: set[uuid.UUID] = set(File.objects.filter(pk__in=[id_ for id_, _ in page]).values_list("pk", flat=True))
        for id_, key in page:
            if id_ not in known:
                storage.set_aside(key, today)
                removed += 1
                log.warning("set aside stored bytes that no row points at: %s", id_)
    return removed
