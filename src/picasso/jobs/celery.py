"""Celery for the journey, RabbitMQ or this process in between. Only `picasso.jobs` knows either.

The table is the truth and a message is a nudge: it holds a job's id, has no result, and may be lost or doubled.
"""

from __future__ import annotations

from celery import Celery
from django.conf import settings
from kombu import Connection, Exchange, Queue

from picasso.conf import Conf
from picasso.queue_names import QUEUES

# To connect, and for each answer of the broker: one that is frozen, or cut off, never gives any.
ANSWER_SECONDS = 3

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


def make_app(conf: Conf) -> Celery:
    broker = "memory://localhost/" if conf.embedded else conf.broker_url
    # No fixups: Celery's for Django closes the database's connections around every task, and ours are meant to last.
    app = Celery("picasso", broker=broker, set_as_current=False, fixups=[])
    app.conf.update(
        accept_content=["json"],
        task_serializer="json",
        task_ignore_result=True,
        task_queues=[broker_queue(name) for name in QUEUES],
        task_default_queue="picasso.quick",
        worker_prefetch_multiplier=4,
        worker_consumer="picasso.jobs.worker:Consumer",
        worker_enable_remote_control=False,
        worker_send_task_events=False,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_connection_timeout=4,
        broker_heartbeat=10,
        # In process, a consumer looks for messages this often.
        broker_transport_options={"polling_interval": 0.01} if conf.embedded else {},
    )
    return app


app = make_app(settings.PICASSO)


def connected() -> Connection:
    """A new connection on which nobody waits for ever. Raises if the broker can't be reached."""
    patience = {} if app.conf.broker_url.startswith("memory:") else dict.fromkeys(TIMEOUTS, ANSWER_SECONDS)
    connection: Connection = app.connection_for_write(transport_options=patience)
    try:
        connection.ensure_connection(max_retries=1, interval_start=0, timeout=ANSWER_SECONDS)
    except BaseException:
        connection.release()
        raise
    return connection


def ping() -> None:
    """Raises if the broker can't be reached."""
    connected().release()
