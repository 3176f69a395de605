"""Jobs and queues for operators: list, retry, cancel, pause.

Requests that change something must be JSON. The router refuses pages of other sites (`picasso.web.cross_site`).
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from functools import partial
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from picasso.access.principal import Principal, Scope, principal_of
from picasso.api.answers import problems
from picasso.api.pagination import Cursor
from picasso.api.parameters import KnownParameters
from picasso.api.safety import AdministersService, ReadsJobs, WritesJobs
from picasso.errors import Conflict, InvalidField, NotFound
from picasso.files import queries as files
from picasso.jobs import bulk_actions, commands, queries, queues
from picasso.jobs.bulk_actions import FilterError, Outcome
from picasso.jobs.queues import Load
from picasso.keyset import Merged
from picasso.models import Job
from picasso.process.pipelines import pipelines
from picasso.queue_names import QUEUES
from picasso.serializers import FilterSerializer, JobSerializer, OutcomeSerializer, QueueSerializer

# A request must end before a client or a proxy gives up. `more` in the answer says that some jobs are left.
BULK_SECONDS = 20.0


READ = problems(403)
CHANGE = problems(403, 404, 409)

FILTERS = [
    OpenApiParameter(
        "state",
        many=True,
        explode=False,
        enum=list(Job.State),
        description="Only jobs in this state, or in one of several: `waiting,queued`.",
    ),
    OpenApiParameter("processor", description="Only jobs of this processor."),
    OpenApiParameter("queue", enum=list(QUEUES), description="Only jobs of this queue."),
    OpenApiParameter("pipeline", description="Only jobs of this pipeline."),
    OpenApiParameter("error", description="Only jobs with this error code."),
    OpenApiParameter("file", uuid.UUID, description="Only jobs of the file with this id."),
]


def visible_jobs(request: Request) -> QuerySet[Job]:
    """As `picasso.jobs.queries.shown`."""
    return queries.shown(queries.visible_to(principal_of(request.META)))


class FilteredJobs(KnownParameters):
    """The jobs that match all filters of the query."""

    permission_classes = [ReadsJobs]
    parameters = tuple(bulk_actions.FIELDS)

    def filters(self) -> dict[str, str]:
        given = self.request.query_params
        return {name: given[name] for name in bulk_actions.FIELDS if name in given}

    def select(self, filters: Mapping[str, str]) -> QuerySet[Job]:
        """Raises `InvalidField`."""
        states = self.states(filters)
        if len(states) < 2:
            return self._selected(filters)
        for each in states:
            self._selected({"state": each})
        others = {name: value for name, value in filters.items() if name != "state"}
        return self._selected(others).filter(state__in=states)

    def states(self, filters: Mapping[str, str]) -> Sequence[str]:
        return list(dict.fromkeys(filters.get("state", "").split(",")))

    def _selected(self, filters: Mapping[str, str]) -> QuerySet[Job]:
        jobs: QuerySet[Job] = or_invalid_field(partial(bulk_actions.select, principal_of(self.request.META)), filters)
        return jobs

    def checks(self) -> Iterable[Callable[[], object]]:
        return [partial(self.select, {name: value}) for name, value in self.filters().items()]


class JobList(FilteredJobs, generics.ListAPIView[Job]):
    """Jobs, newest first. All given filters must match."""

    serializer_class = JobSerializer
    pagination_class = Cursor

    def get_queryset(self) -> Any:
        filters = self.filters()
        states, jobs = self.states(filters), self.select(filters)
        if len(states) < 2:
            return queries.shown(jobs)
        # The indexes have the rows of one state in their order.
        return Merged(queries.shown(Job.everywhere.all()), (jobs.filter(state=each) for each in states))

    @extend_schema(
        operation_id="list_jobs",
        tags=["jobs"],
        parameters=FILTERS,
        responses={200: JobSerializer, **problems(400, 403)},
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)


class FileJobs(KnownParameters, generics.ListAPIView[Job]):
    """The jobs of one file, newest first."""

    permission_classes = [ReadsJobs]
    serializer_class = JobSerializer
    pagination_class = Cursor

    def get_queryset(self) -> QuerySet[Job]:
        if not files.in_reach_of(principal_of(self.request.META)).filter(pk=self.kwargs["pk"]).exists():
            raise NotFound
        return visible_jobs(self.request).filter(file_id=self.kwargs["pk"])

    @extend_schema(
        operation_id="list_file_jobs", tags=["jobs"], responses={200: JobSerializer, **problems(400, 403, 404)}
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)


class JobDetail(generics.RetrieveAPIView[Job]):
    """One job."""

    permission_classes = [ReadsJobs]
    serializer_class = JobSerializer
    queryset = Job.everywhere.none()  # for the schema

    def get_queryset(self) -> QuerySet[Job]:
        return visible_jobs(self.request)

    @extend_schema(operation_id="get_job", tags=["jobs"], responses={200: JobSerializer, **problems(403, 404)})
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)


class Change(APIView):
    """A view that changes something."""

    permission_classes = [WritesJobs]


class JobRetry(Change):
    takes_body = False

    @extend_schema(operation_id="retry_job", tags=["jobs"], request=None, responses={200: JobSerializer, **CHANGE})
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Run a job again that is failed, cancelled or done. Its earlier results stay until the new ones are stored."""
        return change(request, pk, commands.retry, "retried")


