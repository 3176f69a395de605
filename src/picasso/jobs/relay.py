"""The relay moves due work from the table to the broker: first dispatch, retry and recovery by one path.

It runs in each worker and looks at that worker's queue. It keeps the broker's backlog short, at what the workers do in
a second, so that the order of things stays the table's to decide (`claims`), prolongs the leases of what its worker is
running, and tells it what it is to stop.
"""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Callable, Collection
from contextlib import suppress
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.db.models.functions import Now
from kombu import Producer

from picasso.jobs import claims, states
from picasso.jobs.celery import EXCHANGE, app, broker_queue, connected
from picasso.jobs.states import AttemptId, Progress
from picasso.jobs.tasks import run_job
from picasso.jobs.throughput import Pace
from picasso.models import Worker

log = logging.getLogger(__name__)

POLL = 0.05
# While there is work, so that few messages ahead are enough also for jobs that take no time.
POLL_AT_WORK = 0.02
RENEW = 5.0
LOOK = 1.0
REAP = 2.0
PAUSE_IN_TROUBLE = 0.5

# At most this many messages of a queue are on their way; a batch is what one round adds to them. A worker that is
# away for longer than a lease has its messages replaced, so the window also bounds what is sent twice.
WINDOW = 256
BATCH = 64

# What a worker always has ahead of it, and what it may have under way of the background, for each job that it runs at
# once. Slow jobs get no more than that, for whatever becomes due in between is to wait behind few of them.
AHEAD = 4
BEHIND = 2
# Quick jobs of the background: as many as a fresh upload waits behind without noticing.
BEHIND_SECONDS = 0.1

CONFIRM_SECONDS = 10

FORGET_WORKERS_AFTER = timedelta(days=1)
WORKER_IS_GONE_AFTER = timedelta(seconds=30)

TellRunning = Callable[[], Collection[Progress]]
"""What this worker is running now."""

Stop = Callable[[Collection[AttemptId]], None]
"""Have this worker let go of attempts at jobs that were cancelled, or that run elsewhere by now."""


class NotConfirmed(Exception):
    """The broker did not take a batch."""


# What Celery would make anew for each message; only the ids differ.
TEMPLATE = app.amqp.as_task_v2("", run_job.name, ignore_result=True)


def nudge(producer: Producer, queue: str, job: uuid.UUID) -> None:
    """Publish one message: run this job. One that outlives its lease has been replaced, so the broker drops it."""
    message_id = str(uuid.uuid4())
    producer.publish(
        ((str(job),), *TEMPLATE.body[1:]),
        headers={**TEMPLATE.headers, "id": message_id, "root_id": message_id},
        **{**TEMPLATE.properties, "correlation_id": message_id},
        serializer="json",
        exchange=EXCHANGE,
        routing_key=queue,
        delivery_mode=2,  # persistent
        expiration=states.LEASE.total_seconds(),
    )


