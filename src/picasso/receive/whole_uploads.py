"""Uploads that are whole with their first request: their rows are inserted with those of the files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from picasso import bulk_insert
from picasso.errors import KeyInUse, PicassoError
from picasso.models import Upload
from picasso.receive import upload_rows
from picasso.receive.pending import Pending


def insert(batch: Sequence[Pending]) -> dict[Pending, PicassoError]:
    """Insert the rows of those of these uploads that have a key. Those whose key another upload has are refused.

    It waits for transactions that insert the same keys: before the locks of tokens and quotas are taken, so that two
    processes never wait for each other in a circle.
    """
    members = [pending for pending in batch if has_key(pending)]
    rows = [row for pending in members if (row := finished(pending))]
    inserted = upload_rows.insert_finished(rows)
    return {pending: KeyInUse() for pending in members if pending.new.upload not in inserted}


def group(batch: Sequence[Pending]) -> bulk_insert.Group:
    """The rows of those that have no key. Nobody else can have inserted them, so they go with those of the files."""
    members = [pending for pending in batch if pending.new.whole and not has_key(pending)]
    return upload_rows.finished_group(row for pending in members if (row := finished(pending)))


def has_key(pending: Pending) -> bool:
    row = pending.new.whole
    return bool(row and row.idempotency_key)


def finished(pending: Pending) -> Upload | None:
    row, file = pending.new.whole, pending.file
    if row and file:
        row.file_id, row.length, row.reserved = file.pk, file.size, 0
    return row


def remove(refused: Iterable[Pending]) -> None:
    """What `insert` has inserted of those whose files are not inserted after all."""
    if ids := [pending.new.whole.pk for pending in refused if pending.new.whole and has_key(pending)]:
        upload_rows.delete_rows(ids)
