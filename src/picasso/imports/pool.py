"""Fetches imports: asynchronous I/O in a thread of a worker. A thousand slow servers would hold no job up.

The table is the truth. A worker takes imports by a lease and renews it; what a dead worker has left is continued by
another one within half a minute. No message is sent.
"""

from __future__ import annotations

import asyncio
import logging
import random
import uuid
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from functools import partial

from django.utils import timezone

from picasso.access.policies import Policies
from picasso.access.projects import Projects
from picasso.activity import Activity
from picasso.conf import Conf
from picasso.errors import (
    Conflict,
    Locked,
    PicassoError,
    QuotaExceeded,
    StorageFull,
    Superseded,
    TooManyUploads,
    Unavailable,
    UnfinishedFull,
)
from picasso.imports import states
from picasso.imports.claims import Claims, Places
from picasso.imports.errors import RemoteBusy
from picasso.imports.fetch import Attempt, Services, delete_upload
from picasso.loop_thread import LoopThread
from picasso.models import Import
from picasso.outbound import OutboundError
from picasso.outbound.client import Client, Options
from picasso.process.pipelines import pipelines
from picasso.receive.commit import Committer
from picasso.receive.quota import Limits
from picasso.receive.threads import Threads
from picasso.receive.uploads import Uploads
from picasso.storage import Storage

log = logging.getLogger(__name__)

POLL_SECONDS = 0.25
# While nothing happens: an import that is tried again begins so much later.
IDLE_SECONDS = 1.0
WATCH_SECONDS = 1.0
EVENT_SECONDS = 5.0
CLEAN_SECONDS = 5.0
PURGE_SECONDS = 3600.0
OUTAGE_SECONDS = 1.0

# This worker's own troubles: they do not count as failures of the other server.
OWN = (StorageFull, UnfinishedFull, TooManyUploads, Unavailable, Locked)
OWN_DELAY = 15.0

LONGEST_DELAY = 900.0

# As much is progress: the attempts are counted anew.
PROGRESS = 2**20

STOP_SECONDS = 10.0


class ImportPool:
    """Of one worker process. Its thread runs from `start` to `stop`."""

    def __init__(self, conf: Conf, storage: Storage, limits: Limits, activity: Activity) -> None:
        self._conf = conf
        self._activity = activity
        self._storage = storage
        self._limits = limits
        self._thread = LoopThread("imports", self._serve)

    def start(self) -> None:
        if self._conf.imports:
            self._thread.start()

    def stop(self) -> None:
        """What has arrived is kept, and continued by another worker. Does no harm when called twice."""
        self._thread.stop(STOP_SECONDS)

    async def _serve(self) -> None:
        known, threads = pipelines(), Threads()
        policies = Policies(known.policy, known.names)
        committer = Committer(self._storage, known.plan, policies)
        uploads = Uploads(self._storage, committer, threads, self._limits)
        options = Options(
            rules=self._conf.outbound_allowed,
            ports=self._conf.outbound_ports,
            proxy=self._conf.outbound_proxy,
            connections=self._conf.imports,
            # Places limit how many a host has. Many hosts may redirect to one, where imports would time out waiting.
            per_host=self._conf.imports,
        )
        async with AsyncExitStack() as stack:
            stack.callback(threads.stop)
            uploads.start()
            stack.callback(uploads.stop)
            committer.start()
            stack.callback(committer.stop)
            client = await stack.enter_async_context(Client(options))
            await Fetcher(Services(client, uploads, policies, Projects(), self._conf), self._activity).run()


