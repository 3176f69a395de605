"""An upload that one request holds the lock of: it can be appended to, committed, deleted."""

from __future__ import annotations

import asyncio
import hashlib
import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import NoReturn

from django.db import transaction
from django.db.models.functions import Now

from picasso.access import audit
from picasso.access.actor import Actor
from picasso.access.policies import Policies
from picasso.errors import (
    Conflict,
    DigestMismatch,
    EmptyFile,
    NotAccepted,
    PicassoError,
    QuotaExceeded,
    TokenUsedUp,
    TooLarge,
)
from picasso.models import File, Upload
from picasso.receive.acceptance import require_size
from picasso.receive.append import Append
from picasso.receive.commit import Committer
from picasso.receive.database_thread import DatabaseThread
from picasso.receive.hashing import Hash
from picasso.receive.locks import LockHolder
from picasso.receive.new_file import of_upload
from picasso.receive.quota import WINDOW, Limits, require_room, reserve_step
from picasso.receive.threads import Threads
from picasso.receive.upload_rows import delete_rows, needs_touch, remove_bytes, touch_all, with_parts
from picasso.storage import Storage, UploadStore


@dataclass(frozen=True, slots=True)
class UploadStatus:
    row: Upload
    offset: int | None
    """None for a final upload that is not concatenated yet."""
    expires_at: float
    """Unix time."""


@dataclass(frozen=True, slots=True)
class Services:
    """What the uploads of one process work with."""

    storage: Storage
    committer: Committer
    threads: Threads
    database: DatabaseThread
    limits: Limits


