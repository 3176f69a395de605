"""Projects, keys, and the project and owner of each file, job and upload. What a project stores is counted for it."""

import django.db.models.deletion
import django.db.models.functions.datetime
import django.db.models.manager
from django.apps.registry import Apps as StateApps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

# A slot per backend process: two connections that insert at the same time hardly ever wait for each other. In the order
# of project and owner, so that two transactions never wait for each other in a circle.
POSTGRES = """
CREATE FUNCTION picasso_count_files() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    sign integer := CASE TG_OP WHEN 'DELETE' THEN -1 ELSE 1 END;
BEGIN
    INSERT INTO picasso_projectusage AS kept (project_id, slot, files, trashed, bytes)
    SELECT project_id, pg_backend_pid() % 64, sign * count(*) FILTER (WHERE deleted_at IS NULL),
        sign * count(*) FILTER (WHERE deleted_at IS NOT NULL), sign * sum(size)
    FROM changed GROUP BY project_id ORDER BY project_id
    ON CONFLICT (project_id, slot) DO UPDATE SET files = kept.files + EXCLUDED.files,
        trashed = kept.trashed + EXCLUDED.trashed, bytes = kept.bytes + EXCLUDED.bytes;
    INSERT INTO picasso_ownerusage AS kept (project_id, owner, files, trashed, bytes)
    SELECT project_id, owner, sign * count(*) FILTER (WHERE deleted_at IS NULL),
        sign * count(*) FILTER (WHERE deleted_at IS NOT NULL), sign * sum(size)
    FROM changed WHERE owner <> '' GROUP BY project_id, owner ORDER BY project_id, owner
    ON CONFLICT (project_id, owner) DO UPDATE SET files = kept.files + EXCLUDED.files,
        trashed = kept.trashed + EXCLUDED.trashed, bytes = kept.bytes + EXCLUDED.bytes;
    RETURN NULL;
END $$;
CREATE FUNCTION picasso_count_trashed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    change integer := CASE WHEN NEW.deleted_at IS NULL THEN 1 ELSE -1 END;
BEGIN
    INSERT INTO picasso_projectusage AS kept (project_id, slot, files, trashed, bytes)
    VALUES (NEW.project_id, pg_backend_pid() % 64, change, -change, 0)
    ON CONFLICT (project_id, slot) DO UPDATE SET files = kept.files + EXCLUDED.files,
        trashed = kept.trashed + EXCLUDED.trashed;
    IF NEW.owner <> '' THEN
        INSERT INTO picasso_ownerusage AS kept (project_id, owner, files, trashed, bytes)
        VALUES (NEW.project_id, NEW.owner, change, -change, 0)
        ON CONFLICT (project_id, owner) DO UPDATE SET files = kept.files + EXCLUDED.files,
            trashed = kept.trashed + EXCLUDED.trashed;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER picasso_files_added AFTER INSERT ON picasso_file
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION picasso_count_files();
CREATE TRIGGER picasso_files_removed AFTER DELETE ON picasso_file
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION picasso_count_files();
CREATE TRIGGER picasso_files_trashed AFTER UPDATE OF deleted_at ON picasso_file
    FOR EACH ROW WHEN ((OLD.deleted_at IS NULL) <> (NEW.deleted_at IS NULL))
    EXECUTE FUNCTION picasso_count_trashed();
"""

POSTGRES_BACK = """
DROP TRIGGER picasso_files_added ON picasso_file;
DROP TRIGGER picasso_files_removed ON picasso_file;
DROP TRIGGER picasso_files_trashed ON picasso_file;
DROP FUNCTION picasso_count_files();
DROP FUNCTION picasso_count_trashed();
"""

# On SQLite `picasso.files.usage_triggers` creates the triggers after all migrations, because each migration that copies
# the table drops them.
SQLITE_DROP = tuple(f"DROP TRIGGER IF EXISTS picasso_files_{what}" for what in ("added", "removed", "trashed"))

COUNT = """
INSERT INTO picasso_projectusage (project_id, slot, files, trashed, bytes)
SELECT project_id, 0, count(*), 0, sum(size) FROM picasso_file GROUP BY project_id
"""

