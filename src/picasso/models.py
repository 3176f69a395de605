"""The tables. They are the truth: what a message, a file name or a process says counts only if they agree."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import ClassVar

import uuid_utils.compat
from django.db import models
from django.db.models.functions import Now
from django.utils.functional import cached_property


def new_id() -> uuid.UUID:
    """A UUIDv7: ids sort by the millisecond they were made in, and within one process in their order."""
    return uuid_utils.compat.uuid7()


def made_at(identifier: uuid.UUID) -> datetime:
    """The moment that a UUIDv7 carries, to the millisecond."""
    return datetime.fromtimestamp((identifier.int >> 80) / 1000, UTC)


class File(models.Model):
    """One accepted upload."""

    class State(models.TextChoices):
        PENDING = "pending"
        PROCESSING = "processing"
        PROCESSED = "processed"
        FAILED = "failed"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    uploaded_at = models.DateTimeField(editable=False, help_text="The moment its id carries, so one order serves both.")
    name = models.CharField(max_length=255, blank=True, help_text="As sent: never a path, never safe to print raw.")
    size = models.BigIntegerField(help_text="Bytes.")
    media_type = models.CharField(max_length=255, help_text="What the content was found to be.")
    declared_type = models.CharField(max_length=255, blank=True, help_text="What the client said it was.")
    sha256 = models.CharField(max_length=64)
    key = models.CharField(max_length=1024, help_text="Where its bytes lie in the storage.")
    state = models.CharField(max_length=16, choices=State.choices, help_text="Follows from its jobs.")
    facts = models.JSONField(default=dict, help_text="By processor; under 'file' what every file has.")

    class Meta:
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return f"{self.id} ({self.media_type})"

    @property
    def processed(self) -> bool:
        return self.state == self.State.PROCESSED

    @cached_property
    def failure(self) -> Job | None:
        """The job that made this file fail."""
        if self.state != self.State.FAILED:
            return None
        return self.jobs.filter(state=Job.State.FAILED).order_by("id").first()


class Job(models.Model):
    """One processor's work on one file. States and moves: `picasso.jobs.states`."""

    class State(models.TextChoices):
        WAITING = "waiting"
        QUEUED = "queued"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"
        CANCELLED = "cancelled"  # reserved: nothing cancels a job yet

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    # No index of its own: the unique constraints below start with it.
    file = models.ForeignKey(File, models.CASCADE, related_name="jobs", db_index=False)
    processor = models.CharField(max_length=64)
    queue = models.CharField(max_length=32)
    state = models.CharField(max_length=16, choices=State.choices, default=State.WAITING)
    attempt = models.PositiveIntegerField(default=0, help_text="The fence: grows with each start, never shrinks.")
    failures = models.PositiveSmallIntegerField(default=0, help_text="Attempts that ended in transient trouble.")
    crashes = models.PositiveSmallIntegerField(default=0, help_text="Those of them that killed the child.")
    due_at = models.DateTimeField(db_default=Now())
    leased_until = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    error_code = models.CharField(max_length=64, blank=True)
    error_detail = models.CharField(max_length=1000, blank=True)

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["file", "processor"], name="one_job_per_file_and_processor")
        ]
        indexes: ClassVar = [
            models.Index(fields=["queue", "due_at"], name="job_due", condition=models.Q(state="waiting")),
            models.Index(
                fields=["queue", "leased_until"], name="job_leased", condition=models.Q(state__in=["queued", "running"])
            ),
        ]

    def __str__(self) -> str:
        return f"{self.processor} on {self.file_id}: {self.state}"


class Derivative(models.Model):
    """A file made from a file."""

    file = models.ForeignKey(File, models.CASCADE, related_name="derivatives", db_index=False)
    processor = models.CharField(max_length=64)
    role = models.CharField(max_length=64)
    key = models.CharField(max_length=1024)
    media_type = models.CharField(max_length=255)
    size = models.BigIntegerField(help_text="Bytes.")
    sha256 = models.CharField(max_length=64)
    width = models.PositiveIntegerField(null=True, blank=True)
    height = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["processor", "role"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["file", "processor", "role"], name="one_derivative_per_role")
        ]

    def __str__(self) -> str:
        return f"{self.role} of {self.file_id}"


class FileCount(models.Model):
    """How many files there are, kept by triggers of the database in whichever transaction adds or removes some.

    The sum over all rows is exact and costs the same for a million files as for ten. It is spread over slots so that
    concurrent transactions don't wait for one row.
    """

    slot = models.PositiveSmallIntegerField(primary_key=True)
    n = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"slot {self.slot}: {self.n}"

    @classmethod
    def total(cls) -> int:
        return cls.objects.aggregate(total=models.Sum("n"))["total"] or 0


class Worker(models.Model):
    """A worker process that has been seen."""

    name = models.CharField(max_length=255, primary_key=True)
    queue = models.CharField(max_length=32)
    seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
