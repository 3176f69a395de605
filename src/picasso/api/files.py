"""Files: list them, look at one, delete one."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import generics
from rest_framework.request import Request
from rest_framework.response import Response

from picasso.access.principal import principal_of
from picasso.api.errors import ProblemSerializer
from picasso.errors import PROBLEM_JSON
from picasso.files import queries
from picasso.files.delete import delete as delete_file
from picasso.models import File
from picasso.serializers import FileDetailSerializer, FileSerializer, base_of
from picasso.storage import default_storage

# DRF's renderers know nothing of the media type that `picasso.api.errors` answers with.
NOT_FOUND = {(404, PROBLEM_JSON): ProblemSerializer}


class FileView(generics.GenericAPIView[File]):
    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "base": base_of(self.request)}


class FileList(FileView, generics.ListAPIView[File]):
    """All files, newest first."""

    serializer_class = FileSerializer

    def get_queryset(self) -> QuerySet[File]:
        return queries.newest_first(principal_of(self.request.META))

    @extend_schema(operation_id="list_files", responses={200: FileSerializer(many=True), **NOT_FOUND})
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)


class FileDetail(FileView, generics.RetrieveAPIView[File]):
    """One file, with all that is known of it."""

    serializer_class = FileDetailSerializer

    def get_queryset(self) -> QuerySet[File]:
        return queries.with_derivatives(principal_of(self.request.META))

    @extend_schema(operation_id="get_file", responses={200: FileDetailSerializer, **NOT_FOUND})
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    @extend_schema(operation_id="delete_file", responses={204: None, **NOT_FOUND})
    def delete(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Delete a file and all that was made from it, also while it is being processed."""
        delete_file(principal_of(request.META), default_storage(), self.get_object())
        return Response(status=204)
