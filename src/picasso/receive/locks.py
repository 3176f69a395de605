"""Who may write to which upload: one request at a time, in all processes that share the database and the storage.

A new request takes over from the one before, which may hang on a connection that only its client knows to be dead.

On PostgreSQL the lock is an advisory lock of the process' session, so it ends with the process, on whichever machine
that ran. The store's own lock is taken as well. On SQLite it is the only one, and enough within one machine.
"""

from __future__ import annotations

import asyncio
import logging
import math
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from picasso.errors import Locked, PicassoError, Superseded, Unavailable
from picasso.models import Upload
from picasso.receive.database_thread import DatabaseThread
from picasso.receive.lock_queries import (
    lock_and_read,
    request_takeover,
    takeovers_requested,
    try_lock_advisory,
    unlock_advisory,
)
from picasso.storage import UploadLock, UploadStore

log = logging.getLogger(__name__)

# How often a process looks whether another process requested one of its locks. A takeover must not last a second.
WATCH_SECONDS = 0.2
RETRY_SECONDS = 0.02
REQUEST_SECONDS = 0.5

# A holder that is committing just now can't be interrupted. It gets this long.
PATIENCE = 15.0

# PostgreSQL keeps the locks of all sessions in one table of some thousands (max_locks_per_transaction).
MAX_LOCKS = 3000

SESSION_LOST = "The database was away. What has arrived is kept; please continue."


class LockHolder:
    """A request that holds the lock of an upload."""

    def __init__(self, upload_id: uuid.UUID) -> None:
        self.upload_id = upload_id
        self.row: Upload | None = None
        """The upload's row, read after the lock was taken."""
        self.since = math.inf
        """When the lock was taken, by the loop's clock."""
        self.released = asyncio.Event()
        self._store_lock: UploadLock | None = None
        self._timeout: asyncio.Timeout | None = None
        self._reason: PicassoError | None = None

    def acquired(self, lock: AcquiredLock) -> None:
        self.row, self._store_lock, self.since = lock.row, lock.store_lock, asyncio.get_running_loop().time()

    @asynccontextmanager
    async def interruptible(self) -> AsyncIterator[None]:
        """`interrupt` cancels what runs in this context, which then raises the reason; at once if it came before."""
        try:
            async with asyncio.timeout(None) as self._timeout:
                if self._reason:
                    self.interrupt(self._reason)
                yield
        except TimeoutError:
            if self._reason and self._timeout and self._timeout.expired():
                raise self._reason from None
            raise
        finally:
            self._timeout = None

    def interrupt(self, reason: PicassoError) -> None:
        self._reason = self._reason or reason
        if self._timeout:
            with suppress(RuntimeError):  # the context has just ended
                self._timeout.reschedule(asyncio.get_running_loop().time())

    def replace_store_lock(self, lock: UploadLock | None) -> None:
        """Hold this lock of the store instead of the present one, which is released."""
        before, self._store_lock = self._store_lock, lock
        if before:
            before.release()


@dataclass(frozen=True, slots=True)
class AcquiredLock:
    row: Upload | None
    store_lock: UploadLock | None

    def release(self) -> None:
        if self.store_lock:
            self.store_lock.release()


