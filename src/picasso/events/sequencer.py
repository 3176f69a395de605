"""The sequencer: one thread of all workers together that numbers events and removes old ones."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from django.db import DatabaseError, InterfaceError, connection

from picasso.activity import Activity, Rounds
from picasso.events.sequence import BATCH, number_events, remove_old

log = logging.getLogger(__name__)

# All in seconds. Whoever waits for an event waits so long for its number, on the average half of it.
POLL = 0.02
# While nothing happens.
IDLE = 1.0
# Of the others, until they look whether the one that numbers is gone.
STAND_BY = 1.0
OUTAGE_PAUSE = 0.5
REMOVE = 10.0

ADVISORY_LOCK = 0x7069636173736F  # "picasso"


class Sequencer:
    """Works in a thread of its own from `start` to `stop`. There may be one in each worker: one of them is elected."""

    def __init__(self, kept: int, follow: Callable[[], bool], activity: Activity) -> None:
        """Events are ``kept`` for so many seconds.

        ``follow`` is called by the one that is elected, whenever there may be newly numbered events; it returns whether
        it has to be called again.
        """
        self._kept = kept
        self._follow = follow
        self._behind = True  # another one may have numbered events and died
        self._elected = False
        self._remove_at = 0.0
        self._outage = False
        self._activity = activity
        self._rounds = Rounds(activity, self._round)
        self._thread = threading.Thread(target=self._run, name="sequencer", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Does no harm if it is stopped already, or was never started."""
        self._rounds.stop()
        if self._thread.is_alive():
            self._thread.join(timeout=2)

    def _run(self) -> None:
        self._rounds.run()
        connection.close()

    def _round(self) -> float:
        """Do what is due; the seconds to wait until the next round."""
        try:
            wait = self._work()
        except Exception as fault:  # nothing may end the thread: nobody would notice
            expected = isinstance(fault, DatabaseError | InterfaceError)
            self._elected = False
            with suppress(DatabaseError, InterfaceError):
                connection.close()
            level = logging.DEBUG if self._outage else logging.WARNING
            log.log(level, "could not number events: %s", fault, exc_info=not expected)
            self._outage = True
            return OUTAGE_PAUSE
        self._outage = False
        return wait

    def _work(self) -> float:
        # An election ends with the connection, and `_round` then starts anew.
        if not self._elected:
            self._elected = self._behind = elect()
        if not self._elected:
            return STAND_BY
        count = number_events()
        if count or self._behind:
            self._behind = True  # also if the next line raises
            self._behind = self._follow()
        if time.monotonic() > self._remove_at:
            # While there is more to remove, a batch with every tenth round or so, so that numbering goes on.
            removed = remove_old(self._kept)
            self._remove_at = time.monotonic() + (10 * POLL if removed == BATCH else REMOVE)
        if count == BATCH or self._behind:
            return 0
        return self._activity.pause(POLL, IDLE)


def elect() -> bool:
    """Whether this connection is the one that numbers events, until it ends.

    SQLite has one writer at a time anyway, and no locks of sessions.
    """
    if connection.vendor == "sqlite":
        return True
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [ADVISORY_LOCK])
        return bool(cursor.fetchone()[0])
