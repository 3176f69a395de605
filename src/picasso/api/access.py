"""Who asks, keys and projects."""

from __future__ import annotations

from datetime import datetime, timedelta
from ipaddress import ip_network
from typing import Any, ClassVar

from django.contrib.auth import get_user_model
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.settings import api_settings
from rest_framework.views import APIView

from picasso.access import audit, keys, project_settings, projects, tokens
from picasso.access.principal import Principal, Scope, principal_of
from picasso.api.errors import ProblemSerializer
from picasso.api.parameters import KnownParameters
from picasso.api.safety import AdministersProject, AdministersService
from picasso.errors import PROBLEM_JSON, Conflict, Forbidden, InvalidField, NotFound
from picasso.models import DEFAULT_PROJECT, Key, Project
from picasso.process.pipelines import pipelines

NON_FIELD_ERRORS_KEY = api_settings.NON_FIELD_ERRORS_KEY

MAX_GRACE = timedelta(days=30)

SCOPES = [str(scope) for scope in Scope]


def problems(*statuses: int) -> dict[Any, Any]:
    return {(status, PROBLEM_JSON): ProblemSerializer for status in statuses}


class OwnKeySerializer(serializers.Serializer[Key]):
    id = serializers.CharField()
    name = serializers.CharField()
    expires_at = serializers.DateTimeField(allow_null=True)


class MeSerializer(serializers.Serializer[Principal]):
    kind = serializers.CharField(help_text="`key`, `token`, `session`, or `open` where everybody is let in.")
    project = serializers.CharField(source="project.name")
    scopes = serializers.SerializerMethodField()
    owner = serializers.CharField(allow_null=True, help_text="The end user whose files it sees; null for all.")
    key = serializers.SerializerMethodField(help_text="The key that asks; null without one.")
    person = serializers.SerializerMethodField(help_text="The name of the person who is signed in; null without one.")

    def get_scopes(self, principal: Principal) -> list[str]:
        return sorted(principal.scopes)

    @extend_schema_field(OwnKeySerializer(allow_null=True))
    def get_key(self, principal: Principal) -> Any:
        row = Key.objects.filter(pk=principal.key_id).first() if principal.key_id else None
        return row and OwnKeySerializer(row).data

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_person(self, principal: Principal) -> str | None:
        kind, _, pk = principal.identity.partition(":")
        found = get_user_model().objects.filter(pk=pk).first() if (kind, pk.isdigit()) == ("user", True) else None
        return found.get_username() if found else None


class NetworkField(serializers.CharField):
    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        try:
            return str(ip_network(text, strict=False))
        except ValueError:
            raise serializers.ValidationError("This is no IP address or network such as 10.0.0.0/8.") from None


class PublicKeyField(serializers.CharField):
    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        try:
            tokens.parse_public_key(text)
        except ValueError as fault:
            raise serializers.ValidationError(f"public_key {fault}.") from None
        return text


class KeySerializer(serializers.Serializer[Key]):
    id = serializers.CharField(read_only=True)
    name = serializers.CharField(max_length=100, help_text="What it is for.")
    scopes = serializers.ListField(
        child=serializers.ChoiceField(choices=SCOPES), min_length=1, help_text="What it may do."
    )
    networks = serializers.ListField(
        child=NetworkField(),
        required=False,
        max_length=100,
        help_text="Where it may be used from; empty for everywhere.",
    )
    public_key = PublicKeyField(
        required=False,
        allow_blank=True,
        max_length=4096,
        help_text="Verifies tokens that the application signs: Ed25519, PEM.",
    )
    expires_at = serializers.DateTimeField(required=False, allow_null=True)
    revoked_at = serializers.DateTimeField(read_only=True, allow_null=True)
    last_used_at = serializers.DateTimeField(read_only=True, allow_null=True, help_text="To the minute.")
    created_at = serializers.DateTimeField(read_only=True)
    created_by = serializers.CharField(read_only=True)

    def validate_expires_at(self, value: datetime | None) -> datetime | None:
        if value and value <= timezone.now():
            raise serializers.ValidationError("expires_at must be in the future. To end a key now, delete it.")
        return value


class NewKeySerializer(KeySerializer):
    key = serializers.CharField(help_text="The key itself. It is shown only in this answer.")
    signing_secret = serializers.CharField(help_text="With which an application signs tokens of this key.")


