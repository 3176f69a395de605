"""The source as trees of syntax, parsed once for all tests that look into it."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import picasso

SOURCE = Path(picasso.__file__).parent


@cache
def trees() -> Mapping[str, ast.Module]:
    """Of every module, by its path below the package."""
    return {str(path.relative_to(SOURCE)): ast.parse(path.read_bytes()) for path in sorted(SOURCE.rglob("*.py"))}


@cache
def nodes() -> Mapping[str, tuple[ast.AST, ...]]:
    return {path: tuple(ast.walk(tree)) for path, tree in trees().items()}
