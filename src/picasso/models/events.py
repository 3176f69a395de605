"""What has happened, in one order: see `picasso.events`."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now

from picasso.models.base import ProjectManager
from picasso.models.projects import DEFAULT_PROJECT, Project


class Event(models.Model):
    """Something that has happened, written in the transaction in which it did."""

    id = models.BigAutoField(primary_key=True)
    seq = models.BigIntegerField(
        null=True, unique=True, help_text="Its number in the order in which events became visible. Null until then."
    )
    project = models.ForeignKey(
        Project,
        models.CASCADE,
        default=DEFAULT_PROJECT,
        db_default=DEFAULT_PROJECT,
        db_index=False,
        db_constraint=False,
        related_name="+",
    )
    type = models.CharField(max_length=64, help_text="Such as file.processed.")
    at = models.DateTimeField(db_default=Now())
    # Not a reference: the event stays when the file is deleted.
    file_id = models.UUIDField(null=True, help_text="The file that it is about.")
    owner = models.CharField(max_length=255, blank=True, default="", db_default="", help_text="Of the file.")
    tags = models.JSONField(default=list, help_text="Of the file, as they were then.")
    media_type = models.CharField(max_length=255, blank=True, default="", db_default="")
    pipeline = models.CharField(max_length=64, blank=True, default="", db_default="")
    data = models.JSONField(default=dict, help_text="A few facts; empty once the file is deleted for good.")

    objects = ProjectManager["Event"]()
    everywhere = models.Manager["Event"]()

    class Meta:
        ordering: ClassVar = ["seq"]
        base_manager_name = "everywhere"
        default_manager_name = "everywhere"
        indexes: ClassVar = [
            models.Index(fields=["id"], name="event_unnumbered", condition=models.Q(seq=None)),
            models.Index(fields=["project", "seq"], name="event_project", condition=models.Q(seq__isnull=False)),
            models.Index(fields=["file_id", "id"], name="event_file", condition=models.Q(file_id__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.type} ({self.seq})"


class EventCounter(models.Model):
    """The last number that was given to an event, in the one row of this table."""

    last = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return str(self.last)
