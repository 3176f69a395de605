"""What the head of an HTTP/1 request must be beyond what the parser checks (RFC 9112)."""

from __future__ import annotations

import re

from picasso.errors import BadRequest, UnsupportedTransferEncoding

Headers = list[tuple[bytes, bytes]]

VERSIONS = frozenset({"1.0", "1.1"})

# Without user information, which RFC 9110 §4.2.4 calls an error.
ABSOLUTE_TARGET = re.compile(rb"https?://([^/?#@]+)((?:[/?].*)?)", re.IGNORECASE)


class NotHttp(BadRequest):
    """This is not a valid HTTP request."""


def require_known_framing(version: str, headers: Headers) -> None:
    """Raises a `PicassoError` if it is not certain where the body ends (§6)."""
    if version not in VERSIONS:
        raise NotHttp
    values = [value for name, value in headers if name == b"transfer-encoding"]
    if not values:
        return
    codings = [coding for each in b",".join(values).split(b",") if (coding := each.strip().lower())]
    if version == "1.0" or codings[-1:] != [b"chunked"] or codings.count(b"chunked") > 1:
        raise NotHttp
    if len(codings) > 1:
        raise UnsupportedTransferEncoding


def origin_form(target: bytes, version: str, headers: Headers) -> bytes:
    """The target as path and query. The authority of an absolute one replaces Host in ``headers`` (§3.2.2).

    HTTP/1.1 requires a Host also then, so a missing one stays missing.
    """
    if target.startswith(b"/") or target == b"*":
        return target
    if not (match := ABSOLUTE_TARGET.fullmatch(target)):
        raise NotHttp
    authority, rest = match.groups()
    headers[:] = [(name, authority if name == b"host" else value) for name, value in headers]
    if version == "1.0" and b"host" not in dict(headers):
        headers.append((b"host", authority))
    return rest if rest.startswith(b"/") else b"/" + rest
