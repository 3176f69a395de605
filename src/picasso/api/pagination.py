"""Pages of lists: by number, as in the 1.0 contract, and by cursor, which stays in place while rows come and go.

The addresses of the neighbouring pages are in the Link header (RFC 8288).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import remove_query_param, replace_query_param

from picasso.api.cursors import FORM, Position, decode, encode
from picasso.errors import InvalidField, NotFound
from picasso.keyset import NEWEST_FIRST, Order
from picasso.query_values import whole_number
from picasso.serializers import base_of

PAGE_SIZE = 10
CURSOR_PAGE_SIZE = 50
MAX_PAGE_SIZE = 100
MAX_PAGE = 10**9 - 1

CURSOR = {"type": "string", "pattern": f"^({FORM})?$"}


@dataclass(frozen=True, slots=True)
class Total:
    """How many rows a list has."""

    number: int
    exact: bool = True
    """Otherwise there are more."""

    def corrected(self, seen: int, *, more: bool) -> Total:
        """After the rows of a page were read, up to which so many were seen."""
        return self if self.exact else Total(max(self.number, seen), exact=not more)

    def member(self) -> dict[str, int]:
        return {"count" if self.exact else "count_at_least": self.number}


class Pages(BasePagination):
    """``?page=`` from 1, ``?page_size=`` up to 100. The view's method ``total`` tells how many rows there are."""

    default_size = PAGE_SIZE

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        self.request = request
        self.size = page_size(request, self.default_size)
        self.page = number(request, "page", 1)
        self.total: Total = view.total()
        self.last = max(1, -(-self.total.number // self.size))
        if self.total.exact and self.page > self.last:
            raise NotFound("There is no such page.")
        start = (self.page - 1) * self.size
        # One more row tells whether there is a next page.
        found = list(queryset[start : start + self.size + (not self.total.exact)])
        self.more = self.page < self.last if self.total.exact else len(found) > self.size
        if not found and self.page > 1 and not self.total.exact:
            raise NotFound("There is no such page.")
        self.total = self.total.corrected(start + len(found), more=self.more)
        self.last = max(1, -(-self.total.number // self.size))
        return found[: self.size]

    def checks(self, request: Request) -> list[Callable[[], object]]:
        """What raises `InvalidField` for a parameter that is wrong."""
        return [lambda: page_size(request, PAGE_SIZE), lambda: number(request, "page", 1)]

    def get_paginated_response(self, data: Any) -> Response:
        body = {**self.total.member(), **self.neighbours(), "results": data}
        return Response(body, headers={"Link": self._links()})

    def neighbours(self) -> dict[str, int | None]:
        return {"next": self.page + 1 if self.more else None, "previous": self.page - 1 if self.page > 1 else None}

    def _links(self) -> str:
        around = self.neighbours()
        last = self.last if self.total.exact else None
        return links(
            self.request, "page", {"first": 1, "prev": around["previous"], "next": around["next"], "last": last}
        )

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
            parameter("page", {"type": "integer", "minimum": 1, "maximum": MAX_PAGE, "default": 1}),
            size_parameter(PAGE_SIZE),
        ]


class Cursor(BasePagination):
    """``?cursor=`` from an earlier answer, ``?page_size=`` up to 100. By default newest first."""

    max_size = MAX_PAGE_SIZE
    default_size = CURSOR_PAGE_SIZE
    size_exception = ""
    """For the document: when a page may be longer."""
    order = NEWEST_FIRST

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        self.request = request
        size = page_size(request, self.default_size, self.max_size)
        position = position_of(request)
        found = behind(queryset, self.order, position, size + 1)
        more, found = len(found) > size, found[:size]
        backwards = position is not None and position.backwards
        if backwards:
            found.reverse()
        # In the direction of the cursor's row there is a page in any case: at least that row.
        self.next = self._cursor(found[-1]) if found and (more or backwards) else None
        self.previous = self._cursor(found[0], backwards=True) if found and (more if backwards else position) else None
        return found

    def checks(self, request: Request) -> list[Callable[[], object]]:
        """As of `Pages`."""
        return [lambda: page_size(request, self.default_size, self.max_size), lambda: position_of(request)]

    def _cursor(self, row: Any, *, backwards: bool = False) -> str:
        return encode(self.request, Position(self.order.values(row), backwards))

    def get_paginated_response(self, data: Any) -> Response:
        body = {"next": self.next, "previous": self.previous, "results": data}
        return Response(body, headers={"Link": links(self.request, "cursor", self.around())})

    def around(self) -> dict[str, str | None]:
        return {"first": "", "prev": self.previous, "next": self.next}

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        neighbour = {"type": ["string", "null"]}
        properties = {
            "next": {**neighbour, "description": "The cursor of the next page; null on the last."},
            "previous": {**neighbour, "description": "The cursor of the previous page; null on the first."},
            "results": schema,
        }
        return {"type": "object", "required": list(properties), "properties": properties}

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        return [
            parameter("cursor", CURSOR, "`next` or `previous` of an earlier answer. Default: the first page."),
            size_parameter(self.default_size, self.size_exception),
        ]


class TotalAndCursor(Cursor):
    """Pages by cursor that also tell how many rows there are."""

    default_size = PAGE_SIZE

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        self.order = view.order()
        self._total: Total = view.total()
        found = super().paginate_queryset(queryset, request, view)
        is_part = self.next is not None or self.previous is not None
        self._total = self._total.corrected(len(found), more=is_part)
        return found

    def get_paginated_response(self, data: Any) -> Response:
        body = {**self._total.member(), "next": self.next, "previous": self.previous, "results": data}
        return Response(body, headers={"Link": links(self.request, "cursor", self.around(), keep_empty=True)})


class PagesOrCursor(BasePagination):
    """By number, or by cursor if the request has ``?cursor=``: an empty one for the first page.

    The view's method ``order`` tells how the rows are ordered.
    """

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        # An empty cursor is the first page, also by number.
        by_cursor = "cursor" in request.query_params and (position_of(request) or "page" not in request.query_params)
        if by_cursor and "page" in request.query_params:
            raise InvalidField("page", "Use either page or cursor.")
        self._pages: BasePagination = TotalAndCursor() if by_cursor else Pages()
        rows = queryset if by_cursor else queryset.order_by(*view.order().terms(queryset.model))
        return self._pages.paginate_queryset(rows, request, view) or []

    def checks(self, request: Request) -> list[Callable[[], object]]:
        """As of `Pages`."""
        return [*Pages().checks(request), lambda: position_of(request)]

    def get_paginated_response(self, data: Any) -> Response:
        return self._pages.get_paginated_response(data)

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        found = Pages().get_paginated_response_schema(schema)
        at_least = {"type": "integer", "minimum": 0, "description": "With `count=fast` instead of `count`, if many."}
        neighbours = {
            name: {"type": ["integer", "string", "null"], "description": f"The {name} page, by number or by cursor."}
            for name in ("next", "previous")
        }
        properties = {**found["properties"], "count_at_least": at_least, **neighbours}
        return {"type": "object", "required": ["next", "previous", "results"], "properties": properties}

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        text = "`next` or `previous` of an earlier answer to a request with a cursor; empty for the first page."
        cursor = {**parameter("cursor", CURSOR, text), "allowEmptyValue": True}
        return [*Pages().get_schema_operation_parameters(view), cursor]


def position_of(request: Request) -> Position | None:
    """None for the first page. Raises `InvalidField`."""
    cursor = request.query_params.get("cursor")
    return decode(request, cursor) if cursor else None


def behind(rows: Any, order: Order, position: Position | None, limit: int) -> list[Any]:
    """Rows in this order from a position on; in the opposite order if it leads backwards.

    ``rows`` is a query or a `Merged`.
    """
    walk = order.reversed() if position and position.backwards else order
    found = rows.order_by(*walk.terms(rows.model))
    if position:
        found = found.filter(walk.behind(rows.model, position.values))
    return list(found[:limit])


def links(request: Request, name: str, neighbours: Mapping[str, int | str | None], *, keep_empty: bool = False) -> str:
    """A Link header: the URL of this request with the parameter ``name`` set per relation.

    Where it is empty, it is removed, if it is not to be kept.
    """
    url = base_of(request) + request.get_full_path_info()
    addresses = {
        rel: replace_query_param(url, name, value) if value or keep_empty else remove_query_param(url, name)
        for rel, value in neighbours.items()
        if value is not None
    }
    return ", ".join(f'<{address}>; rel="{rel}"' for rel, address in addresses.items())


def page_size(request: Request, default: int, most: int = MAX_PAGE_SIZE) -> int:
    """Raises `InvalidField`. More than there may be is as many as there may be."""
    try:
        return min(number(request, "page_size", default), most)
    except InvalidField:
        sentence = f"page_size must be a whole number from 1 to {MAX_PAGE}; more than {most} means {most}."
        raise InvalidField("page_size", sentence) from None


def number(request: Request, name: str, default: int) -> int:
    """A query parameter as a number above 0. Raises `InvalidField`."""
    return whole_number(name, request.query_params.get(name, str(default)), 1, MAX_PAGE)


def parameter(name: str, schema: dict[str, Any], description: str = "") -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "schema": schema, "description": description}


def size_parameter(default: int, exception: str = "") -> dict[str, Any]:
    schema = {"type": "integer", "minimum": 1, "maximum": MAX_PAGE, "default": default}
    return parameter("page_size", schema, f"At most {MAX_PAGE_SIZE}; more means {MAX_PAGE_SIZE}.{exception}")
