"""What a policy says of a file, at each moment at which more of it is known."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from picasso.policy.active_content import KINDS
from picasso.policy.model import Policy, Reaction

Code = Literal["too-large", "type-not-allowed", "forbidden-content"]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a file is not accepted."""

    code: Code
    sentence: str
    """Public."""
    limits: Mapping[str, object] = field(default_factory=dict)
    """What is accepted: ``max_size`` in bytes, ``supported`` types and patterns of types."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """``flags`` are the subjects and kinds that are accepted and noted."""

    refusal: Refusal | None = None
    flags: tuple[str, ...] = ()


ACCEPTED = Verdict()


def check_size(policy: Policy, size: int | None) -> Refusal | None:
    """At the head of a request: the size that the client declares, if it does. A type is not known yet."""
    limit = policy.largest_size
    if limit is None or size is None or size <= limit:
        return None
    return Refusal("too-large", f"Files of more than {limit} bytes are not accepted here.", {"max_size": limit})


def check_beginning(policy: Policy, media_types: Collection[str], size: int) -> Refusal | None:
    """At the first bytes: ``media_types`` are all types that the whole may turn out to be, the likely one first.

    ``size`` is the declared size, or what has arrived so far.
    """
    allowed = [each for each in media_types if policy.allows(each)]
    if not allowed:
        return _not_allowed(next(iter(media_types)), policy)
    largest = policy.largest_of(allowed)
    return _too_large(allowed[0], largest) if largest is not None and size > largest else None


def check_file(policy: Policy, media_type: str, size: int, declared_type_matches: bool | None) -> Verdict:
    """At the commit: type and size of the whole. ``declared_type_matches`` is None if no type was declared."""
    if not policy.allows(media_type):
        return Verdict(_not_allowed(media_type, policy))
    limit = policy.max_size(media_type)
    if limit is not None and size > limit:
        return Verdict(_too_large(media_type, limit))
    if declared_type_matches is not False:
        return ACCEPTED
    reaction = policy.reaction("type_mismatch")
    if reaction == Reaction.REFUSE:
        return Verdict(Refusal("type-not-allowed", f"The content is {media_type}, but another type was declared."))
    return Verdict(flags=("type_mismatch",)) if reaction == Reaction.FLAG else ACCEPTED


INCOMPLETE = "incomplete"
"""The kind of active content that says that others may be missing."""


def check_facts(policy: Policy, facts: Mapping[str, Any]) -> Verdict:
    """After a processor has read the file: its facts, also those of a failure."""
    reactions = dict(_reactions(policy, facts))
    refused = [name for name, reaction in reactions.items() if reaction == Reaction.REFUSE]
    if refused == [INCOMPLETE]:
        sentence = "This file could not be examined to its end, so it is not accepted."
        return Verdict(Refusal("forbidden-content", sentence))
    if refused:
        known = [name for name in refused if name != INCOMPLETE]
        return Verdict(Refusal("forbidden-content", f"This file has content that is not accepted: {_list(known)}."))
    return Verdict(flags=tuple(name for name, reaction in reactions.items() if reaction == Reaction.FLAG))


def judges_content(policy: Policy) -> bool:
    """Whether `check_facts` may refuse a file."""
    return Reaction.REFUSE in _reactions_to_content(policy)


def reacts_to_content(policy: Policy) -> bool:
    """Whether `check_facts` may refuse or flag a file."""
    return not {Reaction.REFUSE, Reaction.FLAG}.isdisjoint(_reactions_to_content(policy))


def _reactions_to_content(policy: Policy) -> set[Reaction]:
    subjects = {policy.reaction("bombs"), policy.reaction("encrypted")}
    return subjects.union(*(each.values() for each in policy.active_content))


def _reactions(policy: Policy, facts: Mapping[str, Any]) -> Iterator[tuple[str, Reaction]]:
    flags = facts.get("flags")
    if isinstance(flags, Mapping) and flags.get("bomb") is True:
        yield "bombs", policy.reaction("bombs")
    if facts.get("encrypted") is True and facts.get("opens_without_password") is not True:
        yield "encrypted", policy.reaction("encrypted")
    found = facts.get("active_content")
    for kind, value in found.items() if isinstance(found, Mapping) else ():
        if value:
            yield kind, policy.reaction_to(kind)


def _not_allowed(media_type: str, policy: Policy) -> Refusal:
    sentence = f"Files of type {media_type} are not accepted here."
    return Refusal("type-not-allowed", sentence, {"supported": list(policy.supported)} if policy.supported else {})


def _too_large(media_type: str, limit: int | None) -> Refusal:
    sentence = f"Files of type {media_type} of more than {limit} bytes are not accepted here."
    return Refusal("too-large", sentence, {"max_size": limit})


def _list(names: list[str]) -> str:
    known = {*KINDS, "bombs", "encrypted"}
    return ", ".join(name.replace("_", " ") for name in names if name in known) or "active content"
