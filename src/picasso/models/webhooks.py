"""Who is told of events over HTTP, and each message to them."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now

from picasso.models.base import ProjectManager, new_id
from picasso.models.files import File
from picasso.models.projects import Project


class Webhook(models.Model):
    """An address of the application that gets events of its project. See `picasso.webhooks`.

    Rows with a host are not created by people: each stands for the `FileWebhook`s of a project that have this host. The
    one with the host `*` has the secret of them all.
    """

    class Payload(models.TextChoices):
        THIN = "thin"
        FULL = "full"

    class DisabledReason(models.TextChoices):
        REQUESTED = "requested"
        GONE = "gone"
        FAILING = "failing"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    project = models.ForeignKey(Project, models.CASCADE, related_name="webhooks")
    url = models.TextField(blank=True)
    host = models.CharField(
        max_length=255, blank=True, default="", db_default="", help_text="Of addresses that uploads have named."
    )
    description = models.CharField(max_length=255, blank=True)
    types = models.JSONField(help_text="Types of events and patterns such as file.*.")
    media_types = models.JSONField(default=list, blank=True, help_text="Only files of these; empty for all.")
    pipelines = models.JSONField(default=list, blank=True, help_text="Only files of these; empty for all.")
    owners = models.JSONField(default=list, blank=True, help_text="Only files of these; empty for all.")
    payload = models.CharField(max_length=4, choices=Payload.choices, default=Payload.THIN)
    secret = models.CharField(max_length=255, help_text="Encrypted.")
    old_secret = models.CharField(max_length=255, blank=True, help_text="Encrypted; signs too until it expires.")
    old_secret_until = models.DateTimeField(null=True, blank=True)
    enabled = models.BooleanField(default=True)
    disabled_reason = models.CharField(max_length=9, choices=DisabledReason.choices, blank=True)
    disabled_at = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveIntegerField(default=0, help_text="How many attempts in a row have failed.")
    failing_since = models.DateTimeField(null=True, blank=True)
    resume_at = models.DateTimeField(null=True, blank=True, help_text="Nothing is sent before.")
    created_at = models.DateTimeField(db_default=Now())
    created_by = models.CharField(max_length=255, blank=True, help_text="The principal that created it.")

    objects = ProjectManager["Webhook"]()
    everywhere = models.Manager["Webhook"]()

    class Meta:
        ordering: ClassVar = ["-id"]
        base_manager_name = "everywhere"
        default_manager_name = "everywhere"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["project", "host"], name="one_webhook_per_host", condition=~models.Q(host="")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pk} of {self.project_id}"


class FileWebhook(models.Model):
    """The address that the upload of a file has named: it gets the events of this file."""

    file = models.OneToOneField(File, models.CASCADE, primary_key=True, related_name="webhook")
    url = models.TextField()
    disabled_at = models.DateTimeField(null=True, help_text="When its receiver said that it is gone.")

    objects = models.Manager["FileWebhook"]()

    def __str__(self) -> str:
        return f"webhook of {self.file_id}"


class DeletedFileWebhook(models.Model):
    """The `FileWebhook` of a file that was deleted for good, until its receiver knows."""

    # Not a reference: the file is gone.
    file_id = models.UUIDField(primary_key=True)
    url = models.TextField()

    objects = models.Manager["DeletedFileWebhook"]()

    def __str__(self) -> str:
        return f"webhook of {self.file_id}"


class Delivery(models.Model):
    """One event for one webhook. It is due like a job, and what it says is made from the event when it is sent."""

    class State(models.TextChoices):
        WAITING = "waiting"
        DELIVERED = "delivered"
        FAILED = "failed"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    webhook = models.ForeignKey(Webhook, models.CASCADE, related_name="deliveries", db_index=False)
    event = models.BigIntegerField(null=True, help_text="The number of the event; null for a test.")
    type = models.CharField(max_length=64)
    state = models.CharField(max_length=9, choices=State.choices, default=State.WAITING, db_default=State.WAITING)
    due_at = models.DateTimeField(db_default=Now(), help_text="While it is sent: when it counts as lost.")
    attempt = models.PositiveIntegerField(default=0, db_default=0, help_text="Of the last claim. It is the fence.")
    tries = models.PositiveIntegerField(default=0, db_default=0, help_text="Since it was created or replayed.")
    status = models.PositiveIntegerField(null=True, help_text="Of the last answer.")
    error = models.CharField(max_length=64, blank=True, default="", db_default="", help_text="Why there was none.")
    log = models.JSONField(default=list, help_text="The attempts, oldest first.")
    created_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar = ["-id"]
        verbose_name_plural = "deliveries"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["webhook", "event"], name="one_delivery_per_event"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["webhook", "due_at"], name="delivery_due", condition=models.Q(state="waiting")),
            models.Index(fields=["webhook", "id"], name="delivery_webhook"),
            models.Index(fields=["event"], name="delivery_event"),
        ]

    def __str__(self) -> str:
        return f"{self.type} to {self.webhook_id}: {self.state}"
