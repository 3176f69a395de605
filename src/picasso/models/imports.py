"""Files that the service fetches from URLs."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now

from picasso.models.base import ProjectManager, new_id
from picasso.models.files import File
from picasso.models.projects import Project, Visibility


class Import(models.Model):
    """A URL whose content is to become a file. Its bytes arrive as an `Upload`: see `picasso.imports`."""

    class State(models.TextChoices):
        WAITING = "waiting"
        RUNNING = "running"
        IMPORTED = "imported"
        FAILED = "failed"
        CANCELLED = "cancelled"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    project = models.ForeignKey(Project, models.CASCADE, db_index=False, related_name="+")
    owner = models.CharField(max_length=255, blank=True, default="")
    principal = models.CharField(max_length=300, blank=True, default="", help_text="Who asked for it.")
    key = models.CharField(max_length=16, blank=True, default="", help_text="The key that they had.")
    address = models.CharField(max_length=64, blank=True, default="", help_text="From where they asked.")
    limits = models.JSONField(null=True, blank=True, help_text="Of the token that they had.")
    url = models.TextField(help_text="Once it is imported or cancelled: without its query, which may have secrets.")
    host = models.CharField(max_length=255, help_text="Of the URL: hosts share the work.")
    name = models.TextField(blank=True, help_text="As wished, or as the answer said.")
    pipeline = models.CharField(max_length=64, default="default")
    visibility = models.CharField(max_length=8, choices=Visibility.choices, default=Visibility.PRIVATE)
    expires_at = models.DateTimeField(null=True, blank=True, help_text="When the file expires that it becomes.")
    tags = models.JSONField(default=list, blank=True, help_text="Of the file.")
    attributes = models.JSONField(default=dict, blank=True, help_text="Of the file.")
    webhook_url = models.TextField(blank=True, default="", db_default="", help_text="Gets the events of the file.")
    sha256 = models.CharField(max_length=64, blank=True, help_text="What the content must be; empty for anything.")
    idempotency_key = models.CharField(
        max_length=64, null=True, blank=True, unique=True, help_text="SHA-256 of Idempotency-Key."
    )
    request_fingerprint = models.CharField(
        max_length=64, blank=True, default="", db_default="", help_text="SHA-256 of what was asked for with it."
    )
    state = models.CharField(max_length=9, choices=State.choices, default=State.WAITING)
    attempts = models.PositiveIntegerField(default=0, help_text="How many times it was started.")
    failures = models.PositiveIntegerField(default=0, help_text="Failed attempts since the last progress.")
    due_at = models.DateTimeField(db_default=Now(), help_text="It does not start before this time.")
    worker = models.CharField(max_length=64, blank=True, default="", help_text="Which process runs it.")
    lease_until = models.DateTimeField(null=True, blank=True)
    bytes = models.BigIntegerField(default=0, help_text="How many have arrived.")
    size = models.BigIntegerField(null=True, blank=True, help_text="Of the whole file; null if it is not known.")
    validator = models.CharField(
        max_length=300, blank=True, default="", help_text="For If-Range: without one it can't be continued."
    )
    upload = models.UUIDField(null=True, blank=True, help_text="The upload that has its bytes.")
    file = models.ForeignKey(File, models.SET_NULL, null=True, blank=True, related_name="imports")
    error_code = models.CharField(max_length=64, blank=True, default="")
    error_detail = models.CharField(max_length=1000, blank=True, default="")
    created_at = models.DateTimeField(db_default=Now())
    requested_at = models.DateTimeField(db_default=Now(), help_text="When it was created or last retried.")
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = ProjectManager["Import"]()
    everywhere = models.Manager["Import"]()

    class Meta:
        ordering: ClassVar = ["-id"]
        base_manager_name = "everywhere"
        default_manager_name = "everywhere"
        indexes: ClassVar = [
            models.Index(fields=["project", "id"], name="import_project"),
            models.Index(fields=["project", "due_at"], name="import_due", condition=models.Q(state="waiting")),
            models.Index(fields=["lease_until"], name="import_lease", condition=models.Q(state="running")),
            models.Index(
                fields=["project"], name="import_unfinished", condition=models.Q(state__in=("waiting", "running"))
            ),
            # Imports that have ended, but whose bytes are not removed yet.
            models.Index(
                fields=["id"],
                name="import_remains",
                condition=models.Q(state__in=("failed", "cancelled"), upload__isnull=False),
            ),
            models.Index(fields=["finished_at"], name="import_finished", condition=models.Q(finished_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.id} ({self.host})"
