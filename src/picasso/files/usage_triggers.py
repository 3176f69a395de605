"""Puts back the triggers that keep `ProjectUsage` and `OwnerUsage` exact, after migrations.

On SQLite, Django changes a column by copying the rows to a new table. The triggers are dropped with the old table, and
the count would silently stop. On PostgreSQL triggers stay. Migration 0008 creates them on both.
"""

from __future__ import annotations

from typing import Any

from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.recorder import MigrationRecorder

ADD_TO_PROJECT = """
    INSERT INTO picasso_projectusage (project_id, slot, files, trashed, bytes)
    VALUES ({row}.project_id, 0, {files}, {trashed}, {bytes})
    ON CONFLICT (project_id, slot) DO UPDATE SET
        files = files + excluded.files, trashed = trashed + excluded.trashed, bytes = bytes + excluded.bytes;"""

ADD_TO_OWNER = """
    INSERT INTO picasso_ownerusage (project_id, owner, files, trashed, bytes)
    SELECT {row}.project_id, {row}.owner, {files}, {trashed}, {bytes} WHERE {row}.owner <> ''
    ON CONFLICT (project_id, owner) DO UPDATE SET
        files = files + excluded.files, trashed = trashed + excluded.trashed, bytes = bytes + excluded.bytes;"""


def trigger(name: str, event: str, **change: str) -> str:
    body = "".join(statement.format(**change) for statement in (ADD_TO_PROJECT, ADD_TO_OWNER))
    return f"CREATE TRIGGER {name} AFTER {event} BEGIN {body} END"


TRIGGERS = {
    "picasso_files_added": trigger(
        "picasso_files_added",
        "INSERT ON picasso_file",
        row="NEW",
        files="NEW.deleted_at IS NULL",
        trashed="NEW.deleted_at IS NOT NULL",
        bytes="NEW.size",
    ),
    "picasso_files_removed": trigger(
        "picasso_files_removed",
        "DELETE ON picasso_file",
        row="OLD",
        files="-(OLD.deleted_at IS NULL)",
        trashed="-(OLD.deleted_at IS NOT NULL)",
        bytes="-OLD.size",
    ),
    "picasso_files_trashed": trigger(
        "picasso_files_trashed",
        "UPDATE OF deleted_at ON picasso_file WHEN (OLD.deleted_at IS NULL) <> (NEW.deleted_at IS NULL)",
        row="NEW",
        files="(NEW.deleted_at IS NULL) - (OLD.deleted_at IS NULL)",
        trashed="(OLD.deleted_at IS NULL) - (NEW.deleted_at IS NULL)",
        bytes="0",
    ),
}

# Without triggers nothing was counted, so all files are counted again.
RECOUNT = (
    "DELETE FROM picasso_projectusage",
    "DELETE FROM picasso_ownerusage",
    """INSERT INTO picasso_projectusage (project_id, slot, files, trashed, bytes)
        SELECT project_id, 0, count(*) FILTER (WHERE deleted_at IS NULL),
            count(*) FILTER (WHERE deleted_at IS NOT NULL), sum(size)
        FROM picasso_file GROUP BY project_id""",
    """INSERT INTO picasso_ownerusage (project_id, owner, files, trashed, bytes)
        SELECT project_id, owner, count(*) FILTER (WHERE deleted_at IS NULL),
            count(*) FILTER (WHERE deleted_at IS NOT NULL), sum(size)
        FROM picasso_file WHERE owner <> '' GROUP BY project_id, owner""",
)


# `manage flush` deletes the rows of all tables, one after another: the triggers count down what is gone already.
NOTHING_STORED = (
    "DELETE FROM picasso_projectusage WHERE NOT EXISTS (SELECT 1 FROM picasso_file)",
    "DELETE FROM picasso_ownerusage WHERE NOT EXISTS (SELECT 1 FROM picasso_file)",
)


def restore_after_migrate(using: str, **_: Any) -> None:
    """A receiver of `post_migrate`."""
    connection = connections[using]
    if connection.vendor == "sqlite" and has_usage(connection):
        restore(connection)


def has_usage(connection: BaseDatabaseWrapper) -> bool:
    """Whether the migration that introduces the triggers is applied; before it, it would find them in its way."""
    return ("picasso", "0008_projects") in MigrationRecorder(connection).applied_migrations()


def restore(connection: BaseDatabaseWrapper) -> None:
    """Create the triggers that are missing. If there are any, the files are counted again in the same transaction."""
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'picasso_file'")
        present = {name for (name,) in cursor.fetchall()}
        missing = [statement for name, statement in TRIGGERS.items() if name not in present]
        for statement in (*missing, *(RECOUNT if missing else NOTHING_STORED)):
            cursor.execute(statement)
