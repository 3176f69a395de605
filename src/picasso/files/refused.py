"""Files whose content a policy refuses, or may still refuse: nobody may fetch their bytes."""

from __future__ import annotations

from typing import cast

from django.db.models import Q

from picasso.access.policies import Policies
from picasso.error_codes import JOB_CODES
from picasso.errors import ContentRefused, NotCheckedYet
from picasso.models import File, Job
from picasso.policy import check_facts, judges_content

FORBIDDEN = "forbidden-content"
"""The error of a job that found what the policy refuses."""

UNENDED = Q(state__in=[Job.State.WAITING, Job.State.QUEUED, Job.State.RUNNING])

# The processor did not get to say anything: it crashed or ran out of time or memory, or somebody cancelled it. A file
# could be made to do the first, and who sends it might do the last.
WITHOUT_RESULT = Q(state=Job.State.CANCELLED) | Q(
    state=Job.State.FAILED, error_code__in=["poison", *(each.code for each in JOB_CODES if each.retried)]
)

UNCHECKED = "The content of this file could not be checked, so it is not served."


def require_accepted(file: File, policies: Policies) -> None:
    """For the bytes of a file and of its derivatives. Raises `ContentRefused`, `NotCheckedYet`."""
    if file.state == File.State.PROCESSED:
        return
    if file.jobs.filter(state=Job.State.FAILED, error_code=FORBIDDEN).exists():
        raise ContentRefused
    policy = policies.of(cast("int", file.project_id), file.pipeline)
    if not judges_content(policy):
        return
    unended, without_result = _processors(file, UNENDED), _processors(file, WITHOUT_RESULT)
    # A job that is run again must not open for a while what it had refused.
    known = [file.facts[each] for each in (*unended, *without_result) if each in file.facts]
    if any(check_facts(policy, facts).refusal for facts in known):
        raise ContentRefused
    if not file.facts.keys() >= set(unended):
        raise NotCheckedYet
    if not file.facts.keys() >= set(without_result):
        raise ContentRefused(UNCHECKED)


def _processors(file: File, jobs: Q) -> list[str]:
    """Of those of the file's jobs that match."""
    return list(file.jobs.filter(jobs).values_list("processor", flat=True))
