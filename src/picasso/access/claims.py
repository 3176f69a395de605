"""The claims of a token: which there are, and what their values may be."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from types import MappingProxyType
from typing import Any

from picasso.access.owners import MAX_OWNER
from picasso.access.principal import Scope
from picasso.access.token_limits import TokenLimits, token_policy
from picasso.errors import InvalidField
from picasso.metadata import Attributes, parse_attributes, parse_tags
from picasso.models import Visibility
from picasso.policy import PolicyError
from picasso.query_values import without_fraction

TOKEN_SCOPES = frozenset(
    {
        Scope.FILES_READ,
        Scope.FILES_WRITE,
        Scope.FILES_DELETE,
        Scope.JOBS_READ,
        Scope.JOBS_WRITE,
        Scope.EVENTS_READ,
    }
)
"""A token goes to browsers. So it makes nothing that would outlive it: no keys, no settings, no webhooks."""

DEFAULT_SCOPES = frozenset({Scope.FILES_WRITE})

MAX_ID = 128
MAX_URL = 2048
MAX_TYPES = 50
MAX_NETWORKS = 10
MAX_FILES = 10**9
MAX_EXPIRY = 100 * 366 * 86_400
MAX_TIME = 2**40


class ClaimError(ValueError):
    """A claim is wrong. The message is a public sentence that names it."""

    def __init__(self, claim: str, sentence: str) -> None:
        super().__init__(f"{claim} {sentence}.")
        self.claim = claim


@dataclass(frozen=True, slots=True)
class Claims:
    expires_at: float
    not_before: float
    project: str | None
    owner: str | None
    scopes: frozenset[Scope]
    limits: TokenLimits
    networks: tuple[str, ...] = ()
    """Where it may be used from; empty for everywhere."""


def text(claim: str, value: object, longest: int) -> str:
    """Printable, so that it is also safe in a database and in a log."""
    if not isinstance(value, str) or not 0 < len(value) <= longest or not value.isprintable():
        raise ClaimError(claim, f"must be a string of 1 to {longest} printable characters")
    return value


def owner(claim: str, value: object) -> str:
    return text(claim, value, MAX_OWNER)


def identifier(claim: str, value: object) -> str:
    return text(claim, value, MAX_ID)


def name(claim: str, value: object) -> str:
    return text(claim, value, 64)


def url(claim: str, value: object) -> str:
    return text(claim, value, MAX_URL)


def time(claim: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= MAX_TIME:
        raise ClaimError(claim, "must be a number of seconds since 1970")
    return float(value)


def whole(claim: str, value: object, largest: int) -> int:
    number = without_fraction(value)
    if type(number) is not int or not 1 <= number <= largest:
        raise ClaimError(claim, f"must be a whole number from 1 to {largest}")
    return number


def size(claim: str, value: object) -> int:
    return whole(claim, value, 2**62)


def files(claim: str, value: object) -> int:
    return whole(claim, value, MAX_FILES)


def expiry(claim: str, value: object) -> int:
    return whole(claim, value, MAX_EXPIRY)


def scopes(claim: str, value: object) -> frozenset[Scope]:
    known = {str(scope): scope for scope in TOKEN_SCOPES}
    if not isinstance(value, list) or not value or any(not isinstance(each, str) for each in value):
        raise ClaimError(claim, "must be a list of scopes")
    if unknown := [each for each in value if each not in known]:
        raise ClaimError(claim, f"has {unknown[0][:40]!r}; a token may have {', '.join(sorted(known))}")
    return frozenset(known[each] for each in value)


def types(claim: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not 0 < len(value) <= MAX_TYPES:
        raise ClaimError(claim, f"must be a list of 1 to {MAX_TYPES} patterns such as image/*")
    try:
        (patterns,) = token_policy(None, tuple(value)).allowed
    except PolicyError as fault:
        raise ClaimError(claim, fault.sentence.rstrip(".")) from None
    return tuple(sorted(patterns))


def networks(claim: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not 0 < len(value) <= MAX_NETWORKS:
        raise ClaimError(claim, f"must be a list of 1 to {MAX_NETWORKS} networks such as 10.0.0.0/8")
    try:
        return tuple(str(ip_network(each if isinstance(each, str) else "", strict=False)) for each in value)
    except ValueError:
        raise ClaimError(claim, "must have networks such as 10.0.0.0/8") from None


def visibility(claim: str, value: object) -> str:
    if value not in tuple(Visibility):
        raise ClaimError(claim, f"must be one of {', '.join(Visibility)}")
    return str(value)


def flag(claim: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise ClaimError(claim, "must be true or false")
    return value


def anything(claim: str, value: object) -> object:
    return value


def tags(claim: str, value: object) -> tuple[str, ...]:
    if value is None:
        raise ClaimError(claim, "must be a list of strings")
    try:
        return tuple(parse_tags(value))
    except InvalidField as fault:
        raise ClaimError(claim, f"is wrong: {fault.detail.rstrip('.')}") from None


def attributes(claim: str, value: object) -> Attributes:
    if value is None:
        raise ClaimError(claim, "must be a JSON object")
    try:
        return parse_attributes(value)
    except InvalidField as fault:
        raise ClaimError(claim, f"is wrong: {fault.detail.rstrip('.')}") from None


READERS: Mapping[str, Callable[[str, object], Any]] = MappingProxyType(
    {
        "aud": anything,
        "iss": anything,
        "sub": anything,
        "exp": time,
        "nbf": time,
        "iat": time,
        "jti": identifier,
        "project": name,
        "owner": owner,
        "scopes": scopes,
        "pipeline": name,
        "max_size": size,
        "media_types": types,
        "max_files": files,
        "visibility": visibility,
        "networks": networks,
        "expires_in": expiry,
        "tags": tags,
        "attributes": attributes,
        "imports": flag,
        "webhook_url": url,
    }
)


CLAIMS = tuple(READERS)


def parse_claims(values: Mapping[str, object], identity: Callable[[str], str]) -> Claims:
    """The claims of a token. ``identity`` makes of its ``jti`` what identifies it among the tokens of all keys.

    Raises:
        ClaimError: also for a claim that is not known. A misspelt limit must not silently be none.
    """
    found = {claim: read(claim, value) for claim, value in values.items()}
    return Claims(
        expires_at=found.get("exp", math.inf),
        not_before=found.get("nbf", 0.0),
        project=found.get("project"),
        owner=found.get("owner"),
        scopes=found.get("scopes", DEFAULT_SCOPES),
        limits=limits_of(found, identity(found.get("jti", ""))),
        networks=found.get("networks", ()),
    )


def read(claim: str, value: object) -> Any:
    if claim not in READERS:
        raise ClaimError(claim[:40], f"is not a claim of this service; the claims are {', '.join(CLAIMS)}")
    return READERS[claim](claim, value)


def limits_of(found: Mapping[str, Any], token: str) -> TokenLimits:
    max_size, media_types = found.get("max_size"), found.get("media_types", ())
    return TokenLimits(
        token,
        found.get("exp", math.inf),
        pipeline=found.get("pipeline"),
        max_size=max_size,
        media_types=media_types,
        max_files=found.get("max_files"),
        visibility=found.get("visibility"),
        expires_in=found.get("expires_in"),
        tags=found.get("tags", ()),
        attributes=found.get("attributes", {}),
        imports=found.get("imports", False),
        webhook_url=found.get("webhook_url", ""),
        policy=token_policy(max_size, media_types),
    )
