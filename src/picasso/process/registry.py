"""The installed processors. Name clashes and missing libraries are found at start."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from types import MappingProxyType
from typing import cast

from picasso.process.contract import GROUP, Processor, ServiceProcessor
from picasso.queue_names import QUEUES, SERVICE


class RegistryError(Exception):
    """The installed processors can't be used together."""


@dataclass(frozen=True, slots=True)
class MissingLibraries:
    """What a registered processor needs and is not installed."""

    modules: tuple[str, ...]
    """Those that are missing."""
    requirement: str
    """What to install: ``picasso[images]``."""


def processors() -> Mapping[str, type[Processor]]:
    """The processors that can run here, by name. Raises `RegistryError`."""
    return {name: each for name, each in registered().items() if name not in unavailable()}


def registered() -> Mapping[str, type[Processor]]:
    """All processors by name, also those whose libraries are not installed. Raises `RegistryError`."""
    return _load()[0]


def unavailable() -> Mapping[str, MissingLibraries]:
    """The processors that are registered but lack libraries, by name. Raises `RegistryError`."""
    return _load()[1]


def get(name: str) -> type[Processor]:
    """The processor of this name. Raises `RegistryError` if there is none, or if its libraries are not installed."""
    if lacking := unavailable().get(name):
        raise RegistryError(f"the processor {name!r} needs libraries (pip install '{lacking.requirement}')")
    if name not in registered():
        raise RegistryError(f"no processor {name!r} is installed")
    return registered()[name]


@cache
def _load() -> tuple[Mapping[str, type[Processor]], Mapping[str, MissingLibraries]]:
    classes: dict[str, type[Processor]] = {}
    lacking: dict[str, MissingLibraries] = {}
    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        processor = load(point)
        check(processor, classes)
        classes[processor.name] = processor
        if missing := tuple(name for name in processor.requires if find_spec(name) is None):
            lacking[processor.name] = MissingLibraries(missing, requirement(point, processor))
    return MappingProxyType(classes), MappingProxyType(lacking)


def load(point: EntryPoint) -> type[Processor]:
    """The class that an entry point names. Raises `RegistryError`."""
    try:
        processor: type[Processor] = point.load()
    except (ImportError, AttributeError) as error:
        raise RegistryError(f"the processor {point.name!r} can't be loaded from {point.value}: {error}") from error
    return processor


def check(processor: type[Processor], others: Iterable[str]) -> None:
    """Raises `RegistryError` if it does not fit in with the processors named ``others``."""
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", processor.name):
        raise RegistryError(f"the processor name {processor.name!r} is not kebab-case")
    if processor.name in others or processor.name == "file":
        raise RegistryError(f"two processors are called {processor.name!r}")
    if processor.queue not in QUEUES:
        raise RegistryError(f"the processor {processor.name!r} names an unknown queue, {processor.queue!r}")
    if is_service(processor) != (processor.queue == SERVICE):
        raise RegistryError(f"the processor {processor.name!r} can't be on the queue {processor.queue!r}")


def is_service(processor: type[Processor]) -> bool:
    """Whether it is a `ServiceProcessor`, which runs in the worker and not in a child."""
    return getattr(processor, "service", False)


def new_service(name: str) -> ServiceProcessor:
    """An instance of this `ServiceProcessor`. Raises `RegistryError` if there is none."""
    processor = get(name)
    if not is_service(processor):
        raise RegistryError(f"the processor {name!r} does not run in the worker")
    return cast("ServiceProcessor", processor())


def requirement(point: EntryPoint, processor: type[Processor]) -> str:
    """What ``pip install`` needs for the libraries of this processor."""
    distribution = point.dist.name if point.dist else point.module.partition(".")[0]
    return f"{distribution}[{processor.extra}]" if processor.extra else ", ".join(processor.requires)


def unavailable_notice() -> str:
    """For the log at start: which processors are off, and how to install them. Empty if all are available."""
    if not unavailable():
        return ""
    names = ", ".join(f"{name} ({each.requirement})" for name, each in unavailable().items())
    return f"processors without their libraries are off, and their files are stored without facts: {names}"


def matches(patterns: Iterable[str], media_type: str) -> bool:
    """Whether ``patterns`` cover a type. A later pattern overrules an earlier one; ``!`` excludes."""
    covered = False
    for pattern in patterns:
        if fnmatchcase(media_type, pattern.removeprefix("!")):
            covered = not pattern.startswith("!")
    return covered
