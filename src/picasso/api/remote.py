"""Jobs of remote processors, for workers elsewhere: claim, renew, progress, finish, fail.

Their derivatives: `picasso.web.derivatives`. Waiting for jobs: `picasso.web.claims`.
"""

from __future__ import annotations

import uuid
from functools import cache

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from picasso.access.policies import Policies
from picasso.access.principal import principal_of
from picasso.api.answers import problems, validated
from picasso.api.remote_serializers import (
    ClaimSerializer,
    EndedJobSerializer,
    FailSerializer,
    FinishSerializer,
    LeaseSerializer,
    ProgressSerializer,
    RenewedSerializer,
    show_ended,
    show_leases,
    show_renewed,
)
from picasso.api.safety import WorksOnJobs
from picasso.errors import InvalidField
from picasso.process.child_protocol import MAX_FACTS
from picasso.process.pipelines import pipelines
from picasso.process.remote import claim, work
from picasso.process.remote.declared import RemoteProcessor
from picasso.process.remote.lease import PATTERN as LEASE_PATTERN
from picasso.process.remote.lease import Held, find
from picasso.serializers import base_of
from picasso.storage import default_storage

LEASE = OpenApiParameter(
    "Picasso-Lease",
    {"type": "string", "pattern": LEASE_PATTERN},
    OpenApiParameter.HEADER,
    required=True,
    description="The `lease` of the claimed job.",
)
PREFER = OpenApiParameter(
    "Prefer", str, OpenApiParameter.HEADER, description="`wait=N`: wait for up to N seconds (60 at most) for a job."
)
ENDED = problems(400, 401, 403, 404, 409, 410, 413, 415)


@cache
def policies() -> Policies:
    known = pipelines()
    return Policies(known.policy, known.names)


class Work(APIView):
    """A view for workers elsewhere."""

    permission_classes = [WorksOnJobs]

    def held(self, request: Request, job_id: uuid.UUID) -> Held:
        """Raises as `find`, and `InvalidField`."""
        lease = request.headers.get("Picasso-Lease")
        if not lease:
            message = "The header Picasso-Lease is missing: send the lease of the claimed job."
            raise InvalidField("Picasso-Lease", message)
        return find(principal_of(request.META), job_id, lease)


class JobsClaim(Work):
    @extend_schema(
        operation_id="claim_jobs",
        tags=["remote processors"],
        parameters=[PREFER],
        request=ClaimSerializer,
        responses={200: LeaseSerializer(many=True), **problems(400, 401, 403, 409, 413, 415, 429)},
    )
    def post(self, request: Request) -> Response:
        """Take jobs of remote processors. The answer is an empty list if none is due.

        Each job is this worker's until `lease_until`. Renew the lease before, or another worker gets the job.
        """
        values = validated(ClaimSerializer(data=request.data))
        principal = principal_of(request.META)
        wanted = claim.new_claim(
            principal,
            values["processors"],
            values["limit"],
            values["worker"],
            all_projects=values["all_projects"],
        )
        return Response(show_leases(claim.claim(pipelines(), wanted), base_of(request)))


class JobRenew(Work):
    takes_body = False

    @extend_schema(
        operation_id="renew_job",
        tags=["remote processors"],
        parameters=[LEASE],
        request=None,
        responses={200: RenewedSerializer, **problems(400, 401, 403, 404, 409, 410)},
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Extend the lease of a job, for as long again as it was given for. The link to the original is renewed too."""
        held = self.held(request, pk)
        held.require()
        until = work.renew(held, declared(held))
        return Response(show_renewed(held, until, base_of(request)))


class JobProgress(Work):
    @extend_schema(
        operation_id="report_progress_of_job",
        tags=["remote processors"],
        parameters=[LEASE],
        request=ProgressSerializer,
        responses={204: None, **ENDED},
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Report how far a job is. This does not renew its lease."""
        held = self.held(request, pk)
        values = validated(ProgressSerializer(data=request.data))
        held.require()
        work.progress(held, values["progress"], values["message"])
        return Response(status=204)


class JobFinish(Work):
    max_body = 2 * MAX_FACTS

    @extend_schema(
        operation_id="finish_job",
        tags=["remote processors"],
        parameters=[LEASE],
        request=FinishSerializer,
        responses={200: EndedJobSerializer, **ENDED},
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """End a job with its results. Derivatives that were sent, and the facts, are visible from now on.

        Repeated with the same lease, it answers the same and changes nothing.
        """
        held = self.held(request, pk)
        values = validated(FinishSerializer(data=request.data))
        outcome = work.Outcome(values["facts"], values.get("derivatives"), values["log"])
        return Response(show_ended(work.finish(default_storage().files, policies(), held, outcome)))


class JobFail(Work):
    @extend_schema(
        operation_id="fail_job",
        tags=["remote processors"],
        parameters=[LEASE],
        request=FailSerializer,
        responses={200: EndedJobSerializer, **ENDED},
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """End a job without a result: for good, or until it is tried again. What was sent for it is removed."""
        held = self.held(request, pk)
        failure = work.Failure(**validated(FailSerializer(data=request.data)))
        return Response(show_ended(work.fail(default_storage().files, declared(held), held, failure)))


def declared(held: Held) -> RemoteProcessor:
    """With the usual limits where the processor is not declared any more."""
    name = held.job.processor
    return pipelines().remote.get(name) or RemoteProcessor(name, ())
