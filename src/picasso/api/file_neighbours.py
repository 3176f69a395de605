"""The files beside one, in a list with filters and an order: what a viewer shows next."""

from __future__ import annotations

import uuid
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from picasso.access.principal import principal_of
from picasso.api.answers import problems
from picasso.api.cursors import Position
from picasso.api.file_parameters import SELECTING
from picasso.api.files import SelectedFiles
from picasso.api.pagination import behind
from picasso.files import queries
from picasso.models import File
from picasso.serializers import FileSerializer


class NeighboursSerializer(serializers.Serializer[Any]):
    previous = FileSerializer(allow_null=True, help_text="The file before it; null if it is the first.")
    next = FileSerializer(allow_null=True, help_text="The file after it; null if it is the last.")


class FileNeighbours(SelectedFiles):
    @extend_schema(
        operation_id="get_file_neighbours",
        tags=["files"],
        parameters=SELECTING,
        responses={200: NeighboursSerializer, **problems(400, 401, 403, 404)},
    )
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """The files before and after one, in the list of files with the same filters and order.

        The file itself need not match the filters: its place is where it would be.
        """
        file = queries.get(principal_of(request.META), pk)
        found = {"previous": self._beside(file, backwards=True), "next": self._beside(file, backwards=False)}
        return Response(NeighboursSerializer(found, context=self.get_serializer_context()).data)

    def _beside(self, file: File, *, backwards: bool) -> File | None:
        order = self.order()
        found: list[File] = behind(self.selected(), order, Position(order.values(file), backwards), 1)
        return found[0] if found else None
