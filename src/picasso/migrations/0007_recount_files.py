"""Counts all files again: an earlier version of migration 0002 did not count files that existed already."""

from django.apps.registry import Apps as StateApps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

# Waits until all transactions have ended that add or delete files, and makes later ones wait. On SQLite the first
# statement that writes does that.
POSTGRES_LOCK = "LOCK TABLE picasso_file IN SHARE ROW EXCLUSIVE MODE"

RECOUNT = (
    "DELETE FROM picasso_filecount",
    "INSERT INTO picasso_filecount (slot, n) SELECT 0, count(*) FROM picasso_file",
)


def recount(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    if editor.connection.vendor == "postgresql":
        editor.execute(POSTGRES_LOCK, params=None)
    for statement in RECOUNT:
        editor.execute(statement, params=None)


class Migration(migrations.Migration):
    dependencies = [("picasso", "0006_help_texts")]
    operations = [
        migrations.RunPython(recount, migrations.RunPython.noop),
        migrations.RenameIndex(model_name="upload", old_name="upload_wanted", new_name="upload_takeover_requested"),
    ]
