"""Tenants."""

from __future__ import annotations

from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models.functions import Now

DEFAULT_PROJECT = 1
"""The id of the project ``default``, which always exists."""


MAX_DAYS = 36_500
"""The longest that a setting in days may be: a century. Much longer ones lead out of the range of dates."""


class Visibility(models.TextChoices):
    PRIVATE = "private"
    PUBLIC = "public"


class Project(models.Model):
    """A tenant. It sees its own files, jobs, uploads and keys, and nothing of other projects."""

    name = models.SlugField(max_length=64, unique=True)
    created_at = models.DateTimeField(db_default=Now())
    pipelines = models.JSONField(null=True, blank=True, help_text="The names of the allowed pipelines; null for all.")
    visibility = models.CharField(
        max_length=8, choices=Visibility.choices, default=Visibility.PRIVATE, help_text="Of files that name none."
    )
    cors_origins = models.JSONField(default=list, blank=True)
    policy = models.JSONField(default=dict, blank=True, help_text="Which files are accepted.")
    quotas = models.JSONField(default=dict, blank=True, help_text="Of the whole project.")
    owner_quotas = models.JSONField(default=dict, blank=True, help_text="Of each owner.")
    rates = models.JSONField(default=dict, blank=True, help_text="Of requests.")
    scan = models.JSONField(default=dict, blank=True, help_text="Whether and how files are scanned for malware.")
    # These two are younger than the table: what a process of an older version inserts gets them from the database.
    imports = models.JSONField(
        default=dict, db_default={}, blank=True, help_text="Whether and from where files are imported."
    )
    webhook_hosts = models.JSONField(
        default=list,
        db_default=[],
        blank=True,
        help_text="Which hosts a webhook_url of an upload may have; none by default.",
    )
    retention_days = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(MAX_DAYS)],
        help_text="Files are deleted after so many days; null for never.",
    )
    trash_days = models.PositiveIntegerField(
        default=0,
        validators=[MaxValueValidator(MAX_DAYS)],
        help_text="Deleted files can be restored for so many days.",
    )

    class Meta:
        ordering: ClassVar = ["id"]

    def __str__(self) -> str:
        return self.name
