"""What a project, or an owner in it, has stored, and the limits."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from picasso.access import quotas
from picasso.api.answers import problems
from picasso.api.parameters import KnownParameters, narrowed
from picasso.api.safety import ReadsFiles
from picasso.errors import Unauthorized
from picasso.receive import quota


class LimitsSerializer(serializers.Serializer[Any]):
    """Null is no limit."""

    bytes = serializers.IntegerField(allow_null=True)
    files = serializers.IntegerField(allow_null=True)
    bytes_per_day = serializers.IntegerField(allow_null=True)
    unfinished_bytes = serializers.IntegerField(allow_null=True)
    concurrent_uploads = serializers.IntegerField(allow_null=True)


class UsageSerializer(serializers.Serializer[Any]):
    owner = serializers.CharField(allow_null=True, help_text="The end user; null for the whole project.")
    files = serializers.IntegerField(help_text="Stored files, with those in the trash.")
    bytes = serializers.IntegerField(help_text="Of the stored originals, with those in the trash.")
    bytes_today = serializers.IntegerField(
        allow_null=True, help_text="Uploaded since midnight UTC; null where no quota by the day counts it."
    )
    unfinished_bytes = serializers.IntegerField(
        help_text="Of resumable uploads that are not complete: what has arrived, and room for what comes next."
    )
    concurrent_uploads = serializers.IntegerField(help_text="Resumable uploads that are not complete.")
    limits = LimitsSerializer()


class UsageView(KnownParameters):
    parameters = ("owner",)
    permission_classes = [ReadsFiles]

    @extend_schema(
        operation_id="get_usage",
        tags=["access"],
        parameters=[OpenApiParameter("owner", description="The usage of this end user instead of the whole project.")],
        responses={200: UsageSerializer, **problems(400, 401, 403)},
    )
    def get(self, request: Request) -> Response:
        """How much is stored, and the limits. A token of an owner sees the usage of that owner."""
        principal = narrowed(request)
        if principal.project is None:
            raise Unauthorized
        project, owner = principal.project, principal.owner
        return Response({**quotas.usage(project, owner), **quota.unfinished(project.id, owner)})
