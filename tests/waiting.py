"""Waits that end: what has not happened after a minute fails, and says what it was."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future
from contextlib import asynccontextmanager
from typing import Any, TypeVar

T = TypeVar("T")

SECONDS = 60


@asynccontextmanager
async def within(what: str, seconds: float = SECONDS) -> AsyncIterator[None]:
    """Cancel what is done inside and fail with ``what`` if it takes longer."""
    limit = asyncio.timeout(seconds)
    try:
        async with limit:
            yield
    except TimeoutError:
        if limit.expired():
            raise AssertionError(f"{what}: not within {seconds} s") from None
        raise


async def eventually(condition: Callable[[], bool]) -> None:
    """Wait until the condition holds."""
    async with within("what the test waits for"):
        while True:
            if condition():
                return
            await asyncio.sleep(0.01)


def join(*threads: threading.Thread) -> None:
    """Wait for their end, all together a minute."""
    deadline = time.monotonic() + SECONDS
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    left = [thread.name for thread in threads if thread.is_alive()]
    assert not left, f"these threads have not ended after {SECONDS} s: {left}"


def in_background(call: Callable[..., T], *arguments: Any, **options: Any) -> Future[T]:
    """Call it in a thread of its own. If it never returns, that keeps nothing from ending, unlike a pool's thread."""
    outcome: Future[T] = Future()

    def run() -> None:
        try:
            outcome.set_result(call(*arguments, **options))
        except BaseException as error:
            outcome.set_exception(error)

    threading.Thread(target=run, daemon=True, name=f"background: {call}").start()
    return outcome


def outcome_of(outcome: Future[T], what: object = "what was begun") -> T:
    """What `in_background` has returned or raised."""
    try:
        return outcome.result(SECONDS)
    except TimeoutError:
        if outcome.done():
            raise
        raise AssertionError(f"{what} has not ended after {SECONDS} s") from None
