"""The permissions of views: what the principal may do, and that no page of another site does it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from picasso.access.principal import Scope, principal_of
from picasso.errors import Forbidden

SAFE = {"GET", "HEAD", "OPTIONS"}


class SameOrigin(BasePermission):
    """Refuses requests that a browser sends for a page of another site.

    With open access whoever can reach the service can operate it. So a page on another site could make such a person's
    browser send a request here. Browsers add ``Origin`` to every cross-origin POST, and ``Sec-Fetch-Site`` as
    well; a page can change neither. Programs send neither and are allowed, as are pages of `PICASSO_CORS_ORIGINS`.
    """

    def has_permission(self, request: Request, view: Any) -> bool:
        if request.method not in SAFE and is_cross_site(request):
            raise Forbidden("Cross-site requests are not allowed.")
        return True


def requires(scope: Scope) -> type[BasePermission]:
    """The permission of a view whose requests need this scope."""

    class HasScope(BasePermission):
        def has_permission(self, request: Request, view: Any) -> bool:
            principal_of(request.META).require(scope)
            return True

    return HasScope


ReadsFiles = requires(Scope.FILES_READ)
DeletesFiles = requires(Scope.FILES_DELETE)
ReadsJobs = requires(Scope.JOBS_READ)
WritesJobs = requires(Scope.JOBS_WRITE)
AdministersService = requires(Scope.SERVICE_ADMIN)


def is_cross_site(request: Request) -> bool:
    origin = request.headers.get("Origin")
    if origin is not None and {"*", origin} & {*settings.PICASSO.cors_origins}:
        return False
    if request.headers.get("Sec-Fetch-Site", "none") not in {"same-origin", "none"}:
        return True
    own_hosts = {request.get_host(), urlsplit(settings.PICASSO.public_url).netloc}
    return origin is not None and urlsplit(origin).netloc not in own_hosts - {""}
