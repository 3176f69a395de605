"""Deletes files: rows first and bytes second, so that a crash in between leaves bytes without a row, never the reverse.

Bytes without a row are removed by `picasso.receive.cleanup`.
"""

from __future__ import annotations

import uuid

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from picasso.access import audit
from picasso.access.principal import Principal, Scope
from picasso.errors import NotFound
from picasso.events.write import file_event, write, write_deleted
from picasso.files import trash
from picasso.files.change import Versions, require_version
from picasso.files.queries import everything_in_reach_of, get_in_reach, in_reach_of
from picasso.models import Event, File
from picasso.storage import Storage


def delete(
    principal: Principal, storage: Storage, file: File, *, permanently: bool = False, versions: Versions | None = None
) -> None:
    """Put a file into the trash if its project has one; otherwise, or ``permanently``, see `remove`.

    Raises:
        Forbidden: the principal may not delete files.
        PreconditionFailed: the file is not what ``versions`` say.
        NotFound: there is no such file, or it is out of the principal's reach. Nothing is removed.
    """
    principal.require(Scope.FILES_DELETE)
    project = principal.project
    if project and project.trash_days and not permanently:
        found = in_reach_of(principal).filter(pk=file.pk)
        _set_deleted(found, deleted_at=Now(), action="file.trash", versions=versions)
        return
    among = (everything_in_reach_of if permanently else in_reach_of)(principal)
    if not remove(storage, among, file, versions=versions):
        raise NotFound


def restore(principal: Principal, file_id: uuid.UUID) -> File:
    """Take a file out of the trash. Raises `Forbidden`, `NotFound`."""
    principal.require(Scope.FILES_DELETE)
    trashed = everything_in_reach_of(principal).filter(pk=file_id, deleted_at__isnull=False)
    _set_deleted(trashed, deleted_at=None, action="file.restore")
    return get_in_reach(principal, file_id)


def remove(
    storage: Storage, among: QuerySet[File], file: File, action: str = "file.delete", versions: Versions | None = None
) -> bool:
    """Delete a file with its jobs, its derivatives and all bytes, also while it is processed.

    False if it is not ``among`` these files. Nothing is removed then. ``action`` is for the audit. Raises
    `PreconditionFailed` as `delete`.
    """
    if not _delete_row(among.filter(pk=file.pk), action, versions):
        return False
    storage.files.remove(file.key)
    return True


def undo(storage: Storage, file: File) -> None:
    """Delete a file whose COMMIT may or may not have taken effect, because the connection broke during it."""
    # Waits for a COMMIT that may still be in progress, because both have the same primary key.
    File.everywhere.bulk_create([file], ignore_conflicts=True)
    _delete_row(File.everywhere.filter(pk=file.pk))
    storage.files.remove(file.key)


def _delete_row(file: QuerySet[File], action: str = "", versions: Versions | None = None) -> bool:
    """Delete the one file of this query, with its jobs and derivatives; False if the query finds none."""
    with transaction.atomic():
        # Locks the row of the file first, as workers do. So a job that finishes now has finished, or finds no file.
        if found := file.select_for_update().first():
            require_version(found, versions)
        # What was never seen is not told to be gone: see `undo`.
        if found and (action or Event.everywhere.filter(file_id=found.pk).exists()):
            write_deleted(found)
        file.delete()
        if found and action:
            _record(action, found)
    return found is not None


def _set_deleted(
    file: QuerySet[File], *, deleted_at: Now | None, action: str, versions: Versions | None = None
) -> None:
    """Change the one file of this query. Raises `NotFound`, `PreconditionFailed`."""
    with transaction.atomic():
        found = file.select_for_update().first()
        if not found:
            raise NotFound
        require_version(found, versions)
        file.update(deleted_at=deleted_at)
        if deleted_at is None:
            trash.make_jobs_due([found.pk])
        write(file_event("file.deleted", found, trashed=True) if deleted_at else file_event("file.restored", found))
        _record(action, found)


def _record(action: str, file: File) -> None:
    audit.record(action, "file", file.pk, project=file.project_id, file_owner=file.owner)
