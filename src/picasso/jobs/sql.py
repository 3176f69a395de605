"""The statements that are run for every job, in SQL that PostgreSQL and SQLite share but for a few words.

Each statement is a constant: one text serves for one row and for a hundred. A list travels as JSON to SQLite and as
arrays to PostgreSQL, whose planner then knows how long it is, and takes the index for a short one. The ORM does not
build these statements, because building them for each job took longer than the database needed to run them.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any

from django.db import connection, transaction

from picasso.conf import ConfError

LEASE_SECONDS = 20

# Whether the queue of a job is paused.
PAUSED = "EXISTS (SELECT 1 FROM picasso_queue WHERE name = picasso_job.queue AND paused)"

WORDS = {
    "postgresql": {
        "now": "statement_timestamp()",
        "lease": f"statement_timestamp() + interval '{LEASE_SECONDS} seconds'",
        "lock": "FOR UPDATE",
        "lock_free": "FOR UPDATE SKIP LOCKED",
        "in_ids": "= ANY (%s::uuid[])",
        "in_names": "= ANY (%s::text[])",
        "not_in_names": "<> ALL (%s::text[])",
        "in_files": "= ANY (%s::uuid[] || ARRAY(SELECT file_id FROM picasso_job WHERE id = ANY (%s::uuid[])))",
        "finishes": "unnest(%s::uuid[], %s::integer[], %s::text[]) AS given (id, attempt, log)",
        "files": "unnest(%s::uuid[], %s::text[]) AS given (id, facts)",
        "derivatives": "unnest(%s::uuid[], %s::text[]) AS given (file_id, processor)",
        "paused": PAUSED,
        "json": "::jsonb",
    },
    # A transaction that writes holds SQLite's one lock from its start.
    "sqlite": {
        "now": "strftime('%%Y-%%m-%%d %%H:%%M:%%f', 'now')",
        "lease": f"strftime('%%Y-%%m-%%d %%H:%%M:%%f', 'now', '+{LEASE_SECONDS} seconds')",
        "lock": "",
        "lock_free": "",
        "in_ids": "IN (SELECT value FROM json_each(%s))",
        "in_names": "IN (SELECT value FROM json_each(%s))",
        "not_in_names": "NOT IN (SELECT value FROM json_each(%s))",
        "in_files": """IN (
            SELECT value FROM json_each(%s) UNION ALL
            SELECT file_id FROM picasso_job WHERE id IN (SELECT value FROM json_each(%s)))""",
        "finishes": """(
            SELECT json_extract(value, '$[0]') AS id, json_extract(value, '$[1]') AS attempt,
                json_extract(value, '$[2]') AS log
            FROM json_each(%s)) AS given""",
        "files": """(
            SELECT json_extract(value, '$[0]') AS id, json_extract(value, '$[1]') AS facts
            FROM json_each(%s)) AS given""",
        "derivatives": """(
            SELECT json_extract(value, '$[0]') AS file_id, json_extract(value, '$[1]') AS processor
            FROM json_each(%s)) AS given""",
        "paused": PAUSED,
        "json": "",
    },
}

# (queue, pipeline, priority): the first job of the lane after that one, and whether it is due.
NEXT_LANE = """
    SELECT pipeline, priority, due_at <= {now} FROM picasso_job
    WHERE queue = %s AND state = 'waiting' AND (pipeline, priority) > (%s, %s)
    ORDER BY pipeline, priority, due_at LIMIT 1"""

# (queue, queue): whether it is paused; its jobs with a message; its background jobs that are queued or running.
QUEUE_STATUS = """
    SELECT EXISTS (SELECT 1 FROM picasso_queue WHERE name = %s AND paused),
        count(*) FILTER (WHERE state = 'queued'), count(*) FILTER (WHERE priority < 0)
    FROM picasso_job
    WHERE queue = %s AND state IN ('queued', 'running')"""

# (queue, pipeline, priority, processors, limit): the jobs of one lane that are due the longest and that no other relay
# is claiming, except jobs of these processors.
CLAIM = """
    WITH due AS MATERIALIZED (
        SELECT id FROM picasso_job
        WHERE queue = %s AND state = 'waiting' AND pipeline = %s AND priority = %s AND due_at <= {now}
            AND processor {not_in_names}
        ORDER BY due_at LIMIT %s {lock_free})
    UPDATE picasso_job SET state = 'queued', leased_until = {lease}
    WHERE state = 'waiting' AND id IN (SELECT id FROM due)
    RETURNING id, due_at"""

# (ids of files, ids of jobs): locks these files and the files of these jobs.
LOCK_FILES = """
    SELECT id, state, key, media_type, facts FROM picasso_file
    WHERE id {in_files} ORDER BY id {lock}"""

# (ids of jobs, processors): starts those that are queued, unless their queue is paused or their processor is one of
# these. Counting the attempt raises the fence.
START_JOBS = """
    UPDATE picasso_job
    SET state = 'running', attempt = attempt + 1, leased_until = {lease}, started_at = {now}, progress = NULL
    WHERE id {in_ids} AND state = 'queued' AND processor {not_in_names} AND NOT {paused}
    RETURNING id, file_id, processor, pipeline, attempt, failures, crashes"""

# (ids of jobs, processors): for messages that arrive although their queue is paused, or at a worker that lacks these
# processors. The jobs stay due since when they were, and no failure is counted.
PUT_BACK_JOBS = """
    UPDATE picasso_job SET state = 'waiting', leased_until = NULL
    WHERE id {in_ids} AND state = 'queued' AND (processor {in_names} OR {paused})"""

# ((id, attempt, log) of each job)
FINISH_JOBS = """
    UPDATE picasso_job
    SET state = 'done', finished_at = {now}, leased_until = NULL, error_code = '', error_detail = '', log = given.log,
        progress = CASE WHEN progress IS NULL THEN NULL ELSE 1 END
    FROM {finishes}
    WHERE picasso_job.id = given.id AND picasso_job.attempt = given.attempt AND state = 'running'
    RETURNING picasso_job.id, picasso_job.attempt"""

# ((file's id, processor) of each)
DELETE_DERIVATIVES = """
    DELETE FROM picasso_derivative WHERE (file_id, processor) IN (SELECT file_id, processor FROM {derivatives})"""

# ((file's id, its new facts as JSON text or null) of each): gives each file the state that its jobs make. Its files
# must be locked by an earlier statement: a statement that waits for a lock sees the jobs as they were before it waited.
SETTLE_FILES = """
    WITH settled AS MATERIALIZED (
        SELECT given.id AS file_id, given.facts{json} AS facts, (
            SELECT CASE
                WHEN count(*) FILTER (WHERE state IN ('waiting', 'queued', 'running')) > 0
                    THEN CASE WHEN max(attempt) > 0 THEN 'processing' ELSE 'pending' END
                WHEN count(*) FILTER (WHERE state IN ('failed', 'cancelled')) > 0 THEN 'failed'
                ELSE 'processed' END
            FROM picasso_job WHERE file_id = given.id) AS state
        FROM {files})
    UPDATE picasso_file SET state = settled.state, facts = COALESCE(settled.facts, picasso_file.facts)
    FROM settled
    WHERE picasso_file.id = settled.file_id
        AND (settled.facts IS NOT NULL OR picasso_file.state <> settled.state)
    RETURNING picasso_file.id, picasso_file.state"""

Rows = list[tuple[Any, ...]]


def rows(statement: str, *parameters: Any) -> Rows:
    """All rows that a statement returns. A parameter may be a list of values, or of tuples: of rows."""
    with connection.cursor() as cursor:
        cursor.execute(in_dialect(statement, connection.vendor), [*adapt(parameters)])
        return fetch(cursor)


def first(statement: str, *parameters: Any) -> tuple[Any, ...] | None:
    return next(iter(rows(statement, *parameters)), None)


def run_together(*steps: Sequence[Any]) -> list[Rows]:
    """The rows of several statements, each given with its parameters. All of them take effect, or none.

    PostgreSQL gets them as one message. Each still sees what was committed before it began, so a statement after a lock
    sees what the lock waited for.
    """
    if connection.vendor == "sqlite":
        with transaction.atomic(savepoint=False):
            return [rows(*step) for step in steps]
    with connection.cursor() as cursor:
        text = ";".join(in_dialect(statement, connection.vendor) for statement, *_ in steps)
        cursor.execute(text, [value for _, *parameters in steps for value in adapt(parameters)])
        results = [fetch(cursor)]
        while cursor.nextset():
            results.append(fetch(cursor))
        return results


def require_client_binding() -> None:
    """Raises `ConfError` where PostgreSQL would refuse `run_together`: several statements in one message."""
    # As Django reads it: in DATABASE_URL it is a text, which Django ignores.
    if connection.vendor == "postgresql" and connection.settings_dict["OPTIONS"].get("server_side_binding") is True:
        raise ConfError(
            "The database option server_side_binding is on. Picasso sends several statements in one message, for which"
            " psycopg must bind parameters on the client's side. Remove the option."
        )


def fetch(cursor: Any) -> Rows:
    return list(cursor.fetchall()) if cursor.description else []


@cache
def in_dialect(statement: str, vendor: str) -> str:
    """The statement in the words of that database."""
    return statement.format(**WORDS[vendor])


def adapt(parameters: Iterable[Any]) -> Iterator[Any]:
    """As the database takes them. SQLite gets lists as JSON, and a UUID as its 32 hex digits.

    PostgreSQL gets a list as an array, and a list of rows as an array for each column; so it must not be empty.
    """
    sqlite = connection.vendor == "sqlite"
    for value in parameters:
        if sqlite and isinstance(value, list):
            yield json.dumps(value, default=lambda identifier: identifier.hex)
        elif sqlite and isinstance(value, uuid.UUID):
            yield value.hex
        elif isinstance(value, list) and value and isinstance(value[0], tuple):
            yield from map(list, zip(*value, strict=True))
        else:
            yield value


def parse_id(value: Any) -> uuid.UUID:
    return value if isinstance(value, uuid.UUID) else uuid.UUID(value)


def parse_json(value: str) -> dict[str, Any]:
    """Both databases return JSON as text."""
    parsed: dict[str, Any] = json.loads(value)
    return parsed
