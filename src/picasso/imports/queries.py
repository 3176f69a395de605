"""Imports as a principal may see and cancel them."""

from __future__ import annotations

import uuid

from django.db import transaction
from django.db.models import QuerySet

from picasso.access import audit
from picasso.access.principal import Principal, Scope
from picasso.errors import Conflict, NotFound
from picasso.imports import states
from picasso.models import Import


def visible(principal: Principal) -> QuerySet[Import]:
    """Raises `Unauthorized`, `Forbidden`."""
    principal.require(Scope.FILES_WRITE)
    if principal.sees_everything:
        return Import.everywhere.all()
    rows = Import.objects.of(principal.project_id)
    if principal.limits and principal.owner is None:
        # A token without an owner is in the hands of strangers.
        return rows.filter(principal=principal.identity)
    return rows if principal.owner is None else rows.filter(owner=principal.owner)


def get(principal: Principal, pk: uuid.UUID) -> Import:
    """Raises `NotFound`."""
    row = visible(principal).filter(pk=pk).first()
    if row is None:
        raise NotFound
    return row


def has_ended(pk: uuid.UUID) -> bool:
    """Also one that does not exist any more."""
    return not Import.everywhere.filter(states.UNFINISHED, pk=pk).exists()


def file_of(pk: uuid.UUID) -> uuid.UUID | None:
    """The file that an import has become; None without one."""
    return Import.everywhere.filter(pk=pk).values_list("file", flat=True).first()


def cancel(principal: Principal, pk: uuid.UUID) -> None:
    """End an import; from then on there will be no file of it. Raises `NotFound`, `Conflict` if it has ended."""
    row = get(principal, pk)
    with transaction.atomic():
        if states.cancel(row):
            audit.record("import.cancel", "import", row.pk, project=row.project_id)
            return
    row.refresh_from_db()
    raise Conflict(f"An import in the state {row.state} can't be cancelled.")
