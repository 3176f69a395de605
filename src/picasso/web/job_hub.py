"""Those who wait for jobs of remote processors, in one web process.

It asks the database only while somebody waits, and then for all of them together: often while something happens, rarely
otherwise. Nobody who waits holds a thread.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from typing import TypeVar

from picasso.activity import Activity
from picasso.errors import Unavailable
from picasso.pools import stop_pool
from picasso.process.remote.claim import due
from picasso.web.event_hub import ask

log = logging.getLogger(__name__)

T = TypeVar("T")

# In seconds.
POLL = 0.1
# While nothing happens: a job that is due again after a pause is found so much later.
IDLE = 0.5
OUTAGE_PAUSE = 1.0

# So many of those who wait for the same jobs are woken at a time: others would ask in vain.
WOKEN = 8

Place = tuple[str, int]
"""A queue and a project that have a due job."""


class Waiter:
    """Somebody who waits for jobs."""

    def __init__(self, queues: Collection[str], project: int | None) -> None:
        """Of these queues, and of one project or of all."""
        self.queues = frozenset(queues)
        self._project = project
        self.woken = asyncio.Event()

    def wants(self, places: Collection[Place]) -> Place | None:
        """One of these places that it would take jobs from."""
        mine = (place for place in places if place[0] in self.queues and self._project in {None, place[1]})
        return next(mine, None)


class JobHub:
    def __init__(self, activity: Activity) -> None:
        """``activity`` is started when somebody waits for the first time: it has a connection of its own."""
        self._activity = activity
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="due jobs")
        self._waiters: dict[Waiter, None] = {}
        """Those who have waited the longest first."""
        self._woken = asyncio.Event()
        """Somebody waits who did not before, or there may be a job after a time in which nothing happened."""
        self._task: asyncio.Task[None] | None = None
        self._stopped = False

    def start(self) -> None:
        self._task = asyncio.create_task(self._run())

    def end_all(self) -> None:
        """Wake all that wait, and let nobody wait any more."""
        self._stopped = True
        for waiter in self._waiters:
            waiter.woken.set()

    async def stop(self) -> None:
        """Does no harm when called twice."""
        self.end_all()
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        stop_pool(self._reader, 1)

    @contextmanager
    def join(self, queues: Collection[str], project: int | None) -> Iterator[Waiter]:
        """Be woken when there may be a job."""
        waiter = Waiter(queues, project)
        if self._stopped:
            waiter.woken.set()
        self._waiters[waiter] = None
        self._activity.start()
        self._woken.set()
        try:
            yield waiter
        finally:
            self._waiters.pop(waiter, None)

    async def ask(self, call: Callable[..., T], *arguments: object) -> T:
        """Have its thread ask the database. Raises `Unavailable`."""
        return await asyncio.get_running_loop().run_in_executor(self._reader, partial(ask, call, *arguments))

    @property
    def stopped(self) -> bool:
        return self._stopped

    async def _run(self) -> None:
        wake = partial(asyncio.get_running_loop().call_soon_threadsafe, self._woken.set)
        with self._activity.waking(wake):
            while True:
                self._woken.clear()
                if self._waiters:
                    pause = await self._poll()
                    await asyncio.sleep(POLL)
                    await self._wait(pause - POLL)
                else:
                    await self._woken.wait()

    async def _wait(self, seconds: float) -> None:
        """Until it is woken, but not longer."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._woken.wait()

    async def _poll(self) -> float:
        """Wake those for whom there are jobs; the seconds until the next look."""
        queues = sorted(frozenset[str]().union(*(waiter.queues for waiter in self._waiters)))
        try:
            places = await self.ask(places_of, queues)
        except Unavailable as fault:
            log.warning("can't look for due jobs, trying again: %s", fault)
            return OUTAGE_PAUSE
        except Exception:  # nothing may end this task: nobody would notice
            log.exception("can't look for due jobs, trying again")
            return OUTAGE_PAUSE
        self._wake(places)
        return self._activity.pause(POLL, IDLE)

    def _wake(self, places: set[Place]) -> None:
        woken: Counter[Place] = Counter()
        for waiter in self._waiters:
            left = {place for place in places if woken[place] < WOKEN}
            if not waiter.woken.is_set() and (place := waiter.wants(left)):
                woken[place] += 1
                waiter.woken.set()


def places_of(queues: Collection[str]) -> set[Place]:
    return {(lane.queue, lane.project) for lane in due([*queues], None)}
