"""Deletes files: rows first and bytes second, so that a crash in between leaves bytes without a row, never the reverse.

Bytes without a row are removed by `picasso.receive.cleanup`.
"""

from __future__ import annotations

from django.db import transaction
from django.db.models import QuerySet

from picasso.access.principal import Principal, Scope
from picasso.errors import NotFound
from picasso.files.queries import in_reach_of
from picasso.models import File
from picasso.storage import Storage


def delete(principal: Principal, storage: Storage, file: File) -> None:
    """Delete a file with its jobs, its derivatives and all bytes, also while it is processed.

    Raises:
        Forbidden: the principal may not delete files.
        NotFound: there is no such file, or the principal does not see it. Nothing is removed.
    """
    principal.require(Scope.FILES_DELETE)
    if not _delete_row(in_reach_of(principal).filter(pk=file.pk)):
        raise NotFound
    storage.files.remove(file.key)


def undo(storage: Storage, file: File) -> None:
    """Delete a file whose COMMIT may or may not have taken effect, because the connection broke during it."""
    # Waits for a COMMIT that may still be in progress, because both have the same primary key.
    File.everywhere.bulk_create([file], ignore_conflicts=True)
    _delete_row(File.everywhere.filter(pk=file.pk))
    storage.files.remove(file.key)


def _delete_row(file: QuerySet[File]) -> bool:
    """Delete the one file of this query, with its jobs and derivatives; False if the query finds none."""
    with transaction.atomic():
        # Locks the row of the file first, as workers do. So a job that finishes now has finished, or finds no file.
        found = file.select_for_update().first() is not None
        file.delete()
    return found
