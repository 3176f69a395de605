"""Owners: the application's words for its end users."""

from __future__ import annotations

from picasso.errors import InvalidField

MAX_OWNER = 255

OWN_OWNER_ONLY = "This request sees what belongs to its own owner only."


def require_owner(field: str, owner: str) -> None:
    """Raises `InvalidField` for a word that no file can have as its owner."""
    if not 0 < len(owner) <= MAX_OWNER or not owner.isprintable():
        raise InvalidField(field, f"{field} must have 1 to {MAX_OWNER} printable characters.")
