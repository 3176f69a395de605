"""One thread for all database work of uploads: their advisory locks belong to the session of its connection."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any, ParamSpec, TypeVar

from django.db import InterfaceError, OperationalError, connection

from picasso.errors import Unavailable

P = ParamSpec("P")
T = TypeVar("T")

# A connection that was not used for this long may be broken.
IDLE_SECONDS = 5.0


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


def close_connection() -> None:
    """Close the connection of the thread that runs this; `connection.close` would be bound to the caller's."""
    connection.close()
