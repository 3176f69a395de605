"""Asynchronous work beside a worker's jobs: an event loop in a thread of its own, which starts again if it fails."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

import uvloop

log = logging.getLogger(__name__)

# Seconds until it starts again.
PAUSE = 5.0


class LoopThread:
    """Runs ``main`` from `start` to `stop`, which cancels it."""

    def __init__(self, name: str, main: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self._name = name
        self._main = main
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, seconds: float) -> None:
        """Wait for its end for so long. Does no harm when called twice, or without `start`."""
        self._stopped.set()
        if self._loop and self._task and self._thread.is_alive():
            with suppress(RuntimeError):  # the loop has ended
                self._loop.call_soon_threadsafe(self._task.cancel)
            self._thread.join(seconds)

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                with suppress(asyncio.CancelledError), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                    runner.run(self._serve())
            except Exception:  # nothing may end this thread: nobody would notice
                log.exception("%s have stopped, starting them again soon", self._name)
                self._stopped.wait(PAUSE)

    async def _serve(self) -> None:
        self._loop, self._task = asyncio.get_running_loop(), asyncio.current_task()
        if not self._stopped.is_set():
            await self._main()
