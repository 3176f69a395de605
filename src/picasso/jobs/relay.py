"""The relay moves due jobs from the table to the broker: new jobs, retries and recovery by one path.

It runs in each worker and serves the queue of that worker. It sends only as many messages as the workers can handle in
about a second, so that the order of jobs is decided in the table (`claims`). It also renews the leases of the jobs that
its worker is running, and tells the worker which of them to stop.
"""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any

from django.db import DatabaseError, InterfaceError, connection
from django.db.models.functions import Now
from kombu import Producer

from picasso.activity import Activity, Rounds
from picasso.jobs import claims, states
from picasso.jobs.broker import Broker, broker_queue
from picasso.jobs.states import AttemptId, Progress
from picasso.jobs.throughput import Throughput
from picasso.models import Worker
from picasso.queue_names import QUICK

log = logging.getLogger(__name__)

# All in seconds.
POLL = 0.05
# Shorter while there is work, so that a few messages in advance are enough for jobs that take almost no time, too.
POLL_AT_WORK = 0.02
# While nothing happens: a job whose back-off ends starts so much later.
IDLE = 0.5
RENEW = 5.0
CHECK_ATTEMPTS = 1.0
REAP = 2.0
OUTAGE_PAUSE = 0.5
CHECK_STRANDED = 60.0

# At most so many messages of a queue are not started yet; a batch is what one round adds to them. The messages of a
# worker that is away for longer than a lease are replaced, so the window also limits how many are sent twice.
WINDOW = 256
BATCH = 64

# A message holds as many quick jobs as take so many seconds. A message costs its worker as much as a small
# job, and a start or finish of several jobs hardly more than that of one.
MESSAGE_SECONDS = 0.1
JOBS_PER_MESSAGE = 32

# For each job that a worker runs at once: how many messages it has in advance, at least half of them always, and how
# many background jobs may be queued or running. No more than that for slow jobs, so that a job that becomes due
# meanwhile waits behind few.
MESSAGES_PER_SLOT = 4
BACKGROUND_PER_SLOT = 2
# For quick background jobs: as many as end in so many seconds. A new upload can wait for that long unnoticed.
BACKGROUND_SECONDS = 0.1

CONFIRM_SECONDS = 10

DELETE_WORKERS_AFTER = timedelta(days=1)
WORKER_IS_DEAD_AFTER = timedelta(seconds=30)

RunningAttempts = Callable[[], Collection[Progress]]
"""The attempts that this worker is running now."""

StopAttempts = Callable[[Collection[AttemptId]], None]
"""Have this worker stop attempts whose jobs were cancelled, or run elsewhere by now."""


class NotConfirmed(Exception):
    """The broker refused a batch."""


