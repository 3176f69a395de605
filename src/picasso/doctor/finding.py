"""What a check has found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from picasso.conf import Conf


class Level(StrEnum):
    OK = "ok"
    WARNING = "warning"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Finding:
    level: Level
    name: str
    """A stable identifier, such as ``request-buffering``."""
    what: str
    """One sentence: what is as it should be, or what is wrong."""
    change: str = ""
    """One sentence: what to do about it."""
    page: str = ""
    """Where the documentation says more, such as ``deployment.md#nginx``."""


def ok(name: str, what: str) -> Finding:
    return Finding(Level.OK, name, what)


def warning(name: str, what: str, change: str, page: str) -> Finding:
    return Finding(Level.WARNING, name, what, change, page)


def fault(name: str, what: str, change: str, page: str) -> Finding:
    return Finding(Level.FAULT, name, what, change, page)


@dataclass(frozen=True, slots=True)
class Installation:
    """What is tested."""

    conf: Conf
    url: str
    """The public URL, without a slash at the end."""
    key: str = ""
    """Of the API; empty for none."""
    slow: bool = False
    """Whether to test what takes minutes."""


Check = Callable[[Installation], Iterator[Finding]]
