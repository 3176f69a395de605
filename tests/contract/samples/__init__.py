"""Small valid files, one for each type that a built-in processor covers. Each module has those of one processor."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module


@cache
def samples() -> dict[str, bytes]:
    """By media type."""
    found: dict[str, bytes] = {}
    for module in pkgutil.iter_modules(__path__, f"{__name__}."):
        found.update(import_module(module.name).samples())
    return found
