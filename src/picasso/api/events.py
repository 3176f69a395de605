"""Events as a plain list. As a stream, and with ``?wait=``: `picasso.web.events`."""

from __future__ import annotations

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from picasso.access.principal import Scope, principal_of
from picasso.api.errors import ProblemSerializer
from picasso.api.openapi.constraints import TAG
from picasso.api.safety import requires
from picasso.errors import PROBLEM_JSON
from picasso.events.filter import (
    LIST_PARAMETERS,
    MAX_PAGE,
    MAX_PATTERNS,
    MAX_TAG,
    MAX_WAIT,
    PAGE,
    checks,
    filter_of,
    number,
)
from picasso.events.queries import page
from picasso.events.types import TYPES
from picasso.query_values import MAX_NUMBER, require_all, require_known

LAST_EVENT = "Last-Event-ID"

ReadsEvents = requires(Scope.EVENTS_READ)


class EventSerializer(serializers.Serializer[Any]):
    """Something that has happened."""

    seq = serializers.IntegerField(help_text="Its number. Numbers grow without a gap, in the one order of all events.")
    type = serializers.ChoiceField(choices=list(TYPES), help_text="What has happened.")
    at = serializers.DateTimeField()
    owner = serializers.CharField(allow_blank=True, help_text="Of the file.")
    tags = serializers.ListField(child=serializers.CharField(), help_text="Of the file, as they were then.")
    media_type = serializers.CharField(allow_blank=True, help_text="Of the file.")
    pipeline = serializers.CharField(allow_blank=True, help_text="Of the file.")
    data = serializers.DictField(  # type: ignore[assignment] # a field may have this name
        help_text="For files `id`, `name`, `size`, `state` and what the type adds. Only `id` if the file was deleted."
    )


class EventPageSerializer(serializers.Serializer[Any]):
    results = EventSerializer(many=True)
    last = serializers.IntegerField(help_text="`after` of the next request.")
    more = serializers.BooleanField(help_text="Whether to ask again at once, also if `results` is empty.")
    reset = serializers.BooleanField(
        help_text="Whether events behind `after` are not kept any more: read the state anew."
    )


class EventList(APIView):
    """What happens, as a list or as a stream of server-sent events."""

    permission_classes = [ReadsEvents]

    @extend_schema(
        operation_id="list_events",
        tags=["events"],
        parameters=[
            OpenApiParameter("after", OpenApiTypes.INT64, description="Only events behind this number."),
            OpenApiParameter(
                "type",
                description="Types with commas in between; `file.*` is all of files. One of: " + ", ".join(TYPES),
            ),
            OpenApiParameter("file", OpenApiTypes.UUID, description="Only events about this file."),
            OpenApiParameter("owner", description="Only events of this end user."),
            OpenApiParameter(
                "tag",
                {
                    "type": "array",
                    "items": {**TAG, "maxLength": MAX_TAG},
                    "maxItems": MAX_PATTERNS,
                },
                description="Only events of files with this tag. Given several times: with all of them.",
            ),
            OpenApiParameter(
                "limit", int, description=f"How many at most, up to {MAX_PAGE}; {PAGE} without it. Not for streams."
            ),
            OpenApiParameter(
                "wait",
                int,
                description=f"Wait up to so many seconds for an event, at most {MAX_WAIT}. Not for streams.",
            ),
            OpenApiParameter(
                LAST_EVENT,
                {"type": "string", "pattern": "^[0-9]{0,18}$"},
                OpenApiParameter.HEADER,
                description="For streams, instead of `after`: the last event that the client has.",
            ),
        ],
        responses={
            (200, "application/json"): EventPageSerializer,
            (200, "text/event-stream"): OpenApiTypes.STR,
            **{(status, PROBLEM_JSON): ProblemSerializer for status in (400, 401, 403, 429)},
        },
    )
    def get(self, request: Request) -> Response:
        """Oldest first. With `Accept: text/event-stream` a stream that does not end: `id` is the number of the event.

        Without `after` a list begins with the oldest event that is kept, and a stream with what happens from now on.
        """
        parameters = dict(request.query_params.lists())
        principal, of_streams = principal_of(request.META), {LAST_EVENT: [request.headers.get(LAST_EVENT) or "0"]}
        require_all(
            [
                lambda: number(of_streams, LAST_EVENT, 0, MAX_NUMBER),
                lambda: require_known(parameters, LIST_PARAMETERS),
                *checks(principal, parameters),
            ]
        )
        limit = number(parameters, "limit", 1, MAX_PAGE)
        after = number(parameters, "after", 0, MAX_NUMBER)
        found = page(filter_of(principal, parameters), after, limit or PAGE)
        answer = {"last": found.last, "more": found.more, "reset": found.reset}
        return Response({"results": [record.shown for record in found.events], **answer})
