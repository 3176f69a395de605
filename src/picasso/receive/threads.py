"""The threads that hash, write and copy the content of uploads. `WebApp` makes one set per process and stops it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


class MemoryUse:
    """The bytes of all uploads of a process that are in memory. Used on the loop's thread only."""

    def __init__(self) -> None:
        self.size = 0


class Threads:
    """A thread starts at its first work."""

    def __init__(self) -> None:
        self.memory = MemoryUse()
        """What waits for the threads."""
        # More threads on few cores would only compete for the GIL. Hashing has its own threads, because the hash of
        # one upload can keep a core busy while the disk takes its bytes.
        self.hashers: Executor = ThreadPoolExecutor(2, thread_name_prefix="hash")
        self.writers: Executor = ThreadPoolExecutor(2, thread_name_prefix="write")
        # Copies of whole parts are long. They must not delay the writes of requests.
        self.copier: Executor = ThreadPoolExecutor(1, thread_name_prefix="concatenate")

    async def in_writer(self, call: Callable[..., T], *args: object) -> T:
        """Call it in a writer thread. It runs to its end even if the caller is cancelled."""
        return await asyncio.shield(asyncio.get_running_loop().run_in_executor(self.writers, call, *args))

    def stop(self) -> None:
        """Returns when the work in progress has ended."""
        for executor in (self.hashers, self.writers, self.copier):
            executor.shutdown()
