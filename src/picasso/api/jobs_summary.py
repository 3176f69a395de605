"""Numbers of jobs: by state, by reason of failure, and of those that match filters."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from picasso.access.principal import principal_of
from picasso.api.answers import problems
from picasso.api.jobs import FILTERS, FilteredJobs
from picasso.api.parameters import KnownParameters
from picasso.api.safety import ReadsJobs
from picasso.jobs import summary
from picasso.models import Job
from picasso.serializers import FINAL_CODES, JobSerializer


class CountSerializer(serializers.Serializer[Any]):
    count = serializers.IntegerField(help_text=f"How many there are; at most {summary.MOST:,}.")
    more = serializers.BooleanField(help_text="Whether there are more than `count`.")


class StateCountSerializer(CountSerializer):
    state = serializers.ChoiceField(choices=Job.State.choices)


class ReasonSerializer(CountSerializer):
    """Jobs that failed for the same reason."""

    count = serializers.IntegerField(help_text=f"How many there are; at most {summary.MOST_OF_REASON:,}.")
    error = serializers.CharField(help_text="The error code.")
    processor = serializers.CharField()
    final = serializers.SerializerMethodField(
        help_text="Whether their files are at fault: another run ends the same way, unless settings were changed."
    )
    example = JobSerializer(help_text="The newest of them.")

    def get_final(self, reason: summary.Reason) -> bool:
        return reason.error in FINAL_CODES


class JobSummarySerializer(serializers.Serializer[Any]):
    states = StateCountSerializer(many=True)
    failures = ReasonSerializer(many=True, help_text="The failed jobs by reason; at most 100 reasons.")


class JobSummary(KnownParameters):
    permission_classes = [ReadsJobs]

    @extend_schema(
        operation_id="summarize_jobs", tags=["jobs"], responses={200: JobSummarySerializer, **problems(400, 403)}
    )
    def get(self, request: Request) -> Response:
        """How many jobs are in each state, and for which reasons jobs have failed."""
        principal = principal_of(request.META)
        counts = [{"state": state, **fields_of(found)} for state, found in summary.by_state(principal).items()]
        failures = sorted(summary.reasons(principal), key=lambda reason: -reason.count)
        return Response(JobSummarySerializer({"states": counts, "failures": failures}).data)


def fields_of(found: summary.Counted) -> dict[str, Any]:
    return {"count": found.count, "more": found.more}


class JobCount(FilteredJobs):
    @extend_schema(
        operation_id="count_jobs",
        tags=["jobs"],
        parameters=FILTERS,
        responses={200: CountSerializer, **problems(400, 403)},
    )
    def get(self, request: Request) -> Response:
        """How many jobs match all of these filters: what retrying or cancelling them would change."""
        return Response(fields_of(summary.count(self.select(self.filters()))))
