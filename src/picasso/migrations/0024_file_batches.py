"""Actions on many files that go on in the background."""

import django.db.models.deletion
import django.db.models.functions.datetime
import django.db.models.manager
import picasso.models.base
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("picasso", "0023_lists_of_files"),
    ]

    operations = [
        migrations.CreateModel(
            name="FileBatch",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=picasso.models.base.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "owner",
                    models.CharField(
                        blank=True,
                        help_text="Only files of this owner; null for all of the project.",
                        max_length=255,
                        null=True,
                    ),
                ),
                ("action", models.CharField(max_length=16)),
                (
                    "options",
                    models.JSONField(default=dict, help_text="Of the action: `tags`, `visibility`, `permanently`."),
                ),
                ("where", models.JSONField(default=dict, help_text="Which files, as the filters of their list.")),
                (
                    "ids",
                    models.JSONField(blank=True, help_text="Or these files, in order, until it has ended.", null=True),
                ),
                ("after", models.UUIDField(help_text="All files up to this id are done.")),
                ("until", models.UUIDField(help_text="The newest file that belongs to it.")),
                (
                    "state",
                    models.CharField(
                        choices=[("running", "Running"), ("stopped", "Stopped"), ("done", "Done")],
                        default="running",
                        max_length=16,
                    ),
                ),
                ("total", models.BigIntegerField(help_text="How many files it has found at its creation.")),
                ("done", models.BigIntegerField(default=0)),
                ("failed", models.BigIntegerField(default=0)),
                (
                    "failures",
                    models.JSONField(default=list, help_text="The first files with which it failed, and why."),
                ),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("updated_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
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
            ],
            options={
                "ordering": ["-id"],
                "base_manager_name": "everywhere",
                "default_manager_name": "everywhere",
                "indexes": [
                    models.Index(condition=models.Q(("state", "running")), fields=["updated_at"], name="batch_running"),
                    models.Index(fields=["project", "id"], name="batch_project"),
                ],
            },
            managers=[
                ("everywhere", django.db.models.manager.Manager()),
            ],
        ),
    ]
