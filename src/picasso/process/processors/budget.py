"""Facts may take 64 KiB as JSON in all. These functions limit lists and mappings of texts that come from files."""

from __future__ import annotations

import json
from collections.abc import Iterable

from picasso.process.contract import JSON


def json_size(value: JSON) -> int:
    """Bytes of a value as JSON in UTF-8, with the comma and blank after it."""
    return len(json.dumps(value, ensure_ascii=False).encode()) + 2


def take_fitting(pairs: Iterable[tuple[str, JSON]], max_bytes: int) -> dict[str, JSON]:
    """The pairs that have a value, while they fit into ``max_bytes`` together. A pair that is too long is left out;
    later ones may still fit.
    """
    taken: dict[str, JSON] = {}
    for name, value in pairs:
        needed = json_size({name: value})
        if value not in (None, "", []) and needed <= max_bytes:
            taken[name] = value
            max_bytes -= needed
    return taken


def take_first_fitting(values: Iterable[JSON], max_bytes: int) -> list[JSON]:
    """The values up to the first that no longer fits into ``max_bytes``."""
    taken: list[JSON] = []
    for value in values:
        max_bytes -= json_size(value)
        if max_bytes < 0:
            break
        taken.append(value)
    return taken
