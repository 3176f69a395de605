"""The audit of a project, in pages or as JSON lines."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics, renderers, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from picasso.access import audit_queries
from picasso.access.principal import principal_of
from picasso.api.errors import ProblemSerializer
from picasso.api.pagination import Cursor
from picasso.api.parameters import KnownParameters
from picasso.api.safety import AdministersProject
from picasso.errors import PROBLEM_JSON
from picasso.keyset import Merged
from picasso.models import AuditEntry

JSON_LINES = "application/x-ndjson"


class AuditSerializer(serializers.ModelSerializer[AuditEntry]):
    project = serializers.SerializerMethodField(
        help_text="The name of the project; the id of one that was deleted; null for what belongs to none."
    )
    kind = serializers.CharField(source="actor_kind", help_text="What kind of principal it was.")

    class Meta:
        model = AuditEntry
        fields = (
            *("id", "at", "project", "kind", "actor", "owner", "address", "action", "target", "target_id"),
            *("outcome", "count", "details"),
        )

    def get_project(self, row: AuditEntry) -> str | None:
        return audit_queries.project_of(row)


MAX_LINES = 10_000
"""Of a page of JSON lines."""


class JsonLines(renderers.BaseRenderer):
    media_type = JSON_LINES
    format = "ndjson"
    charset = None

    def render(self, data: Any, accepted_media_type: str | None = None, context: Any = None) -> bytes:
        rows = data["results"] if isinstance(data, dict) and "results" in data else [data]
        return "".join(f"{json.dumps(row, default=str, ensure_ascii=False)}\n" for row in rows).encode()


class AuditPages(Cursor):
    """A page of JSON lines may be longer: it is made for programs that keep all of them."""

    max_size = 100
    size_exception = f" As JSON lines at most {MAX_LINES}."

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        self.max_size = MAX_LINES if request.accepted_renderer.media_type == JSON_LINES else 100
        return super().paginate_queryset(queryset, request, view)


class AuditList(KnownParameters, generics.ListAPIView[AuditEntry]):
    """What happened in the project, newest first. All given filters must match."""

    permission_classes = [AdministersProject]
    serializer_class = AuditSerializer
    pagination_class = AuditPages
    parameters = tuple(audit_queries.FILTERS)
    renderer_classes = [renderers.JSONRenderer, JsonLines]

    def get_queryset(self) -> Merged[AuditEntry]:  # type: ignore[override]
        parameters = self.request.query_params
        where = {name: parameters[name] for name in audit_queries.FILTERS if name in parameters}
        return audit_queries.select(principal_of(self.request.META), where)

    def checks(self) -> Iterable[Callable[[], object]]:
        given = self.request.query_params
        return [partial(audit_queries.condition, name, given[name]) for name in audit_queries.FILTERS if name in given]

    @extend_schema(
        operation_id="list_audit",
        tags=["access"],
        parameters=[
            OpenApiParameter("action", description="Such as `file.delete`; `file` finds all actions on files."),
            OpenApiParameter("actor", description="Such as `key:4mR…`."),
            OpenApiParameter("target", description="The id of an object, also with its kind: `file:0190…`."),
            OpenApiParameter("outcome", enum=list(AuditEntry.Outcome)),
            OpenApiParameter("address", description="The IP address of the client."),
            OpenApiParameter("since", OpenApiTypes.DATETIME, description="Not before this time."),
            OpenApiParameter("until", OpenApiTypes.DATETIME, description="Before this time."),
        ],
        responses={
            (200, "application/json"): AuditSerializer(many=True),
            (200, JSON_LINES): OpenApiTypes.STR,
            **{(status, PROBLEM_JSON): ProblemSerializer for status in (400, 401, 403)},
        },
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        response = super().get(request, *args, **kwargs)
        response.add_post_render_callback(keep_type)
        return response


def keep_type(response: Response) -> None:
    """DRF removes the type of an empty body, but no lines are JSON lines too."""
    response["Content-Type"] = response.accepted_renderer.media_type
