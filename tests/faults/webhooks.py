"""A receiver of webhooks, and what it must have been told."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests.remote import Asked, Remote, answer, remote
from tests.stack import Stack
from tests.waiting import SECONDS

WEBHOOKS = "/api/v1.0/webhooks/"
MORE = 5

Query = Callable[[str], list[tuple[Any, ...]]]


class Gate:
    """Answers each message at once, or, while it is closed, when it is opened."""

    def __init__(self) -> None:
        self._open = threading.Event()
        self._open.set()
        self.held = 0
        """How many have come since it was closed."""

    def close(self) -> None:
        self.held = 0
        self._open.clear()

    def open(self) -> None:
        self._open.set()

    def __call__(self, _: Asked) -> bytes:
        if not self._open.is_set():
            self.held += 1
            self._open.wait(SECONDS)
        return answer()


@dataclass
class Receiver:
    remote: Remote
    gate: Gate
    query: Query
    before: int
    """The number of the last event before the webhook was created."""

    arrived: int = 0
    """How many messages had arrived when `has_more` was true."""

    def has_more(self) -> bool:
        """Whether messages have arrived since this was true the last time: the sender works."""
        if len(self.remote.asked) < self.arrived + MORE:
            return False
        self.arrived = len(self.remote.asked)
        return True

    def ids(self) -> set[str]:
        return {asked.headers["webhook-id"] for asked in list(self.remote.asked)}

    def told(self) -> set[tuple[str, str]]:
        """Type and file of each message."""
        bodies = (json.loads(asked.body) for asked in self.remote.asked)
        return {(body["type"], body["data"]["id"]) for body in bodies}

    def known(self, after: int = 0) -> set[str]:
        """The ids of the messages of all events that it wants."""
        rows = self.query(f"SELECT seq FROM picasso_event WHERE seq > {after} AND type LIKE 'file.%'")
        return {f"msg_{seq}" for (seq,) in rows}

    def missing(self) -> set[str]:
        return self.known(self.before) - self.ids()

    def has_tried_all(self) -> bool:
        """Whether all events have their delivery, and each was claimed at least once."""
        [[spread]] = self.query("SELECT min(last) = max(last) FROM picasso_eventcounter")
        unnumbered = self.query("SELECT 1 FROM picasso_event WHERE seq IS NULL LIMIT 1")
        return bool(spread) and not unnumbered and not self.query("SELECT 1 FROM picasso_delivery WHERE attempt = 0")

    def end_leases(self) -> int:
        """As if a minute had passed: what the killed ones had claimed is due; how much that is."""
        return len(
            self.query(
                "UPDATE picasso_delivery SET due_at = created_at"
                " WHERE state = 'waiting' AND attempt > 0 AND tries = 0 RETURNING id"
            )
        )

    def has_all(self) -> bool:
        delivered = not self.query("SELECT 1 FROM picasso_delivery WHERE state <> 'delivered' LIMIT 1")
        return delivered and not self.missing()


@contextmanager
def receiving(stack: Stack, query: Query) -> Iterator[Receiver]:
    """A webhook that takes all events of files, for a while."""
    gate = Gate()
    with remote(gate) as server:
        [[before]] = query("SELECT COALESCE(max(last), 0) FROM picasso_eventcounter")
        made = stack.client.post(WEBHOOKS, json={"url": server.url, "types": ["file.*"]})
        assert made.status_code == 201, made.text
        yield Receiver(server, gate, query, before)
        assert stack.client.delete(f"{WEBHOOKS}{made.json()['id']}/").status_code == 204
