"""The description of a file that is about to be stored."""

from __future__ import annotations

import unicodedata
import uuid
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any, cast

from picasso.access.principal import Principal
from picasso.models import DEFAULT_PROJECT, Upload, Visibility

MAX_NAME = 255

MAX_EXTENSION = 20

DEFAULT_PIPELINE = "default"


@dataclass(frozen=True, slots=True)
class NewFile:
    """All that a client says about a file, besides its content."""

    name: str
    """As `clean_name` returns it."""
    declared_type: str
    pipeline: str = DEFAULT_PIPELINE
    upload_id: uuid.UUID | None = None
    """The `Upload` that becomes this file, and must not become another one."""
    project_id: int = DEFAULT_PROJECT
    owner: str = ""
    visibility: str = Visibility.PRIVATE
    expires_at: datetime | None = None


def of_principal(new: NewFile, principal: Principal) -> NewFile:
    """The same file as one of this principal's project and owner. Raises `Unauthorized`."""
    visibility = principal.project.visibility if principal.project else new.visibility
    return replace(new, project_id=principal.project_id, owner=principal.owner or "", visibility=visibility)


def of_upload(row: Upload) -> NewFile:
    """The file that an upload becomes."""
    return NewFile(
        row.name,
        row.declared_type,
        row.pipeline,
        row.pk,
        project_id=cast("int", row.project_id),
        owner=row.owner,
        visibility=row.visibility or Visibility.PRIVATE,
        expires_at=row.expires_at,
    )


def belongs_to(principal: Principal) -> dict[str, Any]:
    """The columns of an `Upload` that this principal begins. Raises `Unauthorized`."""
    return {
        "project_id": principal.project_id,
        "owner": principal.owner or "",
        "principal": principal.identity,
        "visibility": principal.project.visibility if principal.project else "",
    }


def clean_name(name: str) -> str:
    """The name as it is stored: as sent, but in NFC, at most 255 characters, without what no database accepts.

    What is too much is cut out before the extension, which helps to tell the type.
    """
    name = name.replace("\0", "\ufffd").encode(errors="replace").decode()
    name = unicodedata.normalize("NFC", name)
    extension = PurePosixPath(name).suffix if len(name) > MAX_NAME else ""
    extension = extension if len(extension) <= MAX_EXTENSION else ""
    return name[: MAX_NAME - len(extension)] + extension if len(name) > MAX_NAME else name
