"""Rows to begin with, and threads with connections of their own."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from django.db import DatabaseError, connection
from django.db.models import Model
from django.db.models.functions import Now

from picasso.jobs.batch import Finish, Start, write_batch
from picasso.jobs.states import ACTIVE, LEASE, StartedJob
from picasso.models import Derivative, File, Job, made_at, new_id
from picasso.storage.names import original_key
from tests.waiting import in_background, outcome_of


def new_file(name: str = "note.txt", media_type: str = "text/plain", **fields: Any) -> File:
    file_id = new_id()
    return File.everywhere.create(
        **{
            "id": file_id,
            "uploaded_at": made_at(file_id),
            "name": name,
            "size": 5,
            "media_type": media_type,
            "sha256": "0" * 64,
            "key": original_key(media_type, file_id, name),
            "state": File.State.PENDING,
            "facts": {"file": {}},
            **fields,
        }
    )


def new_job(
    file: File | None = None,
    *,
    processor: str = "text",
    state: str = Job.State.WAITING,
    attempt: int = 0,
    **fields: Any,
) -> Job:
    """As it would be found in this state. Read from the database, so that no field is an expression."""
    file = file or new_file()
    fields = {"queue": "quick", "file": file, "processor": processor, "state": state, "attempt": attempt, **fields}
    if state in {Job.State.QUEUED, Job.State.RUNNING}:
        fields.setdefault("leased_until", Now() + LEASE)
    made = Job.everywhere.create(**fields)
    return Job.everywhere.select_related("file").get(pk=made.pk)


def copy_many(row: Model, number: int, **columns: str) -> None:
    """On PostgreSQL, copies of a row with later ids. The columns that differ are SQL of the number ``n``."""
    table = row._meta.db_table
    values = {"id": "left(kept.id::text, 13) || '-7fff-bfff-' || lpad(to_hex(n), 12, '0')", **columns}
    differing = ", ".join(f"'{name}', {value}" for name, value in values.items())
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} SELECT copy.* FROM {table} kept, generate_series(1, %s) n, "
            f"LATERAL jsonb_populate_record(kept, jsonb_build_object({differing})) copy WHERE kept.id = %s",
            [number, row.pk],
        )
        cursor.execute(f"ANALYZE {table}")


def running_job(file: File | None = None, **fields: Any) -> Job:
    return new_job(file, state=Job.State.RUNNING, **{"attempt": 1, **fields})


def started(job: Job) -> StartedJob:
    """What the worker knows that started this attempt."""
    return StartedJob(
        id=job.pk,
        file_id=job.file_id,
        key=job.file.key,
        media_type=job.file.media_type,
        project_id=job.file.project_id or 0,
        processor=job.processor,
        pipeline=job.pipeline,
        attempt=job.attempt,
        failures=job.failures,
        crashes=job.crashes,
    )


def start(job_id: uuid.UUID) -> StartedJob | None:
    """In a batch of its own."""
    (begun,) = write_batch([Start(job_id)])
    assert begun is None or isinstance(begun, StartedJob)
    return begun


def finish(job: Job | StartedJob, facts: dict[str, Any], derivatives: Sequence[Derivative] = (), log: str = "") -> bool:
    """In a batch of its own."""
    (kept,) = write_batch([Finish(started(job) if isinstance(job, Job) else job, facts, derivatives, log)])
    return bool(kept)


def expected_state(jobs: Iterable[tuple[str, int]]) -> str:
    """What (state, attempt) of all its jobs make of a file; said once more than in SQL, so that the two can differ."""
    jobs = list(jobs)
    states = {state for state, _ in jobs}
    if states & ACTIVE:
        return "processing" if any(attempt for _, attempt in jobs) else "pending"
    return "failed" if states & {"failed", "cancelled"} else "processed"


def derivative_of(job: Job | StartedJob, role: str = "thumbnail-256") -> Derivative:
    return Derivative(
        file_id=job.file_id,
        processor=job.processor,
        role=role,
        key=f"{job.file.key if isinstance(job, Job) else job.key}/{role}-{job.attempt}",
        media_type="image/webp",
        size=1,
        sha256="0" * 64,
    )


@contextmanager
def taken_for_empty(table: str) -> Iterator[None]:
    """Within: PostgreSQL makes plans as for a table whose rows were all deleted before its last ANALYZE.

    It reads the whole table, and for each row looks anew for those to join with.
    """
    if connection.vendor != "postgresql":
        yield
        return
    ways = ("hashjoin", "mergejoin", "material", "memoize", "indexscan", "indexonlyscan", "bitmapscan")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE pg_class SET relpages = 10, reltuples = 0 WHERE oid = %s::regclass", [table])
        for way in ways:
            cursor.execute(f"SET enable_{way} = off")
    try:
        yield
    finally:
        forget_settings(table, ways)


def forget_settings(table: str, ways: Iterable[str]) -> None:
    """Not after a fault of the database: the transaction is over, and with it what was set in it."""
    with suppress(DatabaseError), connection.cursor() as cursor:
        for way in ways:
            cursor.execute(f"RESET enable_{way}")
        cursor.execute(f"ANALYZE {table}")


def end_other_connections() -> int:
    """Of this database, of PostgreSQL only; how many there were. They are gone when it returns."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE datname = current_database()"
            " AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
        )
        ended = [each for (each,) in cursor.fetchall()]
    assert all(ended), "some connections have not ended after 60 s"
    return len(ended)


def side_by_side(calls: Sequence[Callable[[], Any]]) -> list[Any]:
    """The outcomes of calls that begin at the same moment, each in a thread with a connection of its own."""
    ready = threading.Barrier(len(calls))

    def begin(call: Callable[[], Any]) -> Any:
        try:
            connection.ensure_connection()
            ready.wait(timeout=60)
            return call()
        finally:
            connection.close()

    begun = [in_background(begin, call) for call in calls]
    return [outcome_of(each, call) for each, call in zip(begun, calls, strict=True)]
