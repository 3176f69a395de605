"""The trash: deleted files that can be restored for the days that their project sets."""

from __future__ import annotations

import uuid
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_serializer
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from picasso.access.principal import principal_of
from picasso.api.answers import problems
from picasso.api.files import FileView
from picasso.api.pagination import Total
from picasso.api.parameters import OWNER, KnownParameters, narrowed
from picasso.api.safety import DeletesFiles
from picasso.files import queries
from picasso.files.delete import restore
from picasso.models import File
from picasso.serializers import FileSerializer, links_of


@extend_schema_serializer(component_name="Trash")
class TrashSerializer(FileSerializer):
    deleted_at = serializers.DateTimeField()


class TrashList(KnownParameters, FileView, generics.ListAPIView[File]):
    """Deleted files that can be restored, newest upload first."""

    serializer_class = TrashSerializer
    parameters = ("owner",)

    def get_queryset(self) -> QuerySet[File]:
        return queries.trash_of(narrowed(self.request))

    def total(self) -> Total:
        """For `picasso.api.pagination.Pages`."""
        return Total(queries.count_trash(narrowed(self.request)))

    @extend_schema(
        operation_id="list_trash",
        parameters=[OWNER],
        responses={200: TrashSerializer(many=True), **problems(400, 401, 403, 404)},
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)


class FileRestore(APIView):
    takes_body = False
    permission_classes = [DeletesFiles]

    @extend_schema(
        operation_id="restore_file",
        tags=["files"],
        request=None,
        responses={200: FileSerializer, **problems(401, 403, 404)},
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Take a file out of the trash. It is as it was before it was deleted."""
        file = restore(principal_of(request.META), pk)
        return Response(FileSerializer(file, context={"links": links_of(request)}).data)
