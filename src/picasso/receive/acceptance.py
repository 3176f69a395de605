"""Asks the policy that holds for a file, and raises what it refuses."""

from __future__ import annotations

from picasso.errors import TooLarge, TypeNotAllowed
from picasso.policy import Policy, Refusal, check_file, check_size


def require_size(policy: Policy, size: int | None) -> None:
    """At the head of a request: what the client declares, if it does. Raises `TooLarge`."""
    if refusal := check_size(policy, size):
        raise_refusal(refusal)


def require_accepted(policy: Policy, media_type: str, size: int, declared_type_matches: bool | None) -> None:
    """At the commit. Raises `TypeNotAllowed`, `TooLarge`."""
    if refusal := check_file(policy, media_type, size, declared_type_matches).refusal:
        raise_refusal(refusal)


def raise_refusal(refusal: Refusal) -> None:
    raise (TooLarge if refusal.code == "too-large" else TypeNotAllowed)(refusal.sentence)
