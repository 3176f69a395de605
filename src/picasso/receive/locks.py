"""Who may write to which upload: one request at a time, in all processes that share the database and the disk.

Whoever comes new takes over: the request before it may hang on a connection that only its client knows to be dead. On
PostgreSQL a lock is an advisory lock of the process' session, so it ends with the process, whichever machine that ran
on; the upload's file is locked besides (flock), which is all there is on SQLite, and all it needs within a machine.
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
from picasso.storage import Storage, UploadLock

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

# How often a process asks whether another one wants what it holds; a second is the bar.
WATCH_SECONDS = 0.2
RETRY_SECONDS = 0.02
ASK_SECONDS = 0.5

# A holder that is just committing lets nobody disturb it, and is given this long.
PATIENCE = 15.0

# PostgreSQL keeps the locks of all sessions in one table of some thousands (max_locks_per_transaction).
MAX_HELD = 3000

# A connection that was not used for this long may be older than the database is.
IDLE_SECONDS = 5.0


class Rows:
    """All that uploads ask of the database, in one thread: the session of its connection holds the locks."""

    def __init__(self, on_lost: Callable[[], object]) -> None:
        """``on_lost`` is called, in the thread, when the session has ended and all locks with it."""
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="uploads")
        self._on_lost = on_lost
        self._session: Any = None
        self._used = 0.0

    async def do(self, call: Callable[P, T], *args: P.args, **more: P.kwargs) -> T:
        """Raises `Unavailable`, and what ``call`` raises. It runs to its end though nobody wait for it any more."""
        return await asyncio.shield(asyncio.wrap_future(self.submit(call, *args, **more)))

    def submit(self, call: Callable[P, T], *args: P.args, **more: P.kwargs) -> Future[T]:
        return self._thread.submit(partial(self._call, call, *args, **more))

    def stop(self) -> None:
        self._thread.submit(close_connection)
        self._thread.shutdown()

    def _call(self, call: Callable[P, T], *args: P.args, **more: P.kwargs) -> T:
        try:
            self._connect()
            return call(*args, **more)
        except (OperationalError, InterfaceError) as fault:
            # A lock that was not had in time, a deadlock: not every fault of this kind is the session's end.
            if not connection.is_usable():
                self._lose()
            raise Unavailable("The database is unavailable. Please try again.") from fault

    def _connect(self) -> None:
        if self._session and time.monotonic() - self._used > IDLE_SECONDS and not connection.is_usable():
            self._lose()
        connection.ensure_connection()
        if self._session and self._session is not connection.connection:
            self._on_lost()
        self._session, self._used = connection.connection, time.monotonic()

    def _lose(self) -> None:
        connection.close()
        if self._session:
            self._session = None
            self._on_lost()


class Holder:
    """One request that has the lock of one upload."""

    def __init__(self, upload_id: uuid.UUID) -> None:
        self.upload_id = upload_id
        self.row: Upload | None = None
        self.lock: UploadLock | None = None
        self.since = math.inf
        """By the loop's clock; not before it has the lock."""
        self.released = asyncio.Event()
        self._clock: asyncio.Timeout | None = None
        self._reason: PicassoError | None = None

    @asynccontextmanager
    async def interruptible(self) -> AsyncIterator[None]:
        """What is done in here ends with the reason when somebody `interrupt`s, or has before."""
        try:
            async with asyncio.timeout(None) as self._clock:
                if self._reason:
                    self.interrupt(self._reason)
                yield
        except TimeoutError:
            if self._reason and self._clock and self._clock.expired():
                raise self._reason from None
            raise
        finally:
            self._clock = None

    def replace_lock(self, lock: UploadLock | None) -> None:
        """Hold this lock of the store instead of the present one, which is released."""
        before, self.lock = self.lock, lock
        if before:
            before.release()

    def interrupt(self, reason: PicassoError) -> None:
        self._reason = self._reason or reason
        if self._clock:
            with suppress(RuntimeError):  # it is over
                self._clock.reschedule(asyncio.get_running_loop().time())


@dataclass(slots=True)
class Taken:
    row: Upload | None
    lock: UploadLock | None


