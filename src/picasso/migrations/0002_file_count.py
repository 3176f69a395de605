"""The triggers that keep `FileCount` exact: whatever adds or removes files, the sum follows in the same transaction."""

from django.apps.registry import Apps as StateApps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

# A slot per backend process: two connections that insert at the same time hardly ever wait for each other.
POSTGRES = """
CREATE FUNCTION picasso_count_files() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    change bigint;
BEGIN
    SELECT count(*) INTO change FROM changed;
    IF TG_OP = 'DELETE' THEN
        change := -change;
    END IF;
    IF change <> 0 THEN
        INSERT INTO picasso_filecount (slot, n) VALUES (pg_backend_pid() % 64, change)
        ON CONFLICT (slot) DO UPDATE SET n = picasso_filecount.n + EXCLUDED.n;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER picasso_files_added AFTER INSERT ON picasso_file
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION picasso_count_files();
CREATE TRIGGER picasso_files_removed AFTER DELETE ON picasso_file
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION picasso_count_files();
"""

POSTGRES_BACK = """
DROP TRIGGER picasso_files_added ON picasso_file;
DROP TRIGGER picasso_files_removed ON picasso_file;
DROP FUNCTION picasso_count_files();
"""

SQLITE = (
    """CREATE TRIGGER picasso_files_added AFTER INSERT ON picasso_file
       BEGIN INSERT INTO picasso_filecount (slot, n) VALUES (0, 1) ON CONFLICT (slot) DO UPDATE SET n = n + 1; END""",
    """CREATE TRIGGER picasso_files_removed AFTER DELETE ON picasso_file
       BEGIN UPDATE picasso_filecount SET n = n - 1 WHERE slot = 0; END""",
)

# Files from before there was a count.
COUNT = "INSERT INTO picasso_filecount (slot, n) SELECT 0, count(*) FROM picasso_file"
UNCOUNT = "DELETE FROM picasso_filecount"

SQLITE_BACK = ("DROP TRIGGER picasso_files_added", "DROP TRIGGER picasso_files_removed")


def create_triggers(editor: BaseDatabaseSchemaEditor) -> None:
    for statement in [POSTGRES] if editor.connection.vendor == "postgresql" else SQLITE:
        editor.execute(statement, params=None)


def drop_triggers(editor: BaseDatabaseSchemaEditor) -> None:
    for statement in [POSTGRES_BACK] if editor.connection.vendor == "postgresql" else SQLITE_BACK:
        editor.execute(statement, params=None)


def forwards(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """The triggers first: on PostgreSQL they lock the table until the commit, so the count misses no file."""
    create_triggers(editor)
    editor.execute(COUNT, params=None)


def backwards(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    drop_triggers(editor)
    editor.execute(UNCOUNT, params=None)


class Migration(migrations.Migration):
    dependencies = [("picasso", "0001_initial")]
    operations = [migrations.RunPython(forwards, backwards)]
