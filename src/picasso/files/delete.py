"""Deletes files: rows first and bytes second, so that a crash in between leaves bytes without a row, never the reverse.

Bytes without a row are removed by `picasso.receive.cleanup`.
"""

from __future__ import annotations

from django.db import transaction

from picasso.access.principal import SERVICE, Principal, Scope
from picasso.errors import Forbidden
from picasso.files.queries import visible_to
from picasso.models import File
from picasso.storage import Storage


def delete(principal: Principal, storage: Storage, file: File) -> None:
    """Delete a file with its jobs, its derivatives and all bytes, also while it is processed.

    Raises:
        Forbidden: the principal may not delete files.
    """
    if Scope.FILES_DELETE not in principal.scopes:
        raise Forbidden
    with transaction.atomic():
        # Locks the row of the file first, as workers do. So a job that finishes now has finished, or finds no file.
        visible_to(principal).select_for_update().filter(pk=file.pk).first()
        visible_to(principal).filter(pk=file.pk).delete()
    storage.files.remove(file.key)


def undo(storage: Storage, file: File) -> None:
    """Delete a file whose COMMIT may or may not have taken effect, because the connection broke during it."""
    # Waits for a COMMIT that may still be in progress, because both have the same primary key.
    File.objects.bulk_create([file], ignore_conflicts=True)
    delete(SERVICE, storage, file)
