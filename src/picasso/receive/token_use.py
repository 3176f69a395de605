"""Counts the files of tokens with ``max_files``, in the transaction that inserts the files: never one too many."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import connection
from django.utils import timezone

from picasso.access.token_limits import TokenLimits
from picasso.errors import TokenUsedUp
from picasso.models import TokenUse
from picasso.receive.new_file import NewFile

# An upload that was begun in time may become a file when its token has expired.
KEPT = timedelta(days=30)


# On SQLite and PostgreSQL. It waits for other transactions that count for the same token, and sees what they counted.
COUNT = """
INSERT INTO picasso_tokenuse AS kept (token, project_id, files, expires_at) VALUES (%s, %s, %s, %s)
ON CONFLICT (token) DO UPDATE SET files = kept.files + EXCLUDED.files WHERE kept.files + EXCLUDED.files <= %s
"""


@dataclass(slots=True)
class Use:
    limits: TokenLimits
    project_id: int
    files: int = 0


def count_files(new_files: Iterable[NewFile]) -> None:
    """In the transaction that inserts them. Raises `TokenUsedUp` if they are too many, and nothing is to be kept."""
    uses: dict[str, Use] = {}
    for new in new_files:
        if new.limits and new.limits.max_files:
            uses.setdefault(new.limits.token, Use(new.limits, new.project_id)).files += 1
    if not uses:
        return
    with connection.cursor() as cursor:
        # Always in the same order, so that two transactions can't wait for each other.
        for _, use in sorted(uses.items()):
            end = datetime.fromtimestamp(use.limits.expires_at, UTC) + KEPT
            limit = use.limits.max_files or 0
            values = (use.limits.token, use.project_id, use.files, connection.ops.adapt_datetimefield_value(end), limit)
            if use.files > limit:
                raise TokenUsedUp
            cursor.execute(COUNT, values)
            if cursor.rowcount != 1:
                raise TokenUsedUp


def require_unused(limits: TokenLimits | None) -> None:
    """Early, by what is committed so far; the commit decides. Raises `TokenUsedUp`."""
    if limits is None or limits.max_files is None:
        return
    if TokenUse.objects.filter(pk=limits.token, files__gte=limits.max_files).exists():
        raise TokenUsedUp


def remove_expired() -> int:
    """How many rows were removed."""
    return TokenUse.objects.filter(expires_at__lt=timezone.now()).delete()[0]
