"""Reads of the table of jobs on behalf of a principal: the jobs of the files that it sees."""

from __future__ import annotations

import uuid

from django.db.models import QuerySet

from picasso.access.principal import Principal, Scope
from picasso.files import queries as files
from picasso.models import Job


def visible_to(principal: Principal) -> QuerySet[Job]:
    """The jobs of the files in reach of this principal. For a whole project without a join."""
    if principal.sees_everything:
        return Job.everywhere.all()
    if principal.owner is None:
        return Job.objects.of(principal.project_id)
    return Job.everywhere.filter(file__in=files.in_reach_of(principal))


def is_visible(principal: Principal, job_id: uuid.UUID) -> bool:
    return visible_to(principal).filter(pk=job_id).exists()


def counted_for(principal: Principal) -> QuerySet[Job]:
    """The jobs of which this principal may know the number: the queues serve all projects."""
    return Job.everywhere.all() if principal.may(Scope.SERVICE_ADMIN) else visible_to(principal)
