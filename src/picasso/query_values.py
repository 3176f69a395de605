"""Values of query parameters and filters. Each function raises `InvalidField`, which names the parameter."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import UTC, datetime
from functools import partial

from picasso.errors import FieldError, InvalidField

MAX_TEXT = 300

MAX_NUMBER = 2**63 - 1
"""What a column of the database can hold."""

# RFC 3339; the time, its seconds and the offset may be left out. Only the digits of ASCII.
MOMENT = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d([.]\d{1,9})?)?(Z|[+-]\d\d:\d\d)?)?", re.ASCII)

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


ALWAYS = frozenset({"token", "format"})
"""Parameters of every address: the credential of a request, and the format of the answer."""


MAX_FAULTS = 20
"""How many faults one answer names."""


def without_fraction(value: object) -> object:
    """5.0 as 5: JSON has one type of numbers. All else as it is."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def require_all(checks: Iterable[Callable[[], object]]) -> None:
    """Make all of these checks. Raises one `InvalidField` with what each of them finds."""
    faults: list[FieldError] = []
    for check in checks:
        try:
            check()
        except InvalidField as fault:
            faults += fault.errors
    if faults:
        raise invalid_fields(faults)


def invalid_fields(faults: Sequence[FieldError]) -> InvalidField:
    """One error with all of these, each once. The first one is its sentence."""
    first, *others = [each for number, each in enumerate(faults) if each not in faults[:number]][:MAX_FAULTS]
    return InvalidField(first["field"], first["detail"], *others)


def require_known(given: Iterable[str], known: Iterable[str], prefix: str | None = None) -> None:
    """No other parameters: a misspelt filter would show everything. Names that begin with the prefix are known too."""
    names = list(known)
    unknown = [each for each in given if each not in names and each not in ALWAYS]
    told = [*names, f"{prefix}KEY"] if prefix else names
    require_all(partial(refuse, each, told) for each in unknown if not (prefix and each.startswith(prefix)))


def refuse(name: str, names: Sequence[str]) -> None:
    """Raises `InvalidField`: these names are known."""
    only = f", only {', '.join(names)}" if names else "; there is none"
    raise InvalidField(name[:40], f"{name[:40]!r} is not a parameter here{only}.")


def text(name: str, value: str, longest: int = MAX_TEXT) -> str:
    """PostgreSQL takes no NUL."""
    if not 0 < len(value) <= longest or "\0" in value:
        raise InvalidField(name, f"{name} must be a text of 1 to {longest} characters.")
    return value


def whole_number(name: str, value: str, least: int = 0, most: int = MAX_NUMBER) -> int:
    """Digits of ASCII, without a sign."""
    if value.isascii() and value.isdigit() and len(value) <= len(str(most)) and least <= int(value) <= most:
        return int(value)
    raise InvalidField(name, f"{name} must be a whole number from {least} to {most}.")


def choice(name: str, value: str, choices: Collection[str]) -> str:
    if value not in choices:
        raise InvalidField(name, f"{name} must be one of {', '.join(choices)}.")
    return value


def flag(name: str, value: str) -> bool:
    return choice(name, value, ("true", "false")) == "true"


def moment(name: str, value: str) -> datetime:
    """A time without an offset is in UTC; a date is its first moment."""
    try:
        if MOMENT.fullmatch(value):
            found = datetime.fromisoformat(value)
            return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        pass  # such as a time of the year 1 that is in the year 0 in UTC
    raise InvalidField(name, f"{name} must be a time such as 2026-11-29T12:00:00Z.")


def identifier(name: str, value: str) -> uuid.UUID:
    if UUID.fullmatch(value):
        return uuid.UUID(value)
    raise InvalidField(name, f"{name} must be an id such as 0190f4e6-5d3c-7b1a-9c0e-2f6a8b4d1e35.")
