"""The tables. They are the truth: a message, a file name or a process counts only if the tables agree with it."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import ClassVar, TypeVar

import uuid_utils.compat
from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models.functions import Now
from django.utils.functional import cached_property

Row = TypeVar("Row", bound=models.Model)


def new_id() -> uuid.UUID:
    """A UUIDv7: ids sort by the millisecond of their creation, and exactly by creation within one process."""
    return uuid_utils.compat.uuid7()


def made_at(identifier: uuid.UUID) -> datetime:
    """The time in a UUIDv7, to the millisecond."""
    return datetime.fromtimestamp((identifier.int >> 80) / 1000, UTC)


DEFAULT_PROJECT = 1
"""The id of the project ``default``, which always exists."""

MAX_DAYS = 36_500
"""The longest that a setting in days may be: a century. Much longer ones lead out of the range of dates."""


class UnscopedQueryError(Exception):
    """A query that would read the rows of all projects."""


class ProjectManager(models.Manager[Row]):
    """Gives the rows of one project only. What works for all projects (a worker, the cleanup) says `everywhere`."""

    def get_queryset(self) -> models.QuerySet[Row]:
        raise UnscopedQueryError(f"{self.model.__name__}.objects needs a project: use `of(project)`")

    def of(self, project_id: int) -> models.QuerySet[Row]:
        return super().get_queryset().filter(project=project_id)


class Visibility(models.TextChoices):
    PRIVATE = "private"
    PUBLIC = "public"


class Scan(models.TextChoices):
    WAITING = "waiting"
    CLEAN = "clean"
    INFECTED = "infected"
    NOT_SCANNED = "not-scanned"


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


class ProjectUsage(models.Model):
    """What a project has stored. Triggers of the database update it in the transaction that changes the files.

    The sum over the rows of a project is exact, and reading it costs the same for a million files as for ten. There are
    several rows (slots) so that concurrent transactions do not wait for each other.
    """

    pk = models.CompositePrimaryKey("project_id", "slot")
    project = models.ForeignKey(Project, models.CASCADE, db_index=False, db_constraint=False, related_name="+")
    slot = models.PositiveSmallIntegerField()
    files = models.BigIntegerField(default=0, help_text="Without those in the trash.")
    trashed = models.BigIntegerField(default=0, help_text="The number of files in the trash.")
    bytes = models.BigIntegerField(default=0, help_text="Of the originals, with those in the trash.")

    def __str__(self) -> str:
        return f"slot {self.slot} of project {self.project_id}: {self.files}"

    @classmethod
    def total_files(cls, project_id: int | None = None) -> int:
        """Without those in the trash; of one project, or of all."""
        return cls.total("files", project_id)

    @classmethod
    def total(cls, column: str, project_id: int | None = None) -> int:
        """The sum of a column of one project, or of all."""
        rows = cls.objects.all() if project_id is None else cls.objects.filter(project=project_id)
        return rows.aggregate(total=models.Sum(column))["total"] or 0


class OwnerUsage(models.Model):
    """The same for each owner in a project."""

    pk = models.CompositePrimaryKey("project_id", "owner")
    project = models.ForeignKey(Project, models.CASCADE, db_index=False, db_constraint=False, related_name="+")
    owner = models.CharField(max_length=255)
    files = models.BigIntegerField(default=0)
    trashed = models.BigIntegerField(default=0)
    bytes = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.owner} in project {self.project_id}: {self.files}"


class DailyUsage(models.Model):
    """Bytes that were uploaded in a day of UTC, where a quota limits them. The row without an owner is of all."""

    pk = models.CompositePrimaryKey("project_id", "owner", "day")
    project = models.ForeignKey(Project, models.CASCADE, db_index=False, db_constraint=False, related_name="+")
    owner = models.CharField(max_length=255, blank=True)
    day = models.DateField()
    bytes = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.day} of project {self.project_id}: {self.bytes}"


class Worker(models.Model):
    """A worker process, and when it last reported."""

    name = models.CharField(max_length=255, primary_key=True)
    queue = models.CharField(max_length=32)
    seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class RateCounter(models.Model):
    """What a subject of a rate policy has used in its current window. Written by `picasso.limits.database` only.

    On PostgreSQL the table is unlogged: a crash of the server empties it, and every window begins anew.
    """

    key = models.UUIDField(primary_key=True, editable=False, help_text="Hash of policy and subject.")
    quota = models.BigIntegerField()
    used = models.BigIntegerField(help_text="Including what processes have reserved.")
    granted = models.BigIntegerField(help_text="What the last charge reserved.")
    ends_at = models.BigIntegerField(db_index=True, help_text="Milliseconds since 1970. Identifies the window.")

    def __str__(self) -> str:
        return f"{self.key}: {self.used} of {self.quota}"


class Membership(models.Model):
    """What a person may do in a project, or without a project in all of them."""

    class Role(models.TextChoices):
        VIEWER = "viewer"
        OPERATOR = "operator"
        ADMIN = "admin"

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="memberships")
    project = models.ForeignKey(Project, models.CASCADE, null=True, blank=True, related_name="memberships")
    role = models.CharField(max_length=8, choices=Role.choices)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "project"], name="one_role_per_person_and_project"),
            models.UniqueConstraint(
                fields=["user"], name="one_role_per_person_in_all", condition=models.Q(project=None)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} is {self.role} of {self.project or 'all projects'}"


class ExternalIdentity(models.Model):
    """Who a person is at an identity provider. People are never matched by name or mail, which they may choose."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="external_identities")
    issuer = models.CharField(max_length=255)
    subject = models.CharField(max_length=255)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["issuer", "subject"], name="one_person_per_subject")]

    def __str__(self) -> str:
        return f"{self.subject} at {self.issuer}"


class SecondFactor(models.Model):
    """Codes of an authenticator app (TOTP, RFC 6238), and codes for the day on which it is lost."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="second_factor"
    )
    secret = models.CharField(max_length=200, help_text="Encrypted.")
    confirmed_at = models.DateTimeField(null=True, blank=True, help_text="It counts from the first right code on.")
    last_step = models.BigIntegerField(default=0, help_text="The time step of the last code: none is valid twice.")
    recovery_codes = models.JSONField(default=list, help_text="SHA-256 of those that were not used yet.")

    def __str__(self) -> str:
        return f"of {self.user}"


class SignInFailure(models.Model):
    """A failed attempt to sign in, for a while: too many lock an account or an address."""

    subject = models.CharField(max_length=80, help_text="`account:` or `address:`, and a hash.")
    at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes: ClassVar = [models.Index(fields=["subject", "at"], name="sign_in_failure_subject")]

    def __str__(self) -> str:
        return f"{self.subject} at {self.at}"


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
        ]

    def __str__(self) -> str:
        return f"{self.action} by {self.actor or self.actor_kind}: {self.outcome}"


class AuditRetention(models.Model):
    """Has a row only while old rows of the audit are removed: the triggers let those before this moment go."""

    before = models.DateTimeField()

    def __str__(self) -> str:
        return f"before {self.before}"
