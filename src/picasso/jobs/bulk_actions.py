"""What an operator does to many jobs at once: choose them, then retry or cancel them batch by batch."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from django.db.models import QuerySet

from picasso.jobs import commands, states
from picasso.models import Job

State = Job.State

# Each batch is one transaction, which holds as many files locked.
BATCH = 500

FIELDS = {
    "state": "state",
    "processor": "processor",
    "queue": "queue",
    "pipeline": "pipeline",
    "error": "error_code",
    "file": "file_id",
}

AFTER_ALL = uuid.UUID(int=2**128 - 1)


class FilterError(ValueError):
    """A filter that can't be meant. Its sentence is for whoever asked."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a request for many."""

    count: int
    """How many jobs were moved."""
    more: bool
    """Whether its time was up before all were; to ask again goes on."""


def chosen(where: Mapping[str, object]) -> QuerySet[Job]:
    """The jobs with these values of `FIELDS`. Raises `FilterError`."""
    wanted = {}
    for field, value in where.items():
        if field not in FIELDS:
            raise FilterError(field, f"Jobs can't be chosen by {field!r}, only by {', '.join(FIELDS)}.")
        if not isinstance(value, str) or not value or len(value) > 64 or "\0" in value:
            raise FilterError(field, f"{field} must be a text of 1 to 64 characters.")
        wanted[FIELDS[field]] = checked(field, value)
    return Job.objects.filter(**wanted)


def checked(field: str, value: str) -> str | uuid.UUID:
    if field == "state" and value not in State:
        raise FilterError(field, f"state must be one of {', '.join(State)}.")
    if field != "file":
        return value
    try:
        return uuid.UUID(value)
    except ValueError as fault:
        raise FilterError(field, "file must be the id of a file.") from fault


def retry_where(where: Mapping[str, object], seconds: float = float("inf")) -> Outcome:
    """Retry the jobs that failed or were cancelled, or those that are done if ``state`` says so."""
    return _each_batch(where, commands.retry_all, (State.FAILED, State.CANCELLED), seconds)


def cancel_where(where: Mapping[str, object], seconds: float = float("inf")) -> Outcome:
    """Cancel the jobs that have not ended."""
    return _each_batch(where, commands.cancel_all, tuple(states.ACTIVE), seconds)


def _each_batch(
    where: Mapping[str, object],
    move: Callable[[Collection[uuid.UUID]], int],
    usual: Collection[State],
    seconds: float,
) -> Outcome:
    """From the newest to the oldest, so that a job which comes back to where it was is not met twice."""
    if not where:
        raise FilterError("", "Say which jobs are meant, for instance by their state.")
    jobs = chosen(where) if "state" in where else chosen(where).filter(state__in=usual)
    deadline, count, below = time.monotonic() + seconds, 0, AFTER_ALL
    while batch := list(jobs.filter(pk__lt=below).order_by("-pk").values_list("pk", flat=True)[:BATCH]):
        if time.monotonic() > deadline:
            return Outcome(count, more=True)
        count += move(batch)
        below = batch[-1]
    return Outcome(count, more=False)
