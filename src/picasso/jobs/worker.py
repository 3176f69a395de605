"""The worker of one queue: Celery consumes, and the relay beside it is one of Celery's boot steps."""

from __future__ import annotations

import os
import socket
import threading
import uuid
import warnings
from collections.abc import Callable
from typing import Any, ClassVar

import celery.worker.consumer
from celery import bootsteps
from celery.exceptions import SecurityWarning
from celery.signals import worker_shutting_down
from django.conf import settings

from picasso.jobs import tasks
from picasso.jobs.celery import app
from picasso.jobs.relay import Relay, Stop, TellRunning
from picasso.jobs.throughput import Pace


class Consumer(celery.worker.consumer.Consumer):
    """Celery's, without its own delayed delivery: what is due later waits in the table, not in RabbitMQ."""

    class Blueprint(celery.worker.consumer.Consumer.Blueprint):  # type: ignore[valid-type,misc] # the stubs say Any
        default_steps: ClassVar = [
            step for step in celery.worker.consumer.Consumer.Blueprint.default_steps if "delayed_delivery" not in step
        ]


class RelayStep(bootsteps.StartStopStep):
    """Runs the relay for as long as the worker lives, whether or not the broker is there."""

    requires = ("celery.worker.components:Pool",)
    relay: Relay

    def __init__(self, worker: Any, **options: Any) -> None:
        super().__init__(worker, **options)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self.relay.run, args=(self._stopped,), name="relay", daemon=True)

    def start(self, worker: Any) -> None:
        self._thread.start()

    def stop(self, worker: Any) -> None:
        self._stopped.set()
        self._thread.join(timeout=2)

    def terminate(self, worker: Any) -> None:
        self.stop(worker)


def work(
    queue: str,
    threads: int,
    run: tasks.Run,
    running: TellRunning,
    stop: Stop,
    *,
    on_shutdown: Callable[[], None],
    slots: int = 0,
) -> None:
    """Be a worker, running jobs in ``threads`` threads, until SIGTERM or SIGINT; `on_shutdown` hears of it first.

    ``slots`` is how many of those threads really work at the same time, if that is fewer.
    """
    pace = Pace()

    def paced(job_id: uuid.UUID) -> None:
        run(job_id)
        pace.ended()

    tasks.use(paced)
    # In a container one is often root; Celery's concern is pickle, and this worker takes JSON only.
    warnings.filterwarnings("ignore", message=".*superuser privileges", category=SecurityWarning)
    name = f"{socket.gethostname()}/{queue}/{os.getpid()}"
    RelayStep.relay = Relay(name, queue, running, stop, slots=slots or threads, pace=pace)
    app.steps["worker"].add(RelayStep)
    worker_shutting_down.connect(lambda **_: on_shutdown(), weak=False)
    app.Worker(
        pool="threads",
        concurrency=threads,
        queues=[f"picasso.{queue}"],
        hostname=f"{queue}@picasso",
        quiet=True,
        without_gossip=True,
        without_mingle=True,
        loglevel=settings.PICASSO.log_level.upper(),
    ).start()
