"""Keys: list, create, change, rotate, revoke."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from picasso.access import audit, keys, tokens
from picasso.access.principal import Scope, principal_of
from picasso.api.answers import problems, validated
from picasso.api.pagination import Cursor
from picasso.api.parameters import KnownParameters
from picasso.api.safety import AdministersProject
from picasso.errors import NotFound
from picasso.keyset import Order
from picasso.models import Key, Project

SCOPES = [str(scope) for scope in Scope]


class NetworkField(serializers.CharField):
    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        try:
            return keys.network(text)
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
    name = serializers.CharField(max_length=keys.MAX_NAME, help_text="What it is for.")
    scopes = serializers.ListField(
        child=serializers.ChoiceField(choices=SCOPES), min_length=1, help_text="What it may do."
    )
    networks = serializers.ListField(
        child=NetworkField(),
        required=False,
        max_length=keys.MAX_NETWORKS,
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
        max_value=int(keys.MAX_GRACE.total_seconds()),
        default=int(keys.GRACE.total_seconds()),
        help_text="For so many seconds the old key is valid as well.",
    )


def project_keys(request: Request) -> QuerySet[Key]:
    return keys.of_project(principal_of(request.META).project_id)


class KeyView(KnownParameters):
    permission_classes = [AdministersProject]

    def key(self, pk: str) -> Key:
        """Raises `NotFound`, also for a key of another project."""
        if (row := project_keys(self.request).filter(pk=pk).first()) is None:
            raise NotFound
        return row


class KeyPages(Cursor):
    order = Order("created_at")


class KeyList(KeyView, generics.ListAPIView[Key]):
    """The keys of the project, newest first, without their secrets."""

    serializer_class = KeySerializer
    pagination_class = KeyPages

    def get_queryset(self) -> QuerySet[Key]:
        return project_keys(self.request)

    @extend_schema(
        operation_id="list_keys", tags=["access"], responses={200: KeySerializer(many=True), **problems(400, 401, 403)}
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

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
        return Response(KeySerializer(self.key(pk)).data)

    @extend_schema(
        operation_id="update_key",
        tags=["access"],
        request=KeySerializer(partial=True),
        responses={200: KeySerializer, **problems(400, 401, 403, 404, 415)},
    )
    def patch(self, request: Request, pk: str) -> Response:
        row = self.key(pk)
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
        row = self.key(pk)
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
        row, principal = self.key(pk), principal_of(request.META)
        keys.require_grantable(principal, {Scope(scope) for scope in row.scopes})
        values = validated(RotateSerializer(data=request.data))
        return shown_once(*keys.rotate(row, timedelta(seconds=values["grace"]), principal.identity))
