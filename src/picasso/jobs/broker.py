"""The broker that carries messages to the workers: RabbitMQ, or one inside this process. Celery is used only in `jobs`.

The database has the truth. A message only says that jobs are due: it holds the ids of a
few jobs, and may be lost or doubled.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from functools import cached_property
from typing import Any

import kombu.transport
from celery import Celery
from kombu import Connection, Exchange, Producer, Queue

from picasso.conf import Conf
from picasso.queue_names import QUEUES, QUICK

TASK = "picasso.run_job"

# To connect, and for each answer of the broker: one that hangs, or that is cut off, never answers.
ANSWER_SECONDS = 3

IN_PROCESS = "in-process"
"""The scheme of its URL."""
kombu.transport.TRANSPORT_ALIASES[IN_PROCESS] = "picasso.jobs.in_process:Transport"

TIMEOUTS = ("read_timeout", "write_timeout")

EXCHANGE = Exchange("picasso", type="direct", durable=True)


def broker_queue(name: str) -> Queue:
    """A quorum queue: replicated where the broker is a cluster, durable everywhere."""
    return Queue(
        f"picasso.{name}",
        EXCHANGE,
        routing_key=name,
        durable=True,
        queue_arguments={"x-queue-type": "quorum"},
    )


class Broker:
    """Thread-safe."""

    def __init__(self, conf: Conf) -> None:
        self.in_process = conf.embedded
        self.celery = make_celery(conf)

    @cached_property
    def _template(self) -> Any:
        """The parts of a message that Celery would build again for each; only the ids differ."""
        return self.celery.amqp.as_task_v2("", TASK, ignore_result=True)

    def connect(self) -> Connection:
        """A new connection that never waits for ever. Raises if the broker can't be reached."""
        in_process = self.celery.conf.broker_url.startswith(f"{IN_PROCESS}:")
        timeouts = {} if in_process else dict.fromkeys(TIMEOUTS, ANSWER_SECONDS)
        connection: Connection = self.celery.connection_for_write(transport_options=timeouts)
        try:
            connection.ensure_connection(max_retries=1, interval_start=0, timeout=ANSWER_SECONDS)
        except BaseException:
            connection.release()
            raise
        return connection

    def ping(self) -> None:
        """Raises if the broker can't be reached."""
        self.connect().release()

    def send(self, producer: Producer, queue: str, jobs: Iterable[uuid.UUID], expiration: float) -> None:
        """Send one message: run these jobs. The broker drops it after so many seconds."""
        message_id = str(uuid.uuid4())
        producer.publish(
            ([str(job) for job in jobs], *self._template.body[1:]),
            headers={**self._template.headers, "id": message_id, "root_id": message_id},
            **{**self._template.properties, "correlation_id": message_id},
            serializer="json",
            exchange=EXCHANGE,
            routing_key=queue,
            delivery_mode=2,  # persistent
            expiration=expiration,
        )


def make_celery(conf: Conf) -> Celery:
    url = f"{IN_PROCESS}://localhost/" if conf.embedded else conf.broker_url
    # No fixups: Celery's fixup for Django closes the database connections around every task, and ours are kept open.
    app = Celery("picasso", broker=url, set_as_current=False, fixups=[])
    app.conf.update(
        accept_content=["json"],
        task_serializer="json",
        task_ignore_result=True,
        task_queues=[broker_queue(name) for name in QUEUES],
        task_default_queue=f"picasso.{QUICK}",
        worker_prefetch_multiplier=1,
        worker_consumer="picasso.jobs.worker:Consumer",
        worker_enable_remote_control=False,
        worker_send_task_events=False,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_connection_timeout=4,
        broker_heartbeat=10,
    )
    return app
