"""A receiver of webhooks, and what it must have been told."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests.remote import Asked, Remote, answer, remote
from tests.stack import Stack

WEBHOOKS = "/api/v1.0/webhooks/"
SECONDS = 0.2
"""So long each message is under way: some always are when their sender is killed."""

MORE = 5

Query = Callable[[str], list[tuple[Any, ...]]]


@dataclass
class Receiver:
    remote: Remote
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
    with remote(reply) as server:
        [[before]] = query("SELECT COALESCE(max(last), 0) FROM picasso_eventcounter")
        made = stack.client.post(WEBHOOKS, json={"url": server.url, "types": ["file.*"]})
        assert made.status_code == 201, made.text
        yield Receiver(server, query, before)
        assert stack.client.delete(f"{WEBHOOKS}{made.json()['id']}/").status_code == 204


def reply(_: Asked) -> bytes:
    time.sleep(SECONDS)
    return answer()
