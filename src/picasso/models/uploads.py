"""Uploads that were begun and are not files yet."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.db.models.functions import Now

from picasso.models.base import ProjectManager
from picasso.models.files import File
from picasso.models.projects import DEFAULT_PROJECT, Project, Visibility


class Upload(models.Model):
    """An upload that may arrive in pieces. Its bytes are in ``uploads/``; their number is read from there only."""

    class Protocol(models.TextChoices):
        TUS = "tus"  # complete when it has all bytes of its length
        DRAFT = "draft"  # Resumable Uploads for HTTP: complete when the client says so
        IMPORT = "import"  # the service itself fetches it: see picasso.imports
        PLAIN = "plain"  # a single request; it has a row only because of its Idempotency-Key

    # Whoever knows the id may continue the upload. So it is random: no part of it is a time or a counter.
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(
        Project,
        models.PROTECT,
        default=DEFAULT_PROJECT,
        db_default=DEFAULT_PROJECT,
        db_index=False,
        db_constraint=False,
        related_name="uploads",
    )
    owner = models.CharField(max_length=255, blank=True, default="", db_default="")
    principal = models.CharField(
        max_length=300, blank=True, default="", db_default="", help_text="Who began it: only they may continue it."
    )
    address = models.CharField(
        max_length=64,
        blank=True,
        default="",
        db_default="",
        help_text="The address that it was begun from: IPv4, or the /64 of IPv6.",
    )
    visibility = models.CharField(max_length=8, choices=Visibility.choices, blank=True, default="", db_default="")
    expires_at = models.DateTimeField(null=True, blank=True, help_text="When the file expires that it becomes.")
    tags = models.JSONField(default=list, db_default=[], blank=True, help_text="Of the file that it becomes.")
    attributes = models.JSONField(default=dict, db_default={}, blank=True, help_text="Of the file that it becomes.")
    webhook_url = models.TextField(
        blank=True, default="", db_default="", help_text="Gets the events of the file that it becomes."
    )
    limits = models.JSONField(null=True, blank=True, help_text="Of the token that it was begun with.")
    protocol = models.CharField(max_length=8, choices=Protocol.choices)
    length = models.BigIntegerField(
        null=True, blank=True, help_text="Bytes. Null as long as the client has not declared it."
    )
    reserved = models.BigIntegerField(default=0, help_text="Bytes that it counts in the quota of unfinished uploads.")
    name = models.TextField(blank=True, help_text="As sent.")
    declared_type = models.TextField(blank=True)
    pipeline = models.CharField(max_length=64, default="default")
    metadata = models.TextField(blank=True, help_text="Upload-Metadata, verbatim.")
    concat = models.TextField(blank=True, help_text="Upload-Concat, verbatim.")
    parts = models.JSONField(null=True, blank=True, help_text="For a final upload: the ids of its parts in order.")
    final = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="taken",
        help_text="The final upload that contains this part.",
    )
    digest = models.JSONField(null=True, blank=True, help_text="Repr-Digest: hex by algorithm.")
    idempotency_key = models.CharField(
        max_length=64, null=True, blank=True, unique=True, help_text="SHA-256 of Idempotency-Key."
    )
    request_fingerprint = models.CharField(
        max_length=64, blank=True, help_text="SHA-256 of the fields that the creating request set."
    )
    announced = models.BooleanField(default=False, help_text="Whether its creating client has had an answer.")
    takeover_requested = models.BooleanField(default=False, help_text="Whether another process waits for its lock.")
    created_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True, blank=True)
    file = models.ForeignKey(File, models.SET_NULL, null=True, blank=True, related_name="uploads")
    error_code = models.CharField(max_length=64, blank=True)
    error_detail = models.CharField(max_length=1000, blank=True)

    objects = ProjectManager["Upload"]()
    everywhere = models.Manager["Upload"]()

    class Meta:
        ordering: ClassVar = ["-created_at"]
        base_manager_name = "everywhere"
        default_manager_name = "everywhere"
        indexes: ClassVar = [
            # All that is needed to add up what unfinished uploads take: see `picasso.receive.quota`.
            models.Index(
                fields=["finished_at", "project", "owner", "principal", "address", "protocol", "reserved"],
                name="upload_usage",
                condition=models.Q(finished_at=None),
            ),
            # For the rounds, which read unfinished uploads page by page among very many finished ones.
            models.Index(fields=["finished_at", "id"], name="upload_unfinished", condition=models.Q(finished_at=None)),
            models.Index(
                fields=["finished_at", "id"],
                name="upload_final",
                condition=models.Q(finished_at=None, parts__isnull=False),
            ),
            models.Index(fields=["final"], name="upload_part", condition=models.Q(final__isnull=False)),
            models.Index(fields=["finished_at"], name="upload_finished", condition=models.Q(finished_at__isnull=False)),
            models.Index(fields=["id"], name="upload_takeover_requested", condition=models.Q(takeover_requested=True)),
        ]

    def __str__(self) -> str:
        return f"{self.id} ({self.protocol})"

    @property
    def is_final(self) -> bool:
        return self.parts is not None

    @property
    def is_part(self) -> bool:
        return self.concat == "partial"

    @property
    def finished(self) -> bool:
        return self.finished_at is not None
