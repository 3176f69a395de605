"""Publish as many messages as the argument says, each confirmed by the broker, from this one process.

It begins when the worker listens: to publish and to consume then share the machine, as they do in Picasso's worker.
Its threads wait for confirms side by side; one alone would spend its time waiting and be the limit of the measurement.
"""

import sys
import time
from concurrent.futures import ThreadPoolExecutor

from amqp.exceptions import NotFound
from noop import app, nothing

THREADS = 4
WORKER_SECONDS = 60


def wait_for_worker() -> None:
    deadline = time.monotonic() + WORKER_SECONDS
    with app.connection_for_read() as connection:
        while not consumers(connection):
            if time.monotonic() > deadline:
                sys.exit("no worker listens")
            time.sleep(0.05)


def consumers(connection) -> int:
    try:
        with connection.channel() as channel:
            return channel.queue_declare(app.conf.task_default_queue, passive=True).consumer_count
    except NotFound:
        return 0


def publish(messages: int) -> None:
    with app.producer_pool.acquire(block=True) as producer:
        for _ in range(messages):
            nothing.apply_async(producer=producer)


def main(messages: int) -> None:
    wait_for_worker()
    shares = [messages // THREADS + (number < messages % THREADS) for number in range(THREADS)]
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(publish, shares))


if __name__ == "__main__":
    main(int(sys.argv[1]))