class Publisher:
    """Publishes a batch and then waits for the confirms of all of it: one round trip instead of one for each."""

    def __init__(self, queue: str) -> None:
        self._queue = queue
        self._connection: Any = None
        self._producer: Producer | None = None
        self._unconfirmed: set[int] = set()
        self._refused: set[int] = set()

    def connect(self) -> Producer:
        """Be connected, or raise what kombu raises."""
        if self._producer is None:
            self._connection = connected()
            channel = self._connection.channel()
            if self._confirms:
                channel.confirm_select()
                channel.events["basic_ack"].add(self._on_ack)
                channel.events["basic_nack"].add(self._on_nack)
            broker_queue(self._queue)(channel).declare()
            self._sent = 0
            self._producer = Producer(channel, auto_declare=False)
        return self._producer

    def publish(self, jobs: Collection[uuid.UUID]) -> None:
        """After an exception nothing is known of the batch, and the connection is to be closed."""
        producer = self.connect()
        self._refused.clear()
        for job in jobs:
            nudge(producer, self._queue, job)
            self._sent += 1
            self._unconfirmed.add(self._sent)
        self._await_confirms()

    def purge(self) -> None:
        """Empty the queue. One by one, for kombu's own purge is not safe beside a consumer in another thread."""
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
    """One worker's relay. `run` it in a thread of its own."""

    def __init__(self, name: str, queue: str, running: TellRunning, stop: Stop, *, slots: int, pace: Pace) -> None:
        self._name = name
        self._queue = queue
        self._running = running
        self._stop = stop
        self._slots = slots
        self._pace = pace
        self._workers = 1
        self._publisher = Publisher(queue)
        self._next: dict[str, float] = {}
        self._troubled = False
        self._in_process = settings.PICASSO.embedded
        self._began = False

    def run(self, stop: threading.Event) -> None:
        while not stop.is_set():
            stop.wait(self._round())
        self._publisher.close()
        connection.close()

    def _round(self) -> float:
        """Do what is due; how long to wait until the next round."""
        try:
            if self._in_process and not self._began:
                # Messages of a broker in a process died with it, and there is nobody else to deliver them.
                claims.unclaim_all(self._queue)
                self._began = True
            if self._due("renew", RENEW):
                self._stop_lost(states.renew(self._running()))
                self._be_seen()
            elif self._due("look", LOOK):
                self._stop_lost(states.write_progress(self._running()))
            if self._due("reap", REAP):
                self._reap()
            wait = self._dispatch()
        except (DatabaseError, InterfaceError) as fault:
            connection.close()
            # Leases ran out while nobody could renew them: when it is back, living workers come first.
            self._next = {"reap": time.monotonic() + RENEW}
            return self._trouble("database", fault)
        except Exception as fault:
            self._publisher.close()
            return self._trouble("broker", fault)
        self._troubled = False
        return wait

    def _reap(self) -> None:
        messages, _ = states.reap(self._queue)
        if messages and self._in_process:
            # A broker in a process drops none that outlived its lease: each would pile up beside its successors.
            self._publisher.purge()
            claims.unclaim_all(self._queue)

    def _stop_lost(self, lost: Collection[AttemptId]) -> None:
        if lost:
            self._stop(lost)

    def _claim(self) -> list[uuid.UUID]:
        """No more than the workers of this queue do in about a second, of quick jobs, or than keeps them busy."""
        pace = self._pace.per_second()
        window = min(WINDOW, int(max(AHEAD * self._slots, pace) * self._workers))
        behind = int(max(BEHIND * self._slots, pace * BEHIND_SECONDS) * self._workers)
        return claims.claim_due(self._queue, BATCH, window, behind)

    def _dispatch(self) -> float:
        """Publish due jobs; how long to wait until there may be more."""
        self._publisher.connect()
        jobs = self._claim()
        if not jobs:
            return POLL
        try:
            self._publisher.publish(jobs)
        except Exception:
            claims.unclaim(jobs)
            raise
        return 0 if len(jobs) == BATCH else POLL_AT_WORK

    def _due(self, what: str, every: float) -> bool:
        now = time.monotonic()
        if now < self._next.get(what, 0):
            return False
        self._next[what] = now + every
        return True

    def _be_seen(self) -> None:
        Worker.objects.update_or_create(name=self._name, defaults={"queue": self._queue, "seen_at": Now()})
        Worker.objects.filter(seen_at__lt=Now() - FORGET_WORKERS_AFTER).delete()
        living = Worker.objects.filter(queue=self._queue, seen_at__gt=Now() - WORKER_IS_GONE_AFTER)
        self._workers = max(1, living.count())

    def _trouble(self, what: str, fault: Exception) -> float:
        """Say it once, then go on trying."""
        log.log(logging.DEBUG if self._troubled else logging.WARNING, "the %s is away: %s", what, fault)
        self._troubled = True
        return PAUSE_IN_TROUBLE
