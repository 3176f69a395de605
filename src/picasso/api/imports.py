"""Imports: files that the service fetches from URLs."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from picasso.access.principal import principal_of
from picasso.addresses import IMPORTS, file_url
from picasso.api.answers import problems, validated
from picasso.api.pagination import Cursor
from picasso.api.parameters import OWNER, KnownParameters, narrowed
from picasso.api.safety import WritesFiles
from picasso.errors import BadRequest
from picasso.imports import queries, states
from picasso.imports.create import NewImport, create
from picasso.imports.retry import retry
from picasso.metadata import parse_attributes, parse_tags
from picasso.models import Import, Visibility
from picasso.outbound.targets import MAX_URL
from picasso.query_values import choice
from picasso.receive.new_file import MAX_NAME
from picasso.receive.terms import Wishes, parse_expiry
from picasso.serializers import ErrorSerializer, base_of, error_of


class NewImportSerializer(serializers.Serializer[Any]):
    url = serializers.CharField(max_length=MAX_URL, help_text="`http` or `https`, without a user name.")
    name = serializers.CharField(
        required=False, max_length=MAX_NAME, help_text="Of the file. By default as the answer or the URL says."
    )
    pipeline = serializers.CharField(required=False, max_length=64)
    visibility = serializers.ChoiceField(choices=Visibility.choices, required=False)
    expires_at = serializers.CharField(required=False, help_text="When the file is to be deleted, in RFC 3339.")
    tags = serializers.ListField(child=serializers.CharField(max_length=64), required=False)
    attributes = serializers.DictField(required=False)
    webhook_url = serializers.CharField(
        required=False, max_length=2048, help_text="Gets the events of the file. The project must allow its host."
    )
    sha256 = serializers.RegexField(
        r"^[0-9A-Fa-f]{64}\Z", required=False, help_text="What the content must be, in hex. Other content is refused."
    )


class ImportSerializer(serializers.Serializer[Import]):
    id = serializers.UUIDField()
    url = serializers.SerializerMethodField(help_text="Without its query, which may have secrets.")
    state = serializers.ChoiceField(choices=Import.State.choices)
    bytes = serializers.IntegerField(help_text="How many have arrived; written about once a second.")
    size = serializers.IntegerField(allow_null=True, help_text="Of the whole file; null if it is not known.")
    attempts = serializers.IntegerField(help_text="How many times it was started.")
    name = serializers.CharField(help_text="As wished, or as the answer said; empty until it is known.")
    pipeline = serializers.CharField()
    tags = serializers.ListField(child=serializers.CharField())
    attributes = serializers.DictField()
    owner = serializers.CharField(help_text="The application's word for its end user; empty for none.")
    file = serializers.SerializerMethodField(help_text="The address of the file; null until it is imported.")
    error = serializers.SerializerMethodField(
        help_text="Why it failed, or why the last attempt did; null without a failure. The list: docs/errors.md."
    )
    created_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField(help_text="While it waits: it does not start before this time.")
    finished_at = serializers.DateTimeField(allow_null=True)

    def get_url(self, row: Import) -> str:
        return states.without_query(row.url)

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_file(self, row: Import) -> str | None:
        return file_url(self.context["base"], row.file_id) if row.file_id else None

    @extend_schema_field(ErrorSerializer(allow_null=True))
    def get_error(self, row: Import) -> dict[str, str] | None:
        return error_of(row.error_code, row.error_detail)


MAX_KEY = 255

PREFER = OpenApiParameter(
    "Prefer",
    location="header",
    description="`wait=30`: answer when it has ended and its file is settled, or after so many seconds, at most 60.",
)
KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": MAX_KEY, "pattern": r"^\S(.*\S)?$"},
    location="header",
    description="Repeating a request with the same key creates no second import.",
)
STATE = OpenApiParameter("state", enum=Import.State.values, description="Only those in this state.")


class ImportList(KnownParameters, generics.ListAPIView[Import]):
    permission_classes = [WritesFiles]
    serializer_class = ImportSerializer
    pagination_class = Cursor
    queryset = Import.everywhere.none()  # for the schema
    parameters = ("state", "owner")

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), **context(self.request)}

    def get_queryset(self) -> QuerySet[Import]:
        rows, state = queries.visible(narrowed(self.request)), self._state()
        return rows if state is None else rows.filter(state=state)

    def checks(self) -> Iterable[Callable[[], object]]:
        return [*super().checks(), self._state]

    def _state(self) -> str | None:
        state = self.request.query_params.get("state")
        return None if state is None else choice("state", state, Import.State.values)

    @extend_schema(
        operation_id="list_imports",
        tags=["imports"],
        parameters=[STATE, OWNER],
        responses={200: ImportSerializer(many=True), **problems(400, 401, 403)},
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The imports of the project, newest first."""
        return super().get(request, *args, **kwargs)

    @extend_schema(
        operation_id="create_import",
        tags=["imports"],
        parameters=[PREFER, KEY],
        request=NewImportSerializer,
        responses={201: ImportSerializer, **problems(400, 401, 403, 413, 415, 422, 429)},
    )
    def post(self, request: Request) -> Response:
        """Have a file fetched from a URL. It is fetched in the background: see `state`."""
        wanted = replace(new_import(validated(NewImportSerializer(data=request.data))), key=key_of(request))
        principal = principal_of(request.META)
        row = create(settings.PICASSO, principal, wanted, request.META.get("REMOTE_ADDR") or "")
        headers = {"Location": f"{base_of(request)}{IMPORTS}{row.pk}/"}
        return Response(ImportSerializer(row, context=context(request)).data, status=201, headers=headers)


