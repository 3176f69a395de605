"""What all tables share: ids that sort by time, and queries that name their project."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import TypeVar

import uuid_utils.compat
from django.db import models

Row = TypeVar("Row", bound=models.Model)


def new_id() -> uuid.UUID:
    """A UUIDv7: ids sort by the millisecond of their creation, and exactly by creation within one process."""
    return uuid_utils.compat.uuid7()


def made_at(identifier: uuid.UUID) -> datetime:
    """The time in a UUIDv7, to the millisecond."""
    return datetime.fromtimestamp((identifier.int >> 80) / 1000, UTC)


class UnscopedQueryError(Exception):
    """A query that would read the rows of all projects."""


class ProjectManager(models.Manager[Row]):
    """Gives the rows of one project only. What works for all projects (a worker, the cleanup) says `everywhere`."""

    def get_queryset(self) -> models.QuerySet[Row]:
        raise UnscopedQueryError(f"{self.model.__name__}.objects needs a project: use `of(project)`")

    def of(self, project_id: int) -> models.QuerySet[Row]:
        return super().get_queryset().filter(project=project_id)
