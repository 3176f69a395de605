"""The principal: on whose behalf something is done. The router finds it once per request, before it calls a handler."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal

from picasso.errors import Forbidden

ENVIRON = "picasso.principal"
"""The key of the principal in an ASGI scope and in a WSGI environ."""

DEFAULT_PROJECT = "default"

Kind = Literal["open", "service"]


class Scope(StrEnum):
    """What a principal may do."""

    FILES_READ = "files:read"
    FILES_WRITE = "files:write"
    FILES_DELETE = "files:delete"
    JOBS_READ = "jobs:read"
    JOBS_WRITE = "jobs:write"


@dataclass(frozen=True, slots=True)
class Principal:
    kind: Kind
    project: str | None
    """The project whose objects it sees; None for all projects."""
    scopes: frozenset[Scope]
    owner: str | None
    """The end user whose files it sees; None for all of the project."""

    def require(self, scope: Scope) -> None:
        """Raises `Forbidden` unless the principal has this scope."""
        if scope not in self.scopes:
            raise Forbidden


OPEN = Principal(kind="open", project=DEFAULT_PROJECT, scopes=frozenset(Scope), owner=None)
"""Everybody who can reach the service, as long as there are no keys."""

SERVICE = Principal(kind="service", project=None, scopes=frozenset(Scope), owner=None)
"""The service itself: workers, cleanup, management commands."""


def principal_of(carrier: Mapping[str, Any]) -> Principal:
    """The principal that the router put into an ASGI scope, or into a WSGI environ: ``request.META`` in Django."""
    principal: Principal = carrier[ENVIRON]
    return principal


def authenticate(headers: Mapping[str, str]) -> Principal:
    """The principal of a request with these headers, whose names are in lower case."""
    return OPEN
