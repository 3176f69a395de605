"""Query parameters: those that nothing reads are refused, because a misspelt filter would show everything."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar

from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from picasso.access import owners
from picasso.access.principal import Principal, principal_of
from picasso.errors import FieldError, InvalidField, PicassoError
from picasso.query_values import choice, invalid_fields, require_all, require_known

READS = frozenset({"GET", "HEAD"})

OWNER = OpenApiParameter("owner", description="Only those of this end user.")


def require_known_parameters(
    request: Request, known: Iterable[str], prefix: str | None = None, repeatable: Iterable[str] = ()
) -> None:
    """Raises `InvalidField` for a query parameter that is not one of these, or that is there twice.

    Names that begin with the prefix are known as well; those that are repeatable may be there several times.
    """
    lists = [(name, len(values)) for name, values in request.query_params.lists() if name not in repeatable]
    require_all(
        [
            lambda: require_known(request.query_params, known, prefix),
            *(partial(require_once, name, times) for name, times in lists),
        ]
    )


def require_once(name: str, times: int) -> None:
    if times > 1:
        raise InvalidField(name[:40], f"{name[:40]} is there {times} times. Give it once.")


class KnownFormat(APIView):
    """A view whose parameter `format` is one that it has. DRF takes an empty one for none, and others for a 404."""

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        if not force and "format" in request.query_params:
            known = dict.fromkeys(each.format for each in self.renderer_classes)
            choice("format", request.query_params["format"], list(known))
        return super().perform_content_negotiation(request, force)


class KnownParameters(KnownFormat):
    """A view whose ``GET`` has these parameters, and those of its paginator, only."""

    parameters: ClassVar[tuple[str, ...]] = ()
    prefix: ClassVar[str | None] = None
    """How the names of further parameters begin."""
    repeatable: ClassVar[tuple[str, ...]] = ()
    """Those that may be there several times."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if request.method in READS:
            self._require_known_parameters()

    def handle_exception(self, exc: Exception) -> Response:
        """Whoever has one parameter wrong is told of all that are."""
        if isinstance(exc, InvalidField) and self.request.method in READS:
            exc = self._with_all_faults(exc)
        return super().handle_exception(exc)

    def checks(self) -> Iterable[Callable[[], object]]:
        """What raises `InvalidField` for each parameter that is wrong."""
        return [lambda: require_valid_owner(self.request)] if "owner" in self.parameters else []

    def _with_all_faults(self, fault: InvalidField) -> InvalidField:
        paginator = getattr(self, "paginator", None)
        of_pages = paginator.checks(self.request) if paginator else ()
        others: Sequence[FieldError] = ()
        try:
            require_all(map(only_invalid, [self._require_known_parameters, *of_pages, *self.checks()]))
        except InvalidField as found:
            others = found.errors
        return invalid_fields([*fault.errors, *others])

    def _require_known_parameters(self) -> None:
        require_known_parameters(self.request, (*self.parameters, *self._of_pages()), self.prefix, self.repeatable)

    def _of_pages(self) -> list[str]:
        paginator = getattr(self, "paginator", None)
        return [each["name"] for each in paginator.get_schema_operation_parameters(self)] if paginator else []


def only_invalid(check: Callable[[], object]) -> Callable[[], None]:
    """The check without other faults than a wrong parameter, such as a page that does not exist."""

    def run() -> None:
        try:
            check()
        except InvalidField:
            raise
        except PicassoError:
            pass

    return run


def narrowed(request: Request) -> Principal:
    """The principal, which sees what belongs to ``?owner=`` only, if that is there.

    Raises `InvalidField`; `Forbidden` if the principal acts for another owner.
    """
    principal = principal_of(request.META)
    return replace(principal, owner=owners.narrowed(principal.owner, request.query_params.get("owner")))


def require_valid_owner(request: Request) -> None:
    """Raises `InvalidField`."""
    if (owner := request.query_params.get("owner")) is not None:
        owners.require_owner("owner", owner)
