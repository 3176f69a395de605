"""Celery with nothing to do: the ceiling of jobs per second for this broker, this pool and this machine.

The broker settings are those of Picasso's worker: quorum queue, confirmed publishing, JSON, no results.
"""

import os
import time
from itertools import count
from pathlib import Path
from threading import Lock

from celery import Celery

app = Celery("noop")
app.conf.update(
    broker_url=os.environ["BROKER_URL"],
    broker_connection_retry_on_startup=True,
    broker_heartbeat=10,
    broker_transport_options={"confirm_publish": True},
    task_default_queue="noop",
    task_default_queue_type="quorum",
    task_serializer="json",
    accept_content=["json"],
    task_ignore_result=True,
    result_backend=None,
    worker_prefetch_multiplier=4,
    worker_enable_remote_control=False,
    worker_send_task_events=False,
)

EXPECTED = int(os.environ.get("NOOP_EXPECTED", "0"))
SPAN_FILE = Path(os.environ.get("NOOP_SPAN_FILE", "span"))

_numbers = count(1)
_lock = Lock()
_first = 0.0


@app.task
def nothing():
    """Count; at the last message, write down how many seconds lay between the first and it."""
    global _first  # noqa: PLW0603
    with _lock:
        number = next(_numbers)
        if number == 1:
            _first = time.perf_counter()
        if number == EXPECTED:
            partial = SPAN_FILE.with_suffix(".partial")
            partial.write_text(str(time.perf_counter() - _first))
            partial.rename(SPAN_FILE)
