"""What a token limits besides its scopes. An unfinished upload keeps it, because it may outlive its token."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from picasso.metadata import Attributes
from picasso.policy import NO_POLICY, Policy, parse_policy


@dataclass(frozen=True, slots=True)
class TokenLimits:
    token: str
    """Identifies the token among those of all keys."""
    expires_at: float
    """Of the token itself. Unix time."""
    pipeline: str | None = None
    """The only one that its files may have."""
    max_size: int | None = None
    """Bytes of a file."""
    media_types: tuple[str, ...] = ()
    """Patterns of detected types; empty for all."""
    max_files: int | None = None
    """How many files may be uploaded with it."""
    visibility: str | None = None
    """The only one that its files may have."""
    expires_in: int | None = None
    """Seconds after which its files expire at the latest."""
    tags: tuple[str, ...] = ()
    """Its files always have them."""
    attributes: Attributes = field(default_factory=dict, hash=False)
    """Its files always have them."""
    imports: bool = False
    """Whether files may be imported from URLs with it."""
    webhook_url: str = ""
    """Gets the events of its files."""
    policy: Policy = field(default=NO_POLICY, compare=False)
    """What `max_size` and `media_types` mean, to be combined with other policies."""


def token_policy(max_size: int | None, media_types: tuple[str, ...]) -> Policy:
    """Raises `PolicyError`."""
    return parse_policy(
        {**({"max_size": max_size} if max_size else {}), **({"allowed_types": media_types} if media_types else {})}
    )


def to_json(limits: TokenLimits | None) -> dict[str, Any] | None:
    """What still counts when an upload becomes a file; None if nothing does."""
    if limits is None or not (limits.max_size or limits.media_types or limits.max_files):
        return None
    return {
        "token": limits.token,
        "expires_at": limits.expires_at,
        "max_size": limits.max_size,
        "media_types": list(limits.media_types),
        "max_files": limits.max_files,
    }


def from_json(value: Mapping[str, Any] | None) -> TokenLimits | None:
    if value is None:
        return None
    max_size, media_types = value["max_size"], tuple(value["media_types"])
    return TokenLimits(
        value["token"],
        value["expires_at"],
        max_size=max_size,
        media_types=media_types,
        max_files=value["max_files"],
        policy=token_policy(max_size, media_types),
    )
