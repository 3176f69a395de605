"""No search for garbage while a process starts: what is imported stays, and searching it takes a tenth of the start."""

from __future__ import annotations

import gc


def search_later() -> None:
    """Not before `search_now`."""
    gc.disable()


def search_now() -> None:
    """From now on. What is there already is never looked at again."""
    gc.freeze()
    gc.enable()
