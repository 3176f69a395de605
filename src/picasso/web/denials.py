"""Writes refused requests to the audit, as a sample: the first of each kind and principal in a minute, and a count.

A thread of its own writes them, so that no request waits. An attack costs a bounded number of rows a day: what would be
more is counted in one row a minute, which names nobody.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass

from django.db import DatabaseError, InterfaceError, close_old_connections, connection

from picasso.access import audit
from picasso.access.actor import Actor
from picasso.access.audit import Outcome
from picasso.access.audit_queries import actor_of
from picasso.access.principal import ANONYMOUS, ENVIRON
from picasso.errors import ERROR_CODE
from picasso.limits.subjects import subject_of_address
from picasso.web.request import AsgiScope

log = logging.getLogger(__name__)

MINUTE = 60.0
PAUSE_SECONDS = 5.0

DAY = 86_400.0

# How many rows a day may tell of one principal or network, and of all. A row has about half a kibibyte.
MAX_SENDER_ROWS = 200
MAX_ROWS = 5_000

# How many kinds of denials are told apart in a minute, and how many may wait to be written.
MAX_KINDS = 1000
MAX_WAITING = 1000

# Answers to requests that were allowed, and that a policy or a quota has refused.
REFUSALS = {"type-not-allowed", "forbidden-content", "quota-exceeded"}

STATUSES = {401: "unauthorized", 403: "forbidden", 423: "locked", 429: "rate-limited"}


@dataclass(frozen=True, slots=True)
class Denial:
    actor: Actor
    code: str
    method: str
    path: str
    outcome: Outcome = Outcome.DENIED

    @property
    def kind(self) -> tuple[str, str]:
        """Denials of one kind are counted together: of one code, and one principal or network."""
        return self.code, self.sender

    @property
    def sender(self) -> str:
        return self.actor.identity or subject_of_address(self.actor.address)


MORE = Denial(Actor("anonymous"), "more", "", "")
"""Stands for all that is not told of one by one."""


Write = Callable[[Denial, int], None]


class Sampler:
    """Decides what is written. For one thread."""

    def __init__(self, write: Write, clock: Callable[[], float] = time.monotonic) -> None:
        self._write = write
        self._clock = clock
        self._ends = 0.0
        self._day = DailyRows(clock)
        self._counts: dict[tuple[str, str], tuple[Denial, int]] = {}
        """By kind: the last denial of this minute, and how many came after the first."""

    def note(self, denial: Denial) -> None:
        self.end_minute()
        if denial.kind not in self._counts and not self._has_room(denial):
            denial = MORE
        if denial.kind in self._counts:
            self._counts[denial.kind] = (denial, self._counts[denial.kind][1] + 1)
        else:
            self._counts[denial.kind] = (denial, 0)
            self._write(denial, 1)

    def _has_room(self, denial: Denial) -> bool:
        """Whether another kind may be told of: with its first denial, and with the number of the others."""
        return len(self._counts) < MAX_KINDS and self._day.take(denial.sender, 2)

    def end_minute(self, *, now: bool = False) -> None:
        """If the minute is over: write how many denials of each kind came after the first."""
        if not now and self._clock() < self._ends:
            return
        counts, self._counts = self._counts, {}
        self._ends = self._clock() + MINUTE
        for denial, further in counts.values():
            if further:
                self._write(denial, further)


class DailyRows:
    """The rows that may still be written on a day. It begins with the first denial."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._ends = 0.0
        self._left = 0
        self._senders: dict[str, int] = {}

    def take(self, sender: str, rows: int) -> bool:
        """False if the sender, or all together, have used up theirs."""
        if self._clock() >= self._ends:
            self._ends, self._left, self._senders = self._clock() + DAY, MAX_ROWS, {}
        used = self._senders.get(sender, 0)
        if self._left < rows or used + rows > MAX_SENDER_ROWS:
            return False
        self._left -= rows
        self._senders[sender] = used + rows
        return True


class Denials:
    """The thread. Nothing starts before `start`."""

    def __init__(self) -> None:
        self._waiting: queue.Queue[Denial | None] = queue.Queue(MAX_WAITING)
        self._thread = threading.Thread(target=self._run, name="denials", daemon=True)
        self._sampler = Sampler(write)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """What was counted is written."""
        if self._thread.is_alive():
            self._waiting.put(None)
            self._thread.join(PAUSE_SECONDS)

    def look_at(self, scope: AsgiScope, status: int) -> None:
        """Note the answer to a request if it is a denial or a refusal."""
        if status in STATUSES:
            self._note(scope, scope.get(ERROR_CODE) or STATUSES[status], Outcome.DENIED)
        elif scope.get(ERROR_CODE) in REFUSALS:
            self._note(scope, scope[ERROR_CODE], Outcome.REFUSED)

    def _note(self, scope: AsgiScope, code: str, outcome: Outcome) -> None:
        client = scope.get("client")
        actor = actor_of(scope.get(ENVIRON, ANONYMOUS), str(client[0]) if client else "")
        denial = Denial(actor, code, scope["method"], scope["path"], outcome)
        with suppress(queue.Full):  # an attack: the sample has enough of it
            self._waiting.put_nowait(denial)

    def _run(self) -> None:
        try:
            for denial in self._arriving():
                if denial:
                    self._sampler.note(denial)
                else:
                    self._sampler.end_minute()
            self._sampler.end_minute(now=True)
        finally:
            connection.close()

    def _arriving(self) -> Iterator[Denial | None]:
        """Each denial, and None every few seconds, until `stop`."""
        while True:
            try:
                if (denial := self._waiting.get(timeout=PAUSE_SECONDS)) is None:
                    return
                yield denial
            except queue.Empty:
                yield None


def write(denial: Denial, count: int) -> None:
    try:
        close_old_connections()
        audit.record(
            f"request.{denial.outcome}",
            actor=denial.actor,
            outcome=denial.outcome,
            count=count,
            code=denial.code,
            method=denial.method,
            path=denial.path,
        )
    except (DatabaseError, InterfaceError) as fault:
        connection.close()
        log.warning("a denied request could not be written to the audit: %s", fault)
