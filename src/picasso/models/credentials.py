"""What an application signs in with, and what it lets others do."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now

from picasso.models.projects import Project


class Key(models.Model):
    """A secret of an application: see `picasso.access.keys`."""

    id = models.CharField(primary_key=True, max_length=16, editable=False)
    project = models.ForeignKey(Project, models.CASCADE, related_name="keys")
    name = models.CharField(max_length=100, help_text="What it is for.")
    secret_hash = models.CharField(max_length=64, help_text="SHA-256 of the secret.")
    public_key = models.TextField(blank=True, help_text="Of tokens that the application signs with EdDSA; PEM.")
    scopes = models.JSONField(default=list)
    networks = models.JSONField(default=list, blank=True, help_text="Where it may be used from; empty for everywhere.")
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True, help_text="To the minute.")
    created_at = models.DateTimeField(db_default=Now())
    created_by = models.CharField(max_length=255, blank=True, help_text="The principal that created it.")
    lineage = models.CharField(
        max_length=16, help_text="The first of the keys that followed each other by rotation. Uploads belong to it."
    )

    class Meta:
        ordering: ClassVar = ["-created_at", "-id"]

    def __str__(self) -> str:
        return f"{self.id} ({self.name})"


class LinkKey(models.Model):
    """Signs the links to private files of a project. Without its row, its links are invalid."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="link_keys")
    secret = models.CharField(max_length=64)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return f"{self.pk} of {self.project_id}"


class TokenUse(models.Model):
    """How many files were uploaded with a token that is for a number of files. Written when a file is committed."""

    token = models.CharField(primary_key=True, max_length=64, help_text="SHA-256 of its key and its id.")
    project = models.ForeignKey(Project, models.CASCADE, db_constraint=False, related_name="+")
    files = models.PositiveIntegerField(default=0)
    expires_at = models.DateTimeField(db_index=True, help_text="Nothing can be uploaded with it any more then.")

    def __str__(self) -> str:
        return f"{self.token[:12]} of {self.project_id}: {self.files}"
