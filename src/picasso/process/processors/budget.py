"""Facts have 64 KiB as JSON in all: lists and mappings of strangers' texts, cut to what there is room for."""

from __future__ import annotations

import json
from collections.abc import Iterable

from picasso.process.contract import JSON


def size(value: JSON) -> int:
    """Its bytes as they are counted: JSON in UTF-8."""
    return len(json.dumps(value, ensure_ascii=False).encode()) + 2


def that_fit(pairs: Iterable[tuple[str, JSON]], room: int) -> dict[str, JSON]:
    """Those that have a value, while there is room for them; what is too long is left out, and a later one may fit."""
    kept: dict[str, JSON] = {}
    for name, value in pairs:
        needed = size({name: value})
        if value not in (None, "", []) and needed <= room:
            kept[name] = value
            room -= needed
    return kept


def first_that_fit(values: Iterable[JSON], room: int) -> list[JSON]:
    """Up to the first that there is no room for."""
    kept: list[JSON] = []
    for value in values:
        room -= size(value)
        if room < 0:
            break
        kept.append(value)
    return kept