class LockedUpload:
    """An upload that only this request writes to."""

    def __init__(self, services: Services, holder: LockHolder, row: Upload, offset: int) -> None:
        self.row = row
        self.offset = offset
        self._services = services
        self._limits = services.limits
        self._threads = services.threads
        self._database = services.database
        self._store = services.storage.uploads
        self._holder = holder
        self._expected_end = 0

    @property
    def pk(self) -> uuid.UUID:
        return self.row.pk

    @property
    def policies(self) -> Policies:
        return self._services.committer.policies

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
        if self.row.finished_at:
            return self.row.finished_at.timestamp() + self._limits.expiry
        return self._store.stat(self.pk).modified_at + self._limits.life(self.row, self.offset)

    def interruptible(self) -> AbstractAsyncContextManager[None]:
        """A context for what takes long. It raises `Superseded` when another request takes over."""
        return self._holder.interruptible()

    async def announce(self) -> None:
        """Record that the client is being told where the upload is: from now on a retry with its key finds it."""
        if self.row.idempotency_key:
            await self._database.do(self._update, announced=True)

    # What it reserves

    async def set_length(self, length: int) -> None:
        """Raises `TooLarge`, `StorageFull`, `NotAccepted`."""
        if length > self._limits.max_size:
            raise TooLarge
        self._store.require_space(length - self.offset)
        await self._database.do(self._set_length, length)

    def _set_length(self, length: int) -> None:
        require_size(self.policies, self.row, length)
        self._update(length=length)

    async def expect(self, size: int | None) -> None:
        """Reserve space for the content of a request: of this size, or of unknown size.

        All that is announced must fit, so that what is hopeless is refused before it is sent. A window is reserved.

        Raises `UnfinishedFull`, `QuotaExceeded`.
        """
        limit = self._limits.max_size if self.row.length is None else self.row.length
        self._expected_end = limit if size is None else min(limit, self.offset + size)
        announced = self.offset if size is None else self._expected_end
        await self.reserve(min(self.offset + WINDOW, self._expected_end), announced)

    async def reserve(self, size: int, announced: int = 0) -> None:
        """Raises `UnfinishedFull`, `QuotaExceeded`."""
        if size > self.row.reserved:
            await self._database.do(self._reserve, size, max(size, announced))

    async def _reserve_next(self, arrived: int) -> None:
        """While content arrives: keep a window reserved for what comes next."""
        if arrived + WINDOW // 2 > self.row.reserved:
            await self.reserve(min(arrived + WINDOW, self._expected_end))

    def _reserve(self, size: int, announced: int) -> None:
        with transaction.atomic():
            require_room(self._limits, self.row, announced, [reserve_step(self.pk, size)], new=False)
        self.row.reserved = size

    def _update(self, **changes: object) -> None:
        for name, value in changes.items():
            setattr(self.row, name, value)
        Upload.everywhere.filter(pk=self.pk).update(**changes)

    # Bytes

    async def expect_and_append(self, size: int | None, checks: Sequence[Hash] = ()) -> Append:
        """`append`, before the reservation is made (see `expect`): content may arrive meanwhile.

        If there is no room for it, what is `interruptible` is interrupted and nothing was added.
        """
        expecting = asyncio.ensure_future(self.expect(size))
        expecting.add_done_callback(self._interrupt_if_refused)
        try:
            return await self.append(checks, expecting)
        except BaseException:
            await asyncio.wait({expecting})
            raise

    def _interrupt_if_refused(self, expecting: asyncio.Future[None]) -> None:
        if not expecting.cancelled() and isinstance(fault := expecting.exception(), PicassoError):
            self._holder.interrupt(fault)

    async def append(self, checks: Sequence[Hash] = (), room: asyncio.Future[None] | None = None) -> Append:
        """Start to append. To be ended by `keep`, `Append.discard` or `commit`. With ``checks`` only `keep` counts.

        Nothing is written before ``room`` is done.
        """
        create = partial(self._append, checks, room)
        future = asyncio.get_running_loop().run_in_executor(self._threads.hashers, create)
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            # The thread goes on. The lock is held until what it has opened is closed again.
            await asyncio.wait({future})
            if not future.cancelled() and not future.exception():
                await future.result().discard()
            raise

    def _append(self, checks: Sequence[Hash], room: asyncio.Future[None] | None) -> Append:
        limit = self._limits.max_size if self.row.length is None else self.row.length
        return Append(
            self._services.storage,
            self._threads,
            self.pk,
            self.offset,
            limit,
            checks=checks,
            room=room,
            on_progress=self._reserve_next,
        )

    async def keep(self, append: Append) -> None:
        """Count what has arrived."""
        await asyncio.shield(append.keep())
        self.offset = append.size
        if self.row.reserved != self.offset and (self.row.is_part or not self.is_complete):
            # What has arrived is counted even if it is more than the quota allows.
            await self._database.do(self._update, reserved=self.offset)
        if self.row.final_id:
            await self._touch_all(self.row.final_id)

    async def _touch_all(self, final_id: uuid.UUID) -> None:
        """A final upload and its parts expire together: a byte for one of them is a sign of life for all."""
        if await self._threads.in_writer(needs_touch, self._store, final_id, self._limits.expiry):
            ids = await self._database.do(with_parts, final_id)
            await self._threads.in_writer(touch_all, self._store, ids)

    async def commit(self, append: Append, also: Callable[[File], None] | None = None) -> File:
        """Make it a file. ``also`` is called in the transaction that does it.

        Raises:
            DigestMismatch: it is not what the client announced. It was removed.
            EmptyFile: no byte arrived. It was removed.
            NotAccepted: a policy or its token refuses it. It was removed.
            QuotaExceeded: there is no room for it in its project. It was removed.
            TokenUsedUp: its token allows no more files. It was removed.
            StorageFull, Unavailable: it could not be committed now. Nothing is lost.
        """
        row = self.row
        if append.size == 0:
            await self._refuse(EmptyFile())
        await self._verify(append)
        file = await self._commit(append, also)
        row.file_id, row.length, row.finished_at = file.pk, file.size, datetime.now(UTC)
        await self._threads.in_writer(self._store.remove, row.pk)
        return file

    async def _commit(self, append: Append, also: Callable[[File], None] | None) -> File:
        try:
            return await self._services.committer.commit(append, of_upload(self.row), also)
        except (NotAccepted, QuotaExceeded, TokenUsedUp) as fault:
            await self._refuse(fault)
        finally:
            append.writer.close()

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

    # The end

    async def fail(self, code: str, detail: str) -> None:
        """It can never become a file: keep only the reason. Its key can be used for another upload."""
        ended = {"finished_at": Now(), "reserved": 0, "idempotency_key": None}
        await self._database.do(self._update, error_code=code, error_detail=detail, **ended)
        await self._threads.in_writer(self._store.remove, self.pk)

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
        if Upload.everywhere.filter(pk=self.pk, finished_at=None).delete()[0]:
            self._store.remove(self.pk)

    async def delete(self, actor: Actor | None = None) -> None:
        """Delete it, and its parts with it. Raises `Conflict` if it is itself a part of a final upload.

        If somebody asked for it, they are the actor for the audit.
        """
        if self.row.final_id:
            raise Conflict("This upload is a part of another one.")
        await self._database.do(self._delete, actor)

    def _delete(self, actor: Actor | None) -> None:
        # The row is read again: if a COMMIT in doubt has finished the upload, its parts are removed elsewhere.
        row = Upload.everywhere.filter(pk=self.pk).first()
        parts = [uuid.UUID(part) for part in row.parts or ()] if row and not row.finished else []
        with transaction.atomic():
            delete_rows([self.pk, *parts])
            if actor:
                audit.record("upload.delete", "upload", self.pk, project=self.row.project_id, actor=actor)
        remove_bytes(self._store, [self.pk, *parts])


def digest_of(store: UploadStore, upload_id: uuid.UUID, algorithm: str) -> str:
    """The digest of an upload's bytes, in hex. ``algorithm`` is named as in RFC 9530, for example ``sha-512``."""
    digest = hashlib.new(algorithm.replace("-", ""))
    for data in store.read(upload_id):
        digest.update(data)
    return digest.hexdigest()
