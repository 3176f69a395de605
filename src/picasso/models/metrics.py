"""Figures over time: what happened, and how the service was. Written by `picasso.monitoring` only."""

from __future__ import annotations

from django.db import models

from picasso.models.projects import Project


class Step(models.IntegerChoices):
    """The length of a period in seconds. Periods begin at full minutes, hours and days of UTC."""

    MINUTE = 60
    HOUR = 3600
    DAY = 86_400


class ProjectMetrics(models.Model):
    """What happened in a project within a period; with the project 0: in all of them."""

    pk = models.CompositePrimaryKey("project_id", "step", "at")
    project = models.ForeignKey(Project, models.CASCADE, db_index=False, db_constraint=False, related_name="+")
    step = models.PositiveIntegerField(choices=Step.choices)
    at = models.DateTimeField(help_text="When the period begins.")
    received = models.BigIntegerField(default=0, help_text="Uploads that became a file.")
    bytes = models.BigIntegerField(default=0, help_text="Of these.")
    processed = models.BigIntegerField(default=0, help_text="Files.")
    failed = models.BigIntegerField(default=0, help_text="Files.")
    failed_attempts = models.BigIntegerField(default=0, help_text="Of jobs, also those that were tried again.")
    jobs = models.BigIntegerField(default=0, help_text="Jobs that ended, of the files that were processed or failed.")
    waited = models.FloatField(default=0, help_text="Seconds that these jobs waited, together.")
    longest_wait = models.FloatField(default=0, help_text="Seconds.")
    ran = models.FloatField(default=0, help_text="Seconds that these jobs took, together.")

    class Meta:
        # For the removal of old rows.
        indexes = (models.Index(fields=["step", "at"], name="metrics_step"),)

    def __str__(self) -> str:
        return f"{self.at} of project {self.project_id}"


class ServiceMetrics(models.Model):
    """How the service was in a period: the most or least of what was seen once a minute."""

    pk = models.CompositePrimaryKey("step", "at")
    step = models.PositiveIntegerField(choices=Step.choices)
    at = models.DateTimeField(help_text="When the period begins.")
    waiting = models.BigIntegerField(help_text="The most jobs that waited.")
    oldest = models.FloatField(help_text="The most seconds that a due job had waited.")
    workers = models.PositiveIntegerField(help_text="The fewest processes of workers.")
    free = models.BigIntegerField(null=True, help_text="The fewest free bytes of the disk; null where it is unknown.")
    stored = models.BigIntegerField(help_text="The most bytes of originals.")
    files = models.BigIntegerField(help_text="The most stored files.")

    def __str__(self) -> str:
        return str(self.at)


class StoredType(models.Model):
    """How much of a media type a project has stored, with what is in the trash. Counted from time to time."""

    pk = models.CompositePrimaryKey("project_id", "media_type")
    project = models.ForeignKey(Project, models.CASCADE, db_index=False, db_constraint=False, related_name="+")
    media_type = models.CharField(max_length=255)
    files = models.BigIntegerField()
    bytes = models.BigIntegerField(help_text="Of the originals.")
    counted_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.media_type} of project {self.project_id}: {self.files}"
