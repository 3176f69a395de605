"""The one reader of events in a web process, and those who wait for events.

It asks the database only while somebody waits, and then for all of them together: often while something happens, rarely
otherwise. Nobody who waits holds a thread.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from typing import TypeVar

from django.db import InterfaceError, OperationalError, connection

from picasso.activity import Activity
from picasso.errors import Unavailable
from picasso.events.filter import Filter
from picasso.events.queries import everything_after
from picasso.events.record import EventRecord
from picasso.events.sequence import last_number
from picasso.pools import stop_pool

log = logging.getLogger(__name__)

T = TypeVar("T")

Send = Callable[[bytes], bool]
"""Sends frames to a client at once; False if that is not possible now."""

# All in seconds. With very many followers twice as long: what they get at a time costs as much as a single event.
# Below `SEVERAL` followers it is shorter in proportion, down to that of `FEW`: whoever waits for a file waits so long.
POLL = 0.05
FEW = 10
SEVERAL = 50
MANY = 1000
# While nothing happens.
IDLE = 0.5
OUTAGE_PAUSE = 1.0
# How often each of those who wait is woken although nothing has happened, to see whether it still may wait.
WAKE = 3.0

BATCH = 500

# What a client that does not read may have waiting. Then it is cut: it comes back with the number of its last event.
MAX_PENDING = 256 * 2**10


class FollowerEnded(Exception):
    """The client is too slow, or the process stops."""


class Follower:
    """Somebody who waits for events. What it has not taken yet is kept for it, up to a limit."""

    __slots__ = ("_ended", "_frames", "_send", "_size", "_waits", "_woken", "position", "was_sent")

    def __init__(self, position: int, send: Send | None = None) -> None:
        self.position = position
        """The number of the last event that it has, or that is not for it."""
        self.was_sent = False
        """Whether frames were sent past `take`; the owner sets it back."""
        self._send = send
        self._waits = False
        self._frames: list[bytes] = []
        self._size = 0
        self._woken = asyncio.Event()
        self._ended = False

    def put(self, frames: bytes) -> None:
        if not frames or self._ended or self._is_sent(frames):
            return
        self._frames.append(frames)
        self._size += len(frames)
        if self._size > MAX_PENDING:
            self.end()
        self.wake()

    def _is_sent(self, frames: bytes) -> bool:
        """Send them at once, if nothing else is on its way to the client."""
        if self._send is None or not self._waits or self._frames or not self._send(frames):
            return False
        self.was_sent = True
        return True

    def wake(self) -> None:
        self._woken.set()

    def end(self) -> None:
        self._ended = True
        self._frames.clear()
        self.wake()

    async def take(self) -> bytes:
        """The frames of the events that have happened since the last call, or nothing after a while.

        Raises `FollowerEnded`.
        """
        self._waits = not self._woken.is_set()
        await self._woken.wait()
        self._waits = False
        self._woken.clear()
        if self._ended:
            raise FollowerEnded
        frames = b"".join(self._frames)
        self._frames.clear()
        self._size = 0
        return frames


class EventHub:
    def __init__(self, activity: Activity) -> None:
        """``activity`` is started when somebody waits for the first time: it has a connection of its own."""
        self._activity = activity
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="events")
        self._asker = ThreadPoolExecutor(1, thread_name_prefix="ask events")
        self._followers: dict[Filter, set[Follower]] = {}
        self._woken = asyncio.Event()
        """Somebody waits who did not before, or there may be an event after a time in which nothing happened."""
        self._position: int | None = None
        """The number of the last event that was read; out of date, or None, while nobody waits."""
        self._task: asyncio.Task[None] | None = None
        self._stopped = False

    def start(self) -> None:
        self._task = asyncio.create_task(self._run())

    def end_all(self) -> None:
        """End all that wait, and let nobody wait any more."""
        self._stopped = True
        for follower in self._everybody():
            follower.end()

    async def stop(self) -> None:
        """Does no harm when called twice."""
        self.end_all()
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        stop_pool(self._reader, 1)
        stop_pool(self._asker, 1)

    async def ask(self, call: Callable[..., T], *arguments: object) -> T:
        """Have a thread ask the database. Raises `Unavailable`."""
        if self._stopped:
            raise Unavailable
        return await asyncio.get_running_loop().run_in_executor(self._asker, partial(ask, call, *arguments))

    async def position(self) -> int:
        """The number of the last event that was read, for `join` at once. Raises `Unavailable`."""
        if not self._is_current():
            number = await self.ask(last_number)
            if not self._is_current():  # nobody was faster
                self._position = number
        return self._position or 0

    def _is_current(self) -> bool:
        """Nothing is read while nobody waits, also if somebody has asked for the position and has not joined."""
        return self._position is not None and bool(self._followers)

    @contextmanager
    def join(self, wanted: Filter, after: int, send: Send | None = None) -> Iterator[Follower]:
        """Follow what happens behind this number, which must have reached the one that `position` has just returned.

        ``send`` is tried first, while the follower waits for the next frames.
        """
        follower = Follower(after, send)
        if self._stopped:
            follower.end()
        self._followers.setdefault(wanted, set()).add(follower)
        self._activity.start()
        self._woken.set()
        try:
            yield follower
        finally:
            self._leave(wanted, follower)

    def _leave(self, wanted: Filter, follower: Follower) -> None:
        self._followers[wanted].discard(follower)
        if not self._followers[wanted]:
            del self._followers[wanted]

    def _everybody(self) -> list[Follower]:
        return [follower for followers in self._followers.values() for follower in followers]

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        wake_at = loop.time() + WAKE
        with self._activity.waking(partial(loop.call_soon_threadsafe, self._woken.set)):
            while True:
                self._woken.clear()
                if not self._followers:
                    self._position = None
                    await self._woken.wait()
                    continue
                await self._wait(await self._read())
                if loop.time() > wake_at:
                    wake_at = loop.time() + WAKE
                    for follower in self._everybody():
                        follower.wake()

    async def _wait(self, seconds: float) -> None:
        """So long; while nothing happens longer, until it is woken."""
        await asyncio.sleep(seconds)
        if seconds:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._activity.pause(0.0, IDLE)):
                    await self._woken.wait()

    async def _read(self) -> float:
        """Read the next events; the seconds until there may be more."""
        loop = asyncio.get_running_loop()
        try:
            read = partial(ask, everything_after, await self.position(), BATCH)
            batch = await loop.run_in_executor(self._reader, read)
        except Unavailable as fault:
            log.warning("can't read events, trying again: %s", fault)
            return OUTAGE_PAUSE
        except Exception:  # nothing may end this task: nobody would notice
            log.exception("can't read events, trying again")
            return OUTAGE_PAUSE
        if batch:
            self._position = batch[-1].seq
            self._dispatch_safely(batch)
        return 0 if len(batch) == BATCH else poll(len(self._everybody()))

    def _dispatch_safely(self, batch: list[EventRecord]) -> None:
        try:
            self._dispatch(batch)
        except Exception:
            log.exception("can't send events, ending all streams: their clients go on where they are")
            for follower in self._everybody():
                follower.end()

    def _dispatch(self, batch: list[EventRecord]) -> None:
        for wanted, followers in self._followers.items():
            frames = b"".join(record.frame for record in batch if wanted.matches(record))
            for follower in followers:
                if follower.position < batch[0].seq:
                    follower.put(frames)
                else:  # it has joined with a number that was not read yet
                    new = (record for record in batch if record.seq > follower.position)
                    follower.put(b"".join(record.frame for record in new if wanted.matches(record)))
                follower.position = max(follower.position, batch[-1].seq)


def poll(followers: int) -> float:
    """The seconds between two reads for so many followers: 10 ms for a few, 50 ms for several, 100 ms for very many."""
    return POLL * (min(1.0, max(FEW, followers) / SEVERAL) + min(1.0, followers / MANY))


def ask(call: Callable[..., T], *arguments: object) -> T:
    """Once more if the connection has ended since it was used."""
    try:
        try:
            return call(*arguments)
        except (OperationalError, InterfaceError):
            connection.close()
            return call(*arguments)
    except (OperationalError, InterfaceError) as fault:
        connection.close()
        raise Unavailable("The database is unavailable. Please try again.") from fault
