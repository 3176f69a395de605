"""The thread of a worker that does what operators and applications have asked for on many files."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from django.db import connection

from picasso.activity import Activity, Rounds
from picasso.process import file_batches, reprocess
from picasso.process.pipelines import Pipelines
from picasso.storage import Storage

log = logging.getLogger(__name__)

TICK_SECONDS = 1.0
IDLE_SECONDS = 5.0


class Background:
    """Continues reprocessing and actions on many files, in a thread of its own, from `start` to `stop`."""

    def __init__(self, storage: Storage, pipelines: Pipelines, activity: Activity) -> None:
        self._storage = storage
        self._pipelines = pipelines
        self._activity = activity
        self._rounds = Rounds(activity, self._round)
        self._thread = threading.Thread(target=self._rounds.run, name="background", daemon=True)

    def start(self) -> None:
        for notice in filter(None, map(reprocess.incomplete_notice, self._pipelines)):
            log.info("%s", notice)
        self._thread.start()

    def stop(self) -> None:
        """Without waiting for the present batch: it is one transaction."""
        self._rounds.stop()

    def _round(self) -> float:
        """The seconds until the next one."""
        return 0.0 if self._advance() else self._activity.pause(TICK_SECONDS, IDLE_SECONDS)

    def _advance(self) -> bool:
        """Do a little of each; False if there is nothing more to do now."""
        reprocessed = self._attempt(reprocess.advance)
        return self._attempt(file_batches.advance) or reprocessed

    def _attempt(self, advance: Callable[[Storage, Pipelines], bool]) -> bool:
        """No fault may end the thread, because nobody would notice, or hold up the other kind of work."""
        try:
            return advance(self._storage, self._pipelines)
        except Exception as fault:
            log.warning("could not continue work in the background, trying again: %s", fault, exc_info=fault)
            connection.close()
            return False
