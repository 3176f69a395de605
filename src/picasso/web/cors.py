"""Which pages of other sites may use the service from a browser: the CORS protocol of https://fetch.spec.whatwg.org.

No answer depends on cookies, so nothing is ever allowed "with credentials".
"""

from __future__ import annotations

import re
from collections.abc import Collection

from picasso import addresses
from picasso.web.request import AsgiScope, Message, Request, Send

CORS_PATHS = (addresses.API, addresses.DOWNLOADS)

METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"

# What clients of all upload protocols send, besides the few headers that need no permission. It is a fixed list and not
# an echo of the request, so that a page of another site can never send a header that some proxy trusts.
REQUEST_HEADERS = (
    *("Accept", "Accept-Language", "Cache-Control", "Content-Disposition", "Content-Encoding", "Content-Language"),
    *("Content-Type", "Range", "If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since", "If-Range"),
    *("Tus-Resumable", "Upload-Length", "Upload-Defer-Length", "Upload-Offset", "Upload-Metadata", "Upload-Concat"),
    *("Upload-Checksum", "Upload-Complete", "Upload-Incomplete", "Upload-Draft-Interop-Version", "Upload-Limit"),
    *("Repr-Digest", "Content-Digest", "Want-Repr-Digest", "Want-Content-Digest", "Idempotency-Key", "Prefer"),
    *("X-HTTP-Method-Override", "X-Requested-With", "X-Request-ID", "Traceparent", "Tracestate"),
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

Header = tuple[bytes, bytes]


class Cors:
    def __init__(self, origins: Collection[str]) -> None:
        """``origins`` as browsers write them, or ``*``. Without any, no answer gets a header."""
        self._origins = frozenset(origins)
        self._any_origin = "*" in self._origins

    def is_preflight(self, request: Request) -> bool:
        """Whether a browser asks what a page of an allowed origin may send. Any other OPTIONS goes to the handler."""
        is_preflight = request.method == "OPTIONS" and "access-control-request-method" in request.headers
        return is_preflight and self.allows(request.path, request.headers.get("origin", ""))

    def allows(self, path: str, origin: str) -> bool:
        """Whether pages of this origin may use this path."""
        return self._allows(origin) and path.startswith(CORS_PATHS)

    def lists(self, path: str, origin: str) -> bool:
        """As `allows`, but only for an origin that is listed by its name."""
        return origin in self._origins and origin != "*" and path.startswith(CORS_PATHS)

    async def preflight(self, request: Request) -> None:
        await request.answer(204, headers=PREFLIGHT)

    def wrap_send(self, scope: AsgiScope, send: Send) -> Send:
        """A ``send`` that adds the CORS headers to every answer, also to errors."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start" and scope["path"].startswith(CORS_PATHS):
                message["headers"] = self._with_headers(scope, message["headers"])
            await send(message)

        return send_with_headers if self._origins else send

    def _with_headers(self, scope: AsgiScope, headers: list[Header]) -> list[Header]:
        origin = header(scope, b"origin")
        more = [] if self._any_origin else [(b"vary", b"Origin")]
        if self._allows(origin):
            more += [(ALLOW_ORIGIN, b"*" if self._any_origin else origin.encode("latin-1")), EXPOSE_HEADERS]
        is_download = scope["path"].startswith(addresses.DOWNLOADS)
        if is_download and self._allows(origin or origin_of(header(scope, b"referer"))):
            headers = [*(one for one in headers if one[0] != RESOURCE_POLICY), (RESOURCE_POLICY, b"cross-origin")]
        return [*headers, *more]

    def _allows(self, origin: str) -> bool:
        return self._any_origin or origin in self._origins


def header(scope: AsgiScope, name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), "")


def origin_of(url: str) -> str:
    """`<img>` and `<video>` elements send no Origin. The address of their page is in Referer."""
    match = re.match(r"[a-z][a-z0-9+.-]*://[^/?#]+", url)
    return match[0] if match else ""
