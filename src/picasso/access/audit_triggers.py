"""Triggers that refuse to change the audit.

On PostgreSQL the migration of the table makes them. On SQLite they are made after all migrations, because each
migration that copies the table drops them.
"""

from __future__ import annotations

from typing import Any

from django.db import connections

SQLITE = (
    """CREATE TRIGGER IF NOT EXISTS picasso_audit_not_changed BEFORE UPDATE ON picasso_auditentry
       BEGIN SELECT RAISE(ABORT, 'the audit is never changed'); END""",
    """CREATE TRIGGER IF NOT EXISTS picasso_audit_not_removed BEFORE DELETE ON picasso_auditentry
       WHEN NOT EXISTS (SELECT 1 FROM picasso_auditretention WHERE before > OLD.at)
       BEGIN SELECT RAISE(ABORT, 'the audit is never changed'); END""",
)


def restore_after_migrate(using: str, **_: Any) -> None:
    """A receiver of `post_migrate`."""
    connection = connections[using]
    if connection.vendor == "sqlite" and "picasso_auditretention" in connection.introspection.table_names():
        with connection.cursor() as cursor:
            for statement in SQLITE:
                cursor.execute(statement)
