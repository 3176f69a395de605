"""Adding an index while the service runs. The migration needs ``atomic = False``."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import NotSupportedError, OperationalError, ProgrammingError
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations import AddIndex, RunSQL
from django.db.migrations.state import ProjectState

log = logging.getLogger(__name__)


@contextmanager
def unlimited(schema_editor: BaseDatabaseSchemaEditor) -> Iterator[None]:
    """Statements of this session may take as long as they take."""
    settings = ("statement_timeout", "lock_timeout")
    for setting in settings:
        schema_editor.execute(f"SET {setting} = 0")
    try:
        yield
    finally:
        for setting in settings:
            schema_editor.execute(f"RESET {setting}")


class AddIndexConcurrently(AddIndex):
    """On PostgreSQL without a lock against writes, however long it takes; as usual on SQLite.

    Unlike Django's own operation, it also replaces what an interrupted run left: the indexes that it made already, and
    on PostgreSQL one that is not valid.
    """

    atomic = False

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        if schema_editor.connection.vendor != "postgresql":
            schema_editor.execute(f"DROP INDEX IF EXISTS {schema_editor.quote_name(self.index.name)}")
            super().database_forwards(app_label, schema_editor, from_state, to_state)
            return
        model = to_state.apps.get_model(app_label, self.model_name)
        name = schema_editor.quote_name(self.index.name)
        with unlimited(schema_editor):
            schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
            schema_editor.execute(self.index.create_sql(model, schema_editor, concurrently=True), params=None)


class CreateOnPostgres(RunSQL):
    """An index that only PostgreSQL has, so no model names it. Where a statement is not allowed, the index is left out."""

    def __init__(self, name: str, definition: str, *, extension: str = "") -> None:
        super().__init__(definition, f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
        self._name = name
        self._definition = definition
        self._extension = extension

    def deconstruct(self) -> tuple[str, Sequence[Any], dict[str, Any]]:
        return type(self).__qualname__, [self._name, self._definition], {"extension": self._extension}

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        if schema_editor.connection.vendor == "postgresql" and self._is_possible(schema_editor):
            with unlimited(schema_editor):
                schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {self._name}", params=None)
                schema_editor.execute(f"CREATE INDEX CONCURRENTLY {self._name} {self._definition}", params=None)

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        if schema_editor.connection.vendor == "postgresql":
            super().database_backwards(app_label, schema_editor, from_state, to_state)

    def _is_possible(self, schema_editor: BaseDatabaseSchemaEditor) -> bool:
        if not self._extension:
            return True
        try:
            schema_editor.execute(f"CREATE EXTENSION IF NOT EXISTS {self._extension}", params=None)
        except (ProgrammingError, NotSupportedError, OperationalError) as fault:
            log.warning("There will be no index %s: %s (docs/operations.md)", self._name, str(fault).strip())
            return False
        return True
