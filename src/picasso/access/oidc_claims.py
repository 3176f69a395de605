"""What an ID token says of a person, checked (OpenID Connect Core 1.0, sections 2 and 5.1)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from picasso.errors import SignInRefused

MAX_TEXT = 255
"""Characters. The limit of ``sub``; no name or address needs more."""

MAX_GROUP = 1024
MAX_GROUPS = 10_000


@dataclass(frozen=True, slots=True)
class Claims:
    subject: str
    """Who it is at the provider, for ever. Names may change and be given to somebody else."""
    name: str
    """What the person is called here at first, if nobody else is."""
    groups: tuple[str, ...]
    methods: frozenset[str]
    """How the person was authenticated: the values of ``amr`` and ``acr``."""


def parse(claims: Mapping[str, Any]) -> Claims:
    """Raises `SignInRefused` for a claim of another type or length, or with characters that a database refuses."""
    subject = text(claims, "sub")
    names = [text(claims, name) for name in ("preferred_username", "email", "name")]
    if not subject:
        raise unusable("sub")
    return Claims(
        subject=subject,
        name=names[0] or names[1] or subject,
        groups=strings(claims, "groups", MAX_GROUP),
        methods=frozenset((*strings(claims, "amr", MAX_TEXT), text(claims, "acr"))) - {""},
    )


def text(claims: Mapping[str, Any], name: str) -> str:
    """Empty without the claim."""
    value = claims.get(name)
    if value is None:
        return ""
    if not is_text(value, MAX_TEXT):
        raise unusable(name)
    return str(value)


def strings(claims: Mapping[str, Any], name: str, length: int) -> tuple[str, ...]:
    """Of a list. Some providers send one string instead of a list of one."""
    value = claims.get(name)
    found: Collection[Any] = value if isinstance(value, list) else [] if value is None else [value]
    if len(found) > MAX_GROUPS or not all(is_text(each, length) for each in found):
        raise unusable(name)
    return tuple(found)


def is_text(value: object, length: int) -> bool:
    """Without control characters and lone surrogates, which are not printable either."""
    return isinstance(value, str) and len(value) <= length and value.isprintable()


def unusable(name: str) -> SignInRefused:
    return SignInRefused(f"Your organisation has sent a claim that can't be used: {name}.")
