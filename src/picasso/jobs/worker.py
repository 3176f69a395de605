"""Consume the messages of one queue, with Celery. The relay is one of Celery's boot steps."""

from __future__ import annotations

import uuid
import warnings
from collections.abc import Callable
from typing import Any, ClassVar

import celery.apps.worker
import celery.worker.consumer
from celery import bootsteps
from celery.exceptions import SecurityWarning
from celery.signals import worker_shutting_down

from picasso.jobs import in_process
from picasso.jobs.broker import TASK, Broker
from picasso.jobs.relay import Relay


class Consumer(celery.worker.consumer.Consumer):
    """Celery's, without its delayed delivery: a job that is due later waits in the table, not in RabbitMQ."""

    class Blueprint(celery.worker.consumer.Consumer.Blueprint):  # type: ignore[valid-type,misc] # the stubs say Any
        default_steps: ClassVar = [
            step for step in celery.worker.consumer.Consumer.Blueprint.default_steps if "delayed_delivery" not in step
        ]


def consume(
    broker: Broker,
    relay: Relay,
    run: Callable[[list[uuid.UUID]], None],
    *,
    queue: str,
    threads: int,
    log_level: str,
    on_shutdown: Callable[[], None],
) -> None:
    """Run the jobs of a queue in so many threads until SIGTERM or SIGINT, which first calls ``on_shutdown``.

    On a first signal it waits for the jobs that are running. A second one raises `SystemExit` at once.
    """
    # In a container one is often root. Celery warns because of pickle, but this worker accepts JSON only.
    warnings.filterwarnings("ignore", message=".*superuser privileges", category=SecurityWarning)
    # Of its end, and of what another Ctrl-C does. The supervisor tells that, in one line for all workers.
    celery.apps.worker.safe_say = say_nothing  # type: ignore[attr-defined] # not in the stubs
    app = broker.celery
    app.task(name=TASK, shared=False)(task(run))
    app.steps["worker"].add(relay_step(relay))

    def shut_down(**_: Any) -> None:
        on_shutdown()
        in_process.interrupt()

    worker_shutting_down.connect(shut_down, weak=False)
    try:
        app.Worker(
            pool="threads",
            concurrency=threads,
            queues=[f"picasso.{queue}"],
            hostname=f"{queue}@picasso",
            quiet=True,
            without_gossip=True,
            without_mingle=True,
            without_heartbeat=True,  # for Celery's monitors; that of the connection stays
            loglevel=log_level.upper(),
        ).start()
    finally:
        worker_shutting_down.disconnect(shut_down)


def say_nothing(*_: object) -> None:
    """Instead of what Celery writes to the terminal past the log."""


def task(run: Callable[[list[uuid.UUID]], None]) -> Callable[..., None]:
    """The one task: it takes the ids of jobs and calls the function that does the work."""

    def run_jobs(*jobs: str) -> None:
        run([uuid.UUID(job) for job in jobs])

    return run_jobs


def relay_step(relay: Relay) -> type[bootsteps.StartStopStep]:
    """Runs the relay for as long as the worker lives, whether or not the broker can be reached."""

    class RelayStep(bootsteps.StartStopStep):
        # It stops before the pool does, which waits for its jobs.
        requires = ("celery.worker.components:Pool",)

        def start(self, parent: Any) -> None:
            relay.start()

        def stop(self, parent: Any) -> None:
            relay.stop()

        def terminate(self, parent: Any) -> None:
            relay.stop()

    return RelayStep
