"""Ends a pool of threads that use the database."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier, BrokenBarrierError

from django.db import connection

# A thread that hangs is not waited for longer than this.
CLOSE_SECONDS = 2


def stop_pool(pool: ThreadPoolExecutor, threads: int) -> None:
    """Close the database connection of each of the pool's ``threads``, then end them. Does not wait for that."""
    all_threads = Barrier(threads)

    def close() -> None:
        with suppress(BrokenBarrierError):
            all_threads.wait(CLOSE_SECONDS)  # so that each thread runs this once
        connection.close()

    for _ in range(threads):
        pool.submit(close)
    pool.shutdown(wait=False)
