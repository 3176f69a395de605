"""Rules of the source that import-linter cannot express."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.source_trees import nodes


def uses_of_a_manager(model: str) -> Iterator[Path]:
    """Every module that queries the table of this model by itself."""
    managers = {f"{model}.{manager}" for manager in ("objects", "everywhere", "_default_manager", "_base_manager")}
    for path, found in nodes().items():
        attributes = (node for node in found if isinstance(node, ast.Attribute))
        if any(f"{getattr(node.value, 'id', '')}.{node.attr}" in managers for node in attributes):
            yield Path(path)


# Who may read a table for all projects: the engine, which works on ids; and the admin and the command line.
READERS = {
    "File": {"files"},
    "Job": {"jobs", "files", "process", "admin", "management", "api"},
    "Upload": {"receive", "doctor"},
    "Import": {"imports", "api", "management"},
}


@pytest.mark.parametrize("model", READERS)
def test_who_queries_a_table_without_a_project(model: str) -> None:
    found = set(uses_of_a_manager(model))
    assert found
    assert {path.parts[0] for path in found} <= READERS[model]
