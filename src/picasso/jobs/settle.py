"""The one place that writes `File.state`, and the event that tells of it. The state follows from the file's jobs.

A change of a job's state may change the state of its file. The caller then locks the file first, changes the job, and
calls `settle_files`, all in one transaction. Several files are always locked in the order of their ids.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping, Sized
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from picasso import activity
from picasso.jobs import event_sql, sql
from picasso.models import File

AttemptFacts = tuple[uuid.UUID, int, Mapping[str, Any]]
"""The id of a job, the number of the attempt, and what it found."""


@dataclass(frozen=True, slots=True)
class StateChange:
    """A file whose state is another one now."""

    file_id: uuid.UUID
    old: File.State
    new: File.State


def initial_state(steps: Sized) -> File.State:
    """The state of a new file that is to have a job for each of these steps."""
    return File.State.PENDING if steps else File.State.PROCESSED


def begin(file: File, steps: Sized) -> None:
    """Give a new file, which is not inserted yet, its first state."""
    file.state = initial_state(steps)


def lock_files(files: QuerySet[File]) -> dict[uuid.UUID, str]:
    """Lock these files, and return the state of each that still exists. In a transaction."""
    return dict(files.select_for_update().order_by("pk").values_list("pk", "state"))


def settle_files(locked: Mapping[uuid.UUID, str]) -> list[StateChange]:
    """Give locked files the state that their jobs make; the changes of state.

    ``locked`` holds the state that each file had when it was locked.
    """
    if not locked:
        return []
    activity.announce()
    sql.rows(event_sql.SETTLED, list(locked))
    return changes(locked, sql.rows(sql.SETTLE_FILES, list(locked)))


def started(jobs: list[uuid.UUID]) -> dict[str, sql.Step]:
    """The statements that settle the files of those jobs that are running, for a message that locks them before.

    The rows of ``settle started`` are for `changes`.
    """
    return {"write events of started": (event_sql.STARTED, jobs), "settle started": (sql.SETTLE_STARTED, jobs)}


def finished(facts: Iterable[AttemptFacts]) -> dict[str, sql.Step]:
    """The statements that settle the files of those attempts that have ended their job, and give them these facts.

    For a message that locks the files before. The rows of ``settle finished`` are for `changes`.
    """
    values = sql.AttemptValues((job_id, attempt, json.dumps(mine)) for job_id, attempt, mine in facts)
    attempts = sql.AttemptValues((job_id, attempt, None) for job_id, attempt, _ in values)
    return {
        "write events of finished": (event_sql.FINISHED, attempts),
        "settle finished": (sql.SETTLE_FINISHED, values),
    }


def changes(locked: Mapping[uuid.UUID, str], settled: sql.Rows) -> list[StateChange]:
    """Of the rows that a statement returned that settles locked files."""
    written = {sql.parse_id(file_id): File.State(state) for file_id, state in settled}
    return [
        StateChange(file_id, File.State(locked[file_id]), new)
        for file_id, new in written.items()
        if new != locked[file_id]
    ]
