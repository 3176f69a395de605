"""Files: list, show, delete."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import generics
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from picasso.access.principal import principal_of
from picasso.api.errors import ProblemSerializer
from picasso.api.safety import DeletesFiles, ReadsFiles
from picasso.errors import PROBLEM_JSON
from picasso.files import queries
from picasso.files.delete import delete as delete_file
from picasso.models import File
from picasso.serializers import FileDetailSerializer, FileSerializer, base_of
from picasso.storage import default_storage

# With its media type, because DRF's renderers do not know the one of `picasso.api.errors`.
NOT_FOUND = {(404, PROBLEM_JSON): ProblemSerializer}


class FileView(generics.GenericAPIView[File]):
    permission_classes = [ReadsFiles]

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "base": base_of(self.request)}


class FileList(FileView, generics.ListAPIView[File]):
    """Files, newest first."""

    serializer_class = FileSerializer

    def get_queryset(self) -> QuerySet[File]:
        return queries.newest_first(principal_of(self.request.META))

    def count(self) -> int:
        """For `picasso.api.pagination.Pages`."""
        return queries.count(principal_of(self.request.META))

    @extend_schema(operation_id="list_files", responses={200: FileSerializer(many=True), **NOT_FOUND})
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)


class FileDetail(FileView, generics.RetrieveAPIView[File]):
    """One file with its facts, its derivatives and its error."""

    serializer_class = FileDetailSerializer

    def get_permissions(self) -> Sequence[BasePermission]:
        return [DeletesFiles() if self.request.method == "DELETE" else ReadsFiles()]

    def get_queryset(self) -> QuerySet[File]:
        principal = principal_of(self.request.META)
        if self.request.method == "DELETE":
            return queries.in_reach_of(principal)
        return queries.with_derivatives(principal)

    @extend_schema(operation_id="get_file", responses={200: FileDetailSerializer, **NOT_FOUND})
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    @extend_schema(operation_id="delete_file", responses={204: None, **NOT_FOUND})
    def delete(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Delete a file with its derivatives and jobs, also while it is processed."""
        delete_file(principal_of(request.META), default_storage(), self.get_object())
        return Response(status=204)
