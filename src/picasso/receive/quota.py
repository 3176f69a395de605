"""How much unfinished uploads may take: their bytes and their number.

What counts is what has arrived, plus a window for what comes next; not what a client has announced. So announcing
costs nobody else anything, and a request for a large upload extends its reservation while its bytes arrive.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from django.db import connection
from django.db.models import Count, Q, Sum

from picasso.errors import TooManyUploads, UnfinishedFull
from picasso.models import Upload

# Reserved for the bytes that come next. A request asks for more each time half of it is used.
WINDOW = 64 * 2**20

# One bigint for the transaction lock under which the reservations are added up.
QUOTA_LOCK = 0x5049_4341_5353_4F00


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of uploads. Sizes are in bytes, times in seconds."""

    max_size: int
    """The largest upload."""
    max_unfinished: int
    """Of all unfinished uploads together."""
    expiry: int
    """After its last byte an unfinished upload lives so long."""
    start_timeout: int
    """An upload without a byte lives so long."""
    max_uploads: int
    """The number of unfinished uploads."""

    def life(self, row: Upload, offset: int) -> int:
        """For how many seconds after its last byte, or its creation, an unfinished upload lives.

        A final upload and its parts wait for each other, with a byte or without.
        """
        return self.expiry if offset or row.is_final or row.final_id else self.start_timeout


# What counts as an unfinished upload. A plain request with an Idempotency-Key ends with its connection.
UNFINISHED = Q(finished_at=None) & ~Q(protocol=Upload.Protocol.PLAIN)

MAX_FINALS = 1_000
"""The number of unfinished final uploads."""


def lock_quota() -> None:
    """In a transaction that makes a reservation: until its end nobody else reserves, so no two use the same space."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [QUOTA_LOCK])


def require_bytes(limits: Limits, size: int, except_for: uuid.UUID | None = None) -> None:
    """After `lock_quota`: refuse ``size`` more bytes if they do not fit. Raises `UnfinishedFull`.

    The reservation of the upload ``except_for`` is not counted.
    """
    if reserved_bytes(except_for) + size > limits.max_unfinished:
        raise UnfinishedFull


def require_number(limits: Limits, row: Upload) -> None:
    """After `lock_quota`: refuse a new upload if there are too many. Raises `TooManyUploads`."""
    if row.protocol == Upload.Protocol.PLAIN:
        return
    found = Upload.everywhere.filter(UNFINISHED).aggregate(all=Count("pk"), finals=Count("pk", Q(parts__isnull=False)))
    if found["all"] >= limits.max_uploads or (row.is_final and found["finals"] >= MAX_FINALS):
        raise TooManyUploads


def reserved_bytes(except_for: uuid.UUID | None = None) -> int:
    """The reservations of all unfinished uploads, or all but one."""
    rows = Upload.everywhere.filter(finished_at=None)
    if except_for:
        rows = rows.exclude(pk=except_for)
    return rows.aggregate(total=Sum("reserved"))["total"] or 0
