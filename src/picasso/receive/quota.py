"""How many bytes unfinished uploads may take together: what has arrived, and what they have announced."""

from __future__ import annotations

import uuid

from django.db import connection
from django.db.models import Sum

from picasso.errors import UnfinishedFull
from picasso.models import Upload

# One bigint for the transaction lock under which the reservations are added up.
QUOTA_LOCK = 0x5049_4341_5353_4F00


def require_quota(max_unfinished: int, size: int, except_for: uuid.UUID | None = None) -> None:
    """Raises `UnfinishedFull` if ``size`` more bytes would be more than ``max_unfinished``.

    To be called in the transaction that makes the reservation, so that no two reserve the same space. The reservation
    of the upload ``except_for`` is not counted.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [QUOTA_LOCK])
    if reserved_bytes(except_for) + size > max_unfinished:
        raise UnfinishedFull


def reserved_bytes(except_for: uuid.UUID | None = None) -> int:
    """The reservations of all unfinished uploads, or all but one."""
    rows = Upload.everywhere.filter(finished_at=None)
    if except_for:
        rows = rows.exclude(pk=except_for)
    return rows.aggregate(total=Sum("reserved"))["total"] or 0
