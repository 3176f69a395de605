"""Which other sites' pages may use the service from a browser: the CORS protocol of https://fetch.spec.whatwg.org.

No answer depends on who asks, so nothing is ever allowed "with credentials".
"""

from __future__ import annotations

import re
from collections.abc import Collection

from picasso import addresses
from picasso.web.request import Message, Request, Scope, Send

SHARED = (addresses.API, addresses.DOWNLOADS)

METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"

# What clients of every way in send beside the few that need no permission. A list, and not what was asked for, so that
# a header that some proxy trusts is never let through from a stranger's page.
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
    *("Content-Range", "Content-Disposition", "Accept-Patch", "Preference-Applied", "Idempotency-Key"),
)

# As long as Chromium keeps a permission at most.
MAX_AGE = 7200

PREFLIGHT = {
    "Access-Control-Allow-Methods": METHODS,
    "Access-Control-Allow-Headers": ", ".join(REQUEST_HEADERS),
    "Access-Control-Max-Age": str(MAX_AGE),
}

ALLOWED = b"access-control-allow-origin"
EXPOSED = (b"access-control-expose-headers", ", ".join(RESPONSE_HEADERS).encode())
POLICY = b"cross-origin-resource-policy"

Header = tuple[bytes, bytes]


class Cors:
    def __init__(self, origins: Collection[str]) -> None:
        """``origins`` as browsers write them, or ``*``; without any nothing is added to any answer."""
        self._origins = frozenset(origins)
        self._everybody = "*" in self._origins

    def is_preflight(self, request: Request) -> bool:
        """Whether a browser asks what a page of an allowed origin may send. Any other OPTIONS is for the door."""
        asks = request.method == "OPTIONS" and "access-control-request-method" in request.headers
        return asks and request.path.startswith(SHARED) and self._allows(request.headers.get("origin", ""))

    async def preflight(self, request: Request) -> None:
        await request.answer(204, headers=PREFLIGHT)

    def sending(self, scope: Scope, send: Send) -> Send:
        """``send``, with what browsers want to be told in the head of each answer, errors too."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start" and scope["path"].startswith(SHARED):
                message["headers"] = self._with_headers(scope, message["headers"])
            await send(message)

        return send_with_headers if self._origins else send

    def _with_headers(self, scope: Scope, headers: list[Header]) -> list[Header]:
        origin = header(scope, b"origin")
        more = [] if self._everybody else [(b"vary", b"Origin")]
        if self._allows(origin):
            more += [(ALLOWED, b"*" if self._everybody else origin.encode("latin-1")), EXPOSED]
        is_download = scope["path"].startswith(addresses.DOWNLOADS)
        if is_download and self._allows(origin or origin_of(header(scope, b"referer"))):
            headers = [*(one for one in headers if one[0] != POLICY), (POLICY, b"cross-origin")]
        return [*headers, *more]

    def _allows(self, origin: str) -> bool:
        return self._everybody or origin in self._origins


def header(scope: Scope, name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), "")


def origin_of(url: str) -> str:
    """An `<img>` or `<video>` that shows a file sends no Origin; where its page lies stands in Referer."""
    match = re.match(r"[a-z][a-z0-9+.-]*://[^/?#]+", url)
    return match[0] if match else ""