class ImportDetail(generics.GenericAPIView[Import]):
    permission_classes = [WritesFiles]
    serializer_class = ImportSerializer
    queryset = Import.everywhere.none()  # for the schema

    @extend_schema(
        operation_id="get_import",
        tags=["imports"],
        parameters=[PREFER],
        responses={200: ImportSerializer, **problems(401, 403, 404)},
    )
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """One import."""
        row = queries.get(principal_of(request.META), pk)
        return Response(ImportSerializer(row, context=context(request)).data)

    @extend_schema(
        operation_id="cancel_import", tags=["imports"], responses={204: None, **problems(401, 403, 404, 409)}
    )
    def delete(self, request: Request, pk: uuid.UUID) -> Response:
        """Cancel an import that has not ended. From then on it becomes no file."""
        queries.cancel(principal_of(request.META), pk)
        return Response(status=204)


def new_import(values: dict[str, Any]) -> NewImport:
    """Raises `InvalidField`."""
    expires_at = values.get("expires_at")
    wishes = Wishes(
        values.get("pipeline"),
        values.get("visibility"),
        parse_expiry(expires_at) if expires_at else None,
        parse_tags(values.get("tags")),
        parse_attributes(values.get("attributes", {})),
        values.get("webhook_url"),
    )
    return NewImport(values["url"], values.get("name", ""), wishes, values.get("sha256", "").lower())


class ImportRetry(generics.GenericAPIView[Import]):
    permission_classes = [WritesFiles]
    serializer_class = ImportSerializer
    queryset = Import.everywhere.none()  # for the schema
    takes_body = False

    @extend_schema(
        operation_id="retry_import",
        tags=["imports"],
        request=None,
        responses={200: ImportSerializer, **problems(401, 403, 404, 409, 413, 429)},
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Try an import again that has failed. What has arrived is continued if it can be."""
        row = retry(settings.PICASSO, principal_of(request.META), pk)
        return Response(ImportSerializer(row, context=context(request)).data)


def key_of(request: Request) -> str | None:
    """Raises `BadRequest`."""
    key = request.headers.get("Idempotency-Key")
    if key is not None and not 0 < len(key) <= MAX_KEY:
        raise BadRequest(f"Idempotency-Key must have 1 to {MAX_KEY} characters.")
    return key


def context(request: Request) -> dict[str, str]:
    return {"base": base_of(request)}