OLD_POSTGRES = """
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

OLD_POSTGRES_BACK = """
DROP TRIGGER picasso_files_added ON picasso_file;
DROP TRIGGER picasso_files_removed ON picasso_file;
DROP FUNCTION picasso_count_files();
"""

OLD_SQLITE = (
    """CREATE TRIGGER picasso_files_added AFTER INSERT ON picasso_file
       BEGIN INSERT INTO picasso_filecount (slot, n) VALUES (0, 1) ON CONFLICT (slot) DO UPDATE SET n = n + 1; END""",
    """CREATE TRIGGER picasso_files_removed AFTER DELETE ON picasso_file
       BEGIN UPDATE picasso_filecount SET n = n - 1 WHERE slot = 0; END""",
)

OLD_COUNT = "INSERT INTO picasso_filecount (slot, n) SELECT 0, count(*) FROM picasso_file"


def create_default_project(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    apps.get_model("picasso", "Project").objects.create(pk=1, name="default")
    if editor.connection.vendor == "postgresql":
        # The next project gets the number 2.
        editor.execute("SELECT setval(pg_get_serial_sequence('picasso_project', 'id'), 1)", params=None)


def drop_old_triggers(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Before a table changes. On PostgreSQL this also locks the table of files, so the count misses none."""
    for statement in [OLD_POSTGRES_BACK] if editor.connection.vendor == "postgresql" else SQLITE_DROP:
        editor.execute(statement, params=None)


