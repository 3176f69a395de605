"""The tables. They are the truth: a message, a file name or a process counts only if the tables agree with it."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import ClassVar

import uuid_utils.compat
from django.db import models
from django.db.models.functions import Now
from django.utils.functional import cached_property


def new_id() -> uuid.UUID:
    """A UUIDv7: ids sort by the millisecond of their creation, and exactly by creation within one process."""
    return uuid_utils.compat.uuid7()


def made_at(identifier: uuid.UUID) -> datetime:
    """The time in a UUIDv7, to the millisecond."""
    return datetime.fromtimestamp((identifier.int >> 80) / 1000, UTC)


class File(models.Model):
    """One accepted upload."""

    class State(models.TextChoices):
        PENDING = "pending"
        PROCESSING = "processing"
        PROCESSED = "processed"
        FAILED = "failed"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
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

    class Meta:
        ordering: ClassVar = ["-id"]

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

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["file", "processor"], name="one_job_per_file_and_processor")
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["queue", "pipeline", "priority", "due_at"],
                name="job_claim",
                condition=models.Q(state="waiting"),
            ),
            models.Index(
                fields=["queue", "leased_until"], name="job_leased", condition=models.Q(state__in=["queued", "running"])
            ),
            # For lists of jobs, newest first, filtered by a rare value among a million jobs.
            models.Index(fields=["state", "id"], name="job_state"),
            models.Index(fields=["processor", "state", "id"], name="job_processor"),
            models.Index(fields=["pipeline", "id"], name="job_pipeline", condition=~models.Q(pipeline="default")),
            models.Index(fields=["error_code", "id"], name="job_error", condition=~models.Q(error_code="")),
        ]

    def __str__(self) -> str:
        return f"{self.processor} on {self.file_id}: {self.state}"


class Upload(models.Model):
    """An upload that may arrive in pieces. Its bytes are in ``uploads/``; their number is read from there only."""

    class Protocol(models.TextChoices):
        TUS = "tus"  # complete when it has all bytes of its length
        DRAFT = "draft"  # Resumable Uploads for HTTP: complete when the client says so
        PLAIN = "plain"  # a single request; it has a row only because of its Idempotency-Key

    # Whoever knows the id may continue the upload. So it is random: no part of it is a time or a counter.
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
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

    class Meta:
        ordering: ClassVar = ["-created_at"]
        indexes: ClassVar = [
            models.Index(fields=["reserved"], name="upload_unfinished", condition=models.Q(finished_at=None)),
            models.Index(fields=["finished_at"], name="upload_finished"),
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


class Queue(models.Model):
    """The settings of a queue. A queue without a row is not paused."""

    name = models.CharField(max_length=32, primary_key=True)
    paused = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"{self.name}: {'paused' if self.paused else 'running'}"


class Reprocess(models.Model):
    """A reprocessing of many files in the background, from the oldest to the newest. It can be stopped at any time."""

    class State(models.TextChoices):
        RUNNING = "running"
        STOPPED = "stopped"
        DONE = "done"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    pipeline = models.CharField(max_length=64)
    version = models.PositiveIntegerField(help_text="Files of older versions are reprocessed with this one.")
    where = models.JSONField(default=dict, help_text="Which files: `media_type` (a pattern), `state`.")
    force = models.BooleanField(default=False, help_text="Also files that this version has processed already.")
    state = models.CharField(max_length=16, choices=State.choices, default=State.RUNNING)
    after = models.UUIDField(help_text="All files up to this id are done.")
    until = models.UUIDField(help_text="The newest file at its creation. Later files are up to date.")
    files = models.BigIntegerField(default=0, help_text="How many files it has queued so far.")
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return f"{self.pipeline} version {self.version}: {self.state}, {self.files} files"


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


class FileCount(models.Model):
    """The number of files. Triggers of the database update it in the transaction that adds or deletes files.

    The sum of all rows is exact, and reading it costs the same for a million files as for ten. There are several rows
    (slots) so that concurrent transactions do not wait for each other.
    """

    slot = models.PositiveSmallIntegerField(primary_key=True)
    n = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"slot {self.slot}: {self.n}"

    @classmethod
    def total(cls) -> int:
        return cls.objects.aggregate(total=models.Sum("n"))["total"] or 0


class Worker(models.Model):
    """A worker process, and when it last reported."""

    name = models.CharField(max_length=255, primary_key=True)
    queue = models.CharField(max_length=32)
    seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
