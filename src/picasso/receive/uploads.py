"""Resumable uploads: created, appended to by one request at a time, committed, expired.

`picasso.web` speaks the protocols.

The table records what the client said about an upload, the storage what has arrived: the offset is the size of what is
stored, and the upload expires some time after that was last modified. So neither can be wrong, whatever is killed.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import NoReturn

from django.db import IntegrityError, connection, transaction
from django.db.models.functions import Now

from picasso.access.principal import Principal
from picasso.errors import Conflict, DigestMismatch, EmptyFile, Gone, NotFound, PicassoError, TooLarge, UnfinishedFull
from picasso.files import queries
from picasso.models import File, Upload
from picasso.receive import cleanup
from picasso.receive.append import Append
from picasso.receive.commit import Committer
from picasso.receive.hashing import Hash
from picasso.receive.locks import PATIENCE, LockHolder, Locks
from picasso.receive.new_file import of_upload
from picasso.receive.quota import require_quota
from picasso.receive.threads import Threads
from picasso.storage import Storage, UploadStore

# Reserved while a chunk of unknown length arrives for an upload of unknown length.
UNKNOWN_LENGTH = 64 * 2**20

# When the quota is exceeded, expired uploads are looked for at most this often.
SWEEP_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class UploadStatus:
    row: Upload
    offset: int | None
    """None for a final upload that is not concatenated yet."""
    expires_at: float
    """Unix time."""


class KnownKey(Exception):
    """There is an upload with this Idempotency-Key."""

    def __init__(self, row: Upload) -> None:
        self.row = row
        super().__init__(str(row))


class Uploads:
    """The uploads that one process serves."""

    def __init__(
        self,
        storage: Storage,
        committer: Committer,
        threads: Threads,
        *,
        max_size: int,
        max_unfinished: int,
        expiry: int,
    ) -> None:
        """Sizes are in bytes: of one upload, and of all unfinished ones together. ``expiry`` is in seconds."""
        self.storage = storage
        self.committer = committer
        self.threads = threads
        self.max_size = max_size
        self.max_unfinished = max_unfinished
        self.expiry = expiry
        self.locks = Locks(storage.uploads)
        self._last_sweep = -SWEEP_SECONDS

    def start(self) -> None:
        self.locks.start()

    def stop(self) -> None:
        self.locks.stop()

    @asynccontextmanager
    async def create(self, row: Upload) -> AsyncIterator[LockedUpload]:
        """Create an upload. It is locked from the start and while the context is open.

        Raises:
            TooLarge, StorageFull, UnfinishedFull: nothing was created.
            KnownKey: an earlier request had its Idempotency-Key.
        """
        async with self.locks.hold(row.pk) as holder:
            await self._create(row, holder)
            yield LockedUpload(self, holder, row, 0)

    async def _create(self, row: Upload, holder: LockHolder) -> None:
        if max(row.length or 0, row.reserved) > self.max_size:
            raise TooLarge
        row.reserved = row.length or row.reserved
        self.storage.uploads.require_space(row.reserved)
        try:
            await self._insert_within_quota(row, holder)
        except BaseException:
            # In the thread that inserts: so it comes after the insertion, even if this request was cancelled.
            self.locks.database.submit(delete_uploads, self.storage.uploads, [row.pk])
            raise

    async def _insert_within_quota(self, row: Upload, holder: LockHolder) -> None:
        """If the quota is exceeded, remove expired uploads and try again."""
        try:
            await self.locks.database.do(self._insert, row, holder)
        except UnfinishedFull:
            if time.monotonic() < self._last_sweep + SWEEP_SECONDS:
                raise
            self._last_sweep = time.monotonic()
            await asyncio.to_thread(_remove_expired, self.storage, self.expiry)
            await self.threads.in_writer(self.storage.uploads.remove, row.pk)
            await self.locks.database.do(self._insert, row, holder)

    def _insert(self, row: Upload, holder: LockHolder) -> None:
        holder.replace_store_lock(self.storage.uploads.begin(row.pk))
        try:
            self._insert_row(row)
        except IntegrityError:
            self._require_new_key(row)  # two requests had the same key at the same time
            raise

    def _require_new_key(self, row: Upload) -> None:
        other = Upload.everywhere.filter(idempotency_key=row.idempotency_key).first()
        if other and other.finished_at and other.finished_at.timestamp() + self.expiry < time.time():
            other.delete()
        elif other:
            raise KnownKey(other)

    def _insert_row(self, row: Upload) -> None:
        with transaction.atomic():
            if row.idempotency_key:
                self._require_new_key(row)
            if row.reserved:
                require_quota(self.max_unfinished, row.reserved)
            if row.parts:
                require_parts(row, self.storage.uploads, self.max_size)
            row.save(force_insert=True)
            if row.parts:
                Upload.everywhere.filter(pk__in=row.parts).update(final=row.pk)

    def expected_size(self, size: int | None) -> int:
        """How many bytes to reserve for a chunk of this size, or of unknown size."""
        return min(UNKNOWN_LENGTH, self.max_size) if size is None else size

    async def status(self, upload_id: uuid.UUID) -> UploadStatus:
        """Needs no lock and interrupts nobody. Raises `NotFound`, `Gone`."""
        return await self.locks.database.do(self._read_status, upload_id)

    def _read_status(self, upload_id: uuid.UUID) -> UploadStatus:
        try:
            return self._status_of(Upload.everywhere.filter(pk=upload_id).first())
        except Gone:
            # It may have been committed, and its bytes removed, after its row was read.
            return self._status_of(Upload.everywhere.filter(pk=upload_id).first())

    def _status_of(self, row: Upload | None) -> UploadStatus:
        if row is None:
            raise NotFound
        if row.finished_at:
            expires_at = row.finished_at.timestamp() + self.expiry
            if row.file_id is None or expires_at < time.time():
                raise Gone(row.error_detail or None)
            return UploadStatus(row, row.length, expires_at)
        try:
            stored = self.storage.uploads.stat(row.pk)
        except FileNotFoundError:
            raise Gone from None
        expires_at = stored.modified_at + self.expiry
        if expires_at < time.time():
            raise Gone
        return UploadStatus(row, None if row.is_final else stored.offset, expires_at)

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
        self, upload_id: uuid.UUID, *, take_over: bool = True, interrupt_concatenation: bool = False
    ) -> AsyncIterator[LockedUpload]:
        """Lock an upload while the context is open. With ``take_over`` the request that holds it is interrupted.

        The concatenation of a final upload is only interrupted with ``interrupt_concatenation``.

        Raises:
            NotFound, Gone: there is no such upload.
            Locked: it is being committed just now, or (without ``take_over``) another request holds it.
        """
        patience = PATIENCE if take_over else 0.0
        async with self.locks.hold(upload_id, patience, interrupt_concatenation=interrupt_concatenation) as holder:
            yield await self.threads.in_writer(self._locked, holder)

    def _locked(self, holder: LockHolder) -> LockedUpload:
        status = self._status_of(holder.row)
        unfinished = not status.row.finished
        offset = self.storage.uploads.recover(status.row.pk) if unfinished else status.offset or 0
        return LockedUpload(self, holder, status.row, offset)


class LockedUpload:
    """An upload that only this request writes to."""

    def __init__(self, uploads: Uploads, holder: LockHolder, row: Upload, offset: int) -> None:
        self.row = row
        self.offset = offset
        self._uploads = uploads
        self._holder = holder
        self._store = uploads.storage.uploads
        self._database = uploads.locks.database

    @property
    def pk(self) -> uuid.UUID:
        return self.row.pk

    @property
    def is_complete(self) -> bool:
        """Whether all bytes have arrived."""
        return self.offset == self.row.length

    @property
    def status(self) -> UploadStatus:
        return UploadStatus(self.row, self.offset, self.expires_at)

    @property
    def expires_at(self) -> float:
        """Unix time."""
        start = self.row.finished_at.timestamp() if self.row.finished_at else self._store.stat(self.pk).modified_at
        return start + self._uploads.expiry

    def interruptible(self) -> AbstractAsyncContextManager[None]:
        """A context for what takes long. It raises `Superseded` when another request takes over."""
        return self._holder.interruptible()

    async def announce(self) -> None:
        """Record that the client is being told where the upload is: from now on a retry with its key finds it."""
        if self.row.idempotency_key:
            await self._database.do(self._update, announced=True)

    async def set_length(self, length: int) -> None:
        """Raises `TooLarge`, `UnfinishedFull`."""
        if length > self._uploads.max_size:
            raise TooLarge
        await self._database.do(self._reserve, length, length=length)

    async def expect(self, size: int | None) -> None:
        """Reserve space for a chunk of this size, or of unknown size, if the upload's length is not known.

        Raises `UnfinishedFull`.
        """
        if self.row.length is None:
            await self._database.do(self._reserve, self.offset + self._uploads.expected_size(size))

    def _reserve(self, size: int, **changes: object) -> None:
        with transaction.atomic():
            if size > self.row.reserved:
                require_quota(self._uploads.max_unfinished, size, except_for=self.row.pk)
            self._update(reserved=size, **changes)

    def _update(self, **changes: object) -> None:
        for name, value in changes.items():
            setattr(self.row, name, value)
        Upload.everywhere.filter(pk=self.row.pk).update(**changes)

    async def append(self, checks: Sequence[Hash] = ()) -> Append:
        """Start to append. To be ended by `keep`, `Append.discard` or `commit`. With ``checks`` only `keep` counts."""
        limit = self._uploads.max_size if self.row.length is None else self.row.length
        threads = self._uploads.threads
        create = partial(Append, self._uploads.storage, threads, self.pk, self.offset, limit, checks=checks)
        future = asyncio.get_running_loop().run_in_executor(threads.hashers, create)
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            # The thread goes on. The lock is held until what it has opened is closed again.
            await asyncio.wait({future})
            if not future.cancelled() and not future.exception():
                await future.result().discard()
            raise

    async def keep(self, append: Append) -> None:
        """Count what has arrived."""
        await asyncio.shield(append.keep())
        self.offset = append.size
        if self.row.length is None:
            # What has arrived is counted even if it is more than the quota allows.
            await self._database.do(self._update, reserved=self.offset)
        if self.row.final_id:
            await self._database.do(touch_with_parts, self._store, self.row.final_id)

    async def commit(self, append: Append) -> File:
        """Make it a file.

        Raises:
            DigestMismatch: it is not what the client announced. It was removed.
            EmptyFile: no byte arrived. It was removed.
            StorageFull, Unavailable: it could not be committed now. Nothing is lost.
        """
        row = self.row
        if append.size == 0:
            await self._refuse(EmptyFile())
        await self._verify(append)
        try:
            file = await self._uploads.committer.commit(append, of_upload(row))
        finally:
            append.writer.close()
        row.file_id, row.length, row.finished_at = file.pk, file.size, datetime.now(UTC)
        await self._uploads.threads.in_writer(self._store.remove, row.pk)
        return file

    async def _verify(self, append: Append) -> None:
        for algorithm, expected in (self.row.digest or {}).items():
            if await self._digest(append, algorithm) != expected:
                await self._refuse(DigestMismatch())

    async def _refuse(self, fault: PicassoError) -> NoReturn:
        await self.fail(fault.code, fault.detail)
        raise fault

    async def _digest(self, append: Append, algorithm: str) -> str:
        if algorithm == "sha-256":
            return append.sha256
        return await asyncio.to_thread(digest_of, self._store, self.pk, algorithm)

    def adopt(self, part_id: uuid.UUID) -> None:
        """Take over the bytes, the hash and the lock of this part. In a thread. Raises `BlockingIOError`."""
        self._holder.replace_store_lock(self._store.adopt(self.pk, part_id))

    async def fail(self, code: str, detail: str) -> None:
        """It can never become a file: keep only the reason. Its key can be used for another upload."""
        ended = {"finished_at": Now(), "reserved": 0, "idempotency_key": None}
        await self._database.do(self._update, error_code=code, error_detail=detail, **ended)
        await self._uploads.threads.in_writer(self._store.remove, self.row.pk)

    @asynccontextmanager
    async def deleted_on_failure(self) -> AsyncIterator[None]:
        """If what runs in this context fails, delete the upload: the client does not know about it."""
        try:
            yield
        except BaseException:
            with suppress(PicassoError):
                await asyncio.shield(self._database.do(self._delete_unfinished))
            raise

    def _delete_unfinished(self) -> None:
        """If a COMMIT in doubt has made it a file, its row stays, and its key with it."""
        if Upload.everywhere.filter(pk=self.row.pk, finished_at=None).delete()[0]:
            self._store.remove(self.row.pk)

    async def delete(self) -> None:
        """Delete it, and its parts with it. Raises `Conflict` if it is itself a part of a final upload."""
        if self.row.final_id:
            raise Conflict("This upload is a part of another one.")
        await self._database.do(self._delete)

    def _delete(self) -> None:
        # The row is read again: if a COMMIT in doubt has finished the upload, its parts are removed elsewhere.
        row = Upload.everywhere.filter(pk=self.row.pk).first()
        parts = [uuid.UUID(part) for part in row.parts or ()] if row and not row.finished else []
        delete_uploads(self._store, [self.row.pk, *parts])


def require_parts(final: Upload, store: UploadStore, max_size: int) -> None:
    """See that a final upload can have its parts, in the transaction that assigns them; set its length if known.

    Raises:
        NotFound, Conflict: a part does not exist, is not partial, or belongs to another final upload.
        TooLarge, EmptyFile: together they are.
    """
    ids = {uuid.UUID(part) for part in final.parts or ()}
    # Always in the same order, so that two final uploads with the same parts can't wait for each other.
    rows = {row.pk: row for row in Upload.everywhere.select_for_update().filter(pk__in=ids).order_by("pk")}
    for part in ids:
        row = rows.get(part)
        if row is None or row.finished or not store.exists(part):
            raise NotFound(f"There is no upload {part}.")
        if not row.is_part:
            raise Conflict(f"The upload {part} is not partial.")
        if row.final_id:
            raise Conflict(f"The upload {part} is a part of another one already.")
    lengths = [rows[uuid.UUID(part)].length for part in final.parts or ()]
    known = sum(length or 0 for length in lengths)
    if known > max_size:
        raise TooLarge
    if None not in lengths:
        if known == 0:
            raise EmptyFile
        final.length = known


def delete_uploads(store: UploadStore, ids: Sequence[uuid.UUID]) -> None:
    Upload.everywhere.filter(pk__in=ids).delete()
    for upload_id in ids:
        store.remove(upload_id)


def touch_with_parts(store: UploadStore, final_id: uuid.UUID) -> None:
    """A final upload and its parts expire together: a byte for one of them is a sign of life for all."""
    for upload_id in (final_id, *Upload.everywhere.filter(final=final_id).values_list("pk", flat=True)):
        store.touch(upload_id)


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


def digest_of(store: UploadStore, upload_id: uuid.UUID, algorithm: str) -> str:
    """The digest of an upload's bytes, in hex. ``algorithm`` is named as in RFC 9530, for example ``sha-512``."""
    digest = hashlib.new(algorithm.replace("-", ""))
    for data in store.read(upload_id):
        digest.update(data)
    return digest.hexdigest()