class RotateSerializer(serializers.Serializer[Any]):
    grace = serializers.IntegerField(
        min_value=0,
        max_value=int(MAX_GRACE.total_seconds()),
        default=86_400,
        help_text="For so many seconds the old key is valid as well.",
    )


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


def validated(serializer: serializers.BaseSerializer[Any]) -> dict[str, Any]:
    """The checked content of a request. Raises `InvalidField`, also for members that nothing reads."""
    require_known_members(serializer)
    try:
        known = serializer.is_valid()
    except RecursionError as fault:
        raise InvalidField("body", "The body is nested too deeply.") from fault
    if not known:
        field, found = next(iter(dict(serializer.errors).items()))
        name, sentence = "body" if field == NON_FIELD_ERRORS_KEY else str(field), first_sentence(found)
        raise InvalidField(name, sentence if sentence.startswith(name) else f"{name}: {sentence}")
    values: dict[str, Any] = serializer.validated_data
    return values


def require_known_members(serializer: serializers.BaseSerializer[Any]) -> None:
    """A misspelt limit must not silently be none. Raises `InvalidField`."""
    if not isinstance(serializer, serializers.Serializer) or not isinstance(serializer.initial_data, dict):
        return
    known = [name for name, field in serializer.fields.items() if not field.read_only]
    for name in serializer.initial_data:
        if name in serializer.fields and name not in known:
            raise InvalidField(name, f"{name} can't be set.")
        if name not in known:
            raise InvalidField(str(name)[:40], f"There is no {str(name)[:40]!r} here, only {', '.join(known)}.")


def first_sentence(errors: Any) -> str:
    while isinstance(errors, list | dict):
        errors = next(iter(errors.values() if isinstance(errors, dict) else errors))
    return str(errors)


class Me(APIView):
    """Who asks, and what they may do."""

    @extend_schema(operation_id="get_me", tags=["access"], responses={200: MeSerializer, **problems(401)})
    def get(self, request: Request) -> Response:
        principal = principal_of(request.META)
        principal.project_id  # noqa: B018 - raises `Unauthorized` for strangers
        return Response(MeSerializer(principal).data)


class KeyView(KnownParameters):
    permission_classes = [AdministersProject]

    def keys(self) -> QuerySet[Key]:
        return keys.of_project(principal_of(self.request.META).project_id)

    def get_object(self, pk: str) -> Key:
        """Raises `NotFound`, also for a key of another project."""
        if (row := self.keys().filter(pk=pk).first()) is None:
            raise NotFound
        return row


class KeyList(KeyView):
    """The keys of the project, newest first, without their secrets."""

    @extend_schema(
        operation_id="list_keys", tags=["access"], responses={200: KeySerializer(many=True), **problems(400, 401, 403)}
    )
    def get(self, request: Request) -> Response:
        return Response([KeySerializer(row).data for row in self.keys()])

    @extend_schema(
        operation_id="create_key",
        tags=["access"],
        request=KeySerializer,
        responses={201: NewKeySerializer, **problems(400, 401, 403, 415)},
    )
    def post(self, request: Request) -> Response:
        """Create a key. The answer shows it, and nothing will show it again."""
        principal = principal_of(request.META)
        values = validated(KeySerializer(data=request.data))
        scopes = {Scope(scope) for scope in values.pop("scopes")}
        keys.require_grantable(principal, scopes)
        project = Project.objects.get(pk=principal.project_id)
        row, text = keys.create(project, values.pop("name"), scopes, created_by=principal.identity, **values)
        return shown_once(row, text)


def shown_once(row: Key, text: str) -> Response:
    row.refresh_from_db()
    secrets = {"key": text, "signing_secret": tokens.signing_secret(row.pk)}
    return Response({**KeySerializer(row).data, **secrets}, status=201, headers={"Cache-Control": "no-store"})


