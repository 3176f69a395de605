"""Where in a TOML file something is wrong: the line of a key."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

KeyPath = tuple[str, ...]
"""The keys that lead to a value in the file: ``("pipelines", "default", "image", "queue")``."""


@dataclass(frozen=True, slots=True)
class Fault:
    """The value at ``path`` is wrong; ``sentence`` says why."""

    path: KeyPath
    sentence: str


def fault_lines(faults: Collection[Fault], text: str) -> list[str]:
    """What is wrong, in the order of the lines of the file."""
    numbered = sorted(((line_of(fault.path, text), fault) for fault in faults), key=lambda pair: pair[0])
    return [f"line {number}: {'.'.join(fault.path)}: {fault.sentence}" for number, fault in numbered]


def line_of(path: KeyPath, text: str) -> int:
    """The line (from 1) that sets ``path`` or first sets something below it, or else the nearest table around it."""
    lines = dict(key_paths(text))
    for length in range(len(path), 0, -1):
        part = path[:length]
        if part in lines:
            return lines[part]
        if below := [number for each, number in lines.items() if each[:length] == part]:
            return min(below)
    return 1


def key_paths(text: str) -> Iterator[tuple[KeyPath, int]]:
    """For each line that begins a table or a value: its key path and number. TOML's parser reads each line alone."""
    header: KeyPath = ()
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("["):
            if path := path_in(line):
                header = path
                yield header, number
        elif path := path_in(f"{line.partition('=')[0]} = 0"):
            yield (*header, *path), number


def path_in(line: str) -> KeyPath:
    """The nested keys of one line of TOML; empty if it is not valid by itself."""
    try:
        value: Any = tomllib.loads(line)
    except tomllib.TOMLDecodeError:
        return ()
    path: list[str] = []
    while isinstance(value, dict) and value:
        key, value = next(iter(value.items()))
        path.append(key)
    return tuple(path)
