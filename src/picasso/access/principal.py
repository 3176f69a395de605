"""The principal: on whose behalf something is done. The router finds it once per request, before it calls a handler."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal

from picasso.access.projects import DEFAULT, Project
from picasso.access.token_limits import TokenLimits
from picasso.errors import Forbidden, Unauthorized

ENVIRON = "picasso.principal"
"""The key of the principal in an ASGI scope and in a WSGI environ."""

Kind = Literal["open", "service", "key", "token", "session", "link", "anonymous"]


class Scope(StrEnum):
    """What a principal may do."""

    FILES_READ = "files:read"
    FILES_WRITE = "files:write"
    FILES_DELETE = "files:delete"
    FILES_QUARANTINE = "files:quarantine"
    """Fetch files that are not known to be free of malware."""
    JOBS_READ = "jobs:read"
    JOBS_WRITE = "jobs:write"
    JOBS_WORK = "jobs:work"
    """Take jobs of remote processors, and send their results."""
    EVENTS_READ = "events:read"
    WEBHOOKS_WRITE = "webhooks:write"
    PROJECT_ADMIN = "project:admin"
    """Keys, tokens for any owner, settings, quotas and the audit of its project."""
    SERVICE_ADMIN = "service:admin"
    """Projects and queues: what belongs to all projects together."""


PROJECT_SCOPES = frozenset(Scope) - {Scope.SERVICE_ADMIN}
USUAL_SCOPES = PROJECT_SCOPES - {Scope.FILES_QUARANTINE, Scope.JOBS_WORK}
"""What a key gets that names no scopes: not what only special programs need."""


@dataclass(frozen=True, slots=True)
class Principal:
    kind: Kind
    project: Project | None
    """The project whose objects it sees. None for the service, which sees all, and for strangers, who see none."""
    scopes: frozenset[Scope]
    owner: str | None = None
    """The end user whose files it sees and makes; None for all of the project."""
    identity: str = ""
    """What stays the same while the credential is renewed, such as ``key:abc``. Unfinished uploads belong to it."""
    limits: TokenLimits | None = None
    """What its token limits, if it has one."""
    credential: str = ""
    """The key or token that was sent, also where ``identity`` is an owner. Requests are counted for it."""
    key_id: str = ""
    """The key that it has, or that made its token; empty without one."""

    @property
    def project_id(self) -> int:
        """Raises `Unauthorized` for a principal without a project."""
        if self.project is None:
            raise Unauthorized
        return self.project.id

    @property
    def sees_everything(self) -> bool:
        """Whether it is the service itself, which works for all projects."""
        return self.kind == "service"

    def may(self, scope: Scope) -> bool:
        return scope in self.scopes

    def require(self, scope: Scope) -> None:
        """Raises `Unauthorized` for a stranger, `Forbidden` for all others without this scope."""
        if scope not in self.scopes:
            raise Unauthorized if self.kind == "anonymous" else Forbidden(f"This needs the scope {scope}.")


OPEN = Principal(kind="open", project=DEFAULT, scopes=frozenset(Scope) - {Scope.FILES_QUARANTINE}, identity="open")
"""Everybody who can reach a service with ``PICASSO_ACCESS=open``."""

ANONYMOUS = Principal(kind="anonymous", project=None, scopes=frozenset())
"""A request without a valid credential."""

SERVICE = Principal(kind="service", project=None, scopes=frozenset(Scope))
"""The service itself: workers, cleanup, management commands."""


def principal_of(carrier: Mapping[str, Any]) -> Principal:
    """The principal that the router put into an ASGI scope, or into a WSGI environ: ``request.META`` in Django."""
    principal: Principal = carrier[ENVIRON]
    return principal
