"""Query parameters: those that nothing reads are refused, because a misspelt filter would show everything."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, ClassVar

from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.views import APIView

from picasso.access.owners import require_owner
from picasso.access.principal import Principal, principal_of
from picasso.errors import InvalidField
from picasso.query_values import choice, require_known

OWNER = OpenApiParameter("owner", description="Only those of this end user.")


def require_known_parameters(request: Request, known: Iterable[str], prefix: str | None = None) -> None:
    """Raises `InvalidField` for a query parameter that is not one of these, or that is there twice.

    Names that begin with the prefix are known as well.
    """
    require_known(request.query_params, known, prefix)
    for name, values in request.query_params.lists():
        if len(values) > 1:
            raise InvalidField(name[:40], f"{name[:40]} is there {len(values)} times. Give it once.")


class KnownParameters(APIView):
    """A view whose ``GET`` has these parameters, and those of its paginator, only."""

    parameters: ClassVar[tuple[str, ...]] = ()
    prefix: ClassVar[str | None] = None
    """How the names of further parameters begin."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if request.method in {"GET", "HEAD"}:
            require_known_parameters(request, (*self.parameters, *self._of_pages()), self.prefix)

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        if not force and "format" in request.query_params:
            choice("format", request.query_params["format"], [each.format for each in self.renderer_classes])
        return super().perform_content_negotiation(request, force)

    def _of_pages(self) -> list[str]:
        paginator = getattr(self, "paginator", None)
        return [each["name"] for each in paginator.get_schema_operation_parameters(self)] if paginator else []


def narrowed(request: Request) -> Principal:
    """The principal, which sees what belongs to ``?owner=`` only, if that is there. Raises `InvalidField`."""
    principal = principal_of(request.META)
    owner = request.query_params.get("owner", principal.owner)
    if owner == principal.owner:
        return principal
    require_owner("owner", owner or "")
    if principal.owner is not None:
        raise InvalidField("owner", "This request sees what belongs to its own owner only.")
    return replace(principal, owner=owner)
