"""The thread of a worker that takes jobs back from workers elsewhere that are gone, and removes what they left."""

from __future__ import annotations

import logging
import threading

from django.db import connection
from django.db.models import BooleanField
from django.db.models.expressions import RawSQL

from picasso.jobs import states
from picasso.jobs.states import LEASE_EXPIRED, State
from picasso.models import Job
from picasso.process.pipelines import Pipelines
from picasso.process.remote import staging
from picasso.process.remote.declared import MAX_NAME, RemoteProcessor
from picasso.process.remote.work import expire
from picasso.queue_names import REMOTE
from picasso.storage import FileStore

log = logging.getLogger(__name__)

TICK_SECONDS = 2.0
BATCH = 100

# Behind the queues of all remote processors, in every collation; no other queue is in between. SQLite searches
# an index for a range without parameters, but not for how a text begins.
LAST = REMOTE + "z" * (MAX_NAME + 1)
BETWEEN = f"picasso_job.queue BETWEEN '{REMOTE}' AND '{LAST}'"
REMOTE_QUEUE = RawSQL(BETWEEN, (), BooleanField())  # noqa: S611 # of constants


class RemoteReaper:
    """Works in a thread of its own, from `start` to `stop`."""

    def __init__(self, files: FileStore, pipelines: Pipelines) -> None:
        self._files = files
        self._pipelines = pipelines
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="remote reaper", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()

    def _run(self) -> None:
        while not self._stopped.wait(TICK_SECONDS):
            try:
                reap(self._files, self._pipelines)
            except Exception as fault:  # nothing may end this thread: the jobs would never run again
                log.warning("could not take back the jobs of remote processors, trying again: %s", fault)
                connection.close()
        connection.close()


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
