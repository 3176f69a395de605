"""The thread of a worker that writes the figures. Of several workers, each round is done by one of them."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path

from django.db import connection
from django.utils import timezone

from picasso.jobs import queues
from picasso.monitoring import counting, samples, storage

log = logging.getLogger(__name__)

TICK_SECONDS = 5.0


class MetricsWriter:
    """Works in a thread of its own, from `start` to `stop`."""

    def __init__(self, folder: Path, queues: tuple[str, ...]) -> None:
        """``folder`` is on the disk whose space is watched."""
        self._folder = folder
        self._queues = queues
        self._types_are_current = False
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="metrics", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Without waiting for the present round: what it writes is one transaction."""
        self._stopped.set()

    def _run(self) -> None:
        while not self._stopped.is_set():
            for step in (self._count, self._sample, self._count_types):
                self._attempt(step)
            self._stopped.wait(TICK_SECONDS)
        connection.close()

    def _attempt(self, step: Callable[[], None]) -> None:
        """No fault may end the thread, because nobody would notice."""
        try:
            step()
        except Exception as fault:
            log.warning("could not write figures, trying again: %s", fault, exc_info=fault)
            connection.close()

    def _count(self) -> None:
        while counting.count_events() and not self._stopped.is_set():
            self._types_are_current = False

    def _sample(self) -> None:
        each_minute(self._folder, self._queues)

    def _count_types(self) -> None:
        if not self._types_are_current:
            self._types_are_current = storage.count_again(timezone.now())


def each_minute(folder: Path, queue_names: tuple[str, ...]) -> None:
    """Take a sample and tidy up, unless it was done in this minute."""
    now = timezone.now()
    if samples.is_due(now):
        samples.add(samples.take(folder, queue_names), now)
        queues.clear_resumed()
        counting.remove_old(now)
