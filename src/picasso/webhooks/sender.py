"""Sends deliveries: asynchronous I/O in a thread of a worker. A thousand slow receivers hold up nothing else."""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

from django.db import connection

from picasso.activity import Activity
from picasso.conf import Conf
from picasso.errors import PicassoError
from picasso.loop_thread import LoopThread
from picasso.outbound import Limits, OutboundError
from picasso.outbound.client import Client, Options
from picasso.outbound.response import Response
from picasso.outbound.retry_after import retry_after
from picasso.webhooks import claims, fan_out, of_files, results
from picasso.webhooks.messages import UNREADABLE, Message, messages
from picasso.webhooks.results import Result

log = logging.getLogger(__name__)

# All in seconds.
POLL = 0.05
IDLE = 1.0
"""While nothing happens: a message that is to be sent again is sent so much later."""
GATHER = 0.005
"""So long attempts that end are waited for, so that one visit to the database writes and claims for many."""
OUTAGE = 0.5
STOP = 2.0
REMOVE = 60.0

# So many messages are sent at once.
TOTAL = 512

# A receiver that answers within so many milliseconds is quick.
QUICK_MILLISECONDS = 1000

# "15 to 30 seconds". The answer's body may not prolong it: what it says is only shown to people.
LIMITS = Limits(connect=10.0, head=20.0, idle=20.0, total=30.0, body=None, redirects=0)
BODY_SECONDS = 1.0
SHOWN_BYTES = 1024

HEADERS = {"Accept": "*/*", "Accept-Encoding": "identity", "User-Agent": "Picasso-Webhooks"}

T = TypeVar("T")


class WebhookSender:
    """Of one worker process. Its thread runs from `start` to `stop`."""

    def __init__(self, conf: Conf, activity: Activity) -> None:
        self._activity = activity
        self._options = Options(
            rules=conf.outbound_allowed,
            ports=conf.outbound_ports,
            proxy=conf.outbound_proxy,
            connections=TOTAL,
            per_host=TOTAL,  # webhooks may share a host, and one that is slow must not let the others wait
            headers=HEADERS,
        )
        self._kept = conf.events_kept
        self._thread = LoopThread("webhooks", self._serve)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """What is being sent counts as lost, and is sent again later. Does no harm when called twice."""
        self._thread.stop(STOP)

    async def _serve(self) -> None:
        with ThreadPoolExecutor(1, "webhooks-database") as thread:
            async with Client(self._options) as client:
                await Dispatcher(client, Database(thread), self._kept, self._activity).run()


class Database:
    """Runs functions in the one thread that has the connection."""

    def __init__(self, thread: ThreadPoolExecutor) -> None:
        self._thread = thread

    async def do(self, function: Callable[..., T], *arguments: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, function, *arguments)


