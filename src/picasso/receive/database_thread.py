"""One thread for all database work of uploads: their advisory locks belong to the session of its connection."""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, ParamSpec, TypeVar

from django.db import InterfaceError, OperationalError, connection

from picasso.errors import Unavailable

P = ParamSpec("P")
T = TypeVar("T")

Work = tuple[Callable[[], Any], asyncio.Future[Any]]

# A connection that was not used for this long may be broken.
IDLE_SECONDS = 5.0


class DatabaseThread:
    """Runs all database work of uploads in one thread: the locks belong to the session of its connection.

    A plain thread and a queue: the future of an executor costs as much as a statement. It starts with the first work.
    """

    def __init__(self, on_session_lost: Callable[[], object]) -> None:
        """``on_session_lost`` is called in the thread when the session has ended, and all locks with it."""
        self._works: queue.SimpleQueue[Work | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._stopped = False
        self._on_session_lost = on_session_lost
        self._session: Any = None
        self._used_at = 0.0

    async def do(self, call: Callable[P, T], *args: P.args, **more: P.kwargs) -> T:
        """Raises `Unavailable`, and what ``call`` raises. The call is finished even if the caller is cancelled."""
        return await self.submit(call, *args, **more)

    def begin(self, call: Callable[P, object], *args: P.args, **more: P.kwargs) -> None:
        """As `do`, without waiting: nobody hears of errors."""
        self.submit(call, *args, **more).add_done_callback(forget)

    def submit(self, call: Callable[P, T], *args: P.args, **more: P.kwargs) -> asyncio.Future[T]:
        """On the loop's thread."""
        if self._stopped:
            raise RuntimeError("the thread of the database has ended")
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="uploads", daemon=True)
            self._thread.start()
        result: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._works.put((partial(call, *args, **more), result))
        return result

    def stop(self) -> None:
        """Returns when all work has ended."""
        self._stopped = True
        self._works.put(None)
        if self._thread:
            self._thread.join()

    def _work(self) -> None:
        while work := self._works.get():
            call, result = work
            try:
                outcome, fault = self._run(call), None
            except BaseException as raised:
                outcome, fault = None, raised
            with suppress(RuntimeError):  # the loop has ended, and nobody waits any more
                result.get_loop().call_soon_threadsafe(resolve, result, outcome, fault)
        connection.close()

    def _run(self, call: Callable[[], T]) -> T:
        try:
            self._connect()
            return call()
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


def resolve(result: asyncio.Future[Any], outcome: Any, fault: BaseException | None) -> None:
    if result.done():  # whoever waited was cancelled
        return
    if fault:
        result.set_exception(fault)
    else:
        result.set_result(outcome)


def forget(result: asyncio.Future[Any]) -> None:
    if not result.cancelled():
        result.exception()
