"""Which pages of other sites may use the service from a browser: the CORS protocol of https://fetch.spec.whatwg.org.

No page of another site may use a session, so nothing is ever allowed "with credentials" (cookies). A page sends its
token in ``Authorization``.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress

from picasso import addresses
from picasso.access.principal import ENVIRON, Principal
from picasso.access.projects import Project
from picasso.errors import Unavailable
from picasso.web.request import AsgiScope, Header, Request

CORS_PATHS = (addresses.API, addresses.DOWNLOADS)

METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"

# What clients of all upload protocols send, besides the few headers that need no permission. It is a fixed list and not
# an echo of the request, so that a page of another site can never send a header that some proxy trusts.
REQUEST_HEADERS = (
    *("Accept", "Accept-Language", "Cache-Control", "Content-Disposition", "Content-Encoding", "Content-Language"),
    *(
        "Authorization",
        "Content-Type",
        "Range",
        "If-Match",
        "If-None-Match",
        "If-Modified-Since",
        "If-Unmodified-Since",
        "If-Range",
    ),
    *("Tus-Resumable", "Upload-Length", "Upload-Defer-Length", "Upload-Offset", "Upload-Metadata", "Upload-Concat"),
    *("Upload-Checksum", "Upload-Complete", "Upload-Incomplete", "Upload-Draft-Interop-Version", "Upload-Limit"),
    *("Repr-Digest", "Content-Digest", "Want-Repr-Digest", "Want-Content-Digest", "Idempotency-Key", "Prefer"),
    *("Picasso-Tags", "Picasso-Attributes", "Picasso-Webhook-Url"),
    *("X-HTTP-Method-Override", "X-Requested-With", "X-Request-ID", "Traceparent", "Tracestate"),
    "Last-Event-ID",
)

RESPONSE_HEADERS = (
    *("Location", "Content-Location", "Link", "Upload-Offset", "Upload-Length", "Upload-Defer-Length"),
    *("Upload-Metadata", "Upload-Concat", "Upload-Expires", "Upload-Checksum", "Upload-Complete", "Upload-Incomplete"),
    *("Upload-Limit", "Upload-Draft-Interop-Version", "Tus-Resumable", "Tus-Version", "Tus-Extension", "Tus-Max-Size"),
    *("Tus-Checksum-Algorithm", "Repr-Digest", "Content-Digest", "Retry-After", "ETag", "Accept-Ranges"),
    *("RateLimit", "RateLimit-Policy"),
    *("Content-Range", "Content-Disposition", "Accept-Patch", "Preference-Applied", "Idempotency-Key"),
)

# Seconds. Chromium keeps a permission no longer.
MAX_AGE = 7200

PREFLIGHT = {
    "Access-Control-Allow-Methods": METHODS,
    "Access-Control-Allow-Headers": ", ".join(REQUEST_HEADERS),
    "Access-Control-Max-Age": str(MAX_AGE),
}

ALLOW_ORIGIN = b"access-control-allow-origin"
EXPOSE_HEADERS = (b"access-control-expose-headers", ", ".join(RESPONSE_HEADERS).encode())
RESOURCE_POLICY = b"cross-origin-resource-policy"

ProjectOrigins = Callable[[], Awaitable[frozenset[str]]]
"""The origins of all projects together."""


class Cors:
    def __init__(self, origins: Collection[str], project_origins: ProjectOrigins) -> None:
        """``origins`` as browsers write them, or ``*``: those of all projects. A project may have more.

        An answer to a request without a project, such as a preflight or a 401, is for the pages of all projects.
        """
        self._origins = frozenset(origins)
        self._any_origin = "*" in self._origins
        self._project_origins = project_origins
        self._of_projects: frozenset[str] = frozenset()
        """What `project_origins` answered last."""

    async def is_preflight(self, request: Request) -> bool:
        """Whether a browser asks what a page of an allowed origin may send. Any other OPTIONS goes to the handler."""
        if request.method != "OPTIONS" or "access-control-request-method" not in request.headers:
            return False
        return await self.allows_in_a_project(request.path, request.headers.get("origin", ""))

    def allows(self, path: str, origin: str, project: Project | None) -> bool:
        """Whether pages of this origin may use this path in this project."""
        return path.startswith(CORS_PATHS) and bool({origin, "*"} & self._origins or {origin, "*"} & of(project))

    def lists(self, path: str, origin: str, project: Project | None) -> bool:
        """As `allows`, but only for an origin that is listed by its name."""
        return path.startswith(CORS_PATHS) and origin != "*" and (origin in self._origins or origin in of(project))

    async def allows_in_a_project(self, path: str, origin: str) -> bool:
        """As `allows`, before it is known which project it is. Raises `Unavailable`."""
        if self.allows(path, origin, None):
            return True
        if not path.startswith(CORS_PATHS):
            return False
        self._of_projects = await self._project_origins()
        return bool({origin, "*"} & self._of_projects)

    async def refresh(self, request: Request) -> None:
        """Before a request without a project is answered: its answer is for the pages of all projects."""
        if request.path.startswith(CORS_PATHS):
            with suppress(Unavailable):
                self._of_projects = await self._project_origins()

    async def preflight(self, request: Request) -> None:
        await request.answer(204, headers=PREFLIGHT)

    def complete(self, scope: AsgiScope, headers: list[Header]) -> list[Header]:
        """The headers of an answer, also of an error, with those of CORS."""
        if not scope["path"].startswith(CORS_PATHS):
            return headers
        allowed = self._allowed_in(scope)
        if not allowed:
            return headers
        origin = header(scope, b"origin")
        more = [] if self._any_origin else [(b"vary", b"Origin")]
        if self._any_origin or {origin, "*"} & allowed:
            more += [(ALLOW_ORIGIN, b"*" if self._any_origin else origin.encode("latin-1")), EXPOSE_HEADERS]
        if scope["path"].startswith(addresses.DOWNLOADS):
            shown_by = origin or origin_of(header(scope, b"referer"))
            if {shown_by, "*"} & allowed:
                headers = [*(one for one in headers if one[0] != RESOURCE_POLICY), (RESOURCE_POLICY, b"cross-origin")]
        return [*headers, *more]

    def _allowed_in(self, scope: AsgiScope) -> frozenset[str]:
        """The origins that an answer is for."""
        principal: Principal | None = scope.get(ENVIRON)
        project = principal.project if principal else None
        return self._origins | (of(project) if project else self._of_projects)


def of(project: Project | None) -> frozenset[str]:
    return frozenset(project.cors_origins) if project else frozenset()


def header(scope: AsgiScope, name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), "")


def origin_of(url: str) -> str:
    """`<img>` and `<video>` elements send no Origin. The address of their page is in Referer."""
    match = re.match(r"[a-z][a-z0-9+.-]*://[^/?#]+", url)
    return match[0] if match else ""
