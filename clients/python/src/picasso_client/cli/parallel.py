"""Several files at once, in threads that share one client."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import NoReturn, TypeVar

from picasso_client.cli.app import INTERRUPTED
from picasso_client.cli.output import say

T = TypeVar("T")
R = TypeVar("R")


def in_threads(work: Callable[[T], R], items: Iterable[T], at_once: int, interrupted: str) -> Iterator[R]:
    """The results as they come. Only a few items are taken ahead. Ctrl-C ends the program with this message."""
    pool = ThreadPoolExecutor(at_once)
    running: set[Future[R]] = set()
    try:
        for item in items:
            running.add(pool.submit(work, item))
            if len(running) >= 2 * at_once:
                done, running = wait(running, return_when=FIRST_COMPLETED)
                yield from (each.result() for each in done)
        while running:
            done, running = wait(running, return_when=FIRST_COMPLETED)
            yield from (each.result() for each in done)
    except KeyboardInterrupt:
        pool.shutdown(wait=False, cancel_futures=True)
        leave(interrupted)
    except BaseException:  # also when nobody reads the results any more, as after `| head`
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    pool.shutdown()


def leave(message: str) -> NoReturn:
    """End at once: a thread may be busy with one request for a minute. What is needed to go on is on disk already."""
    if sys.stderr.isatty():
        sys.stderr.write("\x1b[?25h\n")  # the bars have hidden the cursor
    say(message)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(INTERRUPTED)
