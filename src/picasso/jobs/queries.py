"""Reads of the table of jobs on behalf of a principal: the jobs of the files that it sees."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Hashable
from operator import attrgetter

from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.functions import Now

from picasso.access.principal import Principal, Scope
from picasso.files import queries as files
from picasso.keyset import Merged
from picasso.models import Job, Project

# The part of each project in a statement takes the database a tenth of a millisecond to plan.
PROJECTS_AT_ONCE = 100


def visible_to(principal: Principal) -> QuerySet[Job]:
    """The jobs of the files in reach of this principal. For a whole project without a join."""
    if principal.sees_everything:
        return Job.everywhere.all()
    if principal.owner is None:
        return Job.objects.of(principal.project_id)
    return Job.everywhere.filter(file__in=files.in_reach_of(principal))


def is_visible(principal: Principal, job_id: uuid.UUID) -> bool:
    return visible_to(principal).filter(pk=job_id).exists()


def shown(jobs: QuerySet[Job]) -> QuerySet[Job]:
    """With ``now``, the time of the database, and ``file_name``: see `picasso.serializers.JobSerializer`."""
    return jobs.annotate(now=Now(), file_name=Subquery(files.names_of(OuterRef("file_id"))))


def running(jobs: Collection[uuid.UUID]) -> QuerySet[Job]:
    """Those of these jobs that run, of all projects, as `shown`."""
    return shown(Job.everywhere.filter(pk__in=jobs, state=Job.State.RUNNING)).select_related("project")


def counted_for(principal: Principal) -> QuerySet[Job]:
    """The jobs of which this principal may know the number: the queues serve all projects."""
    return Job.everywhere.all() if principal.may(Scope.SERVICE_ADMIN) else visible_to(principal)


def counts_of(principal: Principal) -> Hashable:
    """What stands for the jobs of `counted_for`; None for all."""
    return None if principal.may(Scope.SERVICE_ADMIN) else (principal.project_id, principal.owner)


def newest(jobs: QuerySet[Job], limit: int) -> list[Job]:
    """The newest of these jobs of all projects, as `shown`.

    Project by project: the indexes begin with the project.
    """
    rows, projects = shown(Job.everywhere.all()), list(Project.objects.values_list("pk", flat=True))
    found: list[Job] = []
    for start in range(0, len(projects), PROJECTS_AT_ONCE):
        some = projects[start : start + PROJECTS_AT_ONCE]
        found += Merged(rows, (jobs.filter(project=project) for project in some)).order_by("-id")[:limit]
    return sorted(found, key=attrgetter("pk"), reverse=True)[:limit]
