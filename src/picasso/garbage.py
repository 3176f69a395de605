"""No search for garbage while a process starts: what is imported stays, and searching it takes a tenth of the start."""

from __future__ import annotations

import gc

# How many new objects the search waits for in a process that answers requests or runs jobs. Each makes about a
# thousand, and nearly all of them are gone when it ends: Python counts references.
OBJECTS = 10_000


def search_later() -> None:
    """Not before `search_now`."""
    gc.disable()


def search_now() -> None:
    """From now on. What is there already is never looked at again."""
    gc.freeze()
    gc.enable()


def search_rarely() -> None:
    """As `search_now`, for a process that answers requests or runs jobs.

    To search often took a sixth of small uploads' time.
    """
    search_now()
    gc.set_threshold(OBJECTS)
