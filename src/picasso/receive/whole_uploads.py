"""Uploads that are whole with their first request: their rows are inserted with those of the files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from picasso.errors import KeyInUse, PicassoError
from picasso.models import Upload
from picasso.receive import upload_rows
from picasso.receive.pending import Pending


def insert(batch: Sequence[Pending]) -> dict[Pending, PicassoError]:
    """Insert the rows of these uploads. Those whose key another upload has are refused.

    It waits for transactions that insert the same keys: before the locks of tokens and quotas are taken, so that two
    processes never wait for each other in a circle.
    """
    members = [pending for pending in batch if pending.new.whole]
    rows = [row for pending in members if (row := finished(pending))]
    inserted = upload_rows.insert_finished(rows)
    return {pending: KeyInUse() for pending in members if pending.new.upload not in inserted}


def finished(pending: Pending) -> Upload | None:
    row, file = pending.new.whole, pending.file
    if row and file:
        row.file_id, row.length, row.reserved = file.pk, file.size, 0
    return row


def remove(refused: Iterable[Pending]) -> None:
    """The rows of those whose files are not inserted after all."""
    if ids := [pending.new.whole.pk for pending in refused if pending.new.whole]:
        upload_rows.delete_rows(ids)
