"""The worker process of one queue: makes everything that it consists of, runs it and stops it."""

from __future__ import annotations

import os
import socket
import uuid
from typing import Protocol

from picasso.activity import Activity
from picasso.conf import Conf
from picasso.events.sequencer import Sequencer
from picasso.files.retention import Retention
from picasso.jobs import sql, worker
from picasso.jobs.batch_writer import BatchWriter
from picasso.jobs.broker import Broker
from picasso.jobs.relay import Relay
from picasso.jobs.throughput import Throughput
from picasso.process import registry
from picasso.process.background import Background
from picasso.process.child_pool import ChildPool, log_confinement
from picasso.process.pipelines import pipelines
from picasso.process.run import Runner
from picasso.process.services import Services
from picasso.queue_names import HEAVY, QUICK, SERVICE
from picasso.receive import cleanup
from picasso.storage import Storage, default_storage
from picasso.webhooks.fan_out import fan_out

# Some of the time of a quick job its thread waits for the database, so several threads share a slot.
THREADS_PER_SLOT = {QUICK: 2, HEAVY: 1, SERVICE: 1}


class Part(Protocol):
    """What works in a thread of its own."""

    def start(self) -> None: ...

    def stop(self) -> None:
        """Does no harm when called twice, or without `start`."""


class WorkerApp:
    """Nothing of it is global. No thread runs and no folder is made before `run`.

    It owns the counters that metrics are made of.
    """

    def __init__(self, conf: Conf, queue: str) -> None:
        """Raises `ConfError` for a database that can't be used."""
        sql.require_client_binding()
        slots = {QUICK: conf.quick_jobs, HEAVY: conf.heavy_jobs, SERVICE: conf.scan_jobs}[queue]
        seconds = conf.heavy_job_time_limit if queue == HEAVY else conf.job_time_limit
        name = f"{socket.gethostname()}/{queue}/{os.getpid()}"
        self._queue = queue
        self._activity = Activity()
        self._threads = slots * THREADS_PER_SLOT[queue]
        self._log_level = conf.log_level
        self._storage = default_storage()
        self.throughput = Throughput()
        self._children = ChildPool(
            conf.job_memory_limit, conf.jobs_per_child, conf.scratch_dir, conf.job_output_limit, conf.languages
        )
        # Changes while the worker runs: a service may be away.
        unavailable = set(registry.unavailable())
        self._services = Services(self._storage.files, unavailable) if queue == SERVICE else None
        writer = BatchWriter(unavailable)
        self._runner = Runner(
            self._storage, self._children, writer, conf, slots=slots, seconds=seconds, services=self._services
        )
        self._broker = Broker(conf)
        self._relay = Relay(
            self._broker,
            self._runner.running,
            self._runner.stop,
            self.throughput,
            self._activity,
            name=name,
            queue=queue,
            slots=slots,
            unavailable=unavailable,
        )
        self._parts: list[Part] = [
            self._activity,
            Sequencer(conf.events_kept, fan_out, self._activity),
            cleanup.Sweeper(self._storage),
            Retention(self._storage),
            Background(self._storage, pipelines(), self._activity),
        ]
        if queue == QUICK:
            self._parts += of_quick_worker(conf, self._storage, self._activity)

    def run(self) -> None:
        """Until SIGTERM or SIGINT. Call `stop` afterwards, also when this raises."""
        log_confinement()
        self._children.open()
        if self._services:
            self._services.open()
        for part in self._parts:
            part.start()
        worker.consume(
            self._broker,
            self._relay,
            self._run_jobs,
            queue=self._queue,
            threads=self._threads,
            log_level=self._log_level,
            on_shutdown=self._close_later,
        )

    def stop(self) -> None:
        """Jobs that still run are given back, to start again elsewhere.

        Does no harm when called twice, or without `run`.
        """
        for part in self._parts:
            part.stop()
        self._relay.stop()
        if self._services:
            self._services.close()
        self._children.close()

    def _close_later(self) -> None:
        self._runner.close()
        self._children.close_later()
        if self._services:
            self._services.close_later()

    def _run_jobs(self, jobs: list[uuid.UUID]) -> None:
        durations = self._runner.run(*jobs)
        self.throughput.count(len(durations), sum(durations))


def of_quick_worker(conf: Conf, storage: Storage, activity: Activity) -> list[Part]:
    """What only the worker of quick jobs does. The others need not import the libraries for it."""
    from picasso.imports.pool import ImportPool
    from picasso.monitoring.writer import MetricsWriter
    from picasso.process.remote.reaper import RemoteReaper
    from picasso.receive.quota import limits_of
    from picasso.webhooks.sender import WebhookSender

    return [
        WebhookSender(conf, activity),
        ImportPool(conf, storage, limits_of(conf), activity),
        RemoteReaper(storage.files, pipelines(), activity),
        MetricsWriter(conf.data_dir, pipelines().queue_names),
    ]
