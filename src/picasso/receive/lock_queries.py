"""The lock of an upload in the database, and how another process asks its holder for it.

Everything here runs in the thread of the database (`picasso.receive.database_thread`).
"""

from __future__ import annotations

import uuid

from django.db import connection

from picasso.errors import Locked
from picasso.jobs import sql
from picasso.models import Upload
from picasso.receive.upload_rows import from_values, read_step

TRY_LOCK = "SELECT pg_try_advisory_lock(%s)"


def takeovers_requested() -> list[uuid.UUID]:
    return list(Upload.everywhere.filter(takeover_requested=True).order_by().values_list("pk", flat=True))


def request_takeover(upload_id: uuid.UUID, interrupt_concatenation: bool) -> None:
    """Ask the process that holds the lock for it. Raises `Locked` for a concatenation that is not to be interrupted."""
    rows = Upload.everywhere.filter(pk=upload_id)
    if not interrupt_concatenation and rows.filter(parts__isnull=False).exists():
        raise Locked
    rows.update(takeover_requested=True)


def try_lock_advisory(upload_id: uuid.UUID) -> bool:
    """A session can take the same lock twice, so `Locks` must not ask for what this process holds."""
    return connection.vendor != "postgresql" or bool(sql.rows(TRY_LOCK, lock_number(upload_id))[0][0])


def lock_and_read(upload_id: uuid.UUID) -> tuple[bool, Upload | None]:
    """As `try_lock_advisory`, and the row as it is after that: in one message, as each PATCH asks for both."""
    if connection.vendor != "postgresql":
        return True, Upload.everywhere.filter(pk=upload_id).first()
    ((locked,),), found = sql.run_together((TRY_LOCK, lock_number(upload_id)), read_step(upload_id))
    return bool(locked), from_values(found[0]) if found else None


def unlock_advisory(upload_id: uuid.UUID) -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [lock_number(upload_id)])


def lock_number(upload_id: uuid.UUID) -> int:
    """The random half of the id, as PostgreSQL's bigint."""
    return int.from_bytes(upload_id.bytes[8:], "big", signed=True)
