"""A policy as a frozen value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Literal

from picasso.policy.patterns import ANY, matches, precision


class Reaction(StrEnum):
    """What to do about something. The later, the stricter."""

    ACCEPT = "accept"
    FLAG = "flag"
    """Accept it, and note it in the facts."""
    REFUSE = "refuse"

    @property
    def strictness(self) -> int:
        return tuple(Reaction).index(self)


Subject = Literal["type_mismatch", "bombs", "encrypted"]

SUBJECTS: Mapping[Subject, str] = MappingProxyType(
    {
        "type_mismatch": "The client declared another type than the detected one.",
        "bombs": "An archive that unpacks to far more than its own size.",
        "encrypted": "A file that needs a password, or an archive with entries that do.",
    }
)
"""What else a policy may react to, beside active content."""

OTHERS = "*"
"""Stands for all kinds of active content that are not named."""

Sizes = Mapping[str, int]
"""The largest size in bytes by pattern. The most precise pattern that matches a type counts."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What is accepted. Without anything set, everything is."""

    allowed: tuple[frozenset[str], ...] = ()
    """Sets of patterns. A type must match one pattern of each set."""
    forbidden: frozenset[str] = frozenset()
    """Patterns of types that are not accepted, even if they are allowed."""
    sizes: tuple[Sizes, ...] = ()
    """Each of them must be kept to."""
    reactions: Mapping[Subject, Reaction] = field(default_factory=lambda: MappingProxyType({}))
    active_content: tuple[Mapping[str, Reaction], ...] = ()
    """Reactions by kind, or for `OTHERS`. The strictest counts."""

    def allows(self, media_type: str) -> bool:
        return all(matches(media_type, each) for each in self.allowed) and not matches(media_type, self.forbidden)

    @property
    def supported(self) -> tuple[str, ...]:
        """The patterns of what is allowed, sorted; empty if it is everything."""
        return tuple(sorted(each for each in frozenset().union(*self.allowed) if self.allows(each)))

    def max_size(self, media_type: str) -> int | None:
        """In bytes; None if there is no limit for this type."""
        limits = (size_limit(each, media_type) for each in self.sizes)
        return min((limit for limit in limits if limit is not None), default=None)

    def largest_of(self, media_types: Iterable[str]) -> int | None:
        """The most bytes that a file of one of these types may have; None if there is no limit for one of them."""
        limits = [self.max_size(each) for each in media_types]
        return None if None in limits else max((limit for limit in limits if limit is not None), default=None)

    def reaction(self, subject: Subject) -> Reaction:
        return self.reactions.get(subject, Reaction.ACCEPT)

    def reaction_to(self, kind: str) -> Reaction:
        """To active content of this kind."""
        found = (each.get(kind, each.get(OTHERS, Reaction.ACCEPT)) for each in self.active_content)
        return strictest(*found)

    @property
    def restricts_types(self) -> bool:
        return bool(self.allowed or self.forbidden)

    @property
    def largest_size(self) -> int | None:
        """The most bytes that any file may have, whatever its type; None if there is no such limit."""
        limits = (max(each.values()) for each in self.sizes if each.keys() & {ANY} or self._all_sized(each))
        return min(limits, default=None)

    def _all_sized(self, sizes: Sizes) -> bool:
        """Whether each type that is allowed has a limit: all its patterns are among those of ``sizes``."""
        return any(patterns <= sizes.keys() for patterns in self.allowed)


NO_POLICY = Policy()


def size_limit(sizes: Sizes, media_type: str) -> int | None:
    found = [pattern for pattern in sizes if matches(media_type, [pattern])]
    return sizes[max(found, key=precision)] if found else None


def strictest(*reactions: Reaction) -> Reaction:
    return max(reactions, key=lambda reaction: reaction.strictness, default=Reaction.ACCEPT)
