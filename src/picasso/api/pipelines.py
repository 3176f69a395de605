"""The pipelines that an upload may name, and what each of them accepts: a form can say it before anything is sent."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from picasso.access.policies import Policies
from picasso.access.principal import Principal, principal_of
from picasso.api.answers import problems
from picasso.api.parameters import KnownParameters
from picasso.api.safety import WritesFiles
from picasso.process.pipelines import Pipelines, pipelines


class PipelineSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    allowed_types = serializers.ListField(
        child=serializers.CharField(),
        help_text="Types and patterns such as `image/*`; empty if every type is accepted.",
    )
    forbidden_types = serializers.ListField(
        child=serializers.CharField(), help_text="Types and patterns that are refused, even if they are allowed."
    )
    max_size = serializers.IntegerField(
        allow_null=True, help_text="Bytes that no file may exceed; a type may have a lower limit. Null without a limit."
    )


class PipelineList(KnownParameters):
    """The pipelines that uploads of whoever asks may name, and what each accepts; `default` first."""

    permission_classes = [WritesFiles]

    @extend_schema(
        operation_id="list_pipelines",
        tags=["upload"],
        responses={200: PipelineSerializer(many=True), **problems(400, 403)},
    )
    def get(self, request: Request) -> Response:
        principal, known = principal_of(request.META), pipelines()
        policies = Policies(known.policy, known.names)
        return Response([shown(policies, principal, name) for name in names_for(principal, known)])


def names_for(principal: Principal, known: Pipelines) -> list[str]:
    """As `picasso.receive.terms.decide_pipeline` allows them."""
    allowed = principal.project.pipelines if principal.project else None
    forced = principal.limits.pipeline if principal.limits else None
    names = [name for name in known.names if (allowed is None or name in allowed) and forced in {None, name}]
    return sorted(names, key=lambda name: (name != "default", name))


def shown(policies: Policies, principal: Principal, name: str) -> dict[str, Any]:
    policy = policies.of_request(principal, name)
    limits = [limit for limit in (settings.PICASSO.max_upload_size, policy.largest_size) if limit]
    return {
        "name": name,
        "allowed_types": list(policy.supported),
        "forbidden_types": sorted(policy.forbidden),
        "max_size": min(limits, default=None),
    }
