"""The starts and finishes of all of a worker's threads, put into one transaction by a thread of its own.

Each job is begun and ended by a transaction, and most of what a small one costs is that: its statements, its flush of
the disk. So one thread writes for all that are waiting at that moment, with as many statements for ten as for one, and
each gets its own answer from it. If a batch fails, its members are tried one by one. Used on SQLite: see `worker.work`.

The order of locks is that of `states`: all files of the batch first, by their ids, then their jobs.
"""

from __future__ import annotations

import json
import queue
import threading
import uuid
from collections import defaultdict
from collections.abc import Collection, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from django.db import DataError, IntegrityError, connection, transaction

from picasso.jobs import sql, states
from picasso.models import Derivative, Job

MAX_BATCH = 64


@dataclass(slots=True, eq=False)
class Start:
    """Answered with the job, or None if it is not to be begun."""

    job_id: uuid.UUID
    answer: Future[Job | None] = field(default_factory=Future)

    def alone(self) -> Job | None:
        return states.start_alone(self.job_id)


@dataclass(slots=True, eq=False)
class Finish:
    """Answered with whether it was this attempt that ended the job."""

    job: Job
    facts: dict[str, Any]
    derivatives: Sequence[Derivative]
    log: str
    answer: Future[bool] = field(default_factory=Future)

    def alone(self) -> bool:
        return states.finish_alone(self.job, self.facts, self.derivatives, self.log)


class Committer:
    """Writes what the threads of this process hand to it, for as long as the process lives."""

    def __init__(self) -> None:
        self._writes: queue.SimpleQueue[Start | Finish | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="committer", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Write what has been handed over, then end."""
        self._writes.put(None)
        self._thread.join()

    def start(self, job_id: uuid.UUID) -> Job | None:
        """As `states.start`."""
        write = Start(job_id)
        self._writes.put(write)
        return write.answer.result()

    def finish(self, job: Job, facts: dict[str, Any], derivatives: Sequence[Derivative], log: str) -> bool:
        """As `states.finish`."""
        write = Finish(job, facts, derivatives, log)
        self._writes.put(write)
        return write.answer.result()

    def _run(self) -> None:
        ended = False
        while not ended:
            batch = self._batch()
            ended = None in batch
            if writes := [write for write in batch if write]:
                self._commit(writes)
        connection.close()

    def _batch(self) -> list[Start | Finish | None]:
        """All that are there by now, or None for the end."""
        batch = [self._writes.get()]
        with suppress(queue.Empty):
            while len(batch) < MAX_BATCH and None not in batch:
                batch.append(self._writes.get_nowait())
        return batch

    def _commit(self, batch: list[Start | Finish]) -> None:
        """Whatever happens, all of them are answered: their threads wait for it."""
        try:
            if len(batch) == 1:
                answers: list[Any] = [batch[0].alone()]
            else:
                answers = commit(batch)
        except (DataError, IntegrityError) as fault:
            if len(batch) == 1:
                batch[0].answer.set_exception(fault)
            else:
                for write in batch:
                    self._commit([write])
        except BaseException as fault:
            connection.close()
            for write in batch:
                write.answer.set_exception(fault)
        else:
            for write, answer in zip(batch, answers, strict=True):
                write.answer.set_result(answer)


def commit(batch: Sequence[Start | Finish]) -> list[Any]:
    """The answers of a batch, in its order, once its transaction is committed."""
    starts = [write for write in batch if isinstance(write, Start)]
    finishes = [write for write in batch if isinstance(write, Finish)]
    with transaction.atomic():
        startable = file_of_each({write.job_id for write in starts})
        files = locked({*startable.values(), *(write.job.file_id for write in finishes)})
        begun = begin([job for job, file in startable.items() if file in files], files)
        ended = end([write for write in finishes if write.job.file_id in files])
        keep(ended, files)
    return [answer(write, begun, ended) for write in batch]


def answer(write: Start | Finish, begun: dict[uuid.UUID, Job], ended: Collection[Finish]) -> Any:
    """Of two messages for one job the first gets it; what the batch did not do may have been done before."""
    if isinstance(write, Finish):
        return write in ended or states.finished_before(write.job, write.derivatives)
    job = begun.pop(write.job_id, None)
    if job is None:
        states.put_back(write.job_id)
    return job


def file_of_each(jobs: Collection[uuid.UUID]) -> dict[uuid.UUID, uuid.UUID]:
    """Of those that are to be begun."""
    found = sql.rows(sql.STARTABLE.replace("ids", sql.marks(jobs)), *jobs) if jobs else []
    return {sql.uuid_of(job): sql.uuid_of(file) for job, file in found}


def locked(files: Collection[uuid.UUID]) -> dict[uuid.UUID, tuple[Any, ...]]:
    """(key, media type, facts) of those that are still there."""
    found = sql.rows(sql.FILES_LOCKED.replace("ids", sql.marks(files)), *files) if files else []
    return {sql.uuid_of(row[0]): row[1:] for row in found}


def begin(jobs: Collection[uuid.UUID], files: dict[uuid.UUID, tuple[Any, ...]]) -> dict[uuid.UUID, Job]:
    if not jobs:
        return {}
    begun = {}
    for job, file, *told in sql.rows(sql.START_JOBS.replace("ids", sql.marks(jobs)), *jobs):
        file_id = sql.uuid_of(file)
        key, media_type, _ = files[file_id]
        begun[sql.uuid_of(job)] = states.begun(sql.uuid_of(job), (file_id, key, media_type), tuple(told))
    if begun:
        theirs = {job.file_id for job in begun.values()}
        sql.hit(sql.SHOW_BEGUN.replace("ids", sql.marks(theirs)), *theirs)
    return begun


def end(finishes: Sequence[Finish]) -> list[Finish]:
    """Those whose attempt is still the one that counts."""
    if not finishes:
        return []
    values = [value for write in finishes for value in (write.job.pk, write.job.attempt, states.tail(write.log))]
    marks = ", ".join(["(%s, %s, %s)"] * len(finishes))
    hit = {sql.uuid_of(row[0]): row[1] for row in sql.rows(sql.FINISH_JOBS.replace("rows", marks), *values)}
    return [write for write in finishes if hit.get(write.job.pk) == write.job.attempt]


def keep(ended: Sequence[Finish], files: dict[uuid.UUID, tuple[Any, ...]]) -> None:
    """Derivatives, facts and the files' states."""
    if not ended:
        return
    states.replace_derivatives([(write.job, write.derivatives) for write in ended])
    known: dict[uuid.UUID, dict[str, Any]] = {}
    for write in ended:
        facts = known.setdefault(write.job.file_id, sql.json_of(files[write.job.file_id][2]))
        facts[write.job.processor] = write.facts
    jobs = defaultdict(list)
    for file, state, attempt in sql.rows(sql.JOBS_OF_FILES.replace("ids", sql.marks(known)), *known):
        jobs[sql.uuid_of(file)].append((state, attempt))
    values = [
        value
        for file, facts in known.items()
        for value in (file, str(states.file_state(jobs[file])), json.dumps(facts))
    ]
    sql.hit(sql.SETTLE_FILES.replace("rows", ", ".join(["(%s, %s, %s)"] * len(known))), *values)
