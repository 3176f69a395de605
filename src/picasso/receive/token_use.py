"""Counts the files of tokens with ``max_files``, in the transaction that inserts the files: never one too many."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from django.db import connection
from django.db.models import F
from django.utils import timezone

from picasso.access.token_limits import TokenLimits
from picasso.errors import TokenUsedUp
from picasso.models import TokenUse
from picasso.receive.new_file import NewFile

KEPT = timedelta(days=30)

# On SQLite and PostgreSQL. It waits for other transactions that count for the same token, and sees what they counted.
COUNT = """
INSERT INTO picasso_tokenuse AS kept (token, project_id, files, expires_at) VALUES (%s, %s, %s, %s)
ON CONFLICT (token) DO UPDATE SET files = kept.files + EXCLUDED.files WHERE kept.files + EXCLUDED.files <= %s
"""


def too_many(new_files: Iterable[NewFile]) -> list[NewFile]:
    """Of files that a transaction inserts those that their tokens have no room for; the others are counted."""
    by_token: dict[str, list[NewFile]] = {}
    for new in new_files:
        if new.limits and new.limits.max_files:
            by_token.setdefault(new.limits.token, []).append(new)
    # Always in the same order, so that two transactions can't wait for each other.
    return [new for _, mine in sorted(by_token.items()) for new in mine[count_up_to(mine[0], len(mine)) :]]


def count_up_to(new: NewFile, number: int) -> int:
    """Count so many files for the token of ``new``, or as many as it has room for; how many."""
    assert new.limits
    assert new.limits.max_files
    fitting = min(number, new.limits.max_files)
    if not count(new, fitting):
        # The statement has locked the row all the same, so nobody else counts meanwhile.
        used = TokenUse.objects.values_list("files", flat=True).get(pk=new.limits.token)
        fitting = max(0, new.limits.max_files - used)
        count(new, fitting)
    return fitting


def give_back(new: NewFile) -> None:
    """A file that was counted is not inserted after all."""
    if new.limits and new.limits.max_files:
        TokenUse.objects.filter(pk=new.limits.token).update(files=F("files") - 1)


def count(new: NewFile, number: int) -> bool:
    """Whether there was room for all of them."""
    assert new.limits
    # An upload that was begun in time may become a file when its token has expired.
    end = connection.ops.adapt_datetimefield_value(datetime.fromtimestamp(new.limits.expires_at, UTC) + KEPT)
    with connection.cursor() as cursor:
        cursor.execute(COUNT, [new.limits.token, new.project_id, number, end, new.limits.max_files])
        return bool(cursor.rowcount == 1)


def require_unused(limits: TokenLimits | None) -> None:
    """Early, by what is committed so far; the commit decides. Raises `TokenUsedUp`."""
    if limits is None or limits.max_files is None:
        return
    if TokenUse.objects.filter(pk=limits.token, files__gte=limits.max_files).exists():
        raise TokenUsedUp


def remove_expired() -> int:
    """How many rows were removed."""
    return TokenUse.objects.filter(expires_at__lt=timezone.now()).delete()[0]
