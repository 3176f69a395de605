"""How many jobs there are by state, and the failed ones by reason. It takes a bounded time among millions of jobs.

A number is counted up to `MOST` by an index. The reasons are found by skipping through an index of the failed jobs:
each probe finds the next pair of error and processor, however many jobs have the one before.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import BooleanField, F, QuerySet, Value
from django.db.models.expressions import RawSQL

from picasso.access.principal import Principal
from picasso.jobs import queries
from picasso.keyset import RowComparison
from picasso.models import Job

State = Job.State

MOST = 10_000
"""So many jobs are counted; of more is known only that there are more."""

MAX_REASONS = 100
MOST_OF_REASON = 1000

# SQLite uses the index `job_failed` only if its condition is there to the letter, without parameters.
IS_FAILED = RawSQL("picasso_job.state = 'failed'", (), BooleanField())


@dataclass(frozen=True, slots=True)
class Counted:
    count: int
    more: bool
    """Whether there are more than this."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Jobs that failed for the same reason."""

    error: str
    processor: str
    count: int
    more: bool
    example: Job
    """The newest of them."""


def count(jobs: QuerySet[Job], most: int = MOST) -> Counted:
    found = jobs.order_by()[: most + 1].count()
    return Counted(min(found, most), found > most)


def by_state(principal: Principal) -> dict[str, Counted]:
    jobs = queries.visible_to(principal)
    return {state: count(jobs.filter(state=state)) for state in State.values}


def reasons(principal: Principal) -> Iterator[Reason]:
    """Of the failed jobs of a project, sorted by error and processor; at most `MAX_REASONS`."""
    failed = queries.visible_to(principal).filter(IS_FAILED)
    after = ("", "")
    for _ in range(MAX_REASONS):
        pair = pairs_behind(failed, after).first()
        if pair is None:
            return
        same = failed.filter(error_code=pair[0], processor=pair[1])
        if example := queries.shown(same).order_by("-pk").first():
            counted = count(same, MOST_OF_REASON)
            yield Reason(*pair, counted.count, counted.more, example)
        after = pair


def pairs_behind(failed: QuerySet[Job], after: tuple[str, str]) -> QuerySet[Job, tuple[str, str]]:
    """Errors and processors behind these, in the order of the index."""
    behind = RowComparison(F("error_code"), F("processor"), *map(Value, after), operator=">")
    return failed.filter(behind).order_by("error_code", "processor").values_list("error_code", "processor")
