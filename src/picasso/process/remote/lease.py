"""The lease of a worker elsewhere: proof that it was given one attempt at one job.

It holds as long as the job is running in that attempt. Nothing is stored for it but the row of the job.
"""

from __future__ import annotations

import base64
import hmac
import re
import uuid
from dataclasses import dataclass

from django.conf import settings
from django.db.models import QuerySet

from picasso.access.principal import Principal, Scope
from picasso.errors import Gone, LeaseLost, NotFound
from picasso.jobs.states import AttemptId, StartedJob, State
from picasso.models import Job

PATTERN = r"^([1-9][0-9]{0,9})\.([A-Za-z0-9_-]{24})$"
LEASE = re.compile(PATTERN, re.ASCII)
MAC_BYTES = 18
"""144 bits, in 24 characters."""

DELETED = "The file of this job was deleted. Leave the job."


@dataclass(frozen=True, slots=True)
class Held:
    """A job, and the attempt at it for which a worker has a lease."""

    job: Job
    attempt: int

    @property
    def holds(self) -> bool:
        return self.job.state == State.RUNNING and self.job.attempt == self.attempt

    @property
    def id(self) -> AttemptId:
        return AttemptId(self.job.pk, self.attempt)

    def require(self) -> None:
        """Raises `LeaseLost`."""
        if not self.holds:
            raise LeaseLost

    @property
    def started(self) -> StartedJob:
        job, file = self.job, self.job.file
        return StartedJob(
            id=job.pk,
            file_id=job.file_id,
            key=file.key,
            media_type=file.media_type,
            project_id=job.project_id or 0,
            processor=job.processor,
            pipeline=job.pipeline,
            attempt=self.attempt,
            failures=job.failures,
            crashes=job.crashes,
        )


def lease_of(job_id: uuid.UUID, attempt: int) -> str:
    return f"{attempt}.{mac(job_id, attempt)}"


def mac(job_id: uuid.UUID, attempt: int) -> str:
    text = f"picasso lease 1 {job_id} {attempt}".encode()
    digest = hmac.digest(settings.SECRET_KEY.encode(), text, "sha256")
    return base64.urlsafe_b64encode(digest[:MAC_BYTES]).decode()


def attempt_of(job_id: uuid.UUID, lease: str) -> int | None:
    """The attempt that a lease is for; None if it is none of this job."""
    match = LEASE.fullmatch(lease)
    if not match or not hmac.compare_digest(mac(job_id, int(match[1])), match[2]):
        return None
    return int(match[1])


def find(principal: Principal, job_id: uuid.UUID, lease: str) -> Held:
    """The job of a lease, whether or not it still holds.

    Raises:
        Gone: the job was deleted, with its file.
        LeaseLost: it is a lease of another job, or none.
        NotFound: there is no such job in the worker's project.
    """
    attempt = attempt_of(job_id, lease)
    job = workable_by(principal).select_related("file").filter(pk=job_id).first()
    if job is None:
        raise NotFound if attempt is None or Job.everywhere.filter(pk=job_id).exists() else Gone(DELETED)
    if attempt is None:
        raise LeaseLost
    return Held(job, attempt)


def workable_by(principal: Principal) -> QuerySet[Job]:
    """The jobs of the worker's project; of all projects for who administers the service."""
    return Job.everywhere.all() if principal.may(Scope.SERVICE_ADMIN) else Job.objects.of(principal.project_id)
