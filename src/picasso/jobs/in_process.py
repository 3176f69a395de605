"""The broker of the embedded default: kombu's transport in memory, whose consumer waits instead of polling."""

from __future__ import annotations

import math
import time
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any

import kombu.transport.memory

# A consumer looks so often, in seconds, whether something has happened that nobody has told it.
LONGEST = 1.0


class Changes:
    """After which there may be a message to deliver; of all queues, which are the process's as well.

    Safe in handlers of signals, as `threading.Event` is not.
    """

    def __init__(self) -> None:
        self._tokens: SimpleQueue[None] = SimpleQueue()
        self.interrupted = False

    def add(self) -> None:
        self._tokens.put(None)

    def clear(self) -> None:
        with suppress(Empty):
            while True:
                self._tokens.get_nowait()

    def wait(self, seconds: float) -> None:
        with suppress(Empty):
            self._tokens.get(timeout=seconds)


_changes = Changes()


def interrupt() -> None:
    """From now on consumers return at once if there is no message: the worker stops."""
    _changes.interrupted = True
    _changes.add()


class Channel(kombu.transport.memory.Channel):
    """Tells of everything after which there may be a message to deliver."""

    def _put(self, queue: str, message: Any, **options: Any) -> None:
        super()._put(queue, message, **options)
        _changes.add()

    def basic_ack(self, delivery_tag: str, multiple: bool = False) -> None:
        super().basic_ack(delivery_tag, multiple)
        _changes.add()

    def basic_reject(self, delivery_tag: str, requeue: bool = False) -> None:
        super().basic_reject(delivery_tag, requeue)
        _changes.add()

    def basic_qos(self, prefetch_size: int = 0, prefetch_count: int = 0, apply_global: bool = False) -> None:
        super().basic_qos(prefetch_size, prefetch_count, apply_global)
        _changes.add()


class Transport(kombu.transport.memory.Transport):
    Channel = Channel

    def drain_events(self, connection: Any, timeout: float | None = None, **options: Any) -> None:
        """Deliver one message. Raises `TimeoutError` if none came in time."""
        cycle: Any = self.cycle
        end = math.inf if timeout is None else time.monotonic() + timeout
        while True:
            _changes.clear()
            with suppress(Empty):
                cycle.get(self._deliver, timeout=timeout)
                return
            left = end - time.monotonic()
            if left <= 0 or _changes.interrupted:
                raise TimeoutError
            _changes.wait(min(left, LONGEST))
