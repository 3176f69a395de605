"""What the service needs to be ready, each with a check and the page of the documentation about it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from queue import Empty, SimpleQueue

from django.db import close_old_connections, connection
from django.db.models.functions import Now

from picasso.conf import Conf
from picasso.errors import PicassoError
from picasso.models import Worker
from picasso.monitoring.samples import ALIVE_WITHIN
from picasso.scan.clamd import Clamd, ClamdError, Timeouts
from picasso.storage import Storage

log = logging.getLogger(__name__)

SECONDS = 5.0
"""So long a check may take."""

OK = "ok"

Check = Callable[[], None]
"""Raises if the thing is unavailable. The message of a `PicassoError` is public."""


@dataclass(frozen=True, slots=True)
class Need:
    name: str
    check: Check
    page: str
    """Of the documentation, such as ``settings.md#broker_url``."""


@dataclass(frozen=True, slots=True)
class Outcome:
    name: str
    outcome: str
    """``ok``, or a public sentence."""
    page: str


def needs(conf: Conf, storage: Storage) -> list[Need]:
    found = [
        Need("database", database, "settings.md#database_url"),
        Need("storage", storage.files.probe, "troubleshooting.md#507-with-the-code-storage-full"),
        Need("worker", workers, "troubleshooting.md#all-of-them"),
    ]
    if conf.clamd:
        ping = partial(scanner, Clamd(conf.clamd, Timeouts(connect=SECONDS / 2)))
        found.append(Need("scanner", ping, "settings.md#picasso_clamd"))
    if not conf.embedded:
        from picasso.jobs.broker import Broker  # only here does a web process need Celery, which is slow to import

        found.append(Need("broker", Broker(conf).ping, "settings.md#broker_url"))
    return found


def database() -> None:
    close_old_connections()
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM picasso_file LIMIT 1")


def workers() -> None:
    close_old_connections()
    if not Worker.objects.filter(seen_at__gt=Now() - ALIVE_WITHIN).exists():
        raise PicassoError(f"No worker has reported in the last {ALIVE_WITHIN.seconds} seconds.")


def scanner(clamd: Clamd) -> None:
    try:
        clamd.ping()
    except ClamdError as fault:
        raise PicassoError("The virus scanner does not answer.") from fault


def outcome_of(check: Check) -> str:
    """``ok``, or a public sentence. The details of an unexpected error go to the log only."""
    try:
        check()
    except PicassoError as fault:
        return fault.detail
    except Exception as fault:
        log.warning("not ready: %s", fault)
        return "Unavailable."
    return OK


def check_all(found: Sequence[Need], seconds: float = SECONDS) -> list[Outcome]:
    """All side by side. A check that hangs is not waited for."""
    answers: SimpleQueue[tuple[str, str]] = SimpleQueue()
    for need in found:
        threading.Thread(target=answer, args=(need, answers), name=f"check {need.name}", daemon=True).start()
    known = dict(received(answers, len(found), time.monotonic() + seconds))
    late = f"No answer within {seconds:g} seconds."
    return [Outcome(need.name, known.get(need.name, late), need.page) for need in found]


def answer(need: Need, answers: SimpleQueue[tuple[str, str]]) -> None:
    outcome = outcome_of(need.check)
    connection.close()
    answers.put((need.name, outcome))


def received(answers: SimpleQueue[tuple[str, str]], number: int, deadline: float) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    while len(found) < number:
        try:
            found.append(answers.get(timeout=max(0.0, deadline - time.monotonic())))
        except Empty:
            break
    return found
