"""What a worker elsewhere does with a job that it has claimed: the same moves as a worker of ours makes.

Each may be repeated, when its answer was lost.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Least, Now

from picasso.access.policies import Policies
from picasso.access.principal import SERVICE
from picasso.errors import InvalidField, LeaseLost
from picasso.files.queries import visible_to
from picasso.jobs import settle, states
from picasso.jobs.batch import Finish, write_batch
from picasso.jobs.retries import WORKER_DIED, TransientError
from picasso.jobs.states import Progress, State, clean_log
from picasso.metadata import require_depth
from picasso.models import Job
from picasso.process.child_protocol import TRANSIENT_ERRORS, check_kebab, check_text, parse_facts
from picasso.process.contract import JSON, ProcessorError
from picasso.process.judge import judge
from picasso.process.remote import staging
from picasso.process.remote.declared import RemoteProcessor
from picasso.process.remote.lease import Held
from picasso.storage import FileStore
from picasso.storage.names import derived_key

log = logging.getLogger(__name__)

MAX_DETAIL = 1000

# Of facts: objects and lists in each other.
MAX_DEPTH = 64


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a worker says at the end of an attempt that has a result."""

    facts: dict[str, JSON]
    derivatives: Collection[str] | None
    """The roles that are kept; None for all that were sent."""
    log: str = ""


@dataclass(frozen=True, slots=True)
class Failure:
    """What a worker says at the end of an attempt without a result."""

    code: str
    detail: str
    retry: bool
    """Whether the file is not at fault, so that the job is tried again."""
    log: str = ""


def renew(held: Held, processor: RemoteProcessor) -> datetime:
    """Extend the lease; until when it holds then. Raises `LeaseLost`, also when the time of the attempt is over."""
    mine = running(held).filter(started_at__gt=Now() - timedelta(seconds=processor.time_limit))
    until = Now() + timedelta(seconds=processor.lease_seconds)
    end = F("started_at") + timedelta(seconds=processor.time_limit)
    if not mine.update(leased_until=Least(until, end)):
        raise LeaseLost
    leased = running(held).values_list("leased_until", flat=True).first()
    if leased is None:
        raise LeaseLost
    return leased


def running(held: Held) -> QuerySet[Job]:
    """The row of the job, while the lease holds."""
    return Job.everywhere.filter(pk=held.job.pk, attempt=held.attempt, state=State.RUNNING)


def progress(held: Held, fraction: float, message: str) -> None:
    """Note how far the attempt is, and what the worker says about it. Raises `LeaseLost`."""
    if states.write_progress([Progress(*held.id, fraction)]):
        raise LeaseLost
    if message:
        running(held).update(log=joined(held, message))


def joined(held: Held, text: str) -> str:
    """The log of a job: who had it, and what it said last."""
    return clean_log("\n".join(filter(None, [held.job.log.partition("\n")[0], text])))


def finish(files: FileStore, policies: Policies, held: Held, outcome: Outcome) -> Job:
    """Keep the results of an attempt; the job as it is then. Raises `LeaseLost`, `InvalidField`.

    Where the policy forbids what was found, the job fails as it does in a worker of ours.
    """
    if has_ended(held, State.DONE) or is_forbidden(held):
        return held.job
    held.require()
    try:
        policy = policies.of(held.started.project_id, held.job.pipeline)
        facts = judge(policy, checked_facts(outcome.facts))
    except ProcessorError as verdict:
        return give_up(files, held, verdict, outcome.log)
    for key in keep(held, facts, outcome):
        files.remove_one_derived(key)
    if held.attempt > 1:
        files.remove_earlier_attempts(derived_key(held.job.file.key, held.job.processor, held.attempt, ""))
    return again(held)


