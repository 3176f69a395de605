"""A processor's options: what an operator wrote, checked against the dataclass that the processor declares.

A field is a ``bool``, ``int``, ``float``, ``str``, a ``Literal`` of strings, or a tuple of one of these; whatever more
there is to check (a range, say) the dataclass does in ``__post_init__``, with a `ValueError` that says what is wrong.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

T = TypeVar("T")


def given(kind: type[T], options: Mapping[str, Any]) -> T:
    """The options as a value of ``kind``, with its defaults for those that are not given.

    Raises:
        ValueError: one of them is unknown, of the wrong type or out of range; the message names it.
    """
    hints = get_type_hints(kind)
    known = {field.name: field for field in fields(kind)}  # type: ignore[arg-type]
    for name in options:
        if name not in known:
            raise ValueError(f"there is no option {name!r} (there is: {', '.join(known) or 'none'})")
    missing = [f.name for f in known.values() if f.default is MISSING and f.default_factory is MISSING]
    if lacking := [name for name in missing if name not in options]:
        raise ValueError(f"the option {lacking[0]!r} is missing")
    return kind(**{name: read(name, hints[name], value) for name, value in options.items()})


def read(name: str, hint: Any, value: Any) -> Any:
    """One value as ``hint`` says. Raises `ValueError`."""
    if get_origin(hint) is tuple:
        if not isinstance(value, list | tuple):
            raise ValueError(f"{name} is not a list")
        return tuple(read(name, get_args(hint)[0], each) for each in value)
    if get_origin(hint) is Literal:
        if value not in get_args(hint):
            raise ValueError(f"{name} is none of {', '.join(map(str, get_args(hint)))}: {value!r}")
        return value
    if hint is float and type(value) is int:
        return float(value)
    if type(value) is not hint:
        raise ValueError(f"{name} is not {WORDS[hint]}: {value!r}")
    return value


WORDS = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}
