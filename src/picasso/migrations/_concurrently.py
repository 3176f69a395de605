"""Adding an index while the service runs. The migration needs ``atomic = False``."""

from __future__ import annotations

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations import AddIndex
from django.db.migrations.state import ProjectState


class AddIndexConcurrently(AddIndex):
    """On PostgreSQL without a lock against writes, however long it takes; as usual on SQLite.

    Unlike Django's own operation, it also replaces what an interrupted run left: an index that is not valid.
    """

    atomic = False

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        if schema_editor.connection.vendor != "postgresql":
            super().database_forwards(app_label, schema_editor, from_state, to_state)
            return
        model = to_state.apps.get_model(app_label, self.model_name)
        name = schema_editor.quote_name(self.index.name)
        for setting in ("statement_timeout", "lock_timeout"):
            schema_editor.execute(f"SET {setting} = 0")
        schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
        schema_editor.execute(self.index.create_sql(model, schema_editor, concurrently=True), params=None)
        for setting in ("statement_timeout", "lock_timeout"):
            schema_editor.execute(f"RESET {setting}")
