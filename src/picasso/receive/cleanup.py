"""Undo and clean up: files that are to go, and what a crash left behind."""

from __future__ import annotations

import logging
import threading
import time
import uuid
from datetime import datetime, timedelta
from itertools import count, islice

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.utils import timezone

from picasso import workdir
from picasso.access.principal import SERVICE
from picasso.files.queries import existing
from picasso.models import Upload, made_at
from picasso.storage import Storage

log = logging.getLogger(__name__)

# An upload may pause; nothing is taken for a crash's remains before an hour has passed without a byte.
GRACE = timedelta(hours=1)
HOUR = 3600.0

KEEP_ORPHANS = timedelta(days=30)


def start(storage: Storage) -> None:
    """Sweep in the background for as long as this process lives: what is cheap each hour, all of it each day."""
    threading.Thread(target=_sweep_for_ever, args=(storage,), name="sweep", daemon=True).start()


def _sweep_for_ever(storage: Storage) -> None:
    for hour in count():
        try:
            # All of it not at the very start: a wrong setting is most often noticed, and mended, at once.
            sweep(storage) if hour % 24 == 1 else _sweep_hourly(storage)
        except (DatabaseError, InterfaceError, OSError) as fault:
            log.warning("could not sweep, the next hour will: %s", fault)
            connection.close()
        time.sleep(HOUR)


def _sweep_hourly(storage: Storage) -> None:
    expired(storage, settings.PICASSO.upload_expiry)
    _sweep_interrupted(storage)


def sweep(storage: Storage) -> int:
    """Clear away what crashes left behind, and return how many. Safe beside running servers and workers."""
    return expired(storage, settings.PICASSO.upload_expiry) + _sweep_interrupted(storage) + _sweep_media(storage)


def expired(storage: Storage, expiry: int) -> int:
    """Clear away uploads of which no byte came for so many seconds, and what is remembered of those that ended then."""
    old = timezone.now() - timedelta(seconds=expiry)
    Upload.objects.filter(finished_at__lt=old).delete()
    removed = 0
    for upload_id, modified_at in storage.uploads.walk():
        if modified_at < old.timestamp() and _nobody_writes(storage, upload_id):
            Upload.objects.filter(pk=upload_id, finished_at=None).delete()
            storage.uploads.remove(upload_id)
            removed += 1
        elif modified_at < time.time() - GRACE.total_seconds():
            removed += _left_over(storage, upload_id)
    storage.uploads.remove_abandoned(time.time() - GRACE.total_seconds())
    return removed + _without_bytes(storage, old)


def _without_bytes(storage: Storage, old: datetime) -> int:
    """Rows whose place on the disk was lost: they only count in the quota."""
    rows = Upload.objects.filter(finished_at=None, created_at__lt=old).values_list("pk", flat=True)
    return Upload.objects.filter(pk__in=[pk for pk in rows if not storage.uploads.exists(pk)]).delete()[0]


def _left_over(storage: Storage, upload_id: uuid.UUID) -> bool:
    """Whether it has landed, or was never begun, and a crash left its bytes."""
    if Upload.objects.filter(pk=upload_id, finished_at=None).exists():
        return False
    storage.uploads.remove(upload_id)
    return True


def _nobody_writes(storage: Storage, upload_id: uuid.UUID) -> bool:
    try:
        storage.uploads.lock(upload_id).release()
    except OSError:
        return False
    return True


def _sweep_interrupted(storage: Storage) -> int:
    grace = max(GRACE.total_seconds(), 2 * settings.PICASSO.job_time_limit)
    before = time.time() - grace
    scratch = settings.PICASSO.scratch_dir
    removed = storage.files.remove_abandoned(before) + workdir.remove_abandoned(scratch, before)
    for name in removed:
        log.warning("removed what an interrupted process left: %s", name)
    return len(removed)


def _sweep_media(storage: Storage) -> int:
    """Bytes without a row. An id tells its age, so one that is landing just now is let be.

    They are set aside and not deleted: to a process with the wrong database, or one restored from yesterday, all that
    was uploaded since looks like this.
    """
    storage.files.remove_set_aside(timezone.now().date() - KEEP_ORPHANS)
    today = timezone.now().date()
    old = ((id_, key) for id_, key in storage.files.walk() if made_at(id_) < timezone.now() - GRACE)
    removed = 0
    while page := list(islice(old, 1000)):
        known = existing(SERVICE, [id_ for id_, _ in page])
        for id_, key in page:
            if id_ not in known:
                storage.files.set_aside(key, today)
                removed += 1
                log.warning("set aside stored bytes that no row points at: %s", id_)
    return removed
