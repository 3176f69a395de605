"""Refuses what a browser sends for a page of another site and that would change something: request forgery.

A browser may do what the page may not: it runs on the machine of a service without keys, or it has a session. Browsers
add ``Origin`` to every request that may change something, and ``Sec-Fetch-Site`` (Fetch Metadata) as well where the
connection is secure; a page can change neither. Programs send neither.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from picasso import addresses
from picasso.access.principal import Kind
from picasso.addresses import below
from picasso.errors import CrossSiteRequest
from picasso.web.cors import Cors
from picasso.web.request import Request

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})

# ``none``: the person did it, for example by reloading a page.
OWN_SITES = frozenset({"same-origin", "none"})

# Whose access a browser has by itself. A key or a token must be put into the request by the page, which knows it then.
AMBIENT = frozenset({"open", "session"})

DEFAULT_PORTS = {"http": ":80", "https": ":443"}


class CrossSite:
    def __init__(self, cors: Cors, public_url: str) -> None:
        self._cors = cors
        self._public = urlsplit(public_url)

    async def check(self, request: Request) -> None:
        """Raises `CrossSiteRequest`, `Unavailable`."""
        if request.method in SAFE:
            return
        origin, site = request.headers.get("origin"), request.headers.get("sec-fetch-site", "none")
        if site in OWN_SITES and (origin is None or self._is_own(request, origin)):
            return
        if not await self._may_change(request, origin or ""):
            raise CrossSiteRequest

    def _is_own(self, request: Request, origin: str) -> bool:
        scheme, host = request.scope["scheme"], request.headers.get("host", "")
        return is_same(origin, scheme, host) or is_same(origin, self._public.scheme, self._public.netloc)

    async def _may_change(self, request: Request, origin: str) -> bool:
        principal, path = request.principal, request.path
        if self._cors.lists(path, origin, principal.project):
            return True
        if principal.kind == "anonymous" and is_upload(path):  # the token may be a field of the form
            return await self._cors.allows_in_a_project(path, origin)
        return may_by_wildcard(path, principal.kind) and self._cors.allows(path, origin, principal.project)


def may_by_wildcard(path: str, kind: Kind) -> bool:
    """Whether ``*`` allows this, too. Never what a browser may do because somebody has signed in there.

    Where everybody may do everything, pages may at least upload.
    """
    return kind not in AMBIENT or (kind == "open" and is_upload(path))


def is_same(origin: str, scheme: str, host: str) -> bool:
    """Whether an origin is that of ``scheme://host``.

    ``https`` is accepted for ``http``: a proxy that ends TLS need not say so. The reverse is not, because whoever can
    change the traffic of the network can make a page of ``http``.
    """
    its_scheme, _, authority = origin.lower().partition("://")
    port = DEFAULT_PORTS.get(its_scheme)
    if port is None or its_scheme not in {scheme, "https"}:
        return False
    return bool(host) and authority.removesuffix(port) == host.lower().removesuffix(port)


def is_upload(path: str) -> bool:
    return below(addresses.UPLOAD, path) is not None or below(addresses.UPLOADS, path) is not None