class Publisher:
    """Sends a batch of messages, then waits for all confirms together: one round trip instead of one for each."""

    def __init__(self, broker: Broker, queue: str) -> None:
        self._broker = broker
        self._queue = queue
        self._connection: Any = None
        self._producer: Producer | None = None
        self._sent = 0
        self._unconfirmed: set[int] = set()
        self._refused: set[int] = set()

    def connect(self) -> Producer:
        """Connect unless there is a connection. Raises what kombu raises."""
        if self._producer is None:
            self._connection = self._broker.connect()
            channel = self._connection.channel()
            if self._confirms:
                channel.confirm_select()
                channel.events["basic_ack"].add(self._on_ack)
                channel.events["basic_nack"].add(self._on_nack)
            broker_queue(self._queue)(channel).declare()
            self._sent = 0
            self._producer = Producer(channel, auto_declare=False)
        return self._producer

    def publish(self, messages: Iterable[Collection[uuid.UUID]]) -> None:
        """Send messages with the ids of jobs. After an exception any may have been sent; then call `close`."""
        producer = self.connect()
        self._refused.clear()
        for jobs in messages:
            # A message that is older than its lease has been replaced, so the broker drops it.
            self._broker.send(producer, self._queue, jobs, states.LEASE.total_seconds())
            self._sent += 1
            self._unconfirmed.add(self._sent)
        self._await_confirms()

    def purge(self) -> None:
        """Empty the queue. One by one: kombu's purge is not safe beside a consumer in another thread."""
        channel: Any = self.connect().channel
        while channel.basic_get(broker_queue(self._queue).name, no_ack=True):
            pass

    def close(self) -> None:
        if self._connection:
            with suppress(Exception):
                self._connection.release()
        self._connection = self._producer = None
        self._unconfirmed.clear()

    @property
    def _confirms(self) -> bool:
        return bool(self._connection.transport.driver_type == "amqp")

    def _await_confirms(self) -> None:
        if not self._confirms:
            self._unconfirmed.clear()
        deadline = time.monotonic() + CONFIRM_SECONDS
        while self._unconfirmed:
            self._connection.drain_events(timeout=max(0.01, deadline - time.monotonic()))
        if self._refused:
            raise NotConfirmed(f"{len(self._refused)} messages")

    def _on_ack(self, delivery_tag: int, multiple: bool) -> None:
        if multiple:
            self._unconfirmed = {tag for tag in self._unconfirmed if tag > delivery_tag}
        else:
            self._unconfirmed.discard(delivery_tag)

    def _on_nack(self, delivery_tag: int, multiple: bool) -> None:
        before = set(self._unconfirmed)
        self._on_ack(delivery_tag, multiple)
        self._refused |= before - self._unconfirmed


