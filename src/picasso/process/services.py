"""Run processors that need a service (`contract.ServiceProcessor`), in threads of the worker itself."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from functools import partial

from picasso.jobs.states import StartedJob
from picasso.process import registry
from picasso.process.attempt import RunningAttempt
from picasso.process.child_pool import CLOSE_SECONDS, Cancelled, ShuttingDown
from picasso.process.child_protocol import TRANSIENT_ERRORS, AttemptFailed, parse_facts
from picasso.process.contract import (
    JSON,
    ProcessorError,
    Result,
    ServiceAway,
    ServiceFailed,
    ServiceProcessor,
    StoredSource,
    Verdict,
)
from picasso.storage import FileStore

log = logging.getLogger(__name__)

# How often a service is asked whether it is back.
PING_SECONDS = 1.0

EXPECTED = (ProcessorError, ServiceAway, ServiceFailed, Cancelled, ShuttingDown, OSError)


class Services:
    """The services of one worker, between `open` and `close`. Thread-safe."""

    def __init__(self, files: FileStore, unavailable: set[str]) -> None:
        """While a service is away, ``unavailable`` contains the name of its processor: its jobs wait in the table."""
        self._files = files
        self._unavailable = unavailable
        self._processors: dict[str, ServiceProcessor] = {}
        self._lock = threading.Lock()
        self._away = threading.Event()
        self._closed = threading.Event()

    def open(self) -> None:
        """Start to watch for the return of services that are away."""
        threading.Thread(target=self._watch, name="services", daemon=True).start()

    def close(self) -> None:
        """Attempts that still run end with `ShuttingDown`. May be called twice, or without `open`."""
        self._closed.set()
        self._away.set()

    def close_later(self) -> None:
        """`close` after `CLOSE_SECONDS`, so that jobs that are nearly done can end."""
        timer = threading.Timer(CLOSE_SECONDS, self.close)
        timer.daemon = True
        timer.start()

    def run(self, job: StartedJob, size: int, options: Mapping[str, JSON], attempt: RunningAttempt) -> Result | Verdict:
        """Run one job.

        Raises:
            ProcessorError, ServiceAway, ServiceFailed: as the processor does.
            OSError: the file could not be read.
            AttemptFailed: something else went wrong.
            Cancelled: the attempt was cancelled.
            ShuttingDown: `close` was called meanwhile.
        """
        source = StoredSource(
            open=partial(self._files.open, job.key),
            size=size,
            media_type=job.media_type,
            options=options,
            failures=job.failures,
            check=partial(self._check, attempt),
            progress=partial(setattr, attempt, "progress"),
        )
        try:
            return checked(self._processor(job.processor)(source))
        except ServiceAway as fault:
            self._mark_away(job.processor, fault)
            raise
        except EXPECTED:
            raise
        except Exception as fault:
            log.exception("%s of file %s raised", job.processor, job.file_id)
            raise AttemptFailed(TRANSIENT_ERRORS["processor-error"]) from fault

    def _check(self, attempt: RunningAttempt) -> None:
        if attempt.cancelled:
            raise Cancelled
        if self._closed.is_set():
            raise ShuttingDown

    def _processor(self, name: str) -> ServiceProcessor:
        with self._lock:
            if name not in self._processors:
                self._processors[name] = registry.new_service(name)
            return self._processors[name]

    def _mark_away(self, name: str, fault: ServiceAway) -> None:
        with self._lock:
            if name not in self._unavailable:
                log.warning("the service of %s can't be reached, its jobs wait: %s", name, fault)
                self._unavailable.add(name)
        self._away.set()

    def _watch(self) -> None:
        while not self._closed.is_set():
            self._away.wait()
            self._away.clear()
            while (away := self._unavailable & self._processors.keys()) and not self._closed.wait(PING_SECONDS):
                for name in away:
                    self._ping(name)

    def _ping(self, name: str) -> None:
        try:
            self._processors[name].ping()
        except Exception as fault:  # nothing may end this thread: the jobs would wait for ever
            log.debug("the service of %s is still away: %s", name, fault)
        else:
            log.warning("the service of %s is back", name)
            self._unavailable.discard(name)


def checked(outcome: Result | Verdict) -> Result | Verdict:
    """Raises `TypeError` or `ValueError` if the outcome breaks the contract, or no table could keep it."""
    parse_facts(dict(outcome.facts))
    if isinstance(outcome, Result) and outcome.derivatives:
        raise ValueError("a service makes no derivatives")
    return outcome
