"""Uploads that may come in pieces."""

import django.db.models.deletion
import django.db.models.functions.datetime
import uuid
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("picasso", "0003_operate_jobs"),
    ]

    operations = [
        migrations.CreateModel(
            name="Upload",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "protocol",
                    models.CharField(choices=[("tus", "Tus"), ("draft", "Draft"), ("plain", "Plain")], max_length=8),
                ),
                (
                    "length",
                    models.BigIntegerField(
                        blank=True, help_text="Bytes; null while the client has not said.", null=True
                    ),
                ),
                (
                    "promised",
                    models.BigIntegerField(default=0, help_text="What it counts in the quota of unfinished bytes."),
                ),
                ("name", models.TextField(blank=True, help_text="As sent.")),
                ("declared_type", models.TextField(blank=True)),
                ("pipeline", models.CharField(default="default", max_length=64)),
                ("metadata", models.TextField(blank=True, help_text="Upload-Metadata, verbatim.")),
                ("concat", models.TextField(blank=True, help_text="Upload-Concat, verbatim.")),
                (
                    "parts",
                    models.JSONField(
                        blank=True, help_text="Of a final upload: the ids of its parts, in their order.", null=True
                    ),
                ),
                ("digest", models.JSONField(blank=True, help_text="Repr-Digest: by algorithm, in hex.", null=True)),
                (
                    "key",
                    models.CharField(
                        blank=True, help_text="SHA-256 of Idempotency-Key.", max_length=64, null=True, unique=True
                    ),
                ),
                (
                    "payload",
                    models.CharField(
                        blank=True, help_text="SHA-256 of what the creating request's head said.", max_length=64
                    ),
                ),
                (
                    "answered",
                    models.BooleanField(default=False, help_text="Whether who began it with its key was told of it."),
                ),
                ("wanted", models.BooleanField(default=False, help_text="Whether another process waits for its lock.")),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                ("error_code", models.CharField(blank=True, max_length=64)),
                ("error_detail", models.CharField(blank=True, max_length=1000)),
                (
                    "file",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="uploads",
                        to="picasso.file",
                    ),
                ),
                (
                    "final",
                    models.ForeignKey(
                        blank=True,
                        help_text="Which took this part over.",
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="taken",
                        to="picasso.upload",
                    ),
                ),
            ],
            options={
                "ordering": ["-created_at"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("finished_at", None)), fields=["promised"], name="upload_unfinished"
                    ),
                    models.Index(fields=["finished_at"], name="upload_finished"),
                    models.Index(condition=models.Q(("wanted", True)), fields=["id"], name="upload_wanted"),
                ],
            },
        ),
    ]
