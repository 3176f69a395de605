"""Puts back the triggers that keep `FileCount` exact, after migrations.

On SQLite, Django changes a column by copying the rows to a new table. The triggers are dropped with the old table, and
the count would silently stop. On PostgreSQL triggers stay. Migration 0002 creates them on both.
"""

from __future__ import annotations

from typing import Any

from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.recorder import MigrationRecorder

TRIGGERS = {
    "picasso_files_added": """
        CREATE TRIGGER picasso_files_added AFTER INSERT ON picasso_file
        BEGIN INSERT INTO picasso_filecount (slot, n) VALUES (0, 1) ON CONFLICT (slot) DO UPDATE SET n = n + 1; END
    """,
    "picasso_files_removed": """
        CREATE TRIGGER picasso_files_removed AFTER DELETE ON picasso_file
        BEGIN UPDATE picasso_filecount SET n = n - 1 WHERE slot = 0; END
    """,
}

# Without triggers nothing was counted, so all files are counted again.
RECOUNT = (
    "DELETE FROM picasso_filecount",
    "INSERT INTO picasso_filecount (slot, n) SELECT 0, count(*) FROM picasso_file",
)


def restore_after_migrate(using: str, **_: Any) -> None:
    """A receiver of `post_migrate`."""
    connection = connections[using]
    if connection.vendor == "sqlite" and has_count(connection):
        restore(connection)


def has_count(connection: BaseDatabaseWrapper) -> bool:
    """Whether the migration that introduces the triggers is applied; before it, it would find them in its way."""
    return ("picasso", "0002_file_count") in MigrationRecorder(connection).applied_migrations()


def restore(connection: BaseDatabaseWrapper) -> None:
    """Create the triggers that are missing. If there are any, the files are counted again in the same transaction."""
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'picasso_file'")
        present = {name for (name,) in cursor.fetchall()}
        missing = [statement for name, statement in TRIGGERS.items() if name not in present]
        for statement in (*missing, *(RECOUNT if missing else ())):
            cursor.execute(statement)
