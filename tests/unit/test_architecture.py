"""Rules of the source that import-linter cannot express."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import picasso

SOURCE = Path(picasso.__file__).parent


def uses_of_a_manager(model: str) -> Iterator[Path]:
    """Every module that queries the table of this model by itself."""
    managers = {f"{model}.{manager}" for manager in ("objects", "_default_manager", "_base_manager")}
    for path in SOURCE.rglob("*.py"):
        names = {ast.unparse(node) for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Attribute)}
        if names & managers:
            yield path.relative_to(SOURCE)


def test_only_files_queries_the_table_of_files() -> None:
    found = set(uses_of_a_manager("File"))
    assert found
    assert {path.parts[0] for path in found} == {"files"}
