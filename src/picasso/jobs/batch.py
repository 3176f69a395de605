"""Start and finish attempts, many in one transaction: the two moves that every job makes.

Each costs a transaction and a flush of the disk, which is most of the cost of a small job. So they are written in
batches: `BatchWriter` shares them between the threads of a worker. A single start or finish is a batch of one.

Files are locked first, in the order of their ids, then their jobs: see `picasso.jobs.states`.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db import transaction

from picasso import bulk_insert
from picasso.jobs import settle, sql
from picasso.jobs.states import AttemptId, StartedJob, State, clean_log
from picasso.models import Derivative, Job

DERIVATIVE_COLUMNS = tuple(field.attname for field in Derivative._meta.concrete_fields if not field.primary_key)


@dataclass(frozen=True, slots=True, eq=False)
class Start:
    """Begin an attempt. The result is the started job, or None if it must not start, or no longer."""

    job_id: uuid.UUID


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

    @property
    def attempt(self) -> AttemptId:
        return AttemptId(self.job.id, self.job.attempt)


Write = Start | Finish


class LockedFile(NamedTuple):
    """A row of `sql.LOCK_FILES` without its id."""

    state: str
    key: str
    media_type: str
    facts: str
    """As JSON text."""


LockedFiles = Mapping[uuid.UUID, LockedFile]


def write_batch(batch: Sequence[Write], unavailable: Collection[str] = ()) -> list[Any]:
    """The result of each, in their order, when the transaction of all of them is committed.

    Jobs of the ``unavailable`` processors, which this worker can't run, wait again for another worker.
    """
    starts = list({each.job_id for each in batch if isinstance(each, Start)})
    finishes = [each for each in batch if isinstance(each, Finish)]
    with transaction.atomic():
        files, started, finished = lock_and_move(starts, finishes, list(unavailable))
        if len(started) < len(starts):
            sql.rows(sql.PUT_BACK_JOBS, [job_id for job_id in starts if job_id not in started], list(unavailable))
        replace_derivatives(finished)
        changed = {*(job.file_id for job in started.values()), *(each.job.file_id for each in finished)}
        settle.settle_files({file_id: files[file_id].state for file_id in changed}, merge_facts(files, finished))
    return [result(each, started, finished) for each in batch]


def lock_and_move(
    starts: list[uuid.UUID], finishes: Sequence[Finish], unavailable: list[str]
) -> tuple[LockedFiles, dict[uuid.UUID, StartedJob], list[Finish]]:
    """Lock the files of the batch and move its jobs; the files, the started jobs, and the finishes that took effect."""
    steps: list[Sequence[Any]] = [(sql.LOCK_FILES, [each.job.file_id for each in finishes], starts)]
    if starts:
        steps.append((sql.START_JOBS, starts, unavailable))
    if finishes:
        steps.append((sql.FINISH_JOBS, [(*each.attempt, clean_log(each.log)) for each in finishes]))
    locked, *moved = sql.run_together(*steps)
    files = {sql.parse_id(file_id): LockedFile(*row) for file_id, *row in locked}
    started = [started_job(row, files) for row in moved[0]] if starts else []
    ended = {AttemptId(sql.parse_id(job_id), attempt) for job_id, attempt in moved[-1]} if finishes else set()
    return files, {job.id: job for job in started}, [each for each in finishes if each.attempt in ended]


def started_job(row: tuple[Any, ...], files: LockedFiles) -> StartedJob:
    """A row of `sql.START_JOBS` as a value."""
    job_id, file_id, *rest = row
    file = files[sql.parse_id(file_id)]
    return StartedJob(sql.parse_id(job_id), sql.parse_id(file_id), file.key, file.media_type, *rest)


def replace_derivatives(finished: Collection[Finish]) -> None:
    """Replace the derivatives of earlier attempts by those of these."""
    repeated = [(each.job.file_id, each.job.processor) for each in finished if each.job.attempt > 1]
    if repeated:
        sql.rows(sql.DELETE_DERIVATIVES, repeated)
    rows = [
        {column: getattr(derivative, column) for column in DERIVATIVE_COLUMNS}
        for each in finished
        for derivative in each.derivatives
    ]
    bulk_insert.insert_rows(Derivative, rows)


def merge_facts(files: LockedFiles, finished: Collection[Finish]) -> dict[uuid.UUID, dict[str, Any]]:
    """The facts of each file, with those of the finished jobs."""
    merged: dict[uuid.UUID, dict[str, Any]] = {}
    for each in finished:
        file_id = each.job.file_id
        merged.setdefault(file_id, sql.parse_json(files[file_id].facts))[each.job.processor] = each.facts
    return merged


def result(each: Write, started: dict[uuid.UUID, StartedJob], finished: Collection[Finish]) -> Any:
    """Of two messages for one job the first one gets it. A finish that did nothing may have been written before."""
    if isinstance(each, Finish):
        return each in finished or was_written(each)
    return started.pop(each.job_id, None)


def was_written(finish: Finish) -> bool:
    """Whether a finish took effect earlier. Its derivatives show it, also when the job has moved on since."""
    keys = [derivative.key for derivative in finish.derivatives]
    return (
        Job.objects.filter(pk=finish.job.id, state=State.DONE, attempt=finish.job.attempt).exists()
        or Derivative.objects.filter(file_id=finish.job.file_id, key__in=keys).exists()
    )
