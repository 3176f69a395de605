"""Uploads that may go on: begun, appended to by one request at a time, landed, expired. Doors speak the protocols.

Of an upload the table knows what the client said, and the disk what has come: its offset is the size of its file, its
expiry counts from that file's last change. So neither can drift from the truth, whoever is killed.
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

from django.db import IntegrityError, connection, models, transaction
from django.db.models.functions import Now

from picasso.access.principal import Principal
from picasso.errors import Conflict, DigestMismatch, Gone, NotFound, PicassoError, TooLarge, UnfinishedFull
from picasso.files import queries
from picasso.models import File, Upload
from picasso.receive import cleanup
from picasso.receive.append import Append
from picasso.receive.commit import Committer
from picasso.receive.hashing import Hash
from picasso.receive.locks import PATIENCE, Holder, Locks
from picasso.receive.new_file import NewFile
from picasso.receive.sink import hashers, in_writer
from picasso.storage import Storage, UploadStore

# One bigint for the transaction lock under which the quota is counted.
QUOTA_LOCK = 0x5049_4341_5353_4F00

# What an upload of unknown length that comes in chunks of unknown length has promised while one is under way.
UNKNOWN = 64 * 2**20

# Where the quota is full, what has expired is looked for at most so often.
SWEEP_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Seen:
    """An upload as it is just now, for who only looks."""

    row: Upload
    offset: int | None
    """None for a final upload that is not joined yet."""
    expires_at: float
    """Seconds since 1970."""


class KnownKey(Exception):
    """There is an upload with this Idempotency-Key."""

    def __init__(self, row: Upload) -> None:
        self.row = row
        super().__init__(str(row))


class Uploads:
    """Those of one process."""

    def __init__(self, storage: Storage, committer: Committer, max_size: int, max_unfinished: int, expiry: int) -> None:
        self.storage = storage
        self.max_size = max_size
        self.expiry = expiry
        self.committer = committer
        self._max_unfinished = max_unfinished
        self._swept = -SWEEP_SECONDS
        self.locks = Locks(storage)

    def start(self) -> None:
        self.locks.start()

    def stop(self) -> None:
        self.locks.stop()

    @asynccontextmanager
    async def begin(self, row: Upload) -> AsyncIterator[Held]:
        """A new upload, held from its first moment on.

        Raises:
            TooLarge, StorageFull, UnfinishedFull: nothing was begun.
            KnownKey: an earlier request had its Idempotency-Key.
        """
        async with self.locks.hold(row.pk) as holder:
            await self._create(row, holder)
            yield Held(self, holder, row, 0)

    async def _create(self, row: Upload, holder: Holder) -> None:
        if max(row.length or 0, row.reserved) > self.max_size:
            raise TooLarge
        row.reserved = row.length or row.reserved
        self.storage.uploads.require_space(row.reserved)
        try:
            await self._insert_with_room(row, holder)
        except BaseException:
            # In the thread that inserts, so it comes after that, whoever was cancelled meanwhile.
            self.locks.rows.submit(forget, self.storage, [row.pk])
            raise

    async def _insert_with_room(self, row: Upload, holder: Holder) -> None:
        try:
            await self.locks.rows.do(self._insert, row, holder)
        except UnfinishedFull:
            if time.monotonic() < self._swept + SWEEP_SECONDS:
                raise
            self._swept = time.monotonic()
            await asyncio.to_thread(sweep_expired, self.storage, self.expiry)
            await in_writer(self.storage.uploads.remove, row.pk)
            await self.locks.rows.do(self._insert, row, holder)

    def _insert(self, row: Upload, holder: Holder) -> None:
        holder.replace_lock(self.storage.uploads.begin(row.pk))
        try:
            self._insert_row(row)
        except IntegrityError:
            self._require_new(row)  # two with the same key at once
            raise

    def _require_new(self, row: Upload) -> None:
        found = Upload.objects.filter(idempotency_key=row.idempotency_key).first()
        if found and found.finished_at and found.finished_at.timestamp() + self.expiry < time.time():
            found.delete()
        elif found:
            raise KnownKey(found)

    def _insert_row(self, row: Upload) -> None:
        with transaction.atomic():
            if row.idempotency_key:
                self._require_new(row)
            if row.reserved:
                self._require_quota(row.reserved)
            if row.parts:
                take_over(row, self.storage, self.max_size)
            row.save(force_insert=True)
            if row.parts:
                Upload.objects.filter(pk__in=row.parts).update(final=row.pk)

    def _require_quota(self, more: int, but: uuid.UUID | None = None) -> None:
        """In the transaction that makes the promise, so that no two count the same room."""
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [QUOTA_LOCK])
        if reserved_bytes(but) + more > self._max_unfinished:
            raise UnfinishedFull

    def expected(self, size: int | None) -> int:
        """What an upload of unknown length promises for content of this size, or of none that was said."""
        return min(UNKNOWN, self.max_size) if size is None else size

    async def look(self, upload_id: uuid.UUID) -> Seen:
        """Disturbs nobody. Raises `NotFound`, `Gone`."""
        return await self.locks.rows.do(self._look, upload_id)

    def _look(self, upload_id: uuid.UUID) -> Seen:
        try:
            return self._seen(Upload.objects.filter(pk=upload_id).first(), upload_id)
        except Gone:
            # Its file may have left because it landed, after its row was read.
            return self._seen(Upload.objects.filter(pk=upload_id).first(), upload_id)

    def _seen(self, row: Upload | None, upload_id: uuid.UUID) -> Seen:
        if row is None:
            raise NotFound
        if row.finished_at:
            expires_at = row.finished_at.timestamp() + self.expiry
            if row.file_id is None or expires_at < time.time():
                raise Gone(row.error_detail or None)
            return Seen(row, row.length, expires_at)
        try:
            stored = self.storage.uploads.stat(upload_id)
        except FileNotFoundError:
            raise Gone from None
        expires_at = stored.modified_at + self.expiry
        if expires_at < time.time():
            raise Gone
        return Seen(row, None if row.is_final else stored.offset, expires_at)

    async def forget(self, upload_id: uuid.UUID) -> None:
        """One that nobody can go on with any more."""
        await self.locks.rows.do(forget, self.storage, [upload_id])

    async def file_of(self, principal: Principal, row: Upload) -> File:
        """The file that the upload has become. Raises `Gone`."""
        if row.file_id is None:
            raise Gone
        try:
            return await self.locks.rows.do(queries.get, principal, row.file_id)
        except NotFound:
            raise Gone from None

    @asynccontextmanager
    async def hold(self, upload_id: uuid.UUID, *, disturb: bool = True, joins: bool = False) -> AsyncIterator[Held]:
        """The only one to write to it, until somebody new comes, or (not ``disturb``) if there is nobody now.

        A final upload that is being joined is let be, unless ``joins`` says otherwise.

        Raises:
            NotFound, Gone: there is no such upload.
            Locked: it is just being finished, or (not ``disturb``) written to.
        """
        patience = PATIENCE if disturb else 0.0
        async with self.locks.hold(upload_id, patience, joins=joins) as holder:
            yield await in_writer(self._opened, holder)

    def _opened(self, holder: Holder) -> Held:
        seen = self._seen(holder.row, holder.upload_id)
        held = Held(self, holder, seen.row, seen.offset or 0)
        if not seen.row.finished:
            held.offset = self.storage.uploads.recover(held.pk)
        return held


class Held:
    """An upload that nobody else writes to."""

    def __init__(self, uploads: Uploads, holder: Holder, row: Upload, offset: int) -> None:
        self.row = row
        self.offset = offset
        self._store = uploads.storage.uploads
        self._uploads = uploads
        self._holder = holder
        self._rows = uploads.locks.rows

    @property
    def pk(self) -> uuid.UUID:
        return self.row.pk

    @property
    def whole(self) -> bool:
        return self.offset == self.row.length

    def interruptible(self) -> AbstractAsyncContextManager[None]:
        """What takes long is done in here. It ends when somebody new comes, and raises `Superseded`."""
        return self._holder.interruptible()

    @property
    def seen(self) -> Seen:
        return Seen(self.row, self.offset, self.expires_at)

    @property
    def expires_at(self) -> float:
        start = self.row.finished_at.timestamp() if self.row.finished_at else self._store.stat(self.pk).modified_at
        return start + self._uploads.expiry

    async def announce(self) -> None:
        """Who began it is about to be told of it: a retry with its key finds it, and does not begin anew."""
        if self.row.idempotency_key:
            await self._rows.do(self._update, announced=True)

    async def declare(self, length: int) -> None:
        """Its length is known now. Raises `TooLarge`, `UnfinishedFull`."""
        if length > self._uploads.max_size:
            raise TooLarge
        await self._reserve(length, length=length)

    async def expect(self, size: int | None) -> None:
        """So many bytes are about to come to an upload whose own length is not known."""
        if self.row.length is None:
            await self._reserve(self.offset + self._uploads.expected(size))

    async def _reserve(self, reserved: int, **changes: object) -> None:
        await self._rows.do(self._change, reserved, changes)

    def _change(self, reserved: int, changes: dict[str, object]) -> None:
        with transaction.atomic():
            if reserved > self.row.reserved:
                self._uploads._require_quota(reserved, but=self.row.pk)
            self._update(reserved=reserved, **changes)

    def _update(self, **changes: object) -> None:
        for name, value in changes.items():
            setattr(self.row, name, value)
        Upload.objects.filter(pk=self.row.pk).update(**changes)

    async def append(self, checks: Sequence[Hash] = ()) -> Append:
        """To be ended by `keep`, `discard` or `land`. With ``checks`` nothing counts until `keep`."""
        limit = self._uploads.max_size if self.row.length is None else self.row.length
        make = partial(Append, self._uploads.storage, self.pk, self.offset, limit, checks)
        return await asyncio.get_running_loop().run_in_executor(hashers, make)

    async def keep(self, append: Append) -> None:
        """What has come counts."""
        await asyncio.shield(append.keep())
        self.offset = append.size
        if self.row.length is None:
            # What is there counts, also where it is more than may be.
            await self._rows.do(self._update, reserved=self.offset)
        if self.row.final_id:
            await self._rows.do(touch_all, self._uploads.storage, self.row.final_id)

    async def land(self, append: Append) -> File:
        """Make it a file.

        Raises:
            DigestMismatch: it is not what was promised, and gone.
            StorageFull, Unavailable: it could not land now; nothing is lost.
        """
        row = self.row
        await self._verify(append)
        try:
            new = NewFile(row.name, row.declared_type, row.pipeline, row.pk)
            file = await self._uploads.committer.commit(append, new)
        finally:
            append.writer.close()
        row.file_id, row.length, row.finished_at = file.pk, file.size, datetime.now(UTC)
        await in_writer(self._store.remove, row.pk)
        return file

    def adopt(self, part_id: uuid.UUID) -> None:
        """Make the bytes of this part its own, with their hash and their lock. Raises `BlockingIOError`."""
        self._holder.replace_lock(self._store.adopt(self.pk, part_id))

    async def _verify(self, append: Append) -> None:
        for algorithm, expected in (self.row.digest or {}).items():
            found = (
                append.sha256
                if algorithm == "sha-256"
                else await asyncio.to_thread(digest_of, self._store, self.pk, algorithm)
            )
            if found != expected:
                fault = DigestMismatch()
                await self.fail(fault.code, fault.detail)
                raise fault

    async def fail(self, code: str, detail: str) -> None:
        """It can't become a file, ever: leave its reason and nothing else. A key is free for another try."""
        ended = {"finished_at": Now(), "reserved": 0, "idempotency_key": None}
        await self._rows.do(self._update, error_code=code, error_detail=detail, **ended)
        await in_writer(self._store.remove, self.row.pk)

    @asynccontextmanager
    async def only_if_kept(self) -> AsyncIterator[None]:
        """Nobody will come back for this one: if what is done in here fails, leave nothing behind."""
        try:
            yield
        except BaseException:
            with suppress(PicassoError):
                await asyncio.shield(self._rows.do(self._remove_unfinished))
            raise

    def _remove_unfinished(self) -> None:
        """A COMMIT in doubt may have made it a file: then its row stays, and with it the key."""
        if Upload.objects.filter(pk=self.row.pk, finished_at=None).delete()[0]:
            self._store.remove(self.row.pk)

    async def remove(self) -> None:
        """Raises `Conflict` for a part that a final upload has taken over."""
        if self.row.final_id:
            raise Conflict("This upload is a part of another one.")
        await self._rows.do(self._remove)

    def _remove(self) -> None:
        """The row as it is by now: a COMMIT in doubt may have finished it, and then its file stays."""
        row = Upload.objects.filter(pk=self.row.pk).first()
        parts = [uuid.UUID(part) for part in row.parts or ()] if row and not row.finished else []
        forget(self._uploads.storage, [self.row.pk, *parts])


