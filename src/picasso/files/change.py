"""Changes of what is said about a file. Its bytes and its address never change."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypedDict

from django.db import transaction

from picasso.access import audit
from picasso.access.principal import Principal, Scope
from picasso.access.token_limits import TokenLimits
from picasso.errors import Forbidden, NotFound, PreconditionFailed
from picasso.events.write import file_event, write
from picasso.files import expiry, queries
from picasso.metadata import compact, merged
from picasso.models import File, Visibility

EVERY: Collection[str] = ("*",)
"""Stands for all versions."""


@dataclass(frozen=True, slots=True)
class Versions:
    """What `version_of` a file must be, and must not be, for a request to take effect."""

    required: Collection[str] | None = None
    """One of these; None if it may be any."""
    refused: Collection[str] = ()
    """None of these."""


class Changes(TypedDict, total=False):
    name: str
    visibility: str
    expires_at: datetime | None
    tags: list[str]
    attributes: object
    """A JSON Merge Patch."""


def version_of(file: File) -> str:
    """The same as long as nothing is changed that `change` can change; what processing finds out does not count."""
    expires_at = file.expires_at.isoformat() if file.expires_at else None
    known = [file.name, file.visibility, expires_at, file.tags, sorted_members(file.attributes)]
    return hashlib.sha256(compact(known).encode(errors="replace")).hexdigest()[:16]


def sorted_members(value: Any) -> Any:
    """Databases keep the members of an object in orders of their own. As lists, because a key may be any text."""
    if isinstance(value, Mapping):
        return [{}, *([key, sorted_members(value[key])] for key in sorted(value))]
    return [sorted_members(each) for each in value] if isinstance(value, list) else value


def change(
    principal: Principal,
    file: File,
    changes: Changes,
    retention_days: int | None = None,
    versions: Versions | None = None,
) -> None:
    """Set some columns of a file, if it is what ``versions`` say.

    Its project and its pipeline, with ``retention_days``, say how long it is kept at most; a client can only shorten
    that.

    Raises:
        NotFound: the file was deleted meanwhile.
        Forbidden: the principal's token does not allow it.
        InvalidField: with the file's own attributes they are too much.
        PreconditionFailed: the file has another version.
    """
    with transaction.atomic():
        found = queries.in_reach_of(principal).filter(pk=file.pk)
        row = found.select_for_update().first()
        if row is None:
            raise NotFound
        require_version(row, versions)
        values = values_of(principal, row, changes, retention_days)
        require_allowed(principal, row, values)
        if values:
            found.update(**values)
            _tell(found.get(), values)


def require_version(file: File, versions: Versions | None) -> None:
    """Raises `PreconditionFailed` if the file has none of the required versions, or one of the others."""
    if versions is None:
        return
    version = version_of(file)
    if versions.required is not None and version not in versions.required:
        raise PreconditionFailed("The file was changed since: get it again, with its ETag.")
    if versions.refused is EVERY or version in versions.refused:
        raise PreconditionFailed("If-None-Match refuses the file as it is.")


def values_of(principal: Principal, file: File, changes: Changes, retention_days: int | None) -> dict[str, Any]:
    """By column."""
    values: dict[str, Any] = dict(changes)
    if "expires_at" in changes:
        days = (retention_days, principal.project.retention_days if principal.project else None)
        values["expires_at"] = expiry.earliest(file.uploaded_at, changes["expires_at"], days)
    if "attributes" in changes:
        values["attributes"] = merged(file.attributes, changes["attributes"])
    return values


def _tell(file: File, values: Mapping[str, Any]) -> None:
    """Names and attributes may be secrets, so only that they have changed."""
    changed = sorted(values)
    write(file_event("file.updated", file, changed=changed))
    audit.record(
        "file.update", "file", file.pk, project=file.project_id, changed=changed, visibility=values.get("visibility")
    )


def require_allowed(principal: Principal, file: File, values: Mapping[str, Any]) -> None:
    """A token can't change what its application has decided, nor what strangers with the same token have uploaded."""
    if "expires_at" in values:
        principal.require(Scope.FILES_DELETE)
    if (limits := principal.limits) is None:
        return
    if principal.owner is None:
        raise Forbidden("A token without an owner changes no files.")
    visibility = values.get("visibility", file.visibility)
    if visibility != file.visibility and (limits.visibility or visibility == Visibility.PUBLIC):
        raise Forbidden("This token can't change the visibility so.")
    if "expires_at" in values and limits.expires_in and is_later(values["expires_at"], file):
        raise Forbidden("This token can't keep a file longer.")
    require_kept(limits, file, values)


def require_kept(limits: TokenLimits, file: File, values: Mapping[str, Any]) -> None:
    """Tags and attributes of the token stay as they are. Raises `Forbidden`."""
    if set(limits.tags) & set(file.tags) - set(values.get("tags", file.tags)):
        raise Forbidden("This token can't remove its own tags.")
    if "attributes" not in values:
        return
    attributes = values["attributes"]
    for key in limits.attributes:
        if (key in attributes, attributes.get(key)) != (key in file.attributes, file.attributes.get(key)):
            raise Forbidden(f"This token can't change the attribute {key!r}.")


def is_later(expires_at: datetime | None, file: File) -> bool:
    return file.expires_at is not None and (expires_at is None or expires_at > file.expires_at)
