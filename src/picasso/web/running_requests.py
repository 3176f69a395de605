"""The requests that run in this process, so that it can wait for them before it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class RunningRequests:
    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    @contextmanager
    def count(self) -> Iterator[None]:
        """A context for one request. Its server runs each request in a task of its own."""
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            yield
        finally:
            self._tasks.discard(task)

    async def end(self, seconds: float) -> None:
        """Wait for them. What still runs after ``seconds`` is cancelled and has as long again to clean up."""
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=seconds)
            for task in late:
                task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)
