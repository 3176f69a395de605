"""Who did what."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now

from picasso.models.base import new_id


class AuditEntry(models.Model):
    """What somebody did, or was not allowed to do: see `picasso.access.audit`. Rows are only added."""

    class Outcome(models.TextChoices):
        DONE = "done"
        DENIED = "denied"
        REFUSED = "refused"
        FAILED = "failed"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    at = models.DateTimeField(db_default=Now())
    project = models.BigIntegerField(null=True, help_text="The id of the project; null for what belongs to none.")
    actor_kind = models.CharField(max_length=16, help_text="What kind of principal.")
    actor = models.CharField(max_length=300, blank=True, help_text="Which one: key:…, user:…, owner:…, system:….")
    owner = models.CharField(max_length=255, blank=True, help_text="The end user for whom it acted.")
    address = models.CharField(max_length=45, blank=True, help_text="The IP address of the client.")
    action = models.CharField(max_length=64, help_text="Such as file.delete.")
    target = models.CharField(max_length=32, blank=True, help_text="The kind of the object.")
    target_id = models.CharField(max_length=255, blank=True)
    outcome = models.CharField(max_length=8, choices=Outcome.choices, default=Outcome.DONE)
    count = models.PositiveIntegerField(default=1, help_text="How many times, or how many objects.")
    details = models.JSONField(default=dict)

    class Meta:
        ordering: ClassVar = ["-id"]
        verbose_name_plural = "audit"
        indexes: ClassVar = [
            models.Index(fields=["project", "id"], name="audit_project"),
            models.Index(fields=["project", "actor", "id"], name="audit_actor"),
            models.Index(fields=["project", "target_id", "id"], name="audit_target"),
            models.Index(fields=["project", "action", "id"], name="audit_action"),
            models.Index(fields=["at"], name="audit_at"),
            # Of all projects, for administrators of the service.
            models.Index(fields=["id"], name="audit_of_projects", condition=models.Q(target="project")),
        ]

    def __str__(self) -> str:
        return f"{self.action} by {self.actor or self.actor_kind}: {self.outcome}"


class AuditRetention(models.Model):
    """Has a row only while old rows of the audit are removed: the triggers let those before this moment go."""

    before = models.DateTimeField()

    def __str__(self) -> str:
        return f"before {self.before}"