class Fetcher:
    """Claims imports and runs their attempts, on one event loop."""

    def __init__(self, services: Services, activity: Activity) -> None:
        self._activity = activity
        self._services = services
        self._uploads = services.uploads
        self._database = services.uploads.locks.database
        self._places = Places(services.conf.imports)
        self.worker = str(uuid.uuid4())
        """Names this process in the rows of what it runs."""
        self._claims = Claims(self.worker)
        self._attempts: dict[uuid.UUID, Attempt] = {}
        self._tasks: dict[uuid.UUID, asyncio.Task[None]] = {}
        self._paused_hosts: dict[str, float] = {}
        self._next: dict[str, float] = {}
        self._outage = False
        self._cleaned = states.BEFORE_ALL
        self._woken = asyncio.Event()
        """A place is free, or there may be something to fetch."""

    async def run(self) -> None:
        """Until it is cancelled."""
        loop = asyncio.get_running_loop()
        try:
            with self._activity.waking(partial(loop.call_soon_threadsafe, self._woken.set)):
                while True:
                    await self._wait(await self._round())
        finally:
            await self._stop()

    async def _wait(self, seconds: float) -> None:
        """Until the next round, or until it is woken."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._woken.wait()
        self._woken.clear()

    async def _round(self) -> float:
        """Do what is due; the seconds to wait until the next round."""
        try:
            await self._look_after()
            await self._claim()
        except Exception as fault:  # nothing may end the loop: nobody would notice
            expected = isinstance(fault, PicassoError)
            log.log(logging.DEBUG if self._outage else logging.WARNING, "imports: %s", fault, exc_info=not expected)
            self._outage = True
            return OUTAGE_SECONDS
        self._outage = False
        return self._activity.pause(POLL_SECONDS, IDLE_SECONDS)

    async def _look_after(self) -> None:
        if self._tasks and self._is_due("renew", states.RENEW_SECONDS):
            await self._database.do(states.renew, self.worker, list(self._tasks))
        if self._tasks and self._is_due("watch", WATCH_SECONDS):
            await self._watch()
        if self._tasks and self._is_due("events", EVENT_SECONDS):
            await self._write_events()
        if self._is_due("recover", states.RENEW_SECONDS):
            await self._database.do(states.recover)
        if self._is_due("clean", CLEAN_SECONDS):
            await self._clean()
        if self._is_due("purge", PURGE_SECONDS):
            await self._database.do(states.remove_older, self._services.conf.import_days)

    def _is_due(self, what: str, every: float) -> bool:
        now = asyncio.get_running_loop().time()
        if now < self._next.get(what, 0.0):
            return False
        self._next[what] = now + every
        return True

    async def _watch(self) -> None:
        """Write the progress, and end attempts at what was cancelled or is run by another worker."""
        arrived = {pk: attempt.arrived for pk, attempt in self._attempts.items()}
        left = await self._database.do(states.write_progress, self.worker, arrived)
        for pk in arrived.keys() - left:
            if task := self._tasks.get(pk):
                task.cancel()

    async def _write_events(self) -> None:
        """Write events of what has come further."""
        found = {pk: each.arrived for pk, each in self._attempts.items() if each.arrived != each.reported}
        for pk, size in found.items():
            self._attempts[pk].reported = size
        if found:
            await self._database.do(states.write_progress_events, self.worker, found)

    async def _clean(self) -> None:
        """Remove the bytes of what ended without a file."""
        rows = await self._database.do(states.remains, self._cleaned)
        # Some stay, because somebody has their lock. So the next round looks at others.
        self._cleaned = rows[-1].pk if len(rows) == states.REMAINS else states.BEFORE_ALL
        for row in rows:
            if row.pk not in self._tasks and row.upload:
                with suppress(Locked):
                    await delete_upload(self._uploads, row.upload)
                    await self._database.do(states.forget_uploads, [row.pk])

    async def _claim(self) -> None:
        if self._places.free <= 0:
            return
        now = asyncio.get_running_loop().time()
        self._paused_hosts = {host: until for host, until in self._paused_hosts.items() if until > now}
        found = await self._database.do(self._claims.claim, self._places, list(self._paused_hosts), list(self._tasks))
        self._start(found)

    def _start(self, rows: Sequence[Import]) -> None:
        for row in rows:
            self._places.take(row)
            self._attempts[row.pk] = Attempt(self._services, row)
            task = self._tasks[row.pk] = asyncio.create_task(self._attempt(self._attempts[row.pk]))
            task.add_done_callback(lambda _, row=row: self._end(row))  # type: ignore[misc]

    def _end(self, row: Import) -> None:
        self._places.leave(row)
        self._woken.set()
        del self._attempts[row.pk], self._tasks[row.pk]

    async def _attempt(self, attempt: Attempt) -> None:
        """Run it to its end, whatever happens."""
        before = attempt.row.bytes
        try:
            await attempt.run()
        except Exception as fault:
            if not isinstance(fault, PicassoError):
                log.exception("the import %s failed", attempt.row.pk)
            await self._settle(attempt, fault if isinstance(fault, PicassoError) else PicassoError(), before)

    async def _settle(self, attempt: Attempt, fault: PicassoError, before: int) -> None:
        """Decide whether there is another attempt, and when."""
        row = attempt.row
        own = is_own(fault)
        failures = 0 if attempt.arrived >= before + PROGRESS else row.failures + (0 if own else 1)
        with suppress(Unavailable):  # then the lease ends, and another worker takes it
            if is_lost(fault):
                return
            if self._is_over(row, fault, failures):
                await self._database.do(states.fail, row, fault)
            else:
                delay = self._delay(row, fault, failures)
                retry = partial(states.retry, failures=failures, arrived=attempt.arrived)
                await self._database.do(retry, row, fault, delay)

    def _is_over(self, row: Import, fault: PicassoError, failures: int) -> bool:
        age = (timezone.now() - row.requested_at).total_seconds()
        return not is_temporary(fault) or failures >= states.MAX_FAILURES or age > self._services.conf.import_expiry

    def _delay(self, row: Import, fault: PicassoError, failures: int) -> float:
        """Seconds until the next attempt. A host that says when to come back is left alone until then."""
        delay = OWN_DELAY if is_own(fault) else min(4.0 ** max(0, failures - 1), LONGEST_DELAY)
        delay *= random.uniform(0.75, 1.25)  # noqa: S311 # no secret
        if isinstance(fault, RemoteBusy) and fault.retry_after:
            delay = max(delay, fault.retry_after)
            self._paused_hosts[row.host] = asyncio.get_running_loop().time() + fault.retry_after
        return delay

    async def _stop(self) -> None:
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        with suppress(PicassoError):
            await self._database.do(states.give_back, self.worker)


def is_temporary(fault: PicassoError) -> bool:
    """Whether another try may succeed. An internal error may be one that passes."""
    if isinstance(fault, OutboundError):
        return fault.temporary
    return is_own(fault) or type(fault) is PicassoError


def is_own(fault: PicassoError) -> bool:
    """Whether it is this service that can't take the content now, although the other server gives it."""
    if isinstance(fault, QuotaExceeded):
        # Other unfinished uploads of the project take the space, and they will end.
        return fault.quota["name"] == "unfinished_bytes" and fault.quota["used"] > 0
    return isinstance(fault, OWN)


def is_lost(fault: PicassoError) -> bool:
    """Whether the import is not this attempt's any more."""
    return isinstance(fault, Conflict | Superseded)
