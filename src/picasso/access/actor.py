"""Who does something now: what the audit writes down of them. Needs no database."""

from __future__ import annotations

import os
import pwd
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Actor:
    kind: str
    """The kind of the principal (`picasso.access.principal`), or ``command-line``."""
    identity: str = ""
    """Such as ``key:abc``, ``user:5``; empty for strangers."""
    project: int | None = None
    owner: str = ""
    address: str = ""
    """The IP address of the client; empty if there is none."""


SERVICE = Actor("service", "service")
"""The service itself: workers, the cleanup."""

_current: ContextVar[Actor] = ContextVar("picasso.actor", default=SERVICE)


def current() -> Actor:
    """Who does something in this thread."""
    return _current.get()


def act_as(actor: Actor) -> None:
    """From now on, in this thread."""
    _current.set(actor)


@contextmanager
def acting(actor: Actor) -> Iterator[None]:
    token = _current.set(actor)
    try:
        yield
    finally:
        _current.reset(token)


def command_line() -> Actor:
    """The user of the system who runs this command."""
    try:
        name = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        name = str(os.getuid())
    return Actor("command-line", f"system:{name}")