def keep(held: Held, facts: dict[str, JSON], outcome: Outcome) -> list[str]:
    """running → done. The keys of the derivatives that are not kept. Raises `LeaseLost`, `Gone`, `InvalidField`.

    The file and the job are locked first, as others do, so that no derivative is sent meanwhile.
    """
    with transaction.atomic():
        settle.lock_files(visible_to(SERVICE).filter(pk=held.job.file_id))
        now = staging.locked(held)
        if has_ended(now, State.DONE):  # by the same request at the same time
            return []
        now.require()
        kept, dropped = staging.chosen(held, outcome.derivatives)
        (ended,) = write_batch([Finish(held.started, facts, kept, joined(held, outcome.log))])
        if not ended:
            raise LeaseLost
        staging.staged_of(held).delete()
    return dropped


def checked_facts(facts: dict[str, JSON]) -> dict[str, JSON]:
    """Raises `InvalidField`."""
    require_depth(facts, "facts", MAX_DEPTH)
    try:
        return parse_facts(facts)
    except (TypeError, ValueError, RecursionError) as fault:
        raise InvalidField("facts", "Facts are an object of at most 64 KiB as JSON, of texts without NUL.") from fault


def give_up(files: FileStore, held: Held, verdict: ProcessorError, text: str) -> Job:
    """Fail the job for good. Raises `LeaseLost`."""
    facts = {held.job.processor: verdict.facts} if verdict.facts else None
    if not states.fail(held.started, verdict.code, verdict.sentence, log=joined(held, text), facts=facts):
        raise LeaseLost
    staging.discard(files, held)
    return again(held)


def fail(files: FileStore, processor: RemoteProcessor, held: Held, failure: Failure) -> Job:
    """End an attempt without a result; the job as it is then. Raises `LeaseLost`, `InvalidField`."""
    check_failure(failure)
    if has_ended(held, State.FAILED, State.WAITING) and held.job.error_code == failure.code:
        return held.job
    held.require()
    if not failure.retry:
        return give_up(files, held, ProcessorError(failure.code, failure.detail), failure.log)
    error = TransientError(failure.code, failure.detail, max_failures=processor.max_attempts)
    if not states.retry(held.started, error, log=joined(held, failure.log)):
        raise LeaseLost
    staging.discard(files, held)
    return again(held)


def check_failure(failure: Failure) -> None:
    """Raises `InvalidField`."""
    try:
        check_kebab(failure.code)
    except ValueError as fault:
        raise InvalidField("code", "The code must be kebab-case, with at most 64 characters.") from fault
    try:
        check_text(failure.detail, 4 * MAX_DETAIL)
    except ValueError as fault:
        raise InvalidField("detail", "The detail is not a text that can be stored.") from fault


def has_ended(held: Held, *states_: str) -> bool:
    """Whether this attempt has brought the job to one of these states, so that a request for it is a repetition."""
    return held.job.attempt == held.attempt and held.job.state in states_


def is_forbidden(held: Held) -> bool:
    """Whether an earlier finish of this attempt had forbidden content."""
    return has_ended(held, State.FAILED) and held.job.error_code == "forbidden-content"


def again(held: Held) -> Job:
    """The job as it is now; as it was if it was deleted."""
    return Job.everywhere.select_related("file").filter(pk=held.job.pk).first() or held.job


TIMED_OUT = TRANSIENT_ERRORS["time-limit"]


def expire(files: FileStore, job: Job, processor: RemoteProcessor) -> bool:
    """Take a job back whose lease has run out; False if it was renewed or has ended meanwhile."""
    held = Held(job, job.attempt)
    error = replace(WORKER_DIED, max_failures=processor.max_attempts)
    if job.started_at and running(held).filter(started_at__lte=Now() - timedelta(seconds=processor.time_limit)):
        error = replace(TIMED_OUT, max_failures=min(TIMED_OUT.max_failures, processor.max_attempts))
    taken = states.retry(held.started, error, states.LEASE_EXPIRED, log=job.log)
    if taken:
        log.warning("%s of file %s: %s (%s)", job.processor, job.file_id, error.code, job.log.partition("\n")[0])
        staging.discard(files, held)
    return taken
