"""Files: list, show, delete."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, cast

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import generics
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from picasso import query_values
from picasso.access.principal import Scope, principal_of
from picasso.api.answers import problems
from picasso.api.errors import ProblemSerializer
from picasso.api.file_changes import FileChangesSerializer, MergePatchParser, file_changes
from picasso.api.file_etags import ETAG, IF_MATCH, IF_NONE_MATCH, IF_NONE_MATCH_OF_CHANGE, required_versions, with_etag
from picasso.api.file_parameters import FILE_PARAMETERS
from picasso.api.json_parser import JSONParser
from picasso.api.pagination import PagesOrCursor, Total
from picasso.api.parameters import KnownParameters, narrowed, require_known_parameters
from picasso.api.safety import DeletesFiles, ReadsFiles, WritesFiles
from picasso.errors import PROBLEM_JSON, InvalidField
from picasso.files import filters, listed, queries, shown
from picasso.files.change import change, require_version
from picasso.files.delete import delete as delete_file
from picasso.files.queries import Selected
from picasso.keyset import Order
from picasso.models import Derivative, File
from picasso.process.pipelines import pipelines
from picasso.serializers import NO_WEBHOOK, FileDetailSerializer, ListedFileSerializer, details, links_of, members
from picasso.storage import default_storage

# With its media type, because DRF's renderers do not know the one of `picasso.api.errors`.
NOT_FOUND = {(404, PROBLEM_JSON): ProblemSerializer}

PATCHES = [
    OpenApiExample("Rename and tag", {"name": "summer.jpg", "tags": ["beach"]}, request_only=True),
    OpenApiExample(
        "Change one attribute, remove another", {"attributes": {"order": 17, "draft": None}}, request_only=True
    ),
]

COLUMNS = {"uploaded_at": "id", "size": "size", "name": "name"}
ORDERINGS = [*COLUMNS, *(f"-{name}" for name in COLUMNS)]

COUNTS = ("exact", "fast")
FAST_COUNT = 1000
"""With ``count=fast`` no more are counted. Of searches those among the first files of the list."""


class FileView(generics.GenericAPIView[File]):
    permission_classes = [ReadsFiles]

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "links": links_of(self.request)}


class SelectedFiles(KnownParameters, FileView):
    """A view of files that match the filters of the request, in its order."""

    parameters = (*filters.FILTERS, "ordering")
    prefix = filters.ATTRIBUTES
    repeatable = ("tag",)

    def selected(self) -> Selected:
        """Raises `InvalidField`."""
        return queries.select(narrowed(self.request), self._where())

    def order(self) -> Order:
        """Also for `picasso.api.pagination.PagesOrCursor`. Raises `InvalidField`."""
        name = query_values.choice("ordering", self.request.query_params.get("ordering", "-uploaded_at"), ORDERINGS)
        return Order(COLUMNS[name.removeprefix("-")], name.startswith("-"))

    def checks(self) -> Iterable[Callable[[], object]]:
        principal = principal_of(self.request.META)
        of_filters = (partial(filters.alternatives, principal, name, text) for name, text in self._where().items())
        return [*of_filters, *super().checks(), self.order]

    def _where(self) -> dict[str, str]:
        """The filters of the request. The owner is that of the principal. Raises `InvalidField`."""
        given = self.request.query_params
        return {
            name: filters.joined(name, given.getlist(name))
            for name in given
            if (name in filters.FILTERS or name.startswith(filters.ATTRIBUTES)) and name != "owner"
        }


class FileList(SelectedFiles, generics.ListAPIView[File]):
    """Files, newest first unless `ordering` says otherwise. All given filters must match.

    `attributes.KEY=VALUE` selects by an attribute: a text, or a number, `true`, `false` or `null` as in JSON.
    """

    serializer_class = ListedFileSerializer
    pagination_class = PagesOrCursor
    parameters = (*SelectedFiles.parameters, "count", "include")

    def get_queryset(self) -> Selected:  # type: ignore[override]
        """As rows, if nothing is to be added to them."""
        return self.selected() if self._parts() else queries.rows(self.selected())

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "parts": self._parts()}

    def paginate_queryset(self, queryset: Any) -> Any:
        parts, found = self._parts(), super().paginate_queryset(queryset)
        for name in parts:
            listed.PARTS[name](narrowed(self.request), found or [])
        return found

    def total(self) -> Total:
        """For `picasso.api.pagination.Pages`. Raises `InvalidField`."""
        principal, where = narrowed(self.request), self._where()
        counting = query_values.choice("count", self.request.query_params.get("count", "exact"), COUNTS)
        if not where:
            return Total(queries.count(principal))
        if counting == "exact":
            return Total(queries.count_selected(principal, where))
        return Total(*queries.count_quickly(principal, where, FAST_COUNT))

    def checks(self) -> Iterable[Callable[[], object]]:
        counting = self.request.query_params.get("count", "exact")
        return [
            *super().checks(),
            self._parts,
            lambda: query_values.choice("count", counting, COUNTS),
        ]

    def _parts(self) -> list[str]:
        """The parts that are to be added to each file. Raises `InvalidField`."""
        text = self.request.query_params.get("include")
        names = [] if text is None else list(dict.fromkeys(text.split(",")))
        return [query_values.choice("include", name, list(listed.PARTS)) for name in names]

    @extend_schema(
        operation_id="list_files",
        parameters=FILE_PARAMETERS,
        responses={200: ListedFileSerializer(many=True), (400, PROBLEM_JSON): ProblemSerializer, **NOT_FOUND},
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        found = self.paginate_queryset(self.get_queryset())
        if self._parts():
            return self.get_paginated_response(self.get_serializer(found, many=True).data)
        links = links_of(request)
        return self.get_paginated_response([members(file, links) for file in found])


class FileDetail(FileView, generics.RetrieveAPIView[File]):
    """One file with its facts, its derivatives and its error."""

    serializer_class = FileDetailSerializer
    parser_classes = [MergePatchParser, JSONParser]

    def get_permissions(self) -> Sequence[BasePermission]:
        return [{"DELETE": DeletesFiles, "PATCH": WritesFiles}.get(self.request.method or "", ReadsFiles)()]

    def get_serializer_context(self) -> dict[str, Any]:
        shows_webhooks = principal_of(self.request.META).may(Scope.WEBHOOKS_WRITE)
        return {**super().get_serializer_context(), "shows_webhooks": shows_webhooks}

    def get_queryset(self) -> QuerySet[File]:
        principal = principal_of(self.request.META)
        if self.request.method == "DELETE":
            return (queries.everything_in_reach_of if self._permanently else queries.in_reach_of)(principal)
        return queries.in_reach_of(principal).select_related("webhook").prefetch_related("derivatives")

    @extend_schema(
        operation_id="get_file",
        parameters=[IF_MATCH, IF_NONE_MATCH, ETAG],
        responses={200: FileDetailSerializer, 304: None, **problems(401, 403, 404, 412)},
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        principal = principal_of(request.META)
        row = shown.get(principal, kwargs["pk"])
        file, derivatives = cast("File", row), cast("list[Derivative]", shown.derivatives(row))
        require_version(file, required_versions(request))
        webhook = row.webhook if principal.may(Scope.WEBHOOKS_WRITE) else NO_WEBHOOK
        return with_etag(request, file, details(file, links_of(request), derivatives, shown.failure(row), webhook))

    @extend_schema(
        operation_id="change_file",
        parameters=[IF_MATCH, IF_NONE_MATCH_OF_CHANGE, ETAG],
        examples=PATCHES,
        request={"application/merge-patch+json": FileChangesSerializer, "application/json": FileChangesSerializer},
        responses={200: FileDetailSerializer, 204: None, **problems(400, 401, 403, 404, 412, 415)},
    )
    def patch(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Change name, tags, attributes, visibility or expiry of a file by a JSON Merge Patch (RFC 7396).

        Its address stays as it is. With `If-Match` only if nobody has changed it since the answer with that `ETag`.
        An expiry is a deletion, so it needs `files:delete` as well. The answer to who may not read files is 204.
        """
        principal = principal_of(request.META)
        file = self.get_object()
        retention_days = pipelines().retention_days(file.pipeline)
        change(principal, file, file_changes(request.data), retention_days, required_versions(request))
        if not principal.may(Scope.FILES_READ):
            return Response(status=204)
        file = self.get_object()
        return with_etag(request, file, self.get_serializer(file).data)

    @property
    def _permanently(self) -> bool:
        """Raises `InvalidField`."""
        value = self.request.query_params.get("permanently", "false")
        if value not in {"true", "false"}:
            raise InvalidField("permanently", "permanently must be true or false.")
        return value == "true"

    @extend_schema(
        operation_id="delete_file",
        parameters=[
            OpenApiParameter("permanently", bool, description="Also if the project has a trash; also from it."),
            IF_MATCH,
            IF_NONE_MATCH_OF_CHANGE,
        ],
        responses={204: None, **problems(400, 404, 412)},
    )
    def delete(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Delete a file with its derivatives and jobs, also while it is processed.

        If its project has a trash, it goes there, and can be restored for some days.
        """
        principal = principal_of(request.META)
        require_known_parameters(request, ["permanently"])
        file = self.get_object()
        versions = required_versions(request)
        delete_file(principal, default_storage(), file, permanently=self._permanently, versions=versions)
        return Response(status=204)
