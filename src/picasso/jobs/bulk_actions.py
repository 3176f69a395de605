"""Retry or cancel all jobs that a filter selects, batch by batch."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from django.db.models import QuerySet

from picasso import query_values
from picasso.access.principal import Principal
from picasso.errors import InvalidField
from picasso.jobs import commands, queries, states
from picasso.models import Job
from picasso.queue_names import QUEUES

State = Job.State

# Each batch is one transaction, which holds the locks of so many files.
BATCH = 500

FIELDS = {
    "state": "state",
    "processor": "processor",
    "queue": "queue",
    "pipeline": "pipeline",
    "error": "error_code",
    "file": "file_id",
}

IDS = "ids"
"""Of these jobs only. It may be in the body of an action, not in the query of a list."""

MAX_IDS = 100

CHOICES = {"state": State.values, "queue": QUEUES}

AFTER_ALL = uuid.UUID(int=2**128 - 1)


class FilterError(ValueError):
    """An invalid filter. The message is for the user."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of an action on many jobs."""

    count: int
    """How many jobs were changed."""
    more: bool
    """Whether the time was up before all were changed. The same request again continues."""


def select(principal: Principal, where: Mapping[str, object]) -> QuerySet[Job]:
    """The jobs that the principal sees, with these values of `FIELDS`, or these `IDS`. Raises `FilterError`."""
    conditions: dict[str, object] = {}
    for field, value in where.items():
        if field == IDS:
            conditions["pk__in"] = parse_ids(value)
            continue
        if field not in FIELDS:
            raise FilterError(field, f"Jobs can't be filtered by {field!r}, only by {', '.join(FIELDS)}.")
        if not isinstance(value, str) or not value or len(value) > 64 or {"\0", "\n"} & set(value):
            raise FilterError(field, f"{field} must be a string of 1 to 64 characters in one line.")
        conditions[FIELDS[field]] = parse_value(field, value)
    return queries.visible_to(principal).filter(**conditions)


def parse_ids(value: object) -> list[uuid.UUID]:
    if not isinstance(value, list) or not 0 < len(value) <= MAX_IDS or not all(isinstance(each, str) for each in value):
        raise FilterError(IDS, f"{IDS} must be a list of 1 to {MAX_IDS} ids.")
    try:
        return [query_values.identifier(IDS, each) for each in value]
    except InvalidField as fault:
        raise FilterError(IDS, str(fault)) from fault


def parse_value(field: str, value: str) -> str | uuid.UUID:
    try:
        if field == "file":
            return query_values.identifier(field, value)
        return query_values.choice(field, value, CHOICES[field]) if field in CHOICES else value
    except InvalidField as fault:
        raise FilterError(field, str(fault)) from fault


def retry_where(principal: Principal, where: Mapping[str, object], seconds: float = float("inf")) -> Outcome:
    """Run those jobs once more that failed or were cancelled, or that are in the state which the filter names."""
    return _each_batch(principal, where, commands.retry_all, (State.FAILED, State.CANCELLED), seconds)


def cancel_where(principal: Principal, where: Mapping[str, object], seconds: float = float("inf")) -> Outcome:
    """Cancel the jobs that have not ended."""
    return _each_batch(principal, where, commands.cancel_all, tuple(states.ACTIVE), seconds)


def _each_batch(
    principal: Principal,
    where: Mapping[str, object],
    move: Callable[[Collection[uuid.UUID]], int],
    usual: Collection[State],
    seconds: float,
) -> Outcome:
    """From the newest to the oldest job, so that a job whose state changes back is not selected twice."""
    if not where:
        raise FilterError("", "Give at least one filter, such as the state of the jobs.")
    jobs = select(principal, where)
    if "state" not in where:
        jobs = jobs.filter(state__in=usual)
    deadline, count, below = time.monotonic() + seconds, 0, AFTER_ALL
    while batch := list(jobs.filter(pk__lt=below).order_by("-pk").values_list("pk", flat=True)[:BATCH]):
        if time.monotonic() > deadline:
            return Outcome(count, more=True)
        count += move(batch)
        below = batch[-1]
    return Outcome(count, more=False)