def take_over(final: Upload, storage: Storage, max_size: int) -> None:
    """See that the parts can be had; the caller's transaction makes them its own."""
    wanted = {uuid.UUID(part) for part in final.parts or ()}
    # In one order, lest two that want the same wait for each other.
    rows = {row.pk: row for row in Upload.objects.select_for_update().filter(pk__in=wanted).order_by("pk")}
    for part in wanted:
        row = rows.get(part)
        if row is None or row.finished or not storage.uploads.exists(part):
            raise NotFound(f"There is no upload {part}.")
        if not row.is_part:
            raise Conflict(f"The upload {part} is not partial.")
        if row.final_id:
            raise Conflict(f"The upload {part} is a part of another one already.")
    lengths = [rows[uuid.UUID(part)].length for part in final.parts or ()]
    if sum(length or 0 for length in lengths) > max_size:
        raise TooLarge
    if None not in lengths:
        final.length = sum(length or 0 for length in lengths)


def forget(storage: Storage, ids: Sequence[uuid.UUID]) -> None:
    Upload.objects.filter(pk__in=ids).delete()
    for upload_id in ids:
        storage.uploads.remove(upload_id)


def reserved_bytes(but: uuid.UUID | None = None) -> int:
    """Bytes of all unfinished uploads, come or still to come."""
    rows = Upload.objects.filter(finished_at=None).exclude(pk=but) if but else Upload.objects.filter(finished_at=None)
    return rows.aggregate(total=models.Sum("reserved"))["total"] or 0


def touch_all(storage: Storage, final_id: uuid.UUID) -> None:
    """A final upload and its parts expire together: each byte that comes to one of them gives all of them time."""
    for upload_id in (final_id, *Upload.objects.filter(final=final_id).values_list("pk", flat=True)):
        storage.uploads.touch(upload_id)


def sweep_expired(storage: Storage, expiry: int) -> None:
    """In a thread of its own, whose connection goes with it."""
    try:
        cleanup.expired(storage, expiry)
    finally:
        connection.close()


def digest_of(store: UploadStore, upload_id: uuid.UUID, algorithm: str) -> str:
    found = hashlib.new(algorithm.replace("-", ""))
    for data in store.read(upload_id):
        found.update(data)
    return found.hexdigest()
