"""One file with all that its page shows. Clients ask for it again and again until it is processed."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import QuerySet

from picasso.access.principal import Principal
from picasso.errors import NotFound
from picasso.files import queries
from picasso.files.queries import COLUMNS
from picasso.models import Derivative, File, Job
from picasso.prepared import ById

OF_FILE = (*COLUMNS, "facts", "webhook__url", "webhook__disabled_at")
OF_DERIVATIVE = ("processor", "key", "role", "media_type", "size", "width", "height")


class FileRow(NamedTuple):
    """`OF_FILE`: the columns of a `File`, and of its `FileWebhook` if it has one."""

    id: uuid.UUID
    key: str
    name: str
    size: int
    media_type: str
    declared_type: str
    sha256: str
    uploaded_at: datetime
    state: str
    visibility: str
    owner: str
    expires_at: datetime | None
    scan: str
    quarantined: bool
    tags: list[str]
    attributes: dict[str, Any]
    facts: dict[str, Any]
    webhook_url: str | None
    webhook_disabled_at: datetime | None

    @property
    def webhook(self) -> tuple[str | None, datetime | None]:
        return self.webhook_url, self.webhook_disabled_at


class DerivativeRow(NamedTuple):
    """`OF_DERIVATIVE`."""

    processor: str
    key: str
    role: str
    media_type: str
    size: int
    width: int | None
    height: int | None


def of_file(principal: Principal, file_id: uuid.UUID) -> QuerySet[File, Any]:
    return queries.visible_to(principal).filter(pk=file_id).order_by().values_list(*OF_FILE)


def of_derivatives(_: None, file_id: uuid.UUID) -> QuerySet[Derivative, Any]:
    return Derivative.objects.filter(file_id=file_id).values_list(*OF_DERIVATIVE)


FILES = ById(of_file, queries.sight)
DERIVATIVES = ById(of_derivatives, lambda _: None)


def get(principal: Principal, file_id: uuid.UUID) -> FileRow:
    """Raises `NotFound`."""
    for row in FILES(principal, file_id):
        return FileRow(*row)
    raise NotFound


def derivatives(file: FileRow) -> Sequence[DerivativeRow]:
    """None in quarantine."""
    return [] if file.quarantined else [DerivativeRow(*row) for row in DERIVATIVES(None, file.id)]


def failure(file: FileRow) -> Job | None:
    """As `File.failure`."""
    return File(pk=file.id, state=file.state).failure
