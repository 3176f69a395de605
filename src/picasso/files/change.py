"""Changes of what is said about a file. Its bytes and its address never change."""

from __future__ import annotations

from datetime import datetime
from typing import TypedDict

from django.db import transaction

from picasso.access import audit
from picasso.access.principal import Principal, Scope
from picasso.errors import Forbidden
from picasso.events.write import file_event, write
from picasso.files import expiry, queries
from picasso.models import File, Visibility


class Changes(TypedDict, total=False):
    name: str
    visibility: str
    expires_at: datetime | None


def change(principal: Principal, file: File, changes: Changes, retention_days: int | None = None) -> None:
    """Set ``name``, ``visibility`` or ``expires_at``. Raises `Forbidden` for what the principal's token does not allow.

    Its project and its pipeline, with ``retention_days``, say how long it is kept at most; a client can only shorten
    that. Nothing happens to a file that was deleted meanwhile.
    """
    require_allowed(principal, file, changes)
    if not changes:
        return
    if "expires_at" in changes:
        days = (retention_days, principal.project.retention_days if principal.project else None)
        changes = {**changes, "expires_at": expiry.earliest(file.uploaded_at, changes["expires_at"], days)}
    with transaction.atomic():
        found = queries.in_reach_of(principal).filter(pk=file.pk)
        if found.update(**changes):
            write(file_event("file.updated", found.get(), changed=sorted(changes)))
            visibility = changes.get("visibility")
            audit.record(
                "file.update", "file", file.pk, project=file.project_id, changed=sorted(changes), visibility=visibility
            )


def require_allowed(principal: Principal, file: File, changes: Changes) -> None:
    """A token can't change what its application has decided, nor what strangers with the same token have uploaded."""
    if "expires_at" in changes:
        principal.require(Scope.FILES_DELETE)
    if (limits := principal.limits) is None:
        return
    if principal.owner is None:
        raise Forbidden("A token without an owner changes no files.")
    visibility = changes.get("visibility", file.visibility)
    if visibility != file.visibility and (limits.visibility or visibility == Visibility.PUBLIC):
        raise Forbidden("This token can't change the visibility so.")
    if "expires_at" in changes and limits.expires_in and is_later(changes["expires_at"], file):
        raise Forbidden("This token can't keep a file longer.")


def is_later(expires_at: datetime | None, file: File) -> bool:
    return file.expires_at is not None and (expires_at is None or expires_at > file.expires_at)
