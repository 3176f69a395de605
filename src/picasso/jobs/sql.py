"""The statements of the two moves that every job makes, in SQL that PostgreSQL and SQLite share but for a few words."""

from __future__ import annotations

import json
import uuid
from typing import Any

from django.db import connection

LEASE_SECONDS = 20

WORDS = {
    "postgresql": {
        "now": "statement_timestamp()",
        "lease": f"statement_timestamp() + interval '{LEASE_SECONDS} seconds'",
        "lock": "FOR UPDATE",
    },
    # A transaction that writes holds SQLite's one lock from its start.
    "sqlite": {
        "now": "strftime('%%Y-%%m-%%d %%H:%%M:%%f', 'now')",
        "lease": f"strftime('%%Y-%%m-%%d %%H:%%M:%%f', 'now', '+{LEASE_SECONDS} seconds')",
        "lock": "",
    },
}

# (job's id): the file of a queued job, locked and shown as being processed.
START_FILE = """
    UPDATE picasso_file SET state = CASE state WHEN 'pending' THEN 'processing' ELSE state END
    WHERE id = (SELECT file_id FROM picasso_job WHERE id = %s AND state = 'queued')
    RETURNING id, key, media_type"""

# (job's id): the fence goes up.
START_JOB = """
    UPDATE picasso_job SET state = 'running', attempt = attempt + 1, leased_until = {lease}, started_at = {now}
    WHERE id = %s AND state = 'queued'
    RETURNING processor, attempt, failures, crashes"""

# (file's id): locks it; what is known of it so far.
FILE_LOCKED = "SELECT facts FROM picasso_file WHERE id = %s {lock}"

# (file's id): a statement of its own, as one that waits for the lock sees the jobs as they were before it waited.
JOBS_OF_FILE = "SELECT state, attempt FROM picasso_job WHERE file_id = %s"

# (job's id, attempt)
FINISH_JOB = """
    UPDATE picasso_job SET state = 'done', finished_at = {now}, leased_until = NULL, error_code = '', error_detail = ''
    WHERE id = %s AND state = 'running' AND attempt = %s"""

# (state, facts, file's id)
SETTLE_FILE = "UPDATE picasso_file SET state = %s, facts = %s WHERE id = %s"


def rows(statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
    """All rows that a statement returns."""
    with connection.cursor() as cursor:
        cursor.execute(statement.format(**WORDS[connection.vendor]), [adapted(value) for value in parameters])
        return list(cursor.fetchall())


def one(statement: str, *parameters: Any) -> tuple[Any, ...] | None:
    return next(iter(rows(statement, *parameters)), None)


def hit(statement: str, *parameters: Any) -> bool:
    """Whether a statement changed exactly one row."""
    with connection.cursor() as cursor:
        cursor.execute(statement.format(**WORDS[connection.vendor]), [adapted(value) for value in parameters])
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
