"""Uploaded files, the jobs on them, and what these made."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F
from django.db.models.functions import Now
from django.utils.functional import cached_property

from picasso.keyset import CodePoints
from picasso.models.base import ProjectManager, new_id
from picasso.models.expressions import HashStart, MediaKind
from picasso.models.projects import DEFAULT_PROJECT, Project, Visibility


class Scan(models.TextChoices):
    WAITING = "waiting"
    CLEAN = "clean"
    INFECTED = "infected"
    NOT_SCANNED = "not-scanned"


class File(models.Model):
    """One accepted upload."""

    class State(models.TextChoices):
        PENDING = "pending"
        PROCESSING = "processing"
        PROCESSED = "processed"
        FAILED = "failed"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    # Without a constraint of the database, for which every new row would lock the one row of its project. The indexes
    # that start with it serve it.
    project = models.ForeignKey(
        Project,
        models.PROTECT,
        default=DEFAULT_PROJECT,
        db_default=DEFAULT_PROJECT,
        db_index=False,
        db_constraint=False,
        related_name="files",
    )
    owner = models.CharField(
        max_length=255, blank=True, default="", db_default="", help_text="The application's word for its end user."
    )
    visibility = models.CharField(
        max_length=8, choices=Visibility.choices, default=Visibility.PRIVATE, db_default=Visibility.PRIVATE
    )
    expires_at = models.DateTimeField(null=True, blank=True, help_text="It is deleted then.")
    deleted_at = models.DateTimeField(null=True, blank=True, help_text="It is in the trash since then.")
    scan = models.CharField(
        max_length=16,
        choices=Scan.choices,
        blank=True,
        default="",
        db_default="",
        help_text="The verdict about malware; empty if it is not scanned.",
    )
    quarantined = models.BooleanField(
        default=False, db_default=False, help_text="Only operators may fetch it, and only the scanner processes it."
    )
    tags = models.JSONField(default=list, db_default=[], blank=True, help_text="Words of the application, sorted.")
    attributes = models.JSONField(
        default=dict, db_default={}, blank=True, help_text="What the application says about it: a JSON object."
    )
    uploaded_at = models.DateTimeField(editable=False, help_text="The time in its id, so that both sort alike.")
    name = models.CharField(
        max_length=255, blank=True, help_text="As the client sent it. Never a path; escape it before printing."
    )
    size = models.BigIntegerField(help_text="Bytes.")
    media_type = models.CharField(max_length=255, help_text="Detected from the content.")
    declared_type = models.CharField(max_length=255, blank=True, help_text="As the client declared it.")
    sha256 = models.CharField(max_length=64)
    key = models.CharField(max_length=1024, help_text="Where its bytes are in the storage.")
    state = models.CharField(max_length=16, choices=State.choices, help_text="Derived from its jobs.")
    facts = models.JSONField(default=dict, help_text="By processor. Under 'file': what every file has.")
    pipeline = models.CharField(max_length=64, default="default", db_default="default")
    pipeline_version = models.PositiveIntegerField(
        default=1, db_default=1, help_text="The version of the pipeline that created its jobs."
    )

    objects = ProjectManager["File"]()
    everywhere = models.Manager["File"]()

    class Meta:
        ordering: ClassVar = ["-id"]
        base_manager_name = "everywhere"
        default_manager_name = "everywhere"
        indexes: ClassVar = [
            # For lists of files, newest first.
            models.Index(fields=["project", "id"], name="file_project", condition=models.Q(deleted_at=None)),
            models.Index(
                fields=["project", "owner", "id"],
                name="file_owner",
                condition=~models.Q(owner="") & models.Q(deleted_at=None),
            ),
            # For filters of these lists, and for their orders. Two more, for PostgreSQL only, are in the migrations.
            models.Index(fields=["project", "state", "id"], name="file_state", condition=models.Q(deleted_at=None)),
            models.Index(
                F("project"), MediaKind("media_type"), F("id"), name="file_kind", condition=models.Q(deleted_at=None)
            ),
            models.Index(
                F("project"),
                CodePoints("media_type"),
                F("id"),
                name="file_media_type",
                condition=models.Q(deleted_at=None),
            ),
            models.Index(
                fields=["project", "pipeline", "id"],
                name="file_pipeline",
                condition=~models.Q(pipeline="default") & models.Q(deleted_at=None),
            ),
            models.Index(fields=["project", "size", "id"], name="file_size", condition=models.Q(deleted_at=None)),
            models.Index(
                F("project"), CodePoints("name"), F("id"), name="file_name", condition=models.Q(deleted_at=None)
            ),
            # PostgreSQL has statistics of an expression only from an index without a condition.
            models.Index(F("project"), HashStart("sha256"), name="file_sha256"),
            models.Index(fields=["expires_at"], name="file_expires", condition=models.Q(expires_at__isnull=False)),
            # For the end of each project's trash, and for its list.
            models.Index(
                fields=["project", "deleted_at"], name="file_deleted", condition=models.Q(deleted_at__isnull=False)
            ),
            models.Index(fields=["project", "id"], name="file_trash", condition=models.Q(deleted_at__isnull=False)),
            models.Index(fields=["project", "id"], name="file_quarantined", condition=models.Q(quarantined=True)),
        ]

    def __str__(self) -> str:
        return f"{self.id} ({self.media_type})"

    @property
    def processed(self) -> bool:
        return self.state == self.State.PROCESSED

    @cached_property
    def failure(self) -> Job | None:
        """The job because of which this file failed. A failed job comes before a cancelled one."""
        if self.state != self.State.FAILED:
            return None
        ended_badly = self.jobs.filter(state__in=(Job.State.FAILED, Job.State.CANCELLED))
        return ended_badly.order_by(models.Case(models.When(state=Job.State.FAILED, then=0), default=1), "id").first()


class Job(models.Model):
    """One processor's work on one file. States and moves: `picasso.jobs.states`."""

    class State(models.TextChoices):
        WAITING = "waiting"
        QUEUED = "queued"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"
        CANCELLED = "cancelled"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    project = models.ForeignKey(
        Project,
        models.PROTECT,
        default=DEFAULT_PROJECT,
        db_default=DEFAULT_PROJECT,
        db_index=False,
        db_constraint=False,
        related_name="jobs",
    )
    # No index of its own: the unique constraints below start with it.
    file = models.ForeignKey(File, models.CASCADE, related_name="jobs", db_index=False)
    processor = models.CharField(max_length=64)
    queue = models.CharField(max_length=32)
    pipeline = models.CharField(
        max_length=64, default="default", db_default="default", help_text="The pipeline of its file."
    )
    priority = models.SmallIntegerField(
        default=0, db_default=0, help_text="Higher runs first. Below 0: only when nothing else is due."
    )
    state = models.CharField(max_length=16, choices=State.choices, default=State.WAITING)
    attempt = models.PositiveIntegerField(default=0, help_text="The number of starts. Serves as the fence.")
    failures = models.PositiveSmallIntegerField(default=0, help_text="Attempts that ended with a transient error.")
    crashes = models.PositiveSmallIntegerField(default=0, help_text="Those of them in which the child process crashed.")
    due_at = models.DateTimeField(db_default=Now())
    leased_until = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    error_code = models.CharField(max_length=64, blank=True)
    error_detail = models.CharField(max_length=1000, blank=True)
    requested_at = models.DateTimeField(db_default=Now(), help_text="When it was created or last retried.")
    progress = models.FloatField(null=True, blank=True, help_text="0 to 1, if the processor reports it.")
    log = models.TextField(blank=True, default="", db_default="", help_text="The end of the last attempt's output.")

    objects = ProjectManager["Job"]()
    everywhere = models.Manager["Job"]()

    class Meta:
        ordering: ClassVar = ["-id"]
        base_manager_name = "everywhere"
        default_manager_name = "everywhere"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["file", "processor"], name="one_job_per_file_and_processor")
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["queue", "project", "pipeline", "priority", "due_at"],
                name="job_claim",
                condition=models.Q(state="waiting"),
            ),
            models.Index(
                fields=["queue", "leased_until"], name="job_leased", condition=models.Q(state__in=["queued", "running"])
            ),
            # For lists of jobs, newest first, filtered by a rare value among a million jobs.
            models.Index(fields=["project", "id"], name="job_project"),
            models.Index(fields=["project", "state", "id"], name="job_state"),
            models.Index(fields=["project", "processor", "state", "id"], name="job_processor"),
            models.Index(
                fields=["project", "pipeline", "id"], name="job_pipeline", condition=~models.Q(pipeline="default")
            ),
            models.Index(fields=["project", "error_code", "id"], name="job_error", condition=~models.Q(error_code="")),
            # For the failed jobs by reason.
            models.Index(
                fields=["project", "error_code", "processor", "id"],
                name="job_failed",
                condition=models.Q(state="failed"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.processor} on {self.file_id}: {self.state}"


class Derivative(models.Model):
    """A file that a processor made from an uploaded file."""

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
