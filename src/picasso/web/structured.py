"""Structured fields (RFC 9651), parsed by the library `http_sf`."""

from __future__ import annotations

from collections import UserString
from typing import Any

import http_sf

from picasso.errors import BadRequest

write = http_sf.ser


def boolean(text: str) -> bool | None:
    """None if it is not a Boolean."""
    value = item(text)
    return value if isinstance(value, bool) else None


def integer(name: str, text: str) -> int:
    """A number that is not negative. Raises `BadRequest`."""
    value = natural(text)
    if value is None:
        raise BadRequest(f"{name} must be an integer of at most 15 digits.")
    return value


def natural(text: str) -> int | None:
    """A number that is not negative; None if it is not one."""
    value = item(text)
    return value if type(value) is int and value >= 0 else None  # a bool is an int as well


def item(text: str) -> Any:
    """The value without its parameters; None if it is empty or not valid."""
    if not text:
        return None
    try:
        found: Any = http_sf.parse(text.encode("latin-1"), tltype="item")
    except http_sf.StructuredFieldError:
        return None
    return found[0]


def strings(text: str) -> list[str] | None:
    """A List of Strings, Display Strings and Tokens without parameters; None if it is something else."""
    try:
        found: Any = http_sf.parse(text.encode("latin-1"), tltype="list")
    except http_sf.StructuredFieldError:
        return None
    plain = all(isinstance(value, str | UserString) and not parameters for value, parameters in found)
    return [str(value) for value, _ in found] if plain else None


def byte_sequences(name: str, text: str) -> dict[str, bytes | None]:
    """A dictionary; None for values that are not Byte Sequences. Raises `BadRequest`."""
    try:
        members: Any = http_sf.parse(text.encode("latin-1"), tltype="dictionary")
    except http_sf.StructuredFieldError:
        raise BadRequest(f"{name} must have the form sha-256=:base64:.") from None
    return {key: value if isinstance(value, bytes) else None for key, (value, _) in members.items()}
