"""The thread of a worker that takes jobs back from workers elsewhere that are gone, and removes what they left.

It looks while something happens, and when the next lease ends.
"""

from __future__ import annotations

import logging
import threading

from django.db import connection
from django.db.models import BooleanField, F
from django.db.models.expressions import RawSQL
from django.db.models.functions import Now

from picasso.activity import Activity, Rounds
from picasso.jobs import states
from picasso.jobs.states import HAS_LEASE, LEASE_EXPIRED, State
from picasso.models import Job
from picasso.process.pipelines import Pipelines
from picasso.process.remote import staging
from picasso.process.remote.declared import MAX_NAME, RemoteProcessor
from picasso.process.remote.work import expire
from picasso.queue_names import REMOTE
from picasso.storage import FileStore

log = logging.getLogger(__name__)

TICK_SECONDS = 2.0
# While nothing happens and no lease ends: what nobody has announced is done so much later.
IDLE_SECONDS = 30.0
BATCH = 100

# Behind the queues of all remote processors, in every collation; no other queue is in between. SQLite searches
# an index for a range without parameters, but not for how a text begins.
LAST = REMOTE + "z" * (MAX_NAME + 1)
BETWEEN = f"picasso_job.queue BETWEEN '{REMOTE}' AND '{LAST}'"
REMOTE_QUEUE = RawSQL(BETWEEN, (), BooleanField())  # noqa: S611 # of constants


class RemoteReaper:
    """Works in a thread of its own, from `start` to `stop`."""

    def __init__(self, files: FileStore, pipelines: Pipelines, activity: Activity) -> None:
        self._files = files
        self._pipelines = pipelines
        self._activity = activity
        self._rounds = Rounds(activity, self._round)
        self._thread = threading.Thread(target=self._run, name="remote reaper", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._rounds.stop()

    def _run(self) -> None:
        self._rounds.run()
        connection.close()

    def _round(self) -> float:
        """The seconds until the next one."""
        try:
            reap(self._files, self._pipelines)
            return max(TICK_SECONDS, min(self._activity.pause(TICK_SECONDS, IDLE_SECONDS), next_end()))
        except Exception as fault:  # nothing may end this thread: the jobs would never run again
            log.warning("could not take back the jobs of remote processors, trying again: %s", fault)
            connection.close()
            return TICK_SECONDS


def reap(files: FileStore, known: Pipelines) -> int:
    """Take back the jobs of remote processors whose leases have run out; how many."""
    expired = Job.everywhere.filter(LEASE_EXPIRED, REMOTE_QUEUE)
    queued = states.take_back(expired)
    # Of a processor that is not declared any more, its last attempt ends as usual.
    running = expired.filter(state=State.RUNNING).select_related("file")[:BATCH]
    taken = sum(
        expire(files, job, known.remote.get(job.processor) or RemoteProcessor(job.processor, ())) for job in running
    )
    staging.sweep(files)
    return queued + taken


def next_end() -> float:
    """In how many seconds the next lease of a remote processor ends."""
    leased = Job.everywhere.filter(HAS_LEASE, REMOTE_QUEUE, leased_until__isnull=False).order_by("leased_until")
    left = leased.annotate(left=F("leased_until") - Now()).values_list("left", flat=True).first()
    return IDLE_SECONDS if left is None else float(left.total_seconds())