class Locks:
    """The locks of one process. Its methods run on the event loop, except where they say otherwise."""

    def __init__(self, store: UploadStore) -> None:
        self._store = store
        self._holders: dict[uuid.UUID, LockHolder] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._watching: asyncio.Task[None] | None = None
        self.database = DatabaseThread(self._on_session_lost)

    def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._watching = asyncio.create_task(self._watch())

    def stop(self) -> None:
        if self._watching:
            self._watching.cancel()
        self.database.stop()

    async def wait_until_idle(self, seconds: float) -> None:
        """Wait until all locks are released, but not longer than this."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                for holder in list(self._holders.values()):
                    await holder.released.wait()

    @asynccontextmanager
    async def hold(
        self,
        upload_id: uuid.UUID,
        patience: float = PATIENCE,
        *,
        interrupt_concatenation: bool = False,
        before_interruption: Callable[[], Awaitable[None]] | None = None,
    ) -> AsyncIterator[LockHolder]:
        """Hold the lock in this context. The present holder is interrupted, here or in another process.

        With a patience of 0 nobody is interrupted. The concatenation of a final upload is only interrupted by callers
        that ask for it. ``before_interruption`` is called if somebody holds it, and what it raises is raised.

        Raises:
            Locked: the holder has not finished within ``patience`` seconds.
            Unavailable: the database is away.
        """
        holder = await self._acquire(upload_id, patience, interrupt_concatenation, before_interruption or nothing)
        try:
            yield holder
        finally:
            self._release(holder)

    @asynccontextmanager
    async def hold_new(self, upload_id: uuid.UUID) -> AsyncIterator[LockHolder]:
        """As `hold`, for an id that nobody else knows yet: there is neither a row nor bytes, and nobody to wait for."""
        self._require_room()
        holder = await self._try(upload_id, take_new)
        if holder is None:
            raise Locked
        try:
            yield holder
        finally:
            self._release(holder)

    async def _acquire(
        self,
        upload_id: uuid.UUID,
        patience: float,
        interrupt_concatenation: bool,
        before_interruption: Callable[[], Awaitable[None]],
    ) -> LockHolder:
        self._require_room()
        loop = asyncio.get_running_loop()
        deadline, request_at = loop.time() + patience, 0.0
        if asked := upload_id in self._holders:
            await before_interruption()
        while True:
            await self._interrupt_own(upload_id, deadline, interrupt_concatenation)
            if holder := await self._try(upload_id, self._take):
                return holder
            if not asked:
                await before_interruption()
                asked = True
            now = loop.time()
            if now >= deadline:
                raise Locked
            if now >= request_at:
                await self.database.do(request_takeover, upload_id, interrupt_concatenation)
                request_at = now + REQUEST_SECONDS
            await asyncio.sleep(RETRY_SECONDS)

    async def _interrupt_own(self, upload_id: uuid.UUID, deadline: float, interrupt_concatenation: bool) -> None:
        """Interrupt the holder in this process, if there is one, and wait until it has released the lock."""
        while other := self._holders.get(upload_id):
            concatenates = other.row is not None and other.row.is_final
            if (concatenates and not interrupt_concatenation) or deadline <= asyncio.get_running_loop().time():
                raise Locked
            other.interrupt(Superseded())
            try:
                async with asyncio.timeout_at(deadline):
                    await other.released.wait()
            except TimeoutError:
                raise Locked from None

    def _require_room(self) -> None:
        if len(self._holders) >= MAX_LOCKS:
            raise Unavailable("There are too many uploads under way. Please try again.")

    async def _try(self, upload_id: uuid.UUID, take: Callable[[uuid.UUID], AcquiredLock | None]) -> LockHolder | None:
        holder = self._holders[upload_id] = LockHolder(upload_id)
        acquiring = self.database.submit(take, upload_id)
        try:
            lock = await asyncio.shield(acquiring)
        except asyncio.CancelledError:
            acquiring.add_done_callback(lambda _: self._give_back(holder, acquiring))
            raise
        except BaseException:
            self._end(holder)
            raise
        if lock is None:
            self._end(holder)
            return None
        holder.acquired(lock)
        return holder

    def _give_back(self, holder: LockHolder, acquiring: asyncio.Future[AcquiredLock | None]) -> None:
        """Release a lock whose caller was cancelled before it got it."""
        if not acquiring.cancelled() and not acquiring.exception() and (lock := acquiring.result()):
            lock.release()
            self.database.begin(unlock_advisory, holder.upload_id)
        self._end(holder)

    def _release(self, holder: LockHolder) -> None:
        # The store's lock is released even while the database is away. Nobody waits for the database: it is asked in
        # the order of the calls, so whoever wants the lock next in this process gets it. If its session has ended, so
        # has the lock.
        holder.replace_store_lock(None)
        try:
            self.database.begin(unlock_advisory, holder.upload_id)
        finally:
            self._end(holder)

    def _end(self, holder: LockHolder) -> None:
        self._holders.pop(holder.upload_id, None)
        holder.released.set()

    def _take(self, upload_id: uuid.UUID) -> AcquiredLock | None:
        """In the thread of the database. None if somebody else has the lock."""
        store_lock = None
        try:
            with suppress(FileNotFoundError):  # it has no bytes, for example because it has landed
                store_lock = self._store.lock(upload_id)
        except BlockingIOError:
            return None
        try:
            # After the lock of the store: `picasso.receive.first_append` takes only that one.
            locked, row = lock_and_read(upload_id)
            if locked and row and row.takeover_requested:
                Upload.everywhere.filter(pk=upload_id).update(takeover_requested=False)
        except BaseException:
            if store_lock:
                store_lock.release()
            unlock_advisory(upload_id)
            raise
        found = AcquiredLock(row, store_lock)
        if not locked:
            found.release()
        return found if locked else None

    def _on_session_lost(self) -> None:
        """In the thread of the database."""
        if self._loop:
            with suppress(RuntimeError):  # the loop has ended
                self._loop.call_soon_threadsafe(self.interrupt_all, Unavailable(SESSION_LOST))

    def interrupt_all(self, reason: PicassoError) -> None:
        """Interrupt all holders of this process. They keep what has arrived."""
        for holder in list(self._holders.values()):
            holder.interrupt(reason)

    async def _watch(self) -> None:
        """Interrupt holders of this process whose locks were requested by other processes."""
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            if not self._holders:
                continue
            try:
                started = asyncio.get_running_loop().time()
                for upload_id in await self.database.do(takeovers_requested):
                    # A holder that got the lock since may be the one that requested it.
                    if (holder := self._holders.get(upload_id)) and holder.since < started:
                        holder.interrupt(Superseded())
            except Unavailable:
                pass
            except Exception:
                log.exception("could not look for requested takeovers of uploads")


async def nothing() -> None: ...


def take_new(upload_id: uuid.UUID) -> AcquiredLock | None:
    """As `Locks._take`. The creator brings the lock of the store."""
    return AcquiredLock(None, None) if try_lock_advisory(upload_id) else None
