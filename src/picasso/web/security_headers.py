"""Headers of every answer that limit what browsers and caches do with it. A handler's own value comes first."""

from __future__ import annotations

from picasso.web.request import AsgiScope, Header

# Also for a 304: https://www.rfc-editor.org/rfc/rfc9111#section-3.2 replaces the headers of the kept answer by its own.
ALWAYS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
)

# Nothing of the service may be part of a page elsewhere; `picasso.web.cors` makes exceptions.
ISOLATED = (
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)

# For pages that bring none, such as those of the admin.
PAGE_CSP = (
    b"default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self';"
    b" frame-ancestors 'none'"
)

# For everything that is no page: JSON, scripts, pictures.
OTHER_CSP = b"default-src 'none'; frame-ancestors 'none'"

CSP = b"content-security-policy"

# Answers depend on who asks and when. Without this, caches may keep some, such as a 404, as long as they like.
CACHING = (b"cache-control", b"no-store")

OTHER = (*ALWAYS, *ISOLATED, CACHING, (CSP, OTHER_CSP))
PAGE = (*ALWAYS, *ISOLATED, CACHING, (CSP, PAGE_CSP))

NOT_MODIFIED = 304

Headers = tuple[Header, ...]


class SecurityHeaders:
    def __init__(self, public_url: str, hsts_seconds: int) -> None:
        """``hsts_seconds``: how long browsers use only HTTPS after an answer by HTTPS; 0 for no such header."""
        self._public_https = public_url.startswith("https:")
        hsts = f"max-age={hsts_seconds}".encode()
        self._hsts: Headers = ((b"strict-transport-security", hsts),) if hsts_seconds else ()

    def complete(self, scope: AsgiScope, status: int, headers: list[Header]) -> list[Header]:
        """The headers of an answer, with these."""
        present = dict(headers)
        if status == NOT_MODIFIED:
            wanted: Headers = ALWAYS
        else:
            wanted = PAGE if present.get(b"content-type", b"").startswith(b"text/html") else OTHER
        if self._public_https or scope["scheme"] == "https":
            wanted = (*wanted, *self._hsts)
        return [*headers, *(header for header in wanted if header[0] not in present)]
