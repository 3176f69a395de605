"""The statements that are run for every job, in SQL that PostgreSQL and SQLite share but for a few words.

Each statement is a constant: one text serves for one row and for a hundred. A list travels as JSON to SQLite and as
arrays to PostgreSQL, whose planner then knows how long it is, and takes the index for a short one. The ORM does not
build these statements, because building them for each job took longer than the database needed to run them.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

from django.db import DataError, OperationalError, connection, transaction

from picasso.conf import ConfError

LEASE_SECONDS = 20

# Statements that have the ids of jobs compare ``state || ''``. By ``state`` PostgreSQL's planner would take an index of
# states, which holds every job that was queued or ran since the last vacuum.
# Nor may it read a table that has grown since its last statistics: it would do so once for each job of a batch.
BY_ID = "SET LOCAL enable_seqscan TO off"

NOT_DURABLE = "SET LOCAL synchronous_commit TO off"

# Whether the queue of a job is paused.
PAUSED = "EXISTS (SELECT 1 FROM picasso_queue WHERE name = picasso_job.queue AND paused)"

# Whether a job must not start because its file is in quarantine: see `picasso.jobs.holds`.
HELD = """(processor <> 'scan' AND EXISTS (
    SELECT 1 FROM picasso_file WHERE picasso_file.id = picasso_job.file_id AND quarantined))"""

# Of given attempts those that have ended their job. An earlier statement of the same message may have done it.
FINISHED = """JOIN picasso_job
    ON picasso_job.id = given.id AND picasso_job.attempt = given.attempt AND picasso_job.state || '' = 'done'"""

# The state that the jobs of a file make.
FILE_STATE = """(
    SELECT CASE
        WHEN count(*) FILTER (WHERE state IN ('waiting', 'queued', 'running')) > 0
            THEN CASE WHEN max(attempt) > 0 THEN 'processing' ELSE 'pending' END
        WHEN count(*) FILTER (WHERE state IN ('failed', 'cancelled')) > 0 THEN 'failed'
        ELSE 'processed' END
    FROM picasso_job WHERE file_id = picasso_file.id)"""

INSERT_EVENT = "INSERT INTO picasso_event (project_id, type, at, file_id, owner, tags, media_type, pipeline, data)"

# The error of a file that has failed, as `File.failure` has it.
ERROR_OF_CHANGED = """(
    SELECT error_code FROM picasso_job WHERE file_id = changed.id AND state IN ('failed', 'cancelled')
    ORDER BY CASE state WHEN 'failed' THEN 0 ELSE 1 END, id LIMIT 1)"""

# The time as many seconds ago as the value says, or now.
AGO = "statement_timestamp() - make_interval(secs => (given.value::json ->> '{}')::float8)"
SQLITE_AGO = """strftime(
            '%%Y-%%m-%%d %%H:%%M:%%f', 'now', '-' || json_extract(given.value, '$.{}') || ' seconds')"""

WORDS = {
    "postgresql": {
        "now": "statement_timestamp()",
        "lease": f"statement_timestamp() + interval '{LEASE_SECONDS} seconds'",
        "lock": "FOR UPDATE",
        "lock_free": "FOR UPDATE SKIP LOCKED",
        "lock_files": "FOR SHARE OF picasso_file SKIP LOCKED",
        "in_ids": "= ANY (%s::uuid[])",
        "in_names": "= ANY (%s::text[])",
        "not_in_names": "<> ALL (%s::text[])",
        "in_files": "= ANY (%s::uuid[] || ARRAY(SELECT file_id FROM picasso_job WHERE id = ANY (%s::uuid[])))",
        "attempts": "unnest(%s::uuid[], %s::integer[], %s::text[]) AS given (id, attempt, value)",
        "log": "given.value::json ->> 'log'",
        "began": f"GREATEST(started_at, {AGO.format('begun')})",
        "ended": f"GREATEST(started_at, {AGO.format('ended')})",
        "derivative_key": "given.value::json ->> 'key'",
        "derivative": """given.value::json ->> 'role', given.value::json ->> 'key', given.value::json ->> 'media_type',
            (given.value::json ->> 'size')::bigint, given.value::json ->> 'sha256',
            (given.value::json ->> 'width')::integer, (given.value::json ->> 'height')::integer""",
        "new_facts": "jsonb_object_agg(picasso_job.processor, given.value::jsonb)",
        "merged_facts": "picasso_file.facts || new.facts",
        "finished": FINISHED,
        "file_state": FILE_STATE,
        "insert_event": INSERT_EVENT,
        "error_of_changed": ERROR_OF_CHANGED,
        "paused": PAUSED,
        "held": HELD,
        "json_object": "jsonb_build_object",
        "second_ago": "statement_timestamp() - interval '1 second'",
        "never": "timestamptz '9000-01-01 00:00:00+00'",
    },
    # A transaction that writes holds SQLite's one lock from its start.
    "sqlite": {
        "now": "strftime('%%Y-%%m-%%d %%H:%%M:%%f', 'now')",
        "lease": f"strftime('%%Y-%%m-%%d %%H:%%M:%%f', 'now', '+{LEASE_SECONDS} seconds')",
        "lock": "",
        "lock_free": "",
        "lock_files": "",
        "in_ids": "IN (SELECT value FROM json_each(%s))",
        "in_names": "IN (SELECT value FROM json_each(%s))",
        "not_in_names": "NOT IN (SELECT value FROM json_each(%s))",
        "in_files": """IN (
            SELECT value FROM json_each(%s) UNION ALL
            SELECT file_id FROM picasso_job WHERE id IN (SELECT value FROM json_each(%s)))""",
        "attempts": """(
            SELECT json_extract(value, '$[0]') AS id, json_extract(value, '$[1]') AS attempt,
                json_extract(value, '$[2]') AS value
            FROM json_each(%s)) AS given""",
        "log": "json_extract(given.value, '$.log')",
        "began": f"max(started_at, coalesce({SQLITE_AGO.format('begun')}, started_at))",
        "ended": f"max(coalesce(started_at, ''), {SQLITE_AGO.format('ended')})",
        "derivative_key": "json_extract(given.value, '$.key')",
        "derivative": """json_extract(given.value, '$.role'), json_extract(given.value, '$.key'),
            json_extract(given.value, '$.media_type'), json_extract(given.value, '$.size'),
            json_extract(given.value, '$.sha256'), json_extract(given.value, '$.width'),
            json_extract(given.value, '$.height')""",
        "new_facts": "json_group_object(picasso_job.processor, json(given.value))",
        # The facts of a processor are an object.
        "merged_facts": """(
            SELECT json_group_object(key, json(value)) FROM (
                SELECT key, value FROM json_each(picasso_file.facts)
                WHERE key NOT IN (SELECT key FROM json_each(new.facts))
                UNION ALL SELECT key, value FROM json_each(new.facts)))""",
        "finished": FINISHED,
        "file_state": FILE_STATE,
        "insert_event": INSERT_EVENT,
        "error_of_changed": ERROR_OF_CHANGED,
        "paused": PAUSED,
        "held": HELD,
        "json_object": "json_object",
        "second_ago": "strftime('%%Y-%%m-%%d %%H:%%M:%%f', 'now', '-1 second')",
        "never": "'9000-01-01 00:00:00'",
    },
}

# (queue, project, pipeline, priority): the first job of the lane after that one, and whether it is due.
NEXT_LANE = """
    SELECT project_id, pipeline, priority, due_at <= {now} FROM picasso_job
    WHERE queue = %s AND state = 'waiting' AND (project_id, pipeline, priority) > (%s, %s, %s)
    ORDER BY project_id, pipeline, priority, due_at LIMIT 1"""

# (queue, queue): whether it is paused; its jobs with a message; its background jobs that are queued or running.
QUEUE_STATUS = """
    SELECT EXISTS (SELECT 1 FROM picasso_queue WHERE name = %s AND paused),
        count(*) FILTER (WHERE state = 'queued'), count(*) FILTER (WHERE priority < 0)
    FROM picasso_job
    WHERE queue = %s AND state IN ('queued', 'running')"""

# (queue, project, pipeline, priority, processors, limit): the jobs of one lane that are due the longest and that no
# other relay is claiming, except jobs of these processors.
CLAIM = """
    WITH due AS MATERIALIZED (
        SELECT id FROM picasso_job
        WHERE queue = %s AND state = 'waiting' AND project_id = %s AND pipeline = %s AND priority = %s
            AND due_at <= {now} AND processor {not_in_names}
        ORDER BY due_at LIMIT %s {lock_free})
    UPDATE picasso_job SET state = 'queued', leased_until = {lease}
    WHERE state || '' = 'waiting' AND id IN (SELECT id FROM due)
    RETURNING id, due_at"""

# (ids of files, ids of jobs): locks these files and the files of these jobs.
LOCK_FILES = """
    SELECT id, state, key, media_type, project_id FROM picasso_file
    WHERE id {in_files} ORDER BY id {lock}"""

# (ids of jobs, processors): starts those that are queued, unless their queue is paused, their processor is one of these
# or they are held. Counting the attempt raises the fence.
START_JOBS = """
    UPDATE picasso_job
    SET state = 'running', attempt = attempt + 1, leased_until = {lease}, started_at = {now}, progress = NULL
    WHERE id {in_ids} AND state || '' = 'queued' AND processor {not_in_names} AND NOT {paused} AND NOT {held}
    RETURNING id, file_id, processor, pipeline, attempt, failures, crashes"""

# (ids of jobs, processors): for messages that arrive although their queue is paused, or at a worker that lacks these
# processors. The jobs stay due since when they were, and no failure is counted. Those that are held are not due again.
PUT_BACK_JOBS = """
    UPDATE picasso_job
    SET state = 'waiting', leased_until = NULL, due_at = CASE WHEN {held} THEN {never} ELSE due_at END
    WHERE id {in_ids} AND state || '' = 'queued' AND (processor {in_names} OR {paused} OR {held})"""

# ((id, attempt, {"log", "begun", "ended"} as a JSON object) of each job): it began and ended so many seconds ago.
FINISH_JOBS = """
    UPDATE picasso_job
    SET state = 'done', started_at = {began}, finished_at = {ended}, leased_until = NULL, error_code = '',
        error_detail = '', log = {log}, progress = CASE WHEN progress IS NULL THEN NULL ELSE 1 END
    FROM {attempts}
    WHERE picasso_job.id = given.id AND picasso_job.attempt = given.attempt AND state || '' = 'running'
    RETURNING picasso_job.id, picasso_job.attempt"""

# ((id of its job, attempt, nothing) of each, keys): deletes the derivatives of finished jobs, except these keys.
DELETE_DERIVATIVES = """
    DELETE FROM picasso_derivative
    WHERE (file_id, processor) IN (SELECT picasso_job.file_id, picasso_job.processor FROM {attempts} {finished})
        AND key {not_in_names}"""

# ((id of its job, attempt, the other columns as a JSON object) of each): adds derivatives of finished jobs, unless they
# are there.
INSERT_DERIVATIVES = """
    INSERT INTO picasso_derivative (file_id, processor, role, key, media_type, size, sha256, width, height)
    SELECT picasso_job.file_id, picasso_job.processor, {derivative} FROM {attempts} {finished}
    WHERE NOT EXISTS (
        SELECT 1 FROM picasso_derivative AS kept
        WHERE kept.file_id = picasso_job.file_id AND kept.key = {derivative_key})"""

# The statements below settle files that are locked by an earlier statement: a statement that waits for a lock sees the
# jobs as they were before it waited.

# (ids of files): gives each file the state that its jobs make.
SETTLE_FILES = """
    WITH settled AS MATERIALIZED (SELECT id AS file_id, {file_state} AS state FROM picasso_file WHERE id {in_ids})
    UPDATE picasso_file SET state = settled.state FROM settled
    WHERE picasso_file.id = settled.file_id AND picasso_file.state <> settled.state
    RETURNING picasso_file.id, picasso_file.state"""

# (ids of jobs): the same for the files of those jobs that are running.
SETTLE_STARTED = """
    UPDATE picasso_file SET state = 'processing'
    WHERE state <> 'processing'
        AND id IN (SELECT file_id FROM picasso_job WHERE id {in_ids} AND state || '' = 'running')
    RETURNING id, state"""

# ((id, attempt, facts as a JSON object) of each job): the same for the files of those jobs that have finished. It also
# adds these facts.
SETTLE_FINISHED = """
    UPDATE picasso_file SET state = {file_state}, facts = {merged_facts}
    FROM (
        SELECT picasso_job.file_id, {new_facts} AS facts FROM {attempts} {finished} GROUP BY picasso_job.file_id) AS new
    WHERE picasso_file.id = new.file_id
    RETURNING picasso_file.id, picasso_file.state"""

Rows = list[tuple[Any, ...]]

Step = tuple[Any, ...]
"""A statement and its parameters."""


class AttemptValues(list[tuple[uuid.UUID, int, str | None]]):
    """Values for attempts: the id of the job, the number of the attempt, the value."""


def rows(statement: str, *parameters: Any) -> Rows:
    """All rows that a statement returns. A parameter may be a list of values, or `AttemptValues`."""
    with connection.cursor() as cursor:
        try:
            cursor.execute(in_dialect(statement, connection.vendor), [*adapt(parameters)])
        except OperationalError as fault:
            if "malformed JSON" in str(fault):
                raise DataError(*fault.args) from fault
            raise
        return fetch(cursor)


def first(statement: str, *parameters: Any) -> tuple[Any, ...] | None:
    return next(iter(rows(statement, *parameters)), None)


def run_together(*steps: Step, durable: bool = True) -> list[Rows]:
    """The rows of several statements, each given with its parameters. All of them take effect, or none.

    Unless they are ``durable``, PostgreSQL may forget them if it crashes within a second or so. Inside a transaction
    that would be true of all that it does, so there it raises `RuntimeError`.

    PostgreSQL gets them as one message. Each still sees what was committed before it began, so a statement after a lock
    sees what the lock waited for.
    """
    if not durable and connection.in_atomic_block:
        raise RuntimeError("These statements may be forgotten, and would take their whole transaction with them.")
    if connection.vendor == "sqlite":
        with transaction.atomic(savepoint=False):
            return [rows(*step) for step in steps]
    with connection.cursor() as cursor:
        settings = [BY_ID] if durable else [BY_ID, NOT_DURABLE]
        text = ";".join([*settings, *(in_dialect(statement, connection.vendor) for statement, *_ in steps)])
        cursor.execute(text, [value for _, *parameters in steps for value in adapt(parameters)])
        results = []
        while cursor.nextset():
            results.append(fetch(cursor))
        return results[-len(steps) :]


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

    PostgreSQL gets a list as an array, and `AttemptValues` as an array for each column.
    """
    sqlite = connection.vendor == "sqlite"
    for value in parameters:
        if sqlite and isinstance(value, list):
            yield json.dumps(value, default=lambda identifier: identifier.hex)
        elif sqlite and isinstance(value, uuid.UUID):
            yield value.hex
        elif isinstance(value, AttemptValues):
            yield from ([row[column] for row in value] for column in range(3))
        else:
            yield value


def parse_id(value: Any) -> uuid.UUID:
    return value if isinstance(value, uuid.UUID) else uuid.UUID(value)
