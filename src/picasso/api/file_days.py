"""How many files there are of each day, in a list with filters: what a gallery by day needs to know its length."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import MAXYEAR, MINYEAR, date
from typing import Any
from zoneinfo import ZoneInfo

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from picasso import query_values
from picasso.api.answers import problems
from picasso.api.file_parameters import SELECTING
from picasso.api.files import SelectedFiles
from picasso.api.parameters import narrowed
from picasso.errors import InvalidField
from picasso.files import filters
from picasso.files.days import Days, days

PAGE = 100
BY_TIME = ("-uploaded_at", "uploaded_at")

SELECTING_BY_TIME = [
    *(each for each in SELECTING if each.name != "ordering"),
    OpenApiParameter("ordering", enum=BY_TIME, description="The newest day first without it."),
    OpenApiParameter(
        "timezone",
        {"type": "string", "maxLength": query_values.MAX_TEXT, "example": "Europe/Berlin"},
        description="Whose days: a name of the IANA time zone database. `UTC` without it.",
    ),
    OpenApiParameter("start", OpenApiTypes.DATE, description="Only from this day on, in the order of the list."),
]


class FilesOfDaySerializer(serializers.Serializer[Any]):
    day = serializers.DateField()
    count = serializers.IntegerField(min_value=1, help_text="How many files of the list were uploaded on it.")


class DaysSerializer(serializers.Serializer[Any]):
    results = FilesOfDaySerializer(many=True, help_text=f"The days that have files, up to {PAGE}.")
    next = serializers.DateField(allow_null=True, help_text="`start` of the next request; null at the end.")


class FileDays(SelectedFiles):
    parameters = (*filters.FILTERS, "ordering", "timezone", "start")
    pagination_class = None  # `start` goes on

    @extend_schema(
        operation_id="list_file_days",
        tags=["files"],
        parameters=SELECTING_BY_TIME,
        responses={200: DaysSerializer, **problems(400, 401, 403)},
    )
    def get(self, request: Request) -> Response:
        """How many files of the list with the same filters were uploaded on each day."""
        found, following = self._days().page(self._start(), PAGE)
        return Response(DaysSerializer({"results": found, "next": following}).data)

    def checks(self) -> Iterable[Callable[[], object]]:
        return [*super().checks(), self._descending, self._zone, self._start]

    def _days(self) -> Days:
        return days(narrowed(self.request), self._where(), self._zone(), descending=self._descending())

    def _descending(self) -> bool:
        order = self.request.query_params.get("ordering", BY_TIME[0])
        return query_values.choice("ordering", order, BY_TIME).startswith("-")

    def _zone(self) -> ZoneInfo:
        name = query_values.text("timezone", self.request.query_params.get("timezone", "UTC"))
        try:
            return ZoneInfo(name)
        except (ValueError, OSError, LookupError):
            raise InvalidField("timezone", "timezone must be a name such as Europe/Berlin.") from None

    def _start(self) -> date | None:
        text = self.request.query_params.get("start")
        if text is None:
            return None
        try:
            found = date.fromisoformat(text)
        except ValueError:
            found = date.min
        if not MINYEAR < found.year < MAXYEAR or found.isoformat() != text:
            raise InvalidField("start", "start must be a day such as 2026-11-30.")
        return found
