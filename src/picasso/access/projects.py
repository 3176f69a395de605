"""Projects as requests see them: frozen copies of their rows, which a process keeps for a few seconds."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from django.core.management.color import no_style
from django.db import connection, connections, transaction

from picasso import models
from picasso.access import audit, link_keys
from picasso.access.link_keys import LinkKey
from picasso.errors import Conflict

KEPT_SECONDS = 5.0
MAX_KEPT = 10_000


@dataclass(frozen=True, slots=True)
class Project:
    """The settings of one project: see `picasso.models.Project`."""

    id: int
    name: str
    pipelines: frozenset[str] | None = None
    """The names of the allowed pipelines; None for all."""
    visibility: str = models.Visibility.PRIVATE
    cors_origins: tuple[str, ...] = ()
    policy: Mapping[str, Any] = field(default_factory=dict, hash=False)
    quotas: Mapping[str, Any] = field(default_factory=dict, hash=False)
    owner_quotas: Mapping[str, Any] = field(default_factory=dict, hash=False)
    rates: Mapping[str, Any] = field(default_factory=dict, hash=False)
    scan: Mapping[str, Any] = field(default_factory=dict, hash=False)
    imports: Mapping[str, Any] = field(default_factory=dict, hash=False)
    webhook_hosts: tuple[str, ...] = ()
    """Which hosts a ``webhook_url`` of an upload may have."""
    retention_days: int | None = None
    trash_days: int = 0
    link_key: LinkKey | None = field(default=None, repr=False)
    """Signs the links to its private files."""

    @property
    def scans(self) -> bool:
        """Whether its new files are scanned for malware, whatever their pipeline."""
        return bool(self.scan.get("enabled"))


DEFAULT = Project(id=models.DEFAULT_PROJECT, name="default")
"""The project that always exists, with the settings of a new one."""


def snapshot(row: models.Project, link_key: LinkKey | None = None) -> Project:
    return Project(
        id=row.pk,
        name=row.name,
        pipelines=None if row.pipelines is None else frozenset(row.pipelines),
        visibility=row.visibility,
        cors_origins=tuple(row.cors_origins),
        policy=row.policy,
        quotas=row.quotas,
        owner_quotas=row.owner_quotas,
        rates=row.rates,
        scan=row.scan,
        imports=row.imports,
        webhook_hosts=tuple(row.webhook_hosts),
        retention_days=row.retention_days,
        trash_days=row.trash_days,
        link_key=link_key or link_keys.current(row.pk),
    )


def read(project_id: int) -> Project:
    """Raises `picasso.models.Project.DoesNotExist`."""
    return snapshot(models.Project.objects.get(pk=project_id))


def lock(project_id: int) -> None:
    """Until the transaction ends, others that call this wait. Uploads, which share the row, do not."""
    list(models.Project.objects.select_for_update(no_key=True).filter(pk=project_id))


def cors_origins() -> frozenset[str]:
    """Those of all projects."""
    return frozenset(chain.from_iterable(models.Project.objects.values_list("cors_origins", flat=True)))


def create_default_after_migrate(using: str, **_: Any) -> None:
    """A receiver of `post_migrate`: the project ``default`` always exists, also after all rows were deleted."""
    if models.Project._meta.db_table in connections[using].introspection.table_names():
        rows = models.Project.objects.using(using)
        if not rows.filter(pk=DEFAULT.id).exists():  # an earlier schema may lack columns that a whole row has
            rows.create(pk=DEFAULT.id, name=DEFAULT.name)
            continue_numbers(using)


def continue_numbers(using: str) -> None:
    """A row with a given number does not advance PostgreSQL's sequence: the next project would get the same number."""
    with connections[using].cursor() as cursor:
        for statement in connections[using].ops.sequence_reset_sql(no_style(), [models.Project]):
            cursor.execute(statement)


class Projects:
    """Settings of projects by their numbers, each kept for `KEPT_SECONDS`. Threads may share it."""

    def __init__(self) -> None:
        self._kept: dict[int, tuple[float, Project]] = {}

    def get(self, project_id: int) -> Project:
        """Of a project that does not exist any more: the default settings."""
        kept = self._kept.get(project_id)
        if kept and kept[0] > time.monotonic():
            return kept[1]
        end = time.monotonic() + KEPT_SECONDS
        row = models.Project.objects.filter(pk=project_id).first()
        project = snapshot(row) if row else Project(id=project_id, name="")
        if len(self._kept) >= MAX_KEPT:
            self._kept.clear()
        self._kept[project_id] = (end, project)
        return project


def change(row: models.Project, values: Mapping[str, Any]) -> None:
    """Change its settings, which are checked already."""
    name = row.name
    for field_name, value in values.items():
        setattr(row, field_name, value)
    with transaction.atomic():
        row.save(update_fields=list(values))
        audit.record("project.update", "project", name, project=row.pk, changed=sorted(values))


def find(name: str) -> Project | None:
    row = models.Project.objects.filter(name=name).first()
    return snapshot(row) if row else None


def keep(ids: Iterable[int]) -> set[int]:
    """Those of these projects that exist. They are not deleted before the end of the transaction.

    A process remembers a project for some seconds, so a request may still be for one that was deleted meanwhile.
    """
    found = set(ids) & {DEFAULT.id}  # it can't be deleted
    if others := sorted(set(ids) - found):
        lock = " FOR KEY SHARE" if connection.vendor == "postgresql" else ""  # SQLite has one writer anyway
        marks = ", ".join(["%s"] * len(others))
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT id FROM picasso_project WHERE id IN ({marks}) ORDER BY id{lock}", others)  # noqa: S608
            found |= {project_id for (project_id,) in cursor.fetchall()}
    return found


def delete(row: models.Project) -> None:
    """Delete a project without files, with its keys. Raises `Conflict`."""
    if row.pk == DEFAULT.id:
        raise Conflict("The project default can't be deleted.")
    with transaction.atomic():
        models.Project.objects.select_for_update().get(pk=row.pk)
        if models.File.objects.of(row.pk).exists() or models.Upload.objects.of(row.pk).exists():
            raise Conflict("The project still has files or uploads. Delete them first.")
        models.Project.objects.filter(pk=row.pk).delete()
        audit.record("project.delete", "project", row.name, project=row.pk)
