"""The permissions of views: what the principal may do. Pages of other sites: `picasso.web.cross_site`."""

from __future__ import annotations

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from picasso.access.principal import Scope, principal_of


def requires(scope: Scope) -> type[BasePermission]:
    """The permission of a view whose requests need this scope."""

    class HasScope(BasePermission):
        def has_permission(self, request: Request, view: Any) -> bool:
            principal_of(request.META).require(scope)
            return True

    return HasScope


ReadsFiles = requires(Scope.FILES_READ)
WritesFiles = requires(Scope.FILES_WRITE)
DeletesFiles = requires(Scope.FILES_DELETE)
ReadsJobs = requires(Scope.JOBS_READ)
WritesJobs = requires(Scope.JOBS_WRITE)
WorksOnJobs = requires(Scope.JOBS_WORK)
AdministersProject = requires(Scope.PROJECT_ADMIN)
AdministersService = requires(Scope.SERVICE_ADMIN)
