"""Projects and their settings."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from picasso.access import audit, project_settings, projects
from picasso.access.principal import Scope, principal_of
from picasso.api.answers import problems, validated
from picasso.api.pagination import Cursor
from picasso.api.parameters import KnownParameters
from picasso.api.safety import AdministersProject, AdministersService
from picasso.api.webhook_serializers import RotationSerializer, SharedSecretSerializer
from picasso.errors import Conflict, Forbidden, NotFound
from picasso.keyset import Order
from picasso.models import DEFAULT_PROJECT, Project
from picasso.process.pipelines import pipelines
from picasso.webhooks import of_files

BOUNDS = frozenset({"name", "quotas", "rates", "scan"})
"""Settings that limit a project on behalf of the service: a tenant may not raise them."""


class ProjectSerializer(serializers.ModelSerializer[Project]):
    name = serializers.SlugField(max_length=64)
    pipelines = serializers.ListField(
        child=serializers.CharField(max_length=64),
        allow_null=True,
        required=False,
        help_text="The names of the allowed pipelines; null for all.",
    )
    cors_origins = serializers.ListField(child=serializers.CharField(), required=False, max_length=100)
    policy = serializers.DictField(required=False, help_text="Which files are accepted.")
    quotas = serializers.DictField(required=False, help_text="Of the whole project.")
    owner_quotas = serializers.DictField(required=False, help_text="Of each owner.")
    rates = serializers.DictField(required=False, help_text="Of requests: quota/window by name (docs/limits.md).")
    scan = serializers.DictField(
        required=False, help_text="Whether and how files are scanned for malware (docs/scanning.md)."
    )
    imports = serializers.DictField(
        required=False, help_text="Whether and from which hosts files are imported (docs/imports.md)."
    )

    webhook_hosts = serializers.ListField(
        child=serializers.CharField(max_length=255),
        required=False,
        help_text="Which hosts a `webhook_url` of an upload may have: `app.example.com`, `*.example.com`.",
    )

    class Meta:
        model = Project
        fields = (
            "name",
            "created_at",
            "pipelines",
            "visibility",
            "cors_origins",
            "policy",
            "quotas",
            "owner_quotas",
            "rates",
            "scan",
            "imports",
            "webhook_hosts",
            "retention_days",
            "trash_days",
        )
        read_only_fields = ("created_at",)
        extra_kwargs: ClassVar = {"retention_days": {"min_value": 1}}

    def validate_pipelines(self, names: list[str] | None) -> list[str] | None:
        if unknown := [name for name in names or () if name not in pipelines()]:
            known = ", ".join(pipelines().names)
            raise serializers.ValidationError(f"There is no pipeline {unknown[0]!r} here, only {known}.")
        return names

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        project_settings.check(attrs)
        return attrs


def administered(request: Request) -> QuerySet[Project]:
    """All projects for an administrator of the service, otherwise the own one."""
    principal = principal_of(request.META)
    rows = Project.objects.all()
    return rows if principal.may(Scope.SERVICE_ADMIN) else rows.filter(pk=principal.project_id)


class ProjectView(KnownParameters):
    permission_classes = [AdministersProject]

    def project(self, name: str) -> Project:
        """Raises `NotFound`."""
        if (row := administered(self.request).filter(name=name).first()) is None:
            raise NotFound
        return row


class ProjectPages(Cursor):
    order = Order(descending=False)


class ProjectList(ProjectView, generics.ListAPIView[Project]):
    """The projects that the principal may administer, oldest first."""

    serializer_class = ProjectSerializer
    pagination_class = ProjectPages

    def get_queryset(self) -> QuerySet[Project]:
        return administered(self.request)

    def get_permissions(self) -> list[Any]:
        return [(AdministersService if self.request.method == "POST" else AdministersProject)()]

    @extend_schema(
        operation_id="list_projects",
        tags=["access"],
        responses={200: ProjectSerializer(many=True), **problems(400, 401, 403)},
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    @extend_schema(
        operation_id="create_project",
        tags=["access"],
        request=ProjectSerializer,
        responses={201: ProjectSerializer, **problems(400, 401, 403, 409, 415)},
    )
    def post(self, request: Request) -> Response:
        """Create a project. Needs `service:admin`."""
        values = validated(ProjectSerializer(data=request.data))
        try:
            with transaction.atomic():
                row = Project.objects.create(**values)
                audit.record("project.create", "project", row.name, project=row.pk)
        except IntegrityError:
            raise Conflict("There is a project of this name already.") from None
        row.refresh_from_db()
        return Response(ProjectSerializer(row).data, status=201)


class ProjectDetail(ProjectView):
    """One project and its settings."""

    def get_permissions(self) -> list[Any]:
        return [(AdministersService if self.request.method == "DELETE" else AdministersProject)()]

    @extend_schema(
        operation_id="get_project", tags=["access"], responses={200: ProjectSerializer, **problems(400, 401, 403, 404)}
    )
    def get(self, request: Request, name: str) -> Response:
        return Response(ProjectSerializer(self.project(name)).data)

    @extend_schema(
        operation_id="update_project",
        tags=["access"],
        request=ProjectSerializer(partial=True),
        responses={200: ProjectSerializer, **problems(400, 401, 403, 404, 409, 415)},
    )
    def patch(self, request: Request, name: str) -> Response:
        """Change settings. They take effect within five seconds. What bounds the project needs `service:admin`."""
        row = self.project(name)
        values = validated(ProjectSerializer(row, data=request.data, partial=True))
        if BOUNDS & values.keys() and not principal_of(request.META).may(Scope.SERVICE_ADMIN):
            names = ", ".join(sorted(BOUNDS & values.keys()))
            raise Forbidden(f"Changing {names} needs the scope service:admin.")
        if row.pk == DEFAULT_PROJECT and values.get("name", row.name) != row.name:
            raise Conflict("The project default can't be renamed: requests that name no project mean it.")
        try:
            projects.change(row, values)
        except IntegrityError:
            raise Conflict("There is a project of this name already.") from None
        return Response(ProjectSerializer(row).data)

    @extend_schema(
        operation_id="delete_project", tags=["access"], responses={204: None, **problems(401, 403, 404, 409)}
    )
    def delete(self, request: Request, name: str) -> Response:
        """Delete a project that has no files, with its keys. Needs `service:admin`."""
        projects.delete(self.project(name))
        return Response(status=204)


class ProjectWebhookSecret(ProjectView):
    @extend_schema(
        operation_id="rotate_project_webhook_secret",
        tags=["webhooks"],
        request=RotationSerializer,
        responses={200: SharedSecretSerializer, **problems(400, 401, 403, 404, 415)},
    )
    def post(self, request: Request, name: str) -> Response:
        """Make a new secret for messages to the `webhook_url` of files. For `grace` seconds the old one signs, too."""
        row = self.project(name)
        values = validated(RotationSerializer(data=request.data))
        secret = of_files.rotate(row.pk, timedelta(seconds=values["grace"]))
        return Response({"secret": secret}, headers={"Cache-Control": "no-store"})