def create_old_triggers(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    for statement in [OLD_POSTGRES] if editor.connection.vendor == "postgresql" else OLD_SQLITE:
        editor.execute(statement, params=None)
    editor.execute(OLD_COUNT, params=None)


def create_triggers(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    if editor.connection.vendor == "postgresql":
        editor.execute(POSTGRES, params=None)
    editor.execute(COUNT, params=None)


def drop_triggers(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    for statement in [POSTGRES_BACK] if editor.connection.vendor == "postgresql" else SQLITE_DROP:
        editor.execute(statement, params=None)


class Migration(migrations.Migration):
    dependencies = [("picasso", "0007_recount_files")]

    operations = [
        migrations.CreateModel(
            name="Project",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.SlugField(max_length=64, unique=True)),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "pipelines",
                    models.JSONField(
                        blank=True, help_text="The names of the allowed pipelines; null for all.", null=True
                    ),
                ),
                (
                    "visibility",
                    models.CharField(
                        choices=[("private", "Private"), ("public", "Public")],
                        default="private",
                        help_text="Of files that name none.",
                        max_length=8,
                    ),
                ),
                ("cors_origins", models.JSONField(blank=True, default=list)),
                ("policy", models.JSONField(blank=True, default=dict, help_text="Which files are accepted.")),
                ("quotas", models.JSONField(blank=True, default=dict, help_text="Of the whole project.")),
                ("owner_quotas", models.JSONField(blank=True, default=dict, help_text="Of each owner.")),
                ("rates", models.JSONField(blank=True, default=dict, help_text="Of requests.")),
                (
                    "scan",
                    models.JSONField(
                        blank=True, default=dict, help_text="Whether and how files are scanned for malware."
                    ),
                ),
                (
                    "retention_days",
                    models.PositiveIntegerField(
                        blank=True, help_text="Files are deleted after so many days; null for never.", null=True
                    ),
                ),
                (
                    "trash_days",
                    models.PositiveIntegerField(default=0, help_text="Deleted files can be restored for so many days."),
                ),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="Key",
            fields=[
                ("id", models.CharField(editable=False, max_length=16, primary_key=True, serialize=False)),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="keys", to="picasso.project"
                    ),
                ),
                ("name", models.CharField(help_text="What it is for.", max_length=100)),
                ("secret_hash", models.CharField(help_text="SHA-256 of the secret.", max_length=64)),
                (
                    "public_key",
                    models.TextField(blank=True, help_text="Of tokens that the application signs with EdDSA; PEM."),
                ),
                ("scopes", models.JSONField(default=list)),
                (
                    "networks",
                    models.JSONField(
                        blank=True, default=list, help_text="Where it may be used from; empty for everywhere."
                    ),
                ),
                ("expires_at", models.DateTimeField(blank=True, null=True)),
                ("revoked_at", models.DateTimeField(blank=True, null=True)),
                ("last_used_at", models.DateTimeField(blank=True, help_text="To the minute.", null=True)),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "created_by",
                    models.CharField(blank=True, help_text="The principal that created it.", max_length=255),
                ),
                (
                    "lineage",
                    models.CharField(
                        help_text="The first of the keys that followed each other by rotation. Uploads belong to it.",
                        max_length=16,
                    ),
                ),
            ],
            options={
                "ordering": ["-created_at", "-id"],
            },
        ),
        migrations.CreateModel(
            name="LinkKey",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="link_keys", to="picasso.project"
                    ),
                ),
                ("secret", models.CharField(max_length=64)),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="OwnerUsage",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "project_id", "owner", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="picasso.project",
                    ),
                ),
                ("owner", models.CharField(max_length=255)),
                ("files", models.BigIntegerField(default=0)),
                ("trashed", models.BigIntegerField(default=0)),
                ("bytes", models.BigIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="ProjectUsage",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "project_id", "slot", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="picasso.project",
                    ),
                ),
                ("slot", models.PositiveSmallIntegerField()),
                ("files", models.BigIntegerField(default=0, help_text="Without those in the trash.")),
                ("trashed", models.BigIntegerField(default=0, help_text="The number of files in the trash.")),
                ("bytes", models.BigIntegerField(default=0, help_text="Of the originals, with those in the trash.")),
            ],
        ),
        migrations.RunPython(create_default_project, migrations.RunPython.noop),
        migrations.RunPython(drop_old_triggers, create_old_triggers),
        migrations.DeleteModel(
            name="FileCount",
        ),
        migrations.AlterModelOptions(
            name="file",
            options={"base_manager_name": "everywhere", "default_manager_name": "everywhere", "ordering": ["-id"]},
        ),
        migrations.AlterModelOptions(
            name="job",
            options={"base_manager_name": "everywhere", "default_manager_name": "everywhere", "ordering": ["-id"]},
        ),
        migrations.AlterModelOptions(
            name="upload",
            options={
                "base_manager_name": "everywhere",
                "default_manager_name": "everywhere",
                "ordering": ["-created_at"],
            },
        ),
        migrations.AlterModelManagers(
            name="file",
            managers=[
                ("everywhere", django.db.models.manager.Manager()),
            ],
        ),
        migrations.AlterModelManagers(
            name="job",
            managers=[
                ("everywhere", django.db.models.manager.Manager()),
            ],
        ),
        migrations.AlterModelManagers(
            name="upload",
            managers=[
                ("everywhere", django.db.models.manager.Manager()),
            ],
        ),
        migrations.RemoveIndex(
            model_name="job",
            name="job_claim",
        ),
        migrations.RemoveIndex(
            model_name="job",
            name="job_state",
        ),
        migrations.RemoveIndex(
            model_name="job",
            name="job_processor",
        ),
        migrations.RemoveIndex(
            model_name="job",
            name="job_pipeline",
        ),
        migrations.RemoveIndex(
            model_name="job",
            name="job_error",
        ),
        migrations.AddField(
            model_name="file",
            name="deleted_at",
            field=models.DateTimeField(blank=True, help_text="It is in the trash since then.", null=True),
        ),
        migrations.AddField(
            model_name="file",
            name="expires_at",
            field=models.DateTimeField(blank=True, help_text="It is deleted then.", null=True),
        ),
        migrations.AddField(
            model_name="file",
            name="owner",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="The application's word for its end user.",
                max_length=255,
            ),
        ),
        migrations.AddField(
            model_name="file",
            name="scan",
            field=models.CharField(
                blank=True,
                choices=[
                    ("waiting", "Waiting"),
                    ("clean", "Clean"),
                    ("infected", "Infected"),
                    ("not-scanned", "Not Scanned"),
                ],
                db_default="",
                default="",
                help_text="The verdict about malware; empty if it is not scanned.",
                max_length=16,
            ),
        ),
        migrations.AddField(
            model_name="file",
            name="visibility",
            field=models.CharField(
                choices=[("private", "Private"), ("public", "Public")],
                db_default="private",
                default="private",
                max_length=8,
            ),
        ),
        migrations.AddField(
            model_name="upload",
            name="expires_at",
            field=models.DateTimeField(blank=True, help_text="When the file expires that it becomes.", null=True),
        ),
        migrations.AddField(
            model_name="upload",
            name="owner",
            field=models.CharField(blank=True, db_default="", default="", max_length=255),
        ),
        migrations.AddField(
            model_name="upload",
            name="principal",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="Who began it: only they may continue it.",
                max_length=300,
            ),
        ),
        migrations.AddField(
            model_name="upload",
            name="visibility",
            field=models.CharField(
                blank=True,
                choices=[("private", "Private"), ("public", "Public")],
                db_default="",
                default="",
                max_length=8,
            ),
        ),
        migrations.AddField(
            model_name="file",
            name="project",
            field=models.ForeignKey(
                db_constraint=False,
                db_default=1,
                db_index=False,
                default=1,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="files",
                to="picasso.project",
            ),
        ),
        migrations.AddField(
            model_name="job",
            name="project",
            field=models.ForeignKey(
                db_constraint=False,
                db_default=1,
                db_index=False,
                default=1,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="jobs",
                to="picasso.project",
            ),
        ),
        migrations.AddField(
            model_name="upload",
            name="project",
            field=models.ForeignKey(
                db_constraint=False,
                db_default=1,
                db_index=False,
                default=1,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="uploads",
                to="picasso.project",
            ),
        ),
        migrations.AddIndex(
            model_name="file",
            index=models.Index(condition=models.Q(("deleted_at", None)), fields=["project", "id"], name="file_project"),
        ),
        migrations.AddIndex(
            model_name="file",
            index=models.Index(
                condition=models.Q(models.Q(("owner", ""), _negated=True), ("deleted_at", None)),
                fields=["project", "owner", "id"],
                name="file_owner",
            ),
        ),
        migrations.AddIndex(
            model_name="file",
            index=models.Index(
                condition=models.Q(("expires_at__isnull", False)), fields=["expires_at"], name="file_expires"
            ),
        ),
        migrations.AddIndex(
            model_name="file",
            index=models.Index(
                condition=models.Q(("deleted_at__isnull", False)), fields=["deleted_at"], name="file_deleted"
            ),
        ),
        migrations.AddIndex(
            model_name="job",
            index=models.Index(
                condition=models.Q(("state", "waiting")),
                fields=["queue", "project", "pipeline", "priority", "due_at"],
                name="job_claim",
            ),
        ),
        migrations.AddIndex(
            model_name="job",
            index=models.Index(fields=["project", "id"], name="job_project"),
        ),
        migrations.AddIndex(
            model_name="job",
            index=models.Index(fields=["project", "state", "id"], name="job_state"),
        ),
        migrations.AddIndex(
            model_name="job",
            index=models.Index(fields=["project", "processor", "state", "id"], name="job_processor"),
        ),
        migrations.AddIndex(
            model_name="job",
            index=models.Index(
                condition=models.Q(("pipeline", "default"), _negated=True),
                fields=["project", "pipeline", "id"],
                name="job_pipeline",
            ),
        ),
        migrations.AddIndex(
            model_name="job",
            index=models.Index(
                condition=models.Q(("error_code", ""), _negated=True),
                fields=["project", "error_code", "id"],
                name="job_error",
            ),
        ),
        migrations.AddIndex(
            model_name="upload",
            index=models.Index(
                condition=models.Q(("finished_at", None)), fields=["project", "owner"], name="upload_of_owner"
            ),
        ),
        migrations.RunPython(create_triggers, drop_triggers),
    ]
