"""The sweep: removes expired uploads, and what crashes have left behind."""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from itertools import count, islice

from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.db import DatabaseError, InterfaceError, connection, transaction
from django.utils import timezone

from picasso import workdir
from picasso.access import audit, challenges, quotas
from picasso.access.principal import SERVICE
from picasso.access.sign_in_locks import forget_old_failures
from picasso.files.queries import existing
from picasso.files.trash import make_restored_jobs_due
from picasso.files.unnamed_derivatives import set_unnamed_aside
from picasso.models import Upload, made_at
from picasso.receive import token_use
from picasso.receive.upload_rows import expire_rows
from picasso.storage import Storage

log = logging.getLogger(__name__)

# An upload may pause: what got no byte for less than an hour may still be used.
GRACE = timedelta(hours=1)
HOUR = 3600.0

KEEP_ORPHANS = timedelta(days=30)

PAGE = 1000


class Sweeper:
    """Sweeps in a thread of its own, from `start` to `stop`: each hour what is cheap, each day everything."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sweep", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Without waiting for the present sweep: each of its steps can be interrupted and repeated."""
        self._stopped.set()

    def _run(self) -> None:
        for hour in count():
            # The full sweep does not run at the start: a wrong setting is most often noticed and corrected at once.
            self._sweep(full=hour % 24 == 1)
            if self._stopped.wait(HOUR):
                return

    def _sweep(self, *, full: bool) -> None:
        try:
            sweep(self._storage) if full else _sweep_hourly(self._storage)
        except (DatabaseError, InterfaceError, OSError) as fault:
            log.warning("could not sweep, trying again in an hour: %s", fault)
        finally:
            connection.close()


def _sweep_hourly(storage: Storage) -> int:
    quotas.forget_past_days()
    token_use.remove_expired()
    forget_old_failures()
    challenges.forget_old()
    SessionStore.clear_expired()
    make_restored_jobs_due()
    removed = audit.remove_older(settings.PICASSO.audit_days)
    return removed + remove_expired(storage, settings.PICASSO.upload_expiry) + _remove_abandoned(storage)


def sweep(storage: Storage) -> int:
    """Remove everything that crashes have left; returns how many things. Servers and workers may run meanwhile."""
    return _sweep_hourly(storage) + _sweep_stored(storage)


def remove_expired(storage: Storage, expiry: int) -> int:
    """Remove uploads that got no byte for ``expiry`` seconds, and the rows of those that ended before; how many."""
    oldest = timezone.now() - timedelta(seconds=expiry)
    grace_start = time.time() - GRACE.total_seconds()
    Upload.everywhere.filter(finished_at__lt=oldest).delete()
    removed = 0
    for upload_id, modified_at in storage.uploads.walk():
        if modified_at < oldest.timestamp() and not _is_locked(storage, upload_id):
            _delete_expired_row(upload_id)
            storage.uploads.remove(upload_id)
            removed += 1
        elif modified_at < grace_start:
            removed += _remove_without_row(storage, upload_id)
    abandoned = storage.uploads.remove_abandoned(grace_start)
    _log_abandoned(abandoned)
    return removed + len(abandoned) + _delete_rows_without_bytes(storage, oldest)


def _delete_expired_row(upload_id: uuid.UUID) -> None:
    with transaction.atomic():
        for upload in expire_rows([upload_id]):
            audit.record("upload.expire", "upload", upload_id, project=upload.project_id)


def _delete_rows_without_bytes(storage: Storage, oldest: datetime) -> int:
    """Such rows only take space in the quota."""
    rows = Upload.everywhere.filter(finished_at=None, created_at__lt=oldest).values_list("pk", flat=True)
    return len(expire_rows([pk for pk in rows if not storage.uploads.exists(pk)]))


def _remove_without_row(storage: Storage, upload_id: uuid.UUID) -> bool:
    """Remove bytes that a crash left of an upload that was committed, or never inserted. Whether there were any."""
    if Upload.everywhere.filter(pk=upload_id, finished_at=None).exists():
        return False
    storage.uploads.remove(upload_id)
    return True


def _is_locked(storage: Storage, upload_id: uuid.UUID) -> bool:
    """Whether a request writes to it. One that can't be looked at counts as locked."""
    try:
        storage.uploads.lock(upload_id).release()
    except OSError:
        return True
    return False


def _remove_abandoned(storage: Storage) -> int:
    """Remove what interrupted uploads and jobs have left."""
    conf = settings.PICASSO
    before = time.time() - max(GRACE.total_seconds(), 2 * conf.job_time_limit)
    removed = storage.files.remove_abandoned(before) + workdir.remove_abandoned(conf.scratch_dir, before)
    _log_abandoned(removed)
    return len(removed)


def _log_abandoned(names: Iterable[str]) -> None:
    for name in names:
        log.warning("removed what an interrupted process left: %s", name)


def _sweep_stored(storage: Storage) -> int:
    """Look for rows of all stored files. The id tells the age, so files that are being committed stay."""
    today = timezone.now().date()
    storage.files.remove_set_aside(today - KEEP_ORPHANS)
    old = ((id_, key) for id_, key in storage.files.walk() if made_at(id_) < timezone.now() - GRACE)
    removed = 0
    while page := list(islice(old, PAGE)):
        known = existing(SERVICE, [id_ for id_, _ in page])
        removed += _set_aside(storage, [each for each in page if each[0] not in known], today)
        removed += _set_unnamed_aside(storage, [each for each in page if each[0] in known], today)
    return removed


def _set_aside(storage: Storage, orphans: Sequence[tuple[uuid.UUID, str]], today: date) -> int:
    """Of originals without a row, by id and key.

    They are not deleted yet: to a process with the wrong database, or one restored from yesterday, all recent uploads
    look like this.
    """
    for id_, key in orphans:
        storage.files.set_aside(key, today)
        log.warning("set stored bytes without a row aside: %s", id_)
    return len(orphans)


def _set_unnamed_aside(storage: Storage, originals: Sequence[tuple[uuid.UUID, str]], today: date) -> int:
    keys = set_unnamed_aside(storage.files, originals, time.time() - GRACE.total_seconds(), today)
    for key in keys:
        log.warning("set a derivative without a row aside: %s", key)
    return len(keys)
