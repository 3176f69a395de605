"""A small file for every type that is detected, in modules by kind. Each module has ``SAMPLES``.

`tests.detection.test_types` holds detection to them, and `docs/types.md` is made from them.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module


@dataclass(frozen=True, slots=True)
class Sample:
    """A file that a program really writes, or its smallest valid form."""

    media_type: str
    """What is detected with the usual name."""
    name: str
    """A usual name."""
    content: bytes
    without_name: str = ""
    """What is detected without a name or with a wrong one, where the name decides; empty if it is the same type."""


def sections() -> Iterator[tuple[str, tuple[Sample, ...]]]:
    """The title of each kind, and its samples."""
    for module in pkgutil.iter_modules(__path__, f"{__name__}."):
        found = import_module(module.name)
        if samples := getattr(found, "SAMPLES", ()):
            yield found.TITLE, samples


def all_samples() -> list[Sample]:
    return [each for _, samples in sections() for each in samples]
