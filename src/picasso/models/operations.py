"""What all jobs share: queues, workers, reprocessing."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now

from picasso.models.base import ProjectManager, new_id
from picasso.models.projects import Project


class Queue(models.Model):
    """The settings of a queue. A queue without a row is not paused."""

    name = models.CharField(max_length=32, primary_key=True)
    paused = models.BooleanField(default=False)
    paused_at = models.DateTimeField(null=True, help_text="Since when it is paused.")
    paused_by = models.CharField(
        max_length=255, blank=True, default="", db_default="", help_text="The name of who paused it."
    )

    def __str__(self) -> str:
        return f"{self.name}: {'paused' if self.paused else 'running'}"


class Worker(models.Model):
    """A worker process, and when it last reported."""

    name = models.CharField(max_length=255, primary_key=True)
    queue = models.CharField(max_length=32)
    seen_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    slots = models.PositiveIntegerField(default=0, db_default=0, help_text="How many jobs it runs at once.")
    running = models.JSONField(default=list, db_default=[], help_text="The ids of the jobs that it ran at `seen_at`.")

    def __str__(self) -> str:
        return self.name


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


class FileBatch(models.Model):
    """One action on many files, done in the background from the oldest to the newest file."""

    class State(models.TextChoices):
        RUNNING = "running"
        STOPPED = "stopped"
        FAILED = "failed"
        DONE = "done"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    project = models.ForeignKey(Project, models.CASCADE, db_index=False, db_constraint=False, related_name="+")
    owner = models.CharField(
        max_length=255, null=True, blank=True, help_text="Only files of this owner; null for all of the project."
    )
    action = models.CharField(max_length=16)
    options = models.JSONField(default=dict, help_text="Of the action: `tags`, `visibility`, `permanently`.")
    where = models.JSONField(default=dict, help_text="Which files, as the filters of their list.")
    ids = models.JSONField(null=True, blank=True, help_text="Or these files, in order, until it has ended.")
    after = models.UUIDField(help_text="All files up to this id are done.")
    until = models.UUIDField(help_text="The newest file that belongs to it.")
    state = models.CharField(max_length=16, choices=State.choices, default=State.RUNNING)
    total = models.BigIntegerField(help_text="How many files it has found at its creation.")
    done = models.BigIntegerField(default=0)
    failed = models.BigIntegerField(default=0)
    faults = models.PositiveIntegerField(
        default=0, db_default=0, help_text="How many times in a row it could not go on for an unknown reason."
    )
    error = models.CharField(
        max_length=64, blank=True, default="", db_default="", help_text="Why it was stopped, or has failed."
    )
    failures = models.JSONField(default=list, help_text="The first files with which it failed, and why.")
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(db_default=Now())

    objects = ProjectManager["FileBatch"]()
    everywhere = models.Manager["FileBatch"]()

    class Meta:
        ordering: ClassVar = ["-id"]
        base_manager_name = "everywhere"
        default_manager_name = "everywhere"
        indexes: ClassVar = [
            models.Index(fields=["updated_at"], name="batch_running", condition=models.Q(state="running")),
            models.Index(fields=["project", "id"], name="batch_project"),
        ]

    def __str__(self) -> str:
        return f"{self.action}: {self.state}, {self.done} of {self.total} files"
