"""Files whose content a policy refuses, or may still refuse: nobody may fetch their bytes."""

from __future__ import annotations

from typing import cast

from django.db.models import QuerySet

from picasso.access.policies import Policies
from picasso.errors import ContentRefused, NotCheckedYet
from picasso.models import File, Job
from picasso.policy import judges_content

FORBIDDEN = "forbidden-content"
"""The error of a job that found what the policy refuses."""

UNENDED = (Job.State.WAITING, Job.State.QUEUED, Job.State.RUNNING)


def require_accepted(file: File, policies: Policies) -> None:
    """For the bytes of a file and of its derivatives. Raises `ContentRefused`, `NotCheckedYet`."""
    if file.state == File.State.PROCESSED:
        return
    if _jobs(file).filter(state=Job.State.FAILED, error_code=FORBIDDEN).exists():
        raise ContentRefused
    if _is_unchecked(file) and judges_content(policies.of(cast("int", file.project_id), file.pipeline)):
        raise NotCheckedYet


def _is_unchecked(file: File) -> bool:
    """Whether a processor is still to read it for the first time."""
    waiting = _jobs(file).filter(state__in=UNENDED).values_list("processor", flat=True)
    return any(processor not in file.facts for processor in waiting)


def _jobs(file: File) -> QuerySet[Job]:
    return Job.everywhere.filter(file=file)
