"""A client that follows events, and comes back with the number of its last one whenever it is cut off."""

from __future__ import annotations

import json
import threading
import time
from contextlib import suppress
from typing import Self

import httpx

from tests.stack import NO_TLS

# Shorter than a client should wait: nothing may be missed all the same.
PAUSE = 0.05


class Follower:
    """Follows from the `with` statement's begin to its end."""

    def __init__(self, url: str, after: int) -> None:
        self.seen: list[tuple[int, str, str | None]] = []
        """Number, type and file of each event."""
        self.connections = 0
        self._url = url
        self._last = after
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join()

    @property
    def last(self) -> int:
        return self._last

    def _run(self) -> None:
        with httpx.Client(base_url=self._url, timeout=httpx.Timeout(5, read=20), verify=NO_TLS) as client:
            while not self._stopped.is_set():
                with suppress(httpx.TransportError):
                    self._follow(client)
                time.sleep(PAUSE)

    def _follow(self, client: httpx.Client) -> None:
        headers = {"Accept": "text/event-stream", "Last-Event-ID": str(self._last)}
        with client.stream("GET", "/api/v1.0/events/", headers=headers) as answer:
            if answer.status_code != 200:
                return
            self.connections += 1
            for line in answer.iter_lines():
                self._take(line)
                if self._stopped.is_set():
                    return

    def _take(self, line: str) -> None:
        name, _, value = line.partition(": ")
        if name == "id":
            self._last = int(value)
        elif name == "data":
            event = json.loads(value)
            self.seen.append((event["seq"], event["type"], event["data"].get("id")))
