"""The statements of the two moves that every job makes, in SQL that PostgreSQL and SQLite share but for a few words."""

from __future__ import annotations

import json
import uuid
from collections.abc import Collection
from functools import cache
from typing import Any

from django.db import connection, transaction

LEASE_SECONDS = 20

# Whether a job's queue is paused.
HELD = "EXISTS (SELECT 1 FROM picasso_queue WHERE name = picasso_job.queue AND paused)"

WORDS = {
    "postgresql": {
        "now": "statement_timestamp()",
        "lease": f"statement_timestamp() + interval '{LEASE_SECONDS} seconds'",
        "lock": "FOR UPDATE",
        "take": "FOR UPDATE SKIP LOCKED",
        "held": HELD,
        "json": "::jsonb",
    },
    # A transaction that writes holds SQLite's one lock from its start.
    "sqlite": {
        "now": "strftime('%%Y-%%m-%%d %%H:%%M:%%f', 'now')",
        "lease": f"strftime('%%Y-%%m-%%d %%H:%%M:%%f', 'now', '+{LEASE_SECONDS} seconds')",
        "lock": "",
        "take": "",
        "held": HELD,
        "json": "",
    },
}

# (queue, pipeline, priority): the first job of the lane after that one, and whether it is due.
NEXT_LANE = """
    SELECT pipeline, priority, due_at <= {now} FROM picasso_job
    WHERE queue = %s AND state = 'waiting' AND (pipeline, priority) > (%s, %s)
    ORDER BY pipeline, priority, due_at LIMIT 1"""

# (queue, queue): whether it is paused, the messages on their way, and the jobs of the background that left the table.
ON_THEIR_WAY = """
    SELECT EXISTS (SELECT 1 FROM picasso_queue WHERE name = %s AND paused),
        count(*) FILTER (WHERE state = 'queued'), count(*) FILTER (WHERE priority < 0)
    FROM picasso_job
    WHERE queue = %s AND state IN ('queued', 'running')"""

# (queue, pipeline, priority, limit): those of one lane that have been due the longest and that nobody else is claiming.
CLAIM = """
    WITH due AS MATERIALIZED (
        SELECT id FROM picasso_job
        WHERE queue = %s AND state = 'waiting' AND pipeline = %s AND priority = %s AND due_at <= {now}
        ORDER BY due_at LIMIT %s {take})
    UPDATE picasso_job SET state = 'queued', leased_until = {lease}
    WHERE state = 'waiting' AND id IN (SELECT id FROM due)
    RETURNING id, due_at"""

# (job's id): locks its file.
FILE_OF_JOB = """
    SELECT id, key, media_type FROM picasso_file WHERE id = (SELECT file_id FROM picasso_job WHERE id = %s) {lock}"""

# (job's id): a message that came although its queue is paused.
PUT_BACK = """
    UPDATE picasso_job SET state = 'waiting', leased_until = NULL WHERE id = %s AND state = 'queued' AND {held}"""

# (job's id): the fence goes up.
START_JOB = """
    UPDATE picasso_job
    SET state = 'running', attempt = attempt + 1, leased_until = {lease}, started_at = {now}, progress = NULL
    WHERE id = %s AND state = 'queued' AND NOT {held}
    RETURNING processor, pipeline, attempt, failures, crashes"""

# (job's id): its file is being processed, if the job is.
SHOW_FILE = """
    UPDATE picasso_file SET state = 'processing'
    WHERE state = 'pending' AND id = (SELECT file_id FROM picasso_job WHERE id = %s AND state = 'running')"""

# (file's id): locks it; what is known of it so far.
FILE_LOCKED = "SELECT facts FROM picasso_file WHERE id = %s {lock}"

# (file's id): a statement of its own, as one that waits for the lock sees the jobs as they were before it waited.
JOBS_OF_FILE = "SELECT state, attempt FROM picasso_job WHERE file_id = %s"

# (log, job's id, attempt)
FINISH_JOB = """
    UPDATE picasso_job
    SET state = 'done', finished_at = {now}, leased_until = NULL, error_code = '', error_detail = '', log = %s,
        progress = CASE WHEN progress IS NULL THEN NULL ELSE 1 END
    WHERE id = %s AND state = 'running' AND attempt = %s
    RETURNING id"""

