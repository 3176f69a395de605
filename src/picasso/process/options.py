"""A processor's options: what the operator set, checked against the dataclass that the processor declares.

A field is a ``bool``, ``int``, ``float``, ``str``, a ``Literal`` of strings, or a tuple of one of these. The dataclass
checks everything else (a range, for example) in ``__post_init__``, and raises a `ValueError` that says what is wrong.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

T = TypeVar("T")


def parse_options(kind: type[T], options: Mapping[str, Any]) -> T:
    """The options as an instance of the dataclass ``kind``. Options that are not set have their defaults.

    Raises:
        ValueError: an option is unknown, missing, of the wrong type or out of range. The message names it.
    """
    hints = get_type_hints(kind)
    known = {field.name: field for field in fields(kind)}  # type: ignore[arg-type]
    for name in options:
        if name not in known:
            raise ValueError(f"there is no option {name!r} (options: {', '.join(known) or 'none'})")
    required = [f.name for f in known.values() if f.default is MISSING and f.default_factory is MISSING]
    if missing := [name for name in required if name not in options]:
        raise ValueError(f"the option {missing[0]!r} is missing")
    return kind(**{name: parse_value(name, hints[name], value) for name, value in options.items()})


def parse_value(name: str, hint: Any, value: Any) -> Any:
    """One value, as the type ``hint`` demands. Raises `ValueError`."""
    if get_origin(hint) is tuple:
        if not isinstance(value, list | tuple):
            raise ValueError(f"{name} must be a list")
        return tuple(parse_value(name, get_args(hint)[0], item) for item in value)
    if get_origin(hint) is Literal:
        if value not in get_args(hint):
            raise ValueError(f"{name} must be one of {', '.join(map(str, get_args(hint)))}, not {value!r}")
        return value
    if hint is float and type(value) is int:
        return float(value)
    if type(value) is not hint:
        raise ValueError(f"{name} must be {TYPE_NAMES[hint]}, not {value!r}")
    return value


def check_range(name: str, value: float, low: float, high: float) -> None:
    """For ``__post_init__``. Raises `ValueError` if ``value`` is not from ``low`` to ``high``."""
    if not low <= value <= high:
        raise ValueError(f"{name} must be from {low} to {high}, not {value}")


TYPE_NAMES = {bool: "true or false", int: "an integer", float: "a number", str: "a string"}
