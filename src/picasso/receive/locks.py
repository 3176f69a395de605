"""Who may write to which upload: one request at a time, in all processes that share the database and the storage.

A new request takes over from the one before, which may hang on a connection that only its client knows to be dead.

On PostgreSQL the lock is an advisory lock of the process' session, so it ends with the process, on whichever machine
that ran. The store's own lock is taken as well. On SQLite it is the only one, and enough within one machine.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
import uuid
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, ParamSpec, TypeVar

from django.db import InterfaceError, OperationalError, connection

from picasso.errors import Locked, PicassoError, Superseded, Unavailable
from picasso.models import Upload
from picasso.storage import UploadLock, UploadStore

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

# How often a process looks whether another process requested one of its locks. A takeover must not last a second.
WATCH_SECONDS = 0.2
RETRY_SECONDS = 0.02
REQUEST_SECONDS = 0.5

# A holder that is committing just now can't be interrupted. It gets this long.
PATIENCE = 15.0

# PostgreSQL keeps the locks of all sessions in one table of some thousands (max_locks_per_transaction).
MAX_LOCKS = 3000

# A connection that was not used for this long may be broken.
IDLE_SECONDS = 5.0

SESSION_LOST = "The database was away. What has arrived is kept; please continue."


class DatabaseThread:
    """Runs all database work of uploads in one thread: the locks belong to the session of its connection."""

    def __init__(self, on_session_lost: Callable[[], object]) -> None:
        """``on_session_lost`` is called in the thread when the session has ended, and all locks with it."""
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="uploads")
        self._on_session_lost = on_session_lost
        self._session: Any = None
        self._used_at = 0.0

    async def do(self, call: Callable[P, T], *args: P.args, **more: P.kwargs) -> T:
        """Raises `Unavailable`, and what ``call`` raises. The call is finished even if the caller is cancelled."""
        return await asyncio.shield(asyncio.wrap_future(self.submit(call, *args, **more)))

    def submit(self, call: Callable[P, T], *args: P.args, **more: P.kwargs) -> Future[T]:
        return self._thread.submit(partial(self._run, call, *args, **more))

    def stop(self) -> None:
        self._thread.submit(close_connection)
        self._thread.shutdown()

    def _run(self, call: Callable[P, T], *args: P.args, **more: P.kwargs) -> T:
        try:
            self._connect()
            return call(*args, **more)
        except (OperationalError, InterfaceError) as fault:
            # Not every error of this kind ends the session: it may be a lock timeout or a deadlock.
            if not connection.is_usable():
                self._end_session()
            raise Unavailable("The database is unavailable. Please try again.") from fault

    def _connect(self) -> None:
        if self._session and time.monotonic() - self._used_at > IDLE_SECONDS and not connection.is_usable():
            self._end_session()
        connection.ensure_connection()
        if self._session and self._session is not connection.connection:
            self._on_session_lost()
        self._session, self._used_at = connection.connection, time.monotonic()

    def _end_session(self) -> None:
        connection.close()
        if self._session:
            self._session = None
            self._on_session_lost()


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
        self, upload_id: uuid.UUID, patience: float = PATIENCE, *, interrupt_concatenation: bool = False
    ) -> AsyncIterator[LockHolder]:
        """Hold the lock in this context. The present holder is interrupted, here or in another process.

        With a patience of 0 nobody is interrupted. The concatenation of a final upload is only interrupted by callers
        that ask for it.

        Raises:
            Locked: the holder has not finished within ``patience`` seconds.
            Unavailable: the database is away.
        """
        holder = await self._acquire(upload_id, patience, interrupt_concatenation)
        try:
            yield holder
        finally:
            await asyncio.shield(self._release(holder))

    async def _acquire(self, upload_id: uuid.UUID, patience: float, interrupt_concatenation: bool) -> LockHolder:
        if len(self._holders) >= MAX_LOCKS:
            raise Unavailable("There are too many uploads under way. Please try again.")
        loop = asyncio.get_running_loop()
        deadline, request_at = loop.time() + patience, 0.0
        while True:
            await self._interrupt_own(upload_id, deadline, interrupt_concatenation)
            if holder := await self._try(upload_id):
                return holder
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

    async def _try(self, upload_id: uuid.UUID) -> LockHolder | None:
        holder = self._holders[upload_id] = LockHolder(upload_id)
        acquiring = asyncio.wrap_future(self.database.submit(self._take, upload_id))
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
            self.database.submit(unlock_advisory, holder.upload_id)
        self._end(holder)

    async def _release(self, holder: LockHolder) -> None:
        # The store's lock is released even while the database is away.
        holder.replace_store_lock(None)
        try:
            await self.database.do(unlock_advisory, holder.upload_id)
        except Unavailable:
            pass  # the session has ended, and its lock with it
        finally:
            self._end(holder)

    def _end(self, holder: LockHolder) -> None:
        self._holders.pop(holder.upload_id, None)
        holder.released.set()

    def _take(self, upload_id: uuid.UUID) -> AcquiredLock | None:
        """In the thread of the database. None if somebody else has the lock."""
        if not try_lock_advisory(upload_id):
            return None
        store_lock = None
        try:
            with suppress(FileNotFoundError):  # it has no bytes, for example because it has landed
                store_lock = self._store.lock(upload_id)
            row = Upload.everywhere.filter(pk=upload_id).first()
            if row and row.takeover_requested:
                Upload.everywhere.filter(pk=upload_id).update(takeover_requested=False)
        except BlockingIOError:
            unlock_advisory(upload_id)
            return None
        except BaseException:
            if store_lock:
                store_lock.release()
            unlock_advisory(upload_id)
            raise
        return AcquiredLock(row, store_lock)

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


def close_connection() -> None:
    """Close the connection of the thread that runs this; `connection.close` would be bound to the caller's."""
    connection.close()


def takeovers_requested() -> list[uuid.UUID]:
    return list(Upload.everywhere.filter(takeover_requested=True).order_by().values_list("pk", flat=True))


def request_takeover(upload_id: uuid.UUID, interrupt_concatenation: bool) -> None:
    """Ask the process that holds the lock for it. Raises `Locked` for a concatenation that is not to be interrupted."""
    rows = Upload.everywhere.filter(pk=upload_id)
    if not interrupt_concatenation and rows.filter(parts__isnull=False).exists():
        raise Locked
    rows.update(takeover_requested=True)


def try_lock_advisory(upload_id: uuid.UUID) -> bool:
    """A session can take the same lock twice, so `Locks` must not ask for what this process holds."""
    if connection.vendor != "postgresql":
        return True
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [lock_number(upload_id)])
        return bool(cursor.fetchone()[0])


def unlock_advisory(upload_id: uuid.UUID) -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [lock_number(upload_id)])


def lock_number(upload_id: uuid.UUID) -> int:
    """The random half of the id, as PostgreSQL's bigint."""
    return int.from_bytes(upload_id.bytes[8:], "big", signed=True)