# (state, facts, file's id)
SETTLE_FILE = "UPDATE picasso_file SET state = %s, facts = %s WHERE id = %s"

# The same for many at once. ``ids`` and ``rows`` stand for as many marks as there are values.

# (ids of jobs)
STARTABLE = "SELECT id, file_id FROM picasso_job WHERE id IN (ids) AND state = 'queued' AND NOT {held}"

# (ids of files)
FILES_LOCKED = "SELECT id, key, media_type, facts FROM picasso_file WHERE id IN (ids) ORDER BY id {lock}"

# (ids of jobs)
START_JOBS = """
    UPDATE picasso_job
    SET state = 'running', attempt = attempt + 1, leased_until = {lease}, started_at = {now}, progress = NULL
    WHERE id IN (ids) AND state = 'queued'
    RETURNING id, file_id, processor, pipeline, attempt, failures, crashes"""

# (ids of files)
SHOW_BEGUN = "UPDATE picasso_file SET state = 'processing' WHERE id IN (ids) AND state = 'pending'"

# (job's id, attempt, log) of each
FINISH_JOBS = """
    WITH ended (job_id, in_attempt, said) AS (VALUES rows)
    UPDATE picasso_job
    SET state = 'done', finished_at = {now}, leased_until = NULL, error_code = '', error_detail = '', log = said,
        progress = CASE WHEN progress IS NULL THEN NULL ELSE 1 END
    FROM ended WHERE id = job_id AND attempt = in_attempt AND state = 'running'
    RETURNING id, attempt"""

# (ids of files)
JOBS_OF_FILES = "SELECT file_id, state, attempt FROM picasso_job WHERE file_id IN (ids)"

# (file's id, state, facts) of each
SETTLE_FILES = """
    WITH settled (file_id, new_state, known) AS (VALUES rows)
    UPDATE picasso_file SET state = new_state, facts = known{json} FROM settled WHERE id = file_id"""


def marks(values: Collection[Any]) -> str:
    return ", ".join(["%s"] * len(values))


Rows = list[tuple[Any, ...]]


def rows(statement: str, *parameters: Any) -> Rows:
    """All rows that a statement returns."""
    with connection.cursor() as cursor:
        cursor.execute(worded(statement, connection.vendor), [adapted(value) for value in parameters])
        return list(cursor.fetchall())


def at_once(*steps: tuple[Any, ...]) -> list[Rows]:
    """The rows of several statements, each given with its parameters; all of them take effect, or none.

    To PostgreSQL they go as one message, which is a transaction of its own unless there is one. Each still sees what
    was committed before it began, so one that follows a lock sees what it waited for.
    """
    if connection.vendor == "sqlite":
        with transaction.atomic():
            return [rows(*step) for step in steps]
    with connection.cursor() as cursor:
        text = ";".join(worded(statement, connection.vendor) for statement, *_ in steps)
        cursor.execute(text, [value for _, *parameters in steps for value in parameters])
        found = [fetched(cursor)]
        while cursor.nextset():
            found.append(fetched(cursor))
        return found


def fetched(cursor: Any) -> Rows:
    return list(cursor.fetchall()) if cursor.description else []


@cache
def worded(statement: str, vendor: str) -> str:
    """In the words of that database."""
    return statement.format(**WORDS[vendor])


def one(statement: str, *parameters: Any) -> tuple[Any, ...] | None:
    return next(iter(rows(statement, *parameters)), None)


def hit(statement: str, *parameters: Any) -> bool:
    """Whether a statement changed exactly one row."""
    with connection.cursor() as cursor:
        cursor.execute(worded(statement, connection.vendor), [adapted(value) for value in parameters])
        return bool(cursor.rowcount == 1)


def adapted(value: Any) -> Any:
    """SQLite keeps a UUID as its 32 hex digits."""
    return value.hex if isinstance(value, uuid.UUID) and connection.vendor == "sqlite" else value


def uuid_of(value: Any) -> uuid.UUID:
    return value if isinstance(value, uuid.UUID) else uuid.UUID(value)


def json_of(value: Any) -> dict[str, Any]:
    """Both databases hand JSON over as text."""
    found: dict[str, Any] = json.loads(value)
    return found
