"""Which processors there are, and which of them a new file is given to. Clashes are found at start."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from functools import cache
from importlib.metadata import entry_points
from types import MappingProxyType

from picasso.process.contract import GROUP, Processor

QUEUES = ("quick", "heavy")


class RegistryError(Exception):
    """The installed processors don't go together."""


@cache
def processors() -> Mapping[str, type[Processor]]:
    """All installed processors by name. Raises `RegistryError`."""
    found: dict[str, type[Processor]] = {}
    for point in entry_points(group=GROUP):
        processor: type[Processor] = point.load()
        check(processor, found)
        found[processor.name] = processor
    return MappingProxyType(dict(sorted(found.items())))


def check(processor: type[Processor], others: Mapping[str, type[Processor]]) -> None:
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", processor.name):
        raise RegistryError(f"the processor name {processor.name!r} is not kebab-case")
    if processor.name in others or processor.name == "file":
        raise RegistryError(f"two processors are called {processor.name!r}")
    if processor.queue not in QUEUES:
        raise RegistryError(f"the processor {processor.name!r} wants a queue {processor.queue!r} that is not there")


def wants(patterns: Iterable[str], media_type: str) -> bool:
    """Whether a type is among those that ``patterns`` name; a later pattern overrules an earlier one."""
    wanted = False
    for pattern in patterns:
        if fnmatchcase(media_type, pattern.removeprefix("!")):
            wanted = not pattern.startswith("!")
    return wanted


@cache
def claiming(media_type: str) -> tuple[type[Processor], ...]:
    """The processors that want files of this type without being asked to."""
    return tuple(p for p in processors().values() if not p.on_request and wants(p.media_types, media_type))