class KeyDetail(KeyView):
    """One key."""

    @extend_schema(
        operation_id="get_key", tags=["access"], responses={200: KeySerializer, **problems(400, 401, 403, 404)}
    )
    def get(self, request: Request, pk: str) -> Response:
        return Response(KeySerializer(self.get_object(pk)).data)

    @extend_schema(
        operation_id="update_key",
        tags=["access"],
        request=KeySerializer(partial=True),
        responses={200: KeySerializer, **problems(400, 401, 403, 404, 415)},
    )
    def patch(self, request: Request, pk: str) -> Response:
        row = self.get_object(pk)
        values = validated(KeySerializer(data=request.data, partial=True))
        principal = principal_of(request.META)
        # Who lacks a scope of the key may not change the key either: it may be more powerful than they are.
        keys.require_grantable(principal, {Scope(scope) for scope in (*values.get("scopes", ()), *row.scopes)})
        for name, value in values.items():
            setattr(row, name, value)
        with transaction.atomic():
            row.save(update_fields=list(values))
            audit.record("key.update", "key", row.pk, project=row.project_id, changed=sorted(values))
        return Response(KeySerializer(row).data)

    @extend_schema(operation_id="revoke_key", tags=["access"], responses={204: None, **problems(401, 403, 404)})
    def delete(self, request: Request, pk: str) -> Response:
        """Revoke a key. It is refused everywhere within five seconds, and stays in the list.

        A key of an administrator of the service is revoked by one of them only.
        """
        row = self.get_object(pk)
        if Scope.SERVICE_ADMIN in row.scopes:
            principal_of(request.META).require(Scope.SERVICE_ADMIN)
        keys.revoke(row)
        return Response(status=204)


class KeyRotate(KeyView):
    @extend_schema(
        operation_id="rotate_key",
        tags=["access"],
        request=RotateSerializer,
        responses={201: NewKeySerializer, **problems(400, 401, 403, 404, 409, 415)},
    )
    def post(self, request: Request, pk: str) -> Response:
        """Create a successor with the same rights. The old key is valid for `grace` seconds more."""
        row, principal = self.get_object(pk), principal_of(request.META)
        keys.require_grantable(principal, {Scope(scope) for scope in row.scopes})
        values = validated(RotateSerializer(data=request.data))
        return shown_once(*keys.rotate(row, timedelta(seconds=values["grace"]), principal.identity))


class ProjectView(KnownParameters):
    permission_classes = [AdministersProject]

    def projects(self) -> QuerySet[Project]:
        """All of them for an administrator of the service, otherwise the own one."""
        principal = principal_of(self.request.META)
        rows = Project.objects.all()
        return rows if principal.may(Scope.SERVICE_ADMIN) else rows.filter(pk=principal.project_id)

    def get_object(self, name: str) -> Project:
        """Raises `NotFound`."""
        if (row := self.projects().filter(name=name).first()) is None:
            raise NotFound
        return row


class ProjectList(ProjectView):
    """The projects that the principal may administer."""

    def get_permissions(self) -> list[Any]:
        return [(AdministersService if self.request.method == "POST" else AdministersProject)()]

    @extend_schema(
        operation_id="list_projects",
        tags=["access"],
        responses={200: ProjectSerializer(many=True), **problems(400, 401, 403)},
    )
    def get(self, request: Request) -> Response:
        return Response(ProjectSerializer(self.projects(), many=True).data)

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
        return Response(ProjectSerializer(self.get_object(name)).data)

    @extend_schema(
        operation_id="update_project",
        tags=["access"],
        request=ProjectSerializer(partial=True),
        responses={200: ProjectSerializer, **problems(400, 401, 403, 404, 409, 415)},
    )
    def patch(self, request: Request, name: str) -> Response:
        """Change settings. They take effect within five seconds. What bounds the project needs `service:admin`."""
        row = self.get_object(name)
        values = validated(ProjectSerializer(row, data=request.data, partial=True))
        if BOUNDS & values.keys() and not principal_of(request.META).may(Scope.SERVICE_ADMIN):
            raise Forbidden(
                f"Only an administrator of the service may change {', '.join(sorted(BOUNDS & values.keys()))}."
            )
        if row.pk == DEFAULT_PROJECT and values.get("name", row.name) != row.name:
            raise Conflict("The project default can't be renamed: requests that name no project mean it.")
        for field, value in values.items():
            setattr(row, field, value)
        try:
            with transaction.atomic():
                row.save(update_fields=list(values))
                audit.record("project.update", "project", name, project=row.pk, changed=sorted(values))
        except IntegrityError:
            raise Conflict("There is a project of this name already.") from None
        return Response(ProjectSerializer(row).data)

    @extend_schema(
        operation_id="delete_project", tags=["access"], responses={204: None, **problems(401, 403, 404, 409)}
    )
    def delete(self, request: Request, name: str) -> Response:
        """Delete a project that has no files, with its keys. Needs `service:admin`."""
        projects.delete(self.get_object(name))
        return Response(status=204)


BOUNDS = frozenset({"name", "quotas", "rates", "scan"})
"""Settings that limit a project on behalf of the service: a tenant may not raise them."""
