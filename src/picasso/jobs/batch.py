"""Start and finish attempts, many in one transaction: the two moves that every job makes.

Each costs a transaction and a flush of the disk, which is most of the cost of a small job. So they are written in
batches: `BatchWriter` shares them between the threads of a worker. A single start or finish is a batch of one.
A batch is one message to PostgreSQL, because the time of a transaction is mostly that of its round trips.

Files are locked first, in the order of their ids, then their jobs: see `picasso.jobs.states`.
"""

from __future__ import annotations

import json
import logging
import time
import uuid
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db import InterfaceError, OperationalError, connection

from picasso import activity
from picasso.jobs import settle, sql
from picasso.jobs.states import AttemptId, StartedJob, State, clean_log
from picasso.models import Derivative, Job

log = logging.getLogger(__name__)

DISCONNECTED = (OperationalError, InterfaceError)

DERIVATIVE_COLUMNS = ("role", "key", "media_type", "size", "sha256", "width", "height")


@dataclass(frozen=True, slots=True, eq=False)
class Start:
    """Begin an attempt. The result is the started job, or None if it must not start, or no longer."""

    job_id: uuid.UUID


class Span(NamedTuple):
    """When an attempt began and ended its work, by `time.monotonic`."""

    begun: float
    ended: float


@dataclass(frozen=True, slots=True, eq=False)
class Finish:
    """Keep an attempt's results. The result is whether this attempt has ended the job.

    May be written twice, when the connection broke during the COMMIT: True also if the first one took effect.
    """

    job: StartedJob
    facts: dict[str, Any]
    derivatives: Sequence[Derivative]
    """Rows that are not saved yet."""
    log: str = ""
    span: Span | None = None
    """By default from the start of the attempt until now. One of several in a message began and ended in between."""

    @property
    def attempt(self) -> AttemptId:
        return AttemptId(self.job.id, self.job.attempt)


Write = Start | Finish


class LockedFile(NamedTuple):
    """A row of `sql.LOCK_FILES` without its id."""

    state: str
    key: str
    media_type: str
    project_id: int


LockedFiles = Mapping[uuid.UUID, LockedFile]


def write_batch(batch: Sequence[Write], unavailable: Collection[str] = ()) -> list[Any]:
    """The result of each, in their order, when the transaction of all of them is committed; or a fault in its place.

    Jobs of the ``unavailable`` processors, which this worker can't run, wait again for another worker.
    """
    starts = list({each.job_id for each in batch if isinstance(each, Start)})
    finishes = [each for each in batch if isinstance(each, Finish)]
    steps = make_steps(starts, finishes, list(unavailable))
    rows = dict(zip(steps, sql.run_together(*steps.values()), strict=True))
    activity.announce()
    files = {sql.parse_id(file_id): LockedFile(*row) for file_id, *row in rows["lock"]}
    settled = [*rows.get("settle finished", ()), *rows.get("settle started", ())]
    settle.changes({file_id: file.state for file_id, file in files.items()}, settled)
    started = {job.id: job for job in (started_job(row, files) for row in rows.get("start", ()))}
    finished = {AttemptId(sql.parse_id(job_id), attempt) for job_id, attempt in rows.get("finish", ())}
    if len(started) < len(starts):
        put_back([job_id for job_id in starts if job_id not in started], list(unavailable))
    return [result(each, started, finished) for each in batch]


def put_back(job_ids: list[uuid.UUID], unavailable: list[str]) -> None:
    """Let jobs that must not start here wait again. If that fails, the lease of their message brings them back.

    The batch is committed, so a fault here must not become the result of its other members.
    """
    try:
        sql.rows(sql.PUT_BACK_JOBS, job_ids, unavailable)
    except DISCONNECTED as fault:
        log.warning("%d jobs could not be put back, and wait for the end of their lease: %s", len(job_ids), fault)
        connection.close()


def make_steps(starts: list[uuid.UUID], finishes: Sequence[Finish], unavailable: list[str]) -> dict[str, sql.Step]:
    """The statements of a batch. They need nothing from each other's results, so that they can be one message."""
    steps: dict[str, sql.Step] = {"lock": (sql.LOCK_FILES, [each.job.file_id for each in finishes], starts)}
    if starts:
        steps["start"] = (sql.START_JOBS, starts, unavailable)
    if finishes:
        steps["finish"] = (sql.FINISH_JOBS, sql.AttemptValues(ends(finishes)))
        steps |= derivative_steps(finishes)
        steps |= settle.finished((*each.attempt, each.facts) for each in finishes)
    if starts:
        steps |= settle.started(starts)
    return steps


def ends(finishes: Sequence[Finish]) -> Iterator[tuple[uuid.UUID, int, str]]:
    """What `sql.FINISH_JOBS` takes."""
    now = time.monotonic()
    for each in finishes:
        begun, ended = (round(now - at, 6) for at in each.span) if each.span else (None, 0)
        yield *each.attempt, json.dumps({"log": clean_log(each.log), "begun": begun, "ended": ended})


def derivative_steps(finishes: Sequence[Finish]) -> dict[str, sql.Step]:
    """Replace the derivatives of earlier attempts by those of these."""
    steps: dict[str, sql.Step] = {}
    if repeated := [each for each in finishes if each.job.attempt > 1]:
        keys = [derivative.key for each in repeated for derivative in each.derivatives]
        steps["delete"] = (sql.DELETE_DERIVATIVES, sql.AttemptValues((*each.attempt, None) for each in repeated), keys)
    if derivatives := sql.AttemptValues(
        (*each.attempt, derivative_json(derivative)) for each in finishes for derivative in each.derivatives
    ):
        steps["insert"] = (sql.INSERT_DERIVATIVES, derivatives)
    return steps


def derivative_json(derivative: Derivative) -> str:
    """What `sql.INSERT_DERIVATIVES` takes."""
    return json.dumps({column: getattr(derivative, column) for column in DERIVATIVE_COLUMNS})


def started_job(row: tuple[Any, ...], files: LockedFiles) -> StartedJob:
    """A row of `sql.START_JOBS` as a value."""
    job_id, file_id, *rest = row
    file = files[sql.parse_id(file_id)]
    return StartedJob(sql.parse_id(job_id), sql.parse_id(file_id), file.key, file.media_type, file.project_id, *rest)


def result(each: Write, started: dict[uuid.UUID, StartedJob], finished: Collection[AttemptId]) -> Any:
    """Of two messages for one job the first one gets it. A finish that did nothing may have been written before.

    If that can't be found out, the result is the fault: the batch is committed for its other members.
    """
    if isinstance(each, Start):
        return started.pop(each.job_id, None)
    try:
        return each.attempt in finished or was_written(each)
    except DISCONNECTED as fault:
        connection.close()
        return fault


def was_written(finish: Finish) -> bool:
    """Whether a finish took effect earlier. Its derivatives show it, also when the job has moved on since."""
    keys = [derivative.key for derivative in finish.derivatives]
    return (
        Job.everywhere.filter(pk=finish.job.id, state=State.DONE, attempt=finish.job.attempt).exists()
        or Derivative.objects.filter(file_id=finish.job.file_id, key__in=keys).exists()
    )
