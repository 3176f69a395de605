"""Hostile or damaged files, the same in every run. Each module has those for one processor."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module

Content = bytes | Callable[[], bytes]
"""A function for what takes long to make: few of the files are in the sample of a day."""


@dataclass(frozen=True, slots=True)
class Hostile:
    name: str
    media_type: str
    made: Content

    @property
    def content(self) -> bytes:
        return self.made if isinstance(self.made, bytes) else self.made()


@cache
def all_files() -> tuple[Hostile, ...]:
    return tuple(
        Hostile(f"{module.name}: {name}", media_type, made)
        for module in pkgutil.iter_modules(__path__)
        if not module.name.startswith("test_")
        for name, media_type, made in import_module(f"{__name__}.{module.name}").files()
    )


def truncated(name: str, media_type: str, content: bytes) -> Iterator[tuple[str, str, bytes]]:
    """Truncated at every eighth."""
    for eighth in range(1, 8):
        yield f"{name} cut at {eighth}/8", media_type, content[: len(content) * eighth // 8]


def flipped(name: str, media_type: str, content: bytes, times: int = 8) -> Iterator[tuple[str, str, bytes]]:
    """With one bit flipped, at places spread over the file."""
    for n in range(times):
        place = (n * 2 + 1) * len(content) // (times * 2)
        damaged = bytearray(content)
        damaged[place] ^= 1 << (n % 8)
        yield f"{name} with a bit flipped at {place}", media_type, bytes(damaged)