class Relay:
    """One worker's relay. It works in a thread of its own from `start` to `stop`."""

    def __init__(
        self,
        broker: Broker,
        running: RunningAttempts,
        stop_attempts: StopAttempts,
        throughput: Throughput,
        activity: Activity,
        *,
        name: str,
        queue: str,
        slots: int,
        unavailable: Collection[str] = (),
    ) -> None:
        """``name`` is the worker's, and ``slots`` is how many jobs it runs at once.

        Jobs of ``unavailable`` processors, which this worker can't run, are left to other workers.
        """
        self._in_process = broker.in_process
        self._running = running
        self._stop_attempts = stop_attempts
        self._throughput = throughput
        self._name = name
        self._queue = queue
        self._slots = slots
        self._unavailable = unavailable
        self._workers = 1
        self._publisher = Publisher(broker, queue)
        self._next: dict[str, float] = {}
        self._outage = False
        self._recovered = False
        self._registered = False
        self._activity = activity
        self._rounds = Rounds(activity, self._round, always=True)
        self._thread = threading.Thread(target=self._run, name="relay", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Does no harm if it is stopped already, or was never started."""
        self._rounds.stop()
        if self._thread.is_alive():
            self._thread.join(timeout=2)

    def _run(self) -> None:
        self._rounds.run()
        self._publisher.close()
        connection.close()

    def _round(self) -> float:
        """Do what is due; the seconds to wait until the next round."""
        try:
            self._recover()
            self._look_after_attempts()
            if self._is_due("reap", REAP):
                self._reap()
            if self._unavailable and self._is_due("stranded", CHECK_STRANDED):
                self._warn_of_stranded_jobs()
            wait = self._dispatch()
        except (DatabaseError, InterfaceError) as fault:
            connection.close()
            # Leases expired while nobody could renew them. When the database is back, living workers renew first.
            self._next = {"reap": time.monotonic() + RENEW}
            return self._log_outage("database", fault)
        except Exception as fault:
            self._publisher.close()
            return self._log_outage("broker", fault)
        self._outage = False
        return wait

    def _recover(self) -> None:
        """Once. The messages of a broker inside a process died with that process, and no other worker gets them."""
        if self._in_process and not self._recovered:
            claims.unclaim_all(self._queue)
            self._recovered = True

    def _look_after_attempts(self) -> None:
        """Renew the leases of the attempts that this worker runs, and stop those that are not its own any more."""
        lost: Collection[AttemptId] = ()
        if self._is_due("renew", RENEW):
            lost = states.renew(self._running())
            self._register()
        elif self._is_due("check", CHECK_ATTEMPTS):
            lost = states.write_progress(self._running())
        if lost:
            self._stop_attempts(lost)

    def _reap(self) -> None:
        messages, _ = states.reap(self._queue)
        if messages and self._in_process:
            # This broker drops no messages that outlived their lease: they would pile up beside their successors.
            self._publisher.purge()
            claims.unclaim_all(self._queue)

    def _warn_of_stranded_jobs(self) -> None:
        """Log for which of its unavailable processors jobs wait that no other worker takes."""
        if names := claims.stranded(self._queue, self._unavailable):
            log.warning(
                "jobs of these processors have waited for %d seconds: %s. This worker lacks their libraries, or can't"
                " reach their service; a worker that can must run too (see docs/processors.md)",
                claims.STRANDED_AFTER.total_seconds(),
                ", ".join(names),
            )

    def _claim(self) -> list[uuid.UUID]:
        """As many jobs as keep the workers of this queue busy, and of quick ones what they do in about a second."""
        per_second = self._throughput.per_second()
        window = min(WINDOW, int(max(MESSAGES_PER_SLOT * self._slots, per_second) * self._workers))
        background = int(max(BACKGROUND_PER_SLOT * self._slots, per_second * BACKGROUND_SECONDS) * self._workers)
        # Many at once: a claim of few costs as much, and makes messages of few jobs.
        at_least = min(BATCH, window // 2)
        return claims.claim_due(self._queue, BATCH, window, background, self._unavailable, at_least=at_least)

    def _messages(self, jobs: Sequence[uuid.UUID]) -> Iterator[Sequence[uuid.UUID]]:
        """Of quick jobs as many in a message as are done in a moment, but a message for each slot at least."""
        duration = self._throughput.mean_duration() if self._queue == QUICK else None
        quick = int(MESSAGE_SECONDS / max(duration, MESSAGE_SECONDS / JOBS_PER_MESSAGE)) if duration else 1
        size = max(1, min(quick, len(jobs) // (self._slots * self._workers)))
        for first in range(0, len(jobs), size):
            yield jobs[first : first + size]

    def _dispatch(self) -> float:
        """Send messages for due jobs; the seconds to wait until there may be more."""
        self._publisher.connect()
        jobs = self._claim()
        if not jobs:
            return self._activity.pause(POLL, IDLE)
        try:
            self._publisher.publish(self._messages(jobs))
        except Exception:
            claims.unclaim(jobs)
            raise
        return 0 if len(jobs) == BATCH else POLL_AT_WORK

    def _is_due(self, what: str, every: float) -> bool:
        now = time.monotonic()
        if now < self._next.get(what, 0):
            return False
        self._next[what] = now + every
        return True

    def _register(self) -> None:
        """Write down that this worker is alive and what it runs, and count the workers of its queue."""
        running = sorted({str(each.job_id) for each in self._running()})
        state: dict[str, Any] = {"queue": self._queue, "seen_at": Now(), "slots": self._slots, "running": running}
        if not self._registered:
            state["started_at"] = Now()  # in a container, each process may have the same name
        Worker.objects.update_or_create(name=self._name, defaults=state)
        self._registered = True
        Worker.objects.filter(seen_at__lt=Now() - DELETE_WORKERS_AFTER).delete()
        alive = Worker.objects.filter(queue=self._queue, seen_at__gt=Now() - WORKER_IS_DEAD_AFTER)
        self._workers = max(1, alive.count())

    def _log_outage(self, what: str, fault: Exception) -> float:
        """Log the first of several failures; the seconds to wait until the next try."""
        log.log(logging.DEBUG if self._outage else logging.WARNING, "the %s can't be reached: %s", what, fault)
        self._outage = True
        return OUTAGE_PAUSE
