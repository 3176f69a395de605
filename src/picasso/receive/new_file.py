"""The description of a file that is about to be stored."""

from __future__ import annotations

import unicodedata
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any, cast

from picasso.access import token_limits
from picasso.access.principal import Principal
from picasso.access.token_limits import TokenLimits
from picasso.metadata import Attributes
from picasso.models import DEFAULT_PROJECT, Upload, Visibility
from picasso.receive.terms import DEFAULT_PIPELINE, Terms

MAX_NAME = 255

MAX_EXTENSION = 20


@dataclass(frozen=True, slots=True)
class NewFile:
    """All that a client says about a file, besides its content."""

    name: str
    """As `clean_name` returns it."""
    declared_type: str
    pipeline: str = DEFAULT_PIPELINE
    upload_id: uuid.UUID | None = None
    """The `Upload` that becomes this file, and must not become another one."""
    whole: Upload | None = None
    """A new `Upload` that is whole with its first request: its row is inserted with that of the file."""
    project_id: int = DEFAULT_PROJECT
    owner: str = ""
    visibility: str = Visibility.PRIVATE
    expires_at: datetime | None = None
    limits: TokenLimits | None = None
    tags: Sequence[str] = ()
    attributes: Attributes = field(default_factory=dict)
    webhook_url: str = ""

    @property
    def upload(self) -> uuid.UUID | None:
        """The upload that becomes this file, whether it has a row already or not."""
        return self.whole.pk if self.whole else self.upload_id

    @property
    def can_be_found(self) -> bool:
        """Whether a client that got no answer can find the file: by the address of its upload, or by its key."""
        return bool(self.upload_id or (self.whole and self.whole.idempotency_key))


def new_file(name: str, declared_type: str, terms: Terms) -> NewFile:
    """The name and the type are as they were sent."""
    return NewFile(
        clean_name(name),
        clean_name(declared_type),
        terms.pipeline,
        project_id=terms.project_id,
        owner=terms.owner,
        visibility=terms.visibility,
        expires_at=terms.expires_at,
        limits=terms.limits,
        tags=terms.tags,
        attributes=terms.attributes,
        webhook_url=terms.webhook_url,
    )


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
        limits=token_limits.from_json(row.limits),
        tags=row.tags,
        attributes=row.attributes,
        webhook_url=row.webhook_url,
    )


def belongs_to(principal: Principal) -> dict[str, Any]:
    """The columns of an `Upload` that say who began it. Raises `Unauthorized`."""
    return {
        "project_id": principal.project_id,
        "owner": principal.owner or "",
        "principal": principal.identity,
        "limits": token_limits.to_json(principal.limits),
    }


def columns_of(terms: Terms, principal: Principal) -> dict[str, Any]:
    """The columns of an `Upload` that this principal begins, and that becomes a file with these terms."""
    return {
        **belongs_to(principal),
        "pipeline": terms.pipeline,
        "visibility": terms.visibility,
        "expires_at": terms.expires_at,
        "tags": list(terms.tags),
        "attributes": dict(terms.attributes),
        "webhook_url": terms.webhook_url,
    }


def clean_name(name: str) -> str:
    """The name as it is stored: as sent, but in NFC, at most 255 characters, without what no database accepts.

    What is too much is cut out before the extension, which helps to tell the type.
    """
    if not name.isascii() or "\0" in name:
        name = name.replace("\0", "\ufffd").encode(errors="replace").decode()
        name = unicodedata.normalize("NFC", name)
    extension = PurePosixPath(name).suffix if len(name) > MAX_NAME else ""
    extension = extension if len(extension) <= MAX_EXTENSION else ""
    return name[: MAX_NAME - len(extension)] + extension if len(name) > MAX_NAME else name
