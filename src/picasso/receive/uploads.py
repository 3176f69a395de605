"""Resumable uploads: created, appended to by one request at a time, committed, expired.

`picasso.web` speaks the protocols.

The table records what the client said about an upload, the storage what has arrived: the offset is the size of what is
stored, and the upload expires some time after that was last modified. So neither can be wrong, whatever is killed.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import cast

from django.db import IntegrityError, connection, transaction

from picasso.access import projects, quotas, token_limits
from picasso.access.principal import Principal
from picasso.errors import Gone, NotFound, QuotaExceeded, TooLarge, TooManyUploads, Unauthorized, UnfinishedFull
from picasso.files import queries
from picasso.models import File, Upload
from picasso.policy import NO_POLICY
from picasso.receive import cleanup
from picasso.receive.acceptance import policy_of_sender, require_size
from picasso.receive.admission import DELETED
from picasso.receive.commit import Committer
from picasso.receive.first_append import FirstAppend, NewUploads, waits_for_all
from picasso.receive.locked_upload import LockedUpload, Services, UploadStatus
from picasso.receive.locks import PATIENCE, LockHolder, Locks
from picasso.receive.quota import WINDOW, Limits, lock_quota, require_room
from picasso.receive.threads import Threads
from picasso.receive.token_use import require_unused
from picasso.receive.upload_rows import (
    begun_by,
    delete_uploads,
    find_own,
    insert,
    insert_steps,
    is_own,
    knows_key,
    require_own,
    require_parts,
)
from picasso.storage import Storage, UploadLock

# When the quota is exceeded, expired uploads are looked for at most this often.
SWEEP_SECONDS = 2.0


class KnownKey(Exception):
    """There is an upload with this Idempotency-Key."""

    def __init__(self, row: Upload) -> None:
        self.row = row
        super().__init__(str(row))


class Uploads:
    """The uploads that one process serves."""

    def __init__(self, storage: Storage, committer: Committer, threads: Threads, limits: Limits) -> None:
        self.storage = storage
        self.committer = committer
        self.threads = threads
        self.limits = limits
        self.max_size = limits.max_size
        self.locks = Locks(storage.uploads)
        self._services = Services(storage, committer, threads, self.locks.database, limits)
        self._new = NewUploads()
        self._last_sweep = -SWEEP_SECONDS

    def start(self) -> None:
        self.locks.start()

    def stop(self) -> None:
        self.locks.stop()

    async def require_quota(self, principal: Principal, file: quotas.Announced) -> None:
        """Before the content arrives: see `picasso.access.quotas.check_early`. Raises `QuotaExceeded`."""
        project = principal.project
        if project and quotas.is_limited(project):
            await self.locks.database.do(quotas.check_early, project, principal.owner or "", file)

    @asynccontextmanager
    async def create(self, row: Upload) -> AsyncIterator[LockedUpload]:
        """Create an upload. It is locked from the start and while the context is open.

        Raises:
            TooLarge, StorageFull, UnfinishedFull, TooManyUploads, QuotaExceeded, NotAccepted: nothing was created.
            KnownKey: an earlier request had its Idempotency-Key.
        """
        async with self.locks.hold_new(row.pk) as holder:
            await self._create(row, holder.replace_store_lock)
            yield LockedUpload(self._services, holder, row, 0)

    async def create_empty(self, row: Upload) -> UploadStatus:
        """As `create`, but nothing comes with this request, so no lock is held: nobody knows the upload yet."""
        row.announced = True
        await self._create(row, release)
        self._new.add(row)
        return UploadStatus(row, None if row.is_final else 0, time.time() + self.limits.life(row, 0))

    async def first_append(self, principal: Principal, upload_id: uuid.UUID, size: int) -> FirstAppend | None:
        """To append all bytes of an upload, ``size`` of them, at once; None if it is not known to wait for just that.

        Raises as `begun_by`.
        """
        row = self._new.take(upload_id) or await self.locks.database.do(find_own, principal, upload_id)
        if row is None or not is_own(principal, row) or not waits_for_all(row, size):
            return None
        if policy_of_sender(principal, row) != NO_POLICY:
            return None  # what the commit does not look at
        return FirstAppend(self._services, row)

    async def _create(self, row: Upload, take: Callable[[UploadLock], None]) -> None:
        """``take`` gets the lock of the new upload in the store. Called in a thread."""
        announced = row.length or row.reserved
        if announced > self.max_size:
            raise TooLarge
        self.storage.uploads.require_space(announced)
        try:
            await self._insert_within_quota(row, take)
        except BaseException:
            # In the thread that inserts: so it comes after the insertion, even if this request was cancelled.
            self.locks.database.begin(delete_uploads, self.storage.uploads, [row.pk])
            raise

    async def _insert_within_quota(self, row: Upload, take: Callable[[UploadLock], None]) -> None:
        """If the quota is exceeded, remove expired uploads and try again."""
        try:
            await self.locks.database.do(self._insert, row, take)
        except (UnfinishedFull, TooManyUploads, QuotaExceeded):
            if time.monotonic() < self._last_sweep + SWEEP_SECONDS:
                raise
            self._last_sweep = time.monotonic()
            await asyncio.to_thread(_remove_expired, self.storage, self.limits.expiry)
            await self.threads.in_writer(self.storage.uploads.remove, row.pk)
            await self.locks.database.do(self._insert, row, take)

    def _insert(self, row: Upload, take: Callable[[UploadLock], None]) -> None:
        take(self.storage.uploads.begin(row.pk))
        try:
            self._insert_row(row)
        except IntegrityError:
            if not row.idempotency_key:
                raise
            self._require_new_key(row)  # two requests had the same key at the same time
            self._insert_row(row)  # the other upload is over by now

    def _require_new_key(self, row: Upload) -> None:
        other = Upload.everywhere.filter(idempotency_key=row.idempotency_key).first()
        if other and not self._is_over(other):
            raise KnownKey(other)
        if other:  # as it was read: it may have become a file since
            Upload.everywhere.filter(pk=other.pk, finished_at=other.finished_at).delete()

    async def require_new_key(self, row: Upload) -> None:
        """Raises `KnownKey` if another upload has this row's Idempotency-Key. One that is over loses it."""
        await self.locks.database.do(self._require_new_key, row)

    async def knows_key(self, key: str) -> bool:
        """Whether there is an upload with this Idempotency-Key."""
        return await self.locks.database.do(knows_key, key)

    def _is_over(self, row: Upload) -> bool:
        """Whether it has expired, or its bytes are lost."""
        if row.finished_at:
            return row.finished_at.timestamp() + self.limits.expiry < time.time()
        try:
            self._status_of(row)
        except Gone:
            return True
        return False

    def _insert_row(self, row: Upload) -> None:
        require_size(self.committer.policies, row, row.length)
        with transaction.atomic():
            if not projects.keep([cast("int", row.project_id)]):
                raise Unauthorized(DELETED)
            if row.idempotency_key and knows_key(row.idempotency_key):
                self._require_new_key(row)
            require_unused(token_limits.from_json(row.limits))
            if row.protocol != Upload.Protocol.PLAIN:
                self._insert_if_room(row)
            else:
                insert(row)
            if row.parts:
                Upload.everywhere.filter(pk__in=row.parts).update(final=row.pk)

    def _insert_if_room(self, row: Upload) -> None:
        """Have all that is announced fit, and insert the row, which reserves the first window."""
        copied = 0
        if row.parts:
            lock_quota()
            copied = require_parts(row, self.storage.uploads, self.max_size)
        announced = copied if row.parts else row.length or row.reserved
        reserved = min(announced, WINDOW)
        require_room(self.limits, row, announced, insert_steps(row, reserved), new=True)
        row.reserved = reserved

    def expected_size(self, size: int | None) -> int:
        """How many bytes are announced by content of this size, or of unknown size."""
        return min(WINDOW, self.max_size) if size is None else size

    async def status(self, principal: Principal, upload_id: uuid.UUID) -> UploadStatus:
        """Needs no lock and interrupts nobody. Raises `NotFound`, `Gone`, and as `begun_by`."""
        return await self.locks.database.do(self._read_status, principal, upload_id)

    def _read_status(self, principal: Principal, upload_id: uuid.UUID) -> UploadStatus:
        rows = begun_by(principal).filter(pk=upload_id)
        try:
            return self._status_of(rows.first())
        except Gone:
            # It may have been committed, and its bytes removed, after its row was read.
            return self._status_of(rows.all().first())

    def _status_of(self, row: Upload | None) -> UploadStatus:
        if row is None:
            raise NotFound
        if row.finished_at:
            expires_at = row.finished_at.timestamp() + self.limits.expiry
            if row.file_id is None or expires_at < time.time():
                raise Gone(row.error_detail or None)
            return UploadStatus(row, row.length, expires_at)
        try:
            stored = self.storage.uploads.stat(row.pk)
        except FileNotFoundError:
            raise Gone from None
        expires_at = stored.modified_at + self.limits.life(row, stored.offset)
        if expires_at < time.time():
            raise Gone
        return UploadStatus(row, None if row.is_final else stored.offset, expires_at)

    def finished_status(self, row: Upload, size: int) -> UploadStatus:
        """Of an upload that has become a file of this size just now."""
        return UploadStatus(row, size, time.time() + self.limits.expiry)

    async def delete(self, upload_id: uuid.UUID) -> None:
        """For an upload that can't be continued any more: no lock is taken."""
        await self.locks.database.do(delete_uploads, self.storage.uploads, [upload_id])

    async def file_of(self, principal: Principal, row: Upload) -> File:
        """The file that the upload has become. Raises `Gone`."""
        if row.file_id is None:
            raise Gone
        try:
            return await self.locks.database.do(queries.get_in_reach, principal, row.file_id)
        except NotFound:
            raise Gone from None

    @asynccontextmanager
    async def lock(
        self,
        principal: Principal,
        upload_id: uuid.UUID,
        *,
        take_over: bool = True,
        interrupt_concatenation: bool = False,
    ) -> AsyncIterator[LockedUpload]:
        """Lock an upload while the context is open. With ``take_over`` the request that holds it is interrupted.

        The concatenation of a final upload is only interrupted with ``interrupt_concatenation``.

        Raises:
            NotFound, Gone: there is no such upload, or another principal began it.
            Locked: it is being committed just now, or (without ``take_over``) another request holds it.
        """
        async with self.locks.hold(
            upload_id,
            PATIENCE if take_over else 0.0,
            interrupt_concatenation=interrupt_concatenation,
            before_interruption=partial(self.locks.database.do, require_own, principal, upload_id),
        ) as holder:
            if holder.row and not is_own(principal, holder.row):
                raise NotFound
            yield await self.threads.in_writer(self._locked, holder)

    def _locked(self, holder: LockHolder) -> LockedUpload:
        status = self._status_of(holder.row)
        unfinished = not status.row.finished
        offset = self.storage.uploads.recover(status.row.pk) if unfinished else status.offset or 0
        return LockedUpload(self._services, holder, status.row, offset)


def release(lock: UploadLock) -> None:
    lock.release()


def remove_expired(storage: Storage, expiry: int) -> None:
    """In a thread that ends afterwards, so its connection is closed."""
    try:
        cleanup.remove_expired(storage, expiry)
    finally:
        connection.close()


def _remove_expired(storage: Storage, expiry: int) -> None:
    """In a thread of asyncio's, which nobody else ends the connection of."""
    try:
        remove_expired(storage, expiry)
    finally:
        connection.close()
