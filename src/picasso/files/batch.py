"""The same change of many files, in a few statements. Each call is one transaction, or a part of the caller's.

Files that are out of the principal's reach look like missing ones. What fails for one file leaves the others alone.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from picasso.access.principal import Principal
from picasso.errors import Forbidden, InvalidField, NotFound, PicassoError
from picasso.events.write import file_event, write, write_deleted
from picasso.files import trash
from picasso.files.change import require_allowed
from picasso.files.queries import everything_in_reach_of, in_reach_of
from picasso.metadata import add_tags
from picasso.models import File
from picasso.storage import Storage

Outcomes = Mapping[uuid.UUID, PicassoError | None]
"""By file: None if it was done."""

Files = Mapping[uuid.UUID, File]


def lock(reach: QuerySet[File], ids: Collection[uuid.UUID]) -> Files:
    """In the order in which everybody locks files. Without what may be large, but for tags."""
    rows = reach.filter(pk__in=ids).defer("facts", "attributes").select_for_update().order_by("pk")
    return {file.pk: file for file in rows}


def outcomes(
    ids: Iterable[uuid.UUID], found: Collection[uuid.UUID], faults: Mapping[uuid.UUID, PicassoError] | None = None
) -> Outcomes:
    missing = NotFound("There is no such file.")
    return {each: (faults or {}).get(each) if each in found else missing for each in ids}


@transaction.atomic
def delete_all(
    principal: Principal, storage: Storage, ids: Collection[uuid.UUID], *, permanently: bool = False
) -> Outcomes:
    """As `picasso.files.delete.delete`. The bytes are removed after the COMMIT."""
    project = principal.project
    if project and project.trash_days and not permanently:
        files = lock(in_reach_of(principal), ids)
        File.everywhere.filter(pk__in=files).update(deleted_at=Now())
        write(*(file_event("file.deleted", file, trashed=True) for file in files.values()))
    else:
        files = lock((everything_in_reach_of if permanently else in_reach_of)(principal), ids)
        write_deleted(*files.values())
        File.everywhere.filter(pk__in=files).only("pk").delete()
        for file in files.values():
            # What a fault leaves behind is an orphan for the sweep.
            transaction.on_commit(partial(storage.files.remove, file.key), robust=True)
    return outcomes(ids, files)


@transaction.atomic
def restore_all(principal: Principal, ids: Collection[uuid.UUID]) -> Outcomes:
    """Take files out of the trash. Quotas count what is in it, so they hold."""
    files = lock(everything_in_reach_of(principal).filter(deleted_at__isnull=False), ids)
    File.everywhere.filter(pk__in=files).update(deleted_at=None)
    trash.make_jobs_due(files)
    write(*(file_event("file.restored", file) for file in files.values()))
    return outcomes(ids, files)


@transaction.atomic
def tag_all(principal: Principal, ids: Collection[uuid.UUID], tags: Sequence[str]) -> Outcomes:
    return _retag(principal, ids, lambda old: add_tags(old, tags))


@transaction.atomic
def untag_all(principal: Principal, ids: Collection[uuid.UUID], tags: Sequence[str]) -> Outcomes:
    return _retag(principal, ids, lambda old: [tag for tag in old if tag not in tags])


def _retag(principal: Principal, ids: Collection[uuid.UUID], change: Callable[[Sequence[str]], list[str]]) -> Outcomes:
    files, faults, changed = lock(in_reach_of(principal), ids), {}, []
    for file in files.values():
        try:
            tags = change(file.tags)
            require_allowed(principal, file, {"tags": tags})
        except (Forbidden, InvalidField) as fault:
            faults[file.pk] = fault
            continue
        if tags != file.tags:
            file.tags = tags
            changed.append(file)
    File.everywhere.bulk_update(changed, ["tags"])
    _tell(changed, "tags")
    return outcomes(ids, files, faults)


@transaction.atomic
def set_visibility(principal: Principal, ids: Collection[uuid.UUID], visibility: str) -> Outcomes:
    files, faults, changed = lock(in_reach_of(principal), ids), {}, []
    for file in files.values():
        try:
            require_allowed(principal, file, {"visibility": visibility})
        except Forbidden as fault:
            faults[file.pk] = fault
            continue
        if file.visibility != visibility:
            changed.append(file)
    File.everywhere.filter(pk__in=[file.pk for file in changed]).update(visibility=visibility)
    _tell(changed, "visibility")
    return outcomes(ids, files, faults)


def _tell(files: Iterable[File], column: str) -> None:
    write(*(file_event("file.updated", file, changed=[column]) for file in files))
