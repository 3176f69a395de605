"""Owners: the application's words for its end users."""

from __future__ import annotations

from picasso.errors import Forbidden, InvalidField

MAX_OWNER = 255


def require_owner(field: str, owner: str) -> None:
    """Raises `InvalidField` for a word that no file can have as its owner."""
    if not 0 < len(owner) <= MAX_OWNER or not owner.isprintable():
        raise InvalidField(field, f"{field} must have 1 to {MAX_OWNER} printable characters.")


def narrowed(own: str | None, owner: str | None) -> str | None:
    """Whose things a principal asks for with ``owner``; None for those of all.

    ``own`` is the owner for whom it acts, if it acts for one. Raises `InvalidField`, `Forbidden`.
    """
    if owner is None or owner == own:
        return own
    require_owner("owner", owner)
    if own is not None:
        raise Forbidden("This request sees what belongs to its own owner only.")
    return owner