class Locks:
    """Those of one process."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._holders: dict[uuid.UUID, Holder] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._watching: asyncio.Task[None] | None = None
        self.rows = Rows(self._lost)

    def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._watching = asyncio.create_task(self._watch())

    def stop(self) -> None:
        if self._watching:
            self._watching.cancel()
        self.rows.stop()

    async def idle(self, seconds: float) -> None:
        """Wait until nothing is held any more, but not longer."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                for holder in list(self._holders.values()):
                    await holder.released.wait()

    @asynccontextmanager
    async def hold(
        self, upload_id: uuid.UUID, patience: float = PATIENCE, *, joins: bool = False
    ) -> AsyncIterator[Holder]:
        """Interrupts whoever holds it, here or elsewhere. With a patience of 0 nobody is interrupted.

        A final upload that is being joined is let be, unless ``joins`` says otherwise.

        Raises:
            Locked: the holder is not done within ``patience`` seconds.
            Unavailable: the database is away.
        """
        holder = await self._acquire(upload_id, patience, joins)
        try:
            yield holder
        finally:
            await asyncio.shield(self._release(holder))

    async def _acquire(self, upload_id: uuid.UUID, patience: float, joins: bool) -> Holder:
        if len(self._holders) >= MAX_HELD:
            raise Unavailable("There are too many uploads under way. Please try again.")
        loop = asyncio.get_running_loop()
        deadline, ask_at = loop.time() + patience, 0.0
        while True:
            await self._await_our_own(upload_id, deadline, joins)
            if holder := await self._try(upload_id):
                return holder
            now = loop.time()
            if now >= deadline:
                raise Locked
            if now >= ask_at:
                await self.rows.do(want, upload_id, joins)
                ask_at = now + ASK_SECONDS
            await asyncio.sleep(RETRY_SECONDS)

    async def _await_our_own(self, upload_id: uuid.UUID, deadline: float, joins: bool) -> None:
        while other := self._holders.get(upload_id):
            let_be = other.row is not None and other.row.is_final and not joins
            if let_be or deadline <= asyncio.get_running_loop().time():
                raise Locked
            other.interrupt(Superseded())
            try:
                async with asyncio.timeout_at(deadline):
                    await other.released.wait()
            except TimeoutError:
                raise Locked from None

    async def _try(self, upload_id: uuid.UUID) -> Holder | None:
        holder = self._holders[upload_id] = Holder(upload_id)
        taking = asyncio.wrap_future(self.rows.submit(self._take, upload_id))
        try:
            taken = await asyncio.shield(taking)
        except asyncio.CancelledError:
            taking.add_done_callback(lambda _: self._give_back(holder, taking))
            raise
        except BaseException:
            self._forget(holder)
            raise
        if taken is None:
            self._forget(holder)
            return None
        holder.row, holder.lock, holder.since = taken.row, taken.lock, asyncio.get_running_loop().time()
        return holder

    def _give_back(self, holder: Holder, taking: asyncio.Future[Taken | None]) -> None:
        """It was taken for somebody who has left meanwhile."""
        if not taking.cancelled() and not taking.exception() and (taken := taking.result()):
            if taken.lock:
                taken.lock.release()
            self.rows.submit(release_advisory, holder.upload_id)
        self._forget(holder)

    async def _release(self, holder: Holder) -> None:
        # The file's own lock is given back also while the database is away.
        holder.replace_lock(None)
        try:
            await self.rows.do(release_advisory, holder.upload_id)
        except Unavailable:
            pass  # the session is over, and its lock with it
        finally:
            self._forget(holder)

    def _forget(self, holder: Holder) -> None:
        self._holders.pop(holder.upload_id, None)
        holder.released.set()

    # In the thread of the rows

    def _take(self, upload_id: uuid.UUID) -> Taken | None:
        if not try_advisory(upload_id):
            return None
        lock = None
        try:
            lock = lock_in_store(self._storage, upload_id)
            row = Upload.objects.filter(pk=upload_id).first()
            if row and row.takeover_requested:
                Upload.objects.filter(pk=upload_id).update(takeover_requested=False)
        except BlockingIOError:
            release_advisory(upload_id)
            return None
        except BaseException:
            if lock:
                lock.release()
            release_advisory(upload_id)
            raise
        return Taken(row, lock)

    def _lost(self) -> None:
        if self._loop:
            with suppress(RuntimeError):  # the loop has ended
                self._loop.call_soon_threadsafe(self._interrupt_all)

    # On the loop

    def _interrupt_all(self) -> None:
        for holder in list(self._holders.values()):
            holder.interrupt(Unavailable("The database was away; what has arrived is kept. Please go on."))

    async def _watch(self) -> None:
        """Hear of requests that other processes got for what this one holds."""
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            if not self._holders:
                continue
            try:
                asked = asyncio.get_running_loop().time()
                for upload_id in await self.rows.do(takeover_requests):
                    # Who got it since may be the one who wanted it.
                    if (holder := self._holders.get(upload_id)) and holder.since < asked:
                        holder.interrupt(Superseded())
            except Unavailable:
                pass
            except Exception:
                log.exception("could not look for who wants which upload")


def close_connection() -> None:
    """That of the thread which runs this: `connection.close` would be bound to the caller's."""
    connection.close()


def takeover_requests() -> list[uuid.UUID]:
    return list(Upload.objects.filter(takeover_requested=True).values_list("pk", flat=True))


def want(upload_id: uuid.UUID, joins: bool) -> None:
    """Raises `Locked` for a final upload that is to be let be."""
    rows = Upload.objects.filter(pk=upload_id)
    if not joins and rows.filter(parts__isnull=False).exists():
        raise Locked
    rows.update(takeover_requested=True)


def lock_in_store(storage: Storage, upload_id: uuid.UUID) -> UploadLock | None:
    """None if the upload has no bytes, for example after it has landed. Raises `BlockingIOError`."""
    try:
        return storage.uploads.lock(upload_id)
    except FileNotFoundError:
        return None


def try_advisory(upload_id: uuid.UUID) -> bool:
    """Locks of one session are counted, so a process must not take what it holds: see `Locks`."""
    if connection.vendor != "postgresql":
        return True
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [lock_number(upload_id)])
        return bool(cursor.fetchone()[0])


def release_advisory(upload_id: uuid.UUID) -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [lock_number(upload_id)])


def lock_number(upload_id: uuid.UUID) -> int:
    """The random half of the id, as PostgreSQL's bigint."""
    return int.from_bytes(upload_id.bytes[8:], "big", signed=True)
