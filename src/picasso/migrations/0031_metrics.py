"""Figures over time, who paused a queue, and what a worker runs. New tables and small ones, so it is quick."""

from typing import Any

import django.db.models.deletion
from django.db import migrations, models

STEPS = [(60, "Minute"), (3600, "Hour"), (86400, "Day")]


def project() -> Any:
    return models.ForeignKey(
        db_constraint=False,
        db_index=False,
        on_delete=django.db.models.deletion.CASCADE,
        related_name="+",
        to="picasso.project",
    )


class Migration(migrations.Migration):
    dependencies = [
        ("picasso", "0030_deleted_file_webhooks"),
    ]

    operations = [
        migrations.AddField(
            model_name="queue",
            name="paused_at",
            field=models.DateTimeField(help_text="Since when it is paused.", null=True),
        ),
        migrations.AddField(
            model_name="queue",
            name="paused_by",
            field=models.CharField(
                blank=True, db_default="", default="", help_text="The name of who paused it.", max_length=255
            ),
        ),
        migrations.AddField(
            model_name="worker",
            name="started_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="worker",
            name="slots",
            field=models.PositiveIntegerField(db_default=0, default=0, help_text="How many jobs it runs at once."),
        ),
        migrations.AddField(
            model_name="worker",
            name="running",
            field=models.JSONField(
                db_default=[], default=list, help_text="The ids of the jobs that it ran at `seen_at`."
            ),
        ),
        migrations.CreateModel(
            name="ProjectMetrics",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "project_id", "step", "at", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("step", models.PositiveIntegerField(choices=STEPS)),
                ("at", models.DateTimeField(help_text="When the period begins.")),
                ("received", models.BigIntegerField(default=0, help_text="Uploads that became a file.")),
                ("bytes", models.BigIntegerField(default=0, help_text="Of these.")),
                ("processed", models.BigIntegerField(default=0, help_text="Files.")),
                ("failed", models.BigIntegerField(default=0, help_text="Files.")),
                (
                    "failed_attempts",
                    models.BigIntegerField(default=0, help_text="Of jobs, also those that were tried again."),
                ),
                (
                    "jobs",
                    models.BigIntegerField(
                        default=0, help_text="Jobs that ended, of the files that were processed or failed."
                    ),
                ),
                ("waited", models.FloatField(default=0, help_text="Seconds that these jobs waited, together.")),
                ("longest_wait", models.FloatField(default=0, help_text="Seconds.")),
                ("ran", models.FloatField(default=0, help_text="Seconds that these jobs took, together.")),
                ("project", project()),
            ],
            options={"indexes": [models.Index(fields=["step", "at"], name="metrics_step")]},
        ),
        migrations.CreateModel(
            name="ServiceMetrics",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "step", "at", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("step", models.PositiveIntegerField(choices=STEPS)),
                ("at", models.DateTimeField(help_text="When the period begins.")),
                ("waiting", models.BigIntegerField(help_text="The most jobs that waited.")),
                ("oldest", models.FloatField(help_text="The most seconds that a due job had waited.")),
                ("workers", models.PositiveIntegerField(help_text="The fewest processes of workers.")),
                (
                    "free",
                    models.BigIntegerField(
                        help_text="The fewest free bytes of the disk; null where it is unknown.", null=True
                    ),
                ),
                ("stored", models.BigIntegerField(help_text="The most bytes of originals.")),
                ("files", models.BigIntegerField(help_text="The most stored files.")),
            ],
        ),
        migrations.CreateModel(
            name="StoredType",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "project_id", "media_type", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("media_type", models.CharField(max_length=255)),
                ("files", models.BigIntegerField()),
                ("bytes", models.BigIntegerField(help_text="Of the originals.")),
                ("counted_at", models.DateTimeField()),
                ("project", project()),
            ],
        ),
    ]
