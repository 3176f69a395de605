"""What is sent to the address that an answer redirects to (RFC 9110 §15.4)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import urljoin

from picasso.outbound.errors import InvalidUrl, RedirectRefused
from picasso.outbound.targets import Target, parse_target

REDIRECTS = frozenset({301, 302, 303, 307, 308})

# Another origin gets these only: every other header could be a credential.
HARMLESS = frozenset({"accept", "accept-encoding", "accept-language", "range", "if-range", "user-agent"})

# Of the body, which a GET does not have.
CONTENT = frozenset({"content-type", "content-encoding", "content-language", "content-digest", "digest"})


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent."""

    method: str
    target: Target
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    check: Callable[[Target], None] | None = None
    """May refuse where it goes."""


def follow(request: Request, status: int, location: str | None) -> Request:
    """The next request. Raises `RedirectRefused`."""
    target = parse_location(request.target, location)
    if request.target.url.scheme == "https" and target.url.scheme == "http":
        raise RedirectRefused("The other server redirects from https to http, which is not followed.")
    following = replace(request, target=target)
    if status == 303 or (status in {301, 302} and request.method == "POST"):
        following = without_body(following)
    if target.origin != request.target.origin:
        following = replace(following, headers=only(following.headers, HARMLESS))
        if following.body:
            raise RedirectRefused("The other server redirects the content to a third one, which is not followed.")
    return following


def parse_location(base: Target, location: str | None) -> Target:
    try:
        return parse_target(urljoin(str(base.url), location or ""))
    except (InvalidUrl, ValueError):
        raise RedirectRefused("The other server redirects to something that is not a valid URL.") from None


def without_body(request: Request) -> Request:
    headers = {name: value for name, value in request.headers.items() if name.lower() not in CONTENT}
    return replace(request, method="HEAD" if request.method == "HEAD" else "GET", headers=headers, body=b"")


def only(headers: Mapping[str, str], names: frozenset[str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.lower() in names}