class JobCancel(Change):
    takes_body = False

    @extend_schema(operation_id="cancel_job", tags=["jobs"], request=None, responses={200: JobSerializer, **CHANGE})
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Cancel a job that is waiting, queued or running. A running job is stopped within two seconds."""
        return change(request, pk, commands.cancel, "cancelled")


def change(request: Request, pk: uuid.UUID, action: Callable[[uuid.UUID], bool], done: str) -> Response:
    """Apply the action to one job. Raises `NotFound`, or `Conflict` if its state does not allow the action."""
    if not queries.is_visible(principal_of(request.META), pk):
        raise NotFound
    changed = action(pk)
    job = visible_jobs(request).filter(pk=pk).first()
    if job is None:
        raise NotFound
    if not changed:
        raise Conflict(f"A job in the state {job.state} cannot be {done}.")
    return Response(JobSerializer(job).data)


class JobsRetry(Change):
    @extend_schema(
        operation_id="retry_jobs",
        tags=["jobs"],
        request=FilterSerializer,
        responses={200: OutcomeSerializer, **problems(400, 403, 415)},
    )
    def post(self, request: Request) -> Response:
        """Retry all jobs that match the filter: failed and cancelled ones, or those in the given state."""
        return bulk(bulk_actions.retry_where, request)


class JobsCancel(Change):
    @extend_schema(
        operation_id="cancel_jobs",
        tags=["jobs"],
        request=FilterSerializer,
        responses={200: OutcomeSerializer, **problems(400, 403, 415)},
    )
    def post(self, request: Request) -> Response:
        """Cancel all jobs that match the filter and have not ended."""
        return bulk(bulk_actions.cancel_where, request)


def bulk(action: Callable[[Principal, Mapping[str, object], float], Outcome], request: Request) -> Response:
    principal = principal_of(request.META)
    filters = request.data
    if not isinstance(filters, dict):
        raise InvalidField("body", "The body must be a JSON object with a filter for jobs.")
    return Response(asdict(or_invalid_field(lambda filters: action(principal, filters, BULK_SECONDS), filters)))


def or_invalid_field(action: Callable[[Mapping[str, object]], Any], filters: Mapping[str, object]) -> Any:
    """What the action returns for these filters. Raises `InvalidField` for a filter that it refuses."""
    try:
        return action(filters)
    except FilterError as fault:
        raise InvalidField(fault.field or "body", str(fault)) from fault
    except UnicodeEncodeError as fault:
        raise InvalidField("body", "The body contains a lone surrogate, which is not valid text.") from fault


class QueueList(KnownParameters):
    """The queues, and how many jobs of the project each has; of all projects for who administers the service."""

    permission_classes = [ReadsJobs]

    @extend_schema(
        operation_id="list_queues", tags=["queues"], responses={200: QueueSerializer(many=True), **problems(400, 403)}
    )
    def get(self, request: Request) -> Response:
        principal = principal_of(request.META)
        jobs = partial(queries.counted_for, principal)
        loads = queues.loads(jobs, pipelines().queue_names, queries.counts_of(principal))
        return Response([QueueSerializer(each).data for each in loads_shown(principal, loads)])


def loads_shown(principal: Principal, loads: Iterable[Load]) -> Iterable[Load]:
    """The names of those who operate the service are for those who administer it."""
    return loads if principal.may(Scope.SERVICE_ADMIN) else [replace(each, paused_by="") for each in loads]


class QueueChange(APIView):
    """Queues serve all projects, so a key of one project may not stop them."""

    permission_classes = [AdministersService]


class QueuePause(QueueChange):
    takes_body = False

    @extend_schema(
        operation_id="pause_queue",
        tags=["queues"],
        request=None,
        responses={200: QueueSerializer, **problems(403, 404)},
    )
    def post(self, request: Request, name: str) -> Response:
        """Start no more jobs of this queue until it is resumed. Running jobs continue."""
        return set_paused(name, queues.pause)


class QueueResume(QueueChange):
    takes_body = False

    @extend_schema(
        operation_id="resume_queue",
        tags=["queues"],
        request=None,
        responses={200: QueueSerializer, **problems(403, 404)},
    )
    def post(self, request: Request, name: str) -> Response:
        """Start jobs of this queue again."""
        return set_paused(name, queues.resume)


def set_paused(name: str, action: Callable[[str], None]) -> Response:
    if name not in (names := pipelines().queue_names):
        raise NotFound(f"There is no queue of this name. The queues are {', '.join(names)}.")
    action(name)
    return Response(QueueSerializer(queues.load(name)).data)
