"""Reads a policy from JSON, or from a table of TOML."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

from picasso.policy.active_content import KINDS
from picasso.policy.model import NO_POLICY, OTHERS, SUBJECTS, Policy, Reaction, Sizes
from picasso.policy.patterns import ANY, parse_pattern

MAX_PATTERNS = 200
"""In one list or table: each upload compares its type with all of them."""

MAX_BYTES = 2**62


class PolicyError(ValueError):
    """A policy is invalid. ``field`` names the place, as in ``max_size.image/*``."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(f"{field}: {sentence}" if field else sentence)
        self.field = field
        self.sentence = sentence


def parse_policy(value: object) -> Policy:
    """The policy that a JSON object describes. An empty one accepts everything.

    Raises:
        PolicyError: the first thing that is wrong with it.
    """
    if not isinstance(value, Mapping):
        raise PolicyError("", "must be an object")
    for name in value:
        if name not in FIELDS:
            raise PolicyError(str(name), f"is not known (known: {', '.join(FIELDS)})")
    if not value:
        return NO_POLICY
    fields = {name: FIELDS[name](name, each) for name, each in value.items() if each is not None}
    return Policy(
        allowed=(fields["allowed_types"],) if "allowed_types" in fields else (),
        forbidden=fields.get("forbidden_types", frozenset()),
        sizes=(fields["max_size"],) if "max_size" in fields else (),
        reactions=MappingProxyType({name: fields[name] for name in SUBJECTS if name in fields}),
        active_content=(fields["active_content"],) if "active_content" in fields else (),
    )


def _patterns(field: str, value: object) -> frozenset[str]:
    if not isinstance(value, list | tuple):
        raise PolicyError(field, "must be a list of patterns such as image/*")
    _check_number(field, value)
    return frozenset(_pattern(f"{field}[{number}]", each) for number, each in enumerate(value))


def _allowed(field: str, value: object) -> frozenset[str]:
    """An empty list could mean nothing or everything."""
    patterns = _patterns(field, value)
    if not patterns:
        raise PolicyError(field, "must have at least one pattern; leave it out to allow all types")
    return patterns


def _pattern(field: str, value: object) -> str:
    if not isinstance(value, str):
        raise PolicyError(field, f"must be a string, not {value!r}"[:200])
    try:
        return parse_pattern(value)
    except ValueError as error:
        raise PolicyError(field, str(error)) from error


def _sizes(field: str, value: object) -> Sizes:
    if not isinstance(value, Mapping):
        return MappingProxyType({ANY: _bytes(field, value)})
    _check_number(field, value)
    if not value:
        raise PolicyError(field, "must be a number of bytes, or have at least one pattern with one")
    return MappingProxyType(
        {_pattern(f"{field}.{pattern}", pattern): _bytes(f"{field}.{pattern}", size) for pattern, size in value.items()}
    )


def _bytes(field: str, value: object) -> int:
    if isinstance(value, float) and value.is_integer():  # JSON has one type of numbers
        value = int(value)
    if type(value) is not int or not 1 <= value <= MAX_BYTES:
        raise PolicyError(field, f"must be a number of bytes, at least 1, not {value!r}"[:200])
    return value


def _check_number(field: str, values: Iterable[object]) -> None:
    if len(list(values)) > MAX_PATTERNS:
        raise PolicyError(field, f"may have at most {MAX_PATTERNS} patterns")


def _reaction(field: str, value: object) -> Reaction:
    if value not in tuple(Reaction):
        raise PolicyError(field, f"must be one of {', '.join(Reaction)}, not {value!r}"[:200])
    return Reaction(str(value))


def _active_content(field: str, value: object) -> Mapping[str, Reaction]:
    if not isinstance(value, Mapping):
        return MappingProxyType({OTHERS: _reaction(field, value)})
    for kind in value:
        if kind != OTHERS and kind not in KINDS:
            known = ", ".join((*KINDS, OTHERS))
            raise PolicyError(f"{field}.{kind}", f"is not a kind of active content (known: {known})")
    return MappingProxyType({kind: _reaction(f"{field}.{kind}", each) for kind, each in value.items()})


FIELDS: Mapping[str, Callable[[str, object], Any]] = MappingProxyType(
    {
        "allowed_types": _allowed,
        "forbidden_types": _patterns,
        "max_size": _sizes,
        **dict.fromkeys(SUBJECTS, _reaction),
        "active_content": _active_content,
    }
)
