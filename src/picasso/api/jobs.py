"""Jobs and queues for whoever operates the service: look, retry, cancel, hold.

Whatever changes something here takes JSON only and is refused to pages of other sites (`picasso.api.safety`).
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from django.db.models import QuerySet
from django.db.models.functions import Now
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from picasso.access.principal import principal_of
from picasso.api.errors import ProblemSerializer
from picasso.api.pagination import Cursor
from picasso.api.safety import SameOrigin
from picasso.errors import PROBLEM_JSON, Conflict, InvalidField, NotFound
from picasso.files import queries as files
from picasso.jobs import bulk_actions, commands, queues
from picasso.jobs.bulk_actions import FilterError, Outcome
from picasso.models import Job
from picasso.queue_names import QUEUES
from picasso.serializers import JobSerializer, OutcomeSerializer, QueueSerializer, WhereSerializer

# A request may not take longer than a client or a proxy waits; what is left is said.
BULK_SECONDS = 20.0


def problems(*statuses: int) -> dict[Any, Any]:
    return {(status, PROBLEM_JSON): ProblemSerializer for status in statuses}


CHANGE = problems(403, 404, 409)

FILTERS = [
    OpenApiParameter("state", enum=list(Job.State), description="What has become of it."),
    OpenApiParameter("processor", description="What it runs."),
    OpenApiParameter("queue", enum=list(QUEUES), description="Where it stands in line."),
    OpenApiParameter("pipeline", description="That of its file."),
    OpenApiParameter("error", description="The code of why it failed, or was last tried again."),
    OpenApiParameter("file", uuid.UUID, description="The id of its file."),
]


def with_clock() -> QuerySet[Job]:
    """All jobs, each with the database's now: what they waited and ran is measured by the clock that wrote it down."""
    return Job.objects.annotate(now=Now())


class JobList(generics.ListAPIView[Job]):
    """Jobs, newest first, by what they have in common."""

    serializer_class = JobSerializer
    pagination_class = Cursor

    def get_queryset(self) -> QuerySet[Job]:
        asked = {
            name: self.request.query_params[name] for name in bulk_actions.FIELDS if name in self.request.query_params
        }
        found: QuerySet[Job] = operate_or_refuse(bulk_actions.chosen, asked)
        return found.annotate(now=Now())

    @extend_schema(
        operation_id="list_jobs", tags=["jobs"], parameters=FILTERS, responses={200: JobSerializer, **problems(400)}
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)


class FileJobs(generics.ListAPIView[Job]):
    """The jobs of one file, newest first."""

    serializer_class = JobSerializer
    pagination_class = Cursor

    def get_queryset(self) -> QuerySet[Job]:
        if not files.exists(principal_of(self.request.META), self.kwargs["pk"]):
            raise NotFound
        return with_clock().filter(file_id=self.kwargs["pk"])

    @extend_schema(operation_id="list_file_jobs", tags=["jobs"], responses={200: JobSerializer, **problems(400, 404)})
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)


class JobDetail(generics.RetrieveAPIView[Job]):
    """One job."""

    serializer_class = JobSerializer
    queryset = Job.objects.all()

    def get_queryset(self) -> QuerySet[Job]:
        return with_clock()

    @extend_schema(operation_id="get_job", tags=["jobs"], responses={200: JobSerializer, **problems(404)})
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)


class Change(APIView):
    """Something that changes what will be done. To a browser it is open from our own pages only."""

    permission_classes = [SameOrigin]


class JobRetry(Change):
    @extend_schema(operation_id="retry_job", tags=["jobs"], request=None, responses={200: JobSerializer, **CHANGE})
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Have a job that failed, was cancelled or is done run once more; what it made before stays until then."""
        return moved(pk, commands.retry, "retried")


class JobCancel(Change):
    @extend_schema(operation_id="cancel_job", tags=["jobs"], request=None, responses={200: JobSerializer, **CHANGE})
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """End a job that is waiting, queued or running; a running one is stopped within two seconds."""
        return moved(pk, commands.cancel, "cancelled")


def moved(pk: uuid.UUID, move: Callable[[uuid.UUID], bool], done: str) -> Response:
    hit = move(pk)
    job = with_clock().filter(pk=pk).first()
    if job is None:
        raise NotFound
    if not hit:
        raise Conflict(f"A job that is {job.state} can't be {done}.")
    return Response(JobSerializer(job).data)


class JobsRetry(Change):
    @extend_schema(
        operation_id="retry_jobs",
        tags=["jobs"],
        request=WhereSerializer,
        responses={200: OutcomeSerializer, **problems(400, 403, 415)},
    )
    def post(self, request: Request) -> Response:
        """Retry all jobs that the filter finds: failed and cancelled ones, or those in the state that it names."""
        return bulk(bulk_actions.retry_where, request)


class JobsCancel(Change):
    @extend_schema(
        operation_id="cancel_jobs",
        tags=["jobs"],
        request=WhereSerializer,
        responses={200: OutcomeSerializer, **problems(400, 403, 415)},
    )
    def post(self, request: Request) -> Response:
        """Cancel all jobs that the filter finds and that have not ended."""
        return bulk(bulk_actions.cancel_where, request)


def bulk(act: Callable[[Mapping[str, object], float], Outcome], request: Request) -> Response:
    try:
        where = request.data
    except RecursionError as fault:
        raise InvalidField("body", "The body is nested too deeply.") from fault
    if not isinstance(where, dict):
        raise InvalidField("body", "The body must be a JSON object that says which jobs are meant.")
    return Response(asdict(operate_or_refuse(lambda asked: act(asked, BULK_SECONDS), where)))


def operate_or_refuse(act: Callable[[Mapping[str, object]], Any], where: Mapping[str, object]) -> Any:
    try:
        return act(where)
    except FilterError as fault:
        raise InvalidField(fault.field or "body", str(fault)) from fault
    except UnicodeEncodeError as fault:
        raise InvalidField("body", "Half a surrogate pair is no text.") from fault


class QueueList(APIView):
    """The queues and what they hold."""

    @extend_schema(operation_id="list_queues", tags=["queues"], responses={200: QueueSerializer(many=True)})
    def get(self, request: Request) -> Response:
        return Response([asdict(load) for load in queues.loads()])


class QueuePause(Change):
    @extend_schema(
        operation_id="pause_queue",
        tags=["queues"],
        request=None,
        responses={200: QueueSerializer, **problems(403, 404)},
    )
    def post(self, request: Request, name: str) -> Response:
        """Start nothing more of this queue, until it is resumed. What runs goes on."""
        return held(name, queues.pause)


class QueueResume(Change):
    @extend_schema(
        operation_id="resume_queue",
        tags=["queues"],
        request=None,
        responses={200: QueueSerializer, **problems(403, 404)},
    )
    def post(self, request: Request, name: str) -> Response:
        """Go on with this queue where it was paused."""
        return held(name, queues.resume)


def held(name: str, say: Callable[[str], None]) -> Response:
    if name not in QUEUES:
        raise NotFound
    say(name)
    return Response(asdict(queues.load(name)))
