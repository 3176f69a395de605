"""Pages by number, as the 1.0 contract has them; the neighbours' addresses are in the Link header (RFC 8288)."""

from __future__ import annotations

from typing import Any

from rest_framework.exceptions import NotFound
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from picasso.models import FileCount
from picasso.serializers import base_of

PAGE_SIZE = 10
MAX_PAGE_SIZE = 100


class Pages(BasePagination):
    """``?page=`` from 1, ``?page_size=`` up to 100."""

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        self.request = request
        self.size = min(number(request, "page_size", PAGE_SIZE), MAX_PAGE_SIZE)
        self.page = number(request, "page", 1)
        self.count = FileCount.total()
        self.last = max(1, -(-self.count // self.size))
        if self.page > self.last:
            raise NotFound("There is no such page.")
        start = (self.page - 1) * self.size
        return list(queryset[start : start + self.size])

    def get_paginated_response(self, data: Any) -> Response:
        body = {"count": self.count, **self.neighbours(), "results": data}
        return Response(body, headers={"Link": self._links()})

    def neighbours(self) -> dict[str, int | None]:
        return {
            "next": self.page + 1 if self.page < self.last else None,
            "previous": self.page - 1 if self.page > 1 else None,
        }

    def _links(self) -> str:
        around = self.neighbours()
        neighbours = {"first": 1, "prev": around["previous"], "next": around["next"], "last": self.last}
        url = base_of(self.request) + self.request.get_full_path()
        return ", ".join(
            f'<{replace_query_param(url, "page", page)}>; rel="{rel}"' for rel, page in neighbours.items() if page
        )

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        neighbour = {"type": ["integer", "null"], "minimum": 1}
        properties = {
            "count": {"type": "integer", "minimum": 0, "description": "How many files there are, exactly."},
            "next": {**neighbour, "description": "The number of the next page."},
            "previous": {**neighbour, "description": "The number of the previous page."},
            "results": schema,
        }
        return {"type": "object", "required": list(properties), "properties": properties}

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        return [
            parameter("page", {"type": "integer", "minimum": 1, "default": 1}),
            parameter(
                "page_size", {"type": "integer", "minimum": 1, "default": PAGE_SIZE}, f"At most {MAX_PAGE_SIZE}."
            ),
        ]


def number(request: Request, name: str, default: int) -> int:
    """A page that is not a number above 0 does not exist."""
    text = request.query_params.get(name, str(default))
    if not (text.isascii() and text.isdigit() and 0 < len(text) < 10 and int(text) > 0):
        raise NotFound(f"{name} must be a whole number above 0.")
    return int(text)


def parameter(name: str, schema: dict[str, Any], description: str = "") -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "schema": schema, "description": description}
