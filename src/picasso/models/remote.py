"""What workers elsewhere have sent for jobs that they have not finished yet."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from picasso.models.files import Job


class StagedDerivative(models.Model):
    """A derivative of a running attempt of a remote processor. It becomes a `Derivative` when the attempt finishes."""

    job = models.ForeignKey(Job, models.CASCADE, related_name="staged", db_index=False)
    attempt = models.PositiveIntegerField(help_text="Of the job.")
    role = models.CharField(max_length=64)
    key = models.CharField(max_length=1024)
    media_type = models.CharField(max_length=255)
    size = models.BigIntegerField(help_text="Bytes.")
    sha256 = models.CharField(max_length=64)
    width = models.PositiveIntegerField(null=True, blank=True)
    height = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["job", "attempt", "role"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["job", "attempt", "role"], name="one_staged_derivative_per_role")
        ]

    def __str__(self) -> str:
        return f"{self.role} of attempt {self.attempt} at {self.job_id}"
