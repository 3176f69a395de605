"""Pipelines, queues that can be held, and what an operator wants to know of a job."""

from importlib import import_module

import django.db.models.functions.datetime
import picasso.models
from django.apps.registry import Apps as StateApps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

counting = import_module("picasso.migrations.0002_file_count")

# Until now a job was asked for when its file came, and never again.
REQUESTED = "UPDATE picasso_job SET requested_at = (SELECT uploaded_at FROM picasso_file WHERE id = file_id)"


def count_again(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """To change a column, Django makes SQLite's table anew, and its triggers go with the old one."""
    if editor.connection.vendor == "sqlite":
        for name in ("picasso_files_added", "picasso_files_removed"):
            editor.execute(f"DROP TRIGGER IF EXISTS {name}")
        counting.create_triggers(editor)


class Migration(migrations.Migration):
    dependencies = [
        ("picasso", "0002_file_count"),
    ]

    operations = [
        migrations.RunPython(migrations.RunPython.noop, count_again),
        migrations.CreateModel(
            name="Queue",
            fields=[
                ("name", models.CharField(max_length=32, primary_key=True, serialize=False)),
                ("paused", models.BooleanField(default=False)),
            ],
        ),
        migrations.CreateModel(
            name="Reprocess",
            fields=[
                (
                    "id",
                    models.UUIDField(default=picasso.models.new_id, editable=False, primary_key=True, serialize=False),
                ),
                ("pipeline", models.CharField(max_length=64)),
                (
                    "version",
                    models.PositiveIntegerField(help_text="Files of older versions are made anew with this one."),
                ),
                ("where", models.JSONField(default=dict, help_text="Which files: `media_type` a pattern, `state`.")),
                (
                    "anew",
                    models.BooleanField(default=False, help_text="Also those that have been made by this version."),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("running", "Running"), ("stopped", "Stopped"), ("done", "Done")],
                        default="running",
                        max_length=16,
                    ),
                ),
                ("after", models.UUIDField(help_text="All files up to this one have been seen to.")),
                (
                    "until",
                    models.UUIDField(help_text="The newest file when it was asked for: later ones are up to date."),
                ),
                ("files", models.BigIntegerField(default=0, help_text="How many it has handed to the queues so far.")),
                ("updated_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.RemoveIndex(
            model_name="job",
            name="job_due",
        ),
        migrations.AddField(
            model_name="file",
            name="pipeline",
            field=models.CharField(db_default="default", default="default", max_length=64),
        ),
        migrations.AddField(
            model_name="file",
            name="pipeline_version",
            field=models.PositiveIntegerField(
                db_default=1, default=1, help_text="The version of its pipeline that its jobs were made by."
            ),
        ),
        migrations.AddField(
            model_name="job",
            name="log",
            field=models.TextField(
                blank=True, db_default="", default="", help_text="The end of what its last attempt said."
            ),
        ),
        migrations.AddField(
            model_name="job",
            name="pipeline",
            field=models.CharField(
                db_default="default", default="default", help_text="That of its file.", max_length=64
            ),
        ),
        migrations.AddField(
            model_name="job",
            name="priority",
            field=models.SmallIntegerField(
                db_default=0, default=0, help_text="Higher goes first; below 0 yields to all."
            ),
        ),
        migrations.AddField(
            model_name="job",
            name="progress",
            field=models.FloatField(blank=True, help_text="0 to 1, of work that says so.", null=True),
        ),
        migrations.AddField(
            model_name="job",
            name="requested_at",
            field=models.DateTimeField(
                db_default=django.db.models.functions.datetime.Now(),
                help_text="When it was made, or last asked for again.",
            ),
        ),
        migrations.AddIndex(
            model_name="job",
            index=models.Index(
                condition=models.Q(("state", "waiting")),
                fields=["queue", "pipeline", "priority", "due_at"],
                name="job_claim",
            ),
        ),
        migrations.AddIndex(
            model_name="job",
            index=models.Index(fields=["state", "id"], name="job_state"),
        ),
        migrations.AddIndex(
            model_name="job",
            index=models.Index(fields=["processor", "state", "id"], name="job_processor"),
        ),
        migrations.AddIndex(
            model_name="job",
            index=models.Index(
                condition=models.Q(("pipeline", "default"), _negated=True),
                fields=["pipeline", "id"],
                name="job_pipeline",
            ),
        ),
        migrations.AddIndex(
            model_name="job",
            index=models.Index(
                condition=models.Q(("error_code", ""), _negated=True), fields=["error_code", "id"], name="job_error"
            ),
        ),
        migrations.RunPython(count_again, migrations.RunPython.noop),
        migrations.RunSQL(REQUESTED, migrations.RunSQL.noop),
    ]
