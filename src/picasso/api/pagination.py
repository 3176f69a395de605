"""Pagination: by page number for files, as in the 1.0 contract, and by cursor for lists that change while read.

The addresses of the next and previous pages are in the Link header (RFC 8288).
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from typing import Any

from rest_framework.exceptions import NotFound
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import remove_query_param, replace_query_param

from picasso.errors import InvalidField
from picasso.serializers import base_of

PAGE_SIZE = 10
CURSOR_PAGE_SIZE = 50
MAX_PAGE_SIZE = 100


class Pages(BasePagination):
    """``?page=`` from 1, ``?page_size=`` up to 100. The view's method ``count`` tells how many rows there are."""

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        self.request = request
        self.size = min(number(request, "page_size", PAGE_SIZE), MAX_PAGE_SIZE)
        self.page = number(request, "page", 1)
        self.count = view.count()
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
        return links(self.request, "page", neighbours)

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        neighbour = {"type": ["integer", "null"], "minimum": 1}
        properties = {
            "count": {"type": "integer", "minimum": 0, "description": "The exact number of files."},
            "next": {**neighbour, "description": "The number of the next page; null on the last page."},
            "previous": {**neighbour, "description": "The number of the previous page; null on the first page."},
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


class Cursor(BasePagination):
    """``?cursor=`` from an earlier answer, ``?page_size=`` up to 100. Newest first, by id.

    A cursor has the id of the row next to the page, and the direction. So new and deleted rows do not shift the pages.
    Clients should not interpret it; it contains nothing secret.
    """

    max_size = MAX_PAGE_SIZE

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        self.request = request
        size = self._size(request)
        backwards, neighbour = cursor_of(request)
        rows = queryset.order_by("pk" if backwards else "-pk")
        if neighbour:
            rows = rows.filter(pk__gt=neighbour) if backwards else rows.filter(pk__lt=neighbour)
        found = list(rows[: size + 1])
        more, found = len(found) > size, found[:size]
        if backwards:
            found.reverse()
        # In the direction of the cursor's row there is a page in any case: at least that row.
        self.older = f"older-{found[-1].pk}" if found and (more or backwards) else None
        self.newer = f"newer-{found[0].pk}" if found and (more if backwards else neighbour) else None
        return found

    def _size(self, request: Request) -> int:
        try:
            return min(number(request, "page_size", CURSOR_PAGE_SIZE), self.max_size)
        except NotFound as fault:
            raise InvalidField("page_size", str(fault)) from fault

    def get_paginated_response(self, data: Any) -> Response:
        body = {"next": self.older, "previous": self.newer, "results": data}
        found = links(self.request, "cursor", {"first": "", "prev": self.newer, "next": self.older})
        return Response(body, headers={"Link": found})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        neighbour = {"type": ["string", "null"]}
        properties = {
            "next": {
                **neighbour,
                "description": "The cursor of the next page (older); null on the last.",
            },
            "previous": {
                **neighbour,
                "description": "The cursor of the previous page (newer); null on the first.",
            },
            "results": schema,
        }
        return {"type": "object", "required": list(properties), "properties": properties}

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        size = {"type": "integer", "minimum": 1, "default": CURSOR_PAGE_SIZE}
        return [
            parameter("cursor", {"type": "string"}, "`next` or `previous` of an earlier answer. Default: the newest."),
            parameter("page_size", size, f"At most {MAX_PAGE_SIZE}."),
        ]


def cursor_of(request: Request) -> tuple[bool, uuid.UUID | None]:
    """Whether to go to newer rows, and from which row. Raises `InvalidField`."""
    text = request.query_params.get("cursor", "")
    if not text:
        return False, None
    found = re.fullmatch(r"(older|newer)-([0-9a-f-]{36})", text)
    try:
        return found is not None and found[1] == "newer", uuid.UUID(found[2] if found else "")
    except ValueError as fault:
        raise InvalidField("cursor", "Use a cursor from an earlier answer.") from fault


def links(request: Request, name: str, neighbours: Mapping[str, int | str | None]) -> str:
    """A Link header: the URL of this request with the parameter ``name`` set per relation; removed if it is empty."""
    url = base_of(request) + request.get_full_path_info()
    addresses = {
        rel: replace_query_param(url, name, value) if value else remove_query_param(url, name)
        for rel, value in neighbours.items()
        if value is not None
    }
    return ", ".join(f'<{address}>; rel="{rel}"' for rel, address in addresses.items())


def number(request: Request, name: str, default: int) -> int:
    """A query parameter as a number above 0. Raises `NotFound`: there is no such page."""
    text = request.query_params.get(name, str(default))
    if not (text.isascii() and text.isdigit() and 0 < len(text) < 10 and int(text) > 0):
        raise NotFound(f"{name} must be a whole number above 0.")
    return int(text)


def parameter(name: str, schema: dict[str, Any], description: str = "") -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "schema": schema, "description": description}