class Dispatcher:
    """Claims deliveries, sends them side by side, and writes how they ended."""

    def __init__(self, client: Client, database: Database, kept: int, activity: Activity) -> None:
        """Deliveries are kept as long as events: ``kept`` seconds."""
        self._kept = kept
        self._activity = activity
        self._remove_at = 0.0
        self._client = client
        self._database = database
        self._in_flight: Counter[uuid.UUID] = Counter()
        self._quick: set[uuid.UUID] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._results: list[Result] = []
        self._woken = asyncio.Event()
        """An attempt has ended, or there may be something to send."""
        self._outage = False

    async def run(self) -> None:
        """Until it is cancelled."""
        loop = asyncio.get_running_loop()
        with self._activity.waking(partial(loop.call_soon_threadsafe, self._woken.set)):
            await self._run()

    async def _run(self) -> None:
        try:
            while True:
                pause = await self._round()
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._woken.wait(), pause)
                if self._woken.is_set() and self._tasks:
                    await asyncio.sleep(GATHER)
                self._woken.clear()
        finally:
            for task in self._tasks:
                task.cancel()
            with suppress(Exception):  # what has ended but is not written is sent again
                await self._write_results()
            await self._database.do(close_connection)

    async def _round(self) -> float:
        """Do what is due; the seconds to wait until the next round."""
        try:
            await self._write_results()
            await self._remove_old()
            free = TOTAL - len(self._tasks)
            found = await self._database.do(next_messages, dict(self._in_flight), free, frozenset(self._quick))
        except Exception as fault:  # nothing may end the loop: nobody would notice
            await self._database.do(close_connection)
            log.log(logging.DEBUG if self._outage else logging.WARNING, "could not send webhooks: %s", fault)
            self._outage = True
            await asyncio.sleep(OUTAGE)
            return 0.0
        self._outage = False
        for message in found:
            self._start(message)
        return self._activity.pause(POLL, IDLE)

    async def _write_results(self) -> None:
        """What can't be written now is kept for the next round."""
        ended, self._results = self._results, []
        try:
            if ended:
                await self._database.do(results.write_results, ended)
        except BaseException:
            self._results = [*ended, *self._results]
            raise

    async def _remove_old(self) -> None:
        if time.monotonic() > self._remove_at:
            removed = await self._database.do(claims.remove_old, self._kept)
            await self._database.do(of_files.remove_unused)
            await self._database.do(fan_out.forget_deleted)
            self._remove_at = time.monotonic() + (1.0 if removed == claims.REMOVE_AT_ONCE else REMOVE)

    def _start(self, message: Message) -> None:
        webhook = message.claim.webhook
        self._in_flight[webhook] += 1
        task = asyncio.create_task(self._attempt(message))
        self._tasks.add(task)
        task.add_done_callback(lambda task: self._end(task, webhook))

    def _end(self, task: asyncio.Task[None], webhook: uuid.UUID) -> None:
        self._tasks.discard(task)
        self._in_flight[webhook] -= 1
        if not self._in_flight[webhook]:
            del self._in_flight[webhook]
        self._woken.set()

    async def _attempt(self, message: Message) -> None:
        result = await attempt(self._client, message)
        self._results.append(result)  # which may be another list by now
        if result.ok and result.milliseconds <= QUICK_MILLISECONDS:
            self._quick.add(message.claim.webhook)
        else:
            self._quick.discard(message.claim.webhook)


def close_connection() -> None:
    """That of the thread."""
    connection.close()


def next_messages(in_flight: Mapping[uuid.UUID, int], free: int, quick: Collection[uuid.UUID]) -> list[Message]:
    """Claim what there is room for."""
    found = claims.claim(in_flight, free, quick) if free > 0 else []
    return messages(found) if found else []


async def attempt(client: Client, message: Message) -> Result:
    """Send it once. Raises nothing but `asyncio.CancelledError`."""
    began = time.monotonic()

    def result(status: int | None, **more: Any) -> Result:
        return Result(message.claim, status, milliseconds=round((time.monotonic() - began) * 1000), **more)

    if message.refusal:
        return result(None, error=message.refusal, final=True)
    if not message.keys:
        return result(None, error=UNREADABLE)
    try:
        headers = message.headers()
        async with client.request("POST", message.url, headers=headers, body=message.body, limits=LIMITS) as answer:
            return result(answer.status, answer=await beginning(answer), retry_after=retry_after(answer))
    except OutboundError as fault:
        return result(None, error=fault.code)
    except Exception:
        log.exception("the delivery %s failed", message.claim.id)
        return result(None, error=PicassoError.code)


async def beginning(answer: Response) -> str:
    """The first bytes of the answer, as text. They change nothing about how the attempt ended."""
    found = bytearray()
    with suppress(OutboundError, TimeoutError):
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in answer.chunks():
                found += chunk
                if len(found) >= SHOWN_BYTES:
                    break
    return found[:SHOWN_BYTES].decode(errors="replace").replace("\0", "\ufffd")
