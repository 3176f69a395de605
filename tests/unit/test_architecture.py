"""Rules of the source that import-linter cannot express."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import picasso

SOURCE = Path(picasso.__file__).parent


def uses_of_a_manager(model: str) -> Iterator[Path]:
    """Every module that queries the table of this model by itself."""
    managers = {f"{model}.{manager}" for manager in ("objects", "everywhere", "_default_manager", "_base_manager")}
    for path in SOURCE.rglob("*.py"):
        names = {ast.unparse(node) for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Attribute)}
        if names & managers:
            yield path.relative_to(SOURCE)


# Who may read a table for all projects: the engine, which works on ids; and the admin and the command line.
READERS = {
    "File": {"files"},
    "Job": {"jobs", "process", "admin", "management", "api"},
    "Upload": {"receive", "doctor"},
    "Import": {"imports", "api", "management"},
}


@pytest.mark.parametrize("model", READERS)
def test_who_queries_a_table_without_a_project(model: str) -> None:
    found = set(uses_of_a_manager(model))
    assert found
    assert {path.parts[0] for path in found} <= READERS[model]
