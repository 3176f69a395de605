"""Help texts in plain words. No column changes."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("picasso", "0005_rename_fields"),
    ]

    operations = [
        migrations.AlterField(
            model_name="file",
            name="declared_type",
            field=models.CharField(blank=True, help_text="As the client declared it.", max_length=255),
        ),
        migrations.AlterField(
            model_name="file",
            name="facts",
            field=models.JSONField(default=dict, help_text="By processor. Under 'file': what every file has."),
        ),
        migrations.AlterField(
            model_name="file",
            name="key",
            field=models.CharField(help_text="Where its bytes are in the storage.", max_length=1024),
        ),
        migrations.AlterField(
            model_name="file",
            name="media_type",
            field=models.CharField(help_text="Detected from the content.", max_length=255),
        ),
        migrations.AlterField(
            model_name="file",
            name="name",
            field=models.CharField(
                blank=True, help_text="As the client sent it. Never a path; escape it before printing.", max_length=255
            ),
        ),
        migrations.AlterField(
            model_name="file",
            name="pipeline_version",
            field=models.PositiveIntegerField(
                db_default=1, default=1, help_text="The version of the pipeline that created its jobs."
            ),
        ),
        migrations.AlterField(
            model_name="file",
            name="state",
            field=models.CharField(
                choices=[
                    ("pending", "Pending"),
                    ("processing", "Processing"),
                    ("processed", "Processed"),
                    ("failed", "Failed"),
                ],
                help_text="Derived from its jobs.",
                max_length=16,
            ),
        ),
        migrations.AlterField(
            model_name="file",
            name="uploaded_at",
            field=models.DateTimeField(editable=False, help_text="The time in its id, so that both sort alike."),
        ),
        migrations.AlterField(
            model_name="job",
            name="attempt",
            field=models.PositiveIntegerField(default=0, help_text="The number of starts. Serves as the fence."),
        ),
        migrations.AlterField(
            model_name="job",
            name="crashes",
            field=models.PositiveSmallIntegerField(
                default=0, help_text="Those of them in which the child process crashed."
            ),
        ),
        migrations.AlterField(
            model_name="job",
            name="failures",
            field=models.PositiveSmallIntegerField(default=0, help_text="Attempts that ended with a transient error."),
        ),
        migrations.AlterField(
            model_name="job",
            name="log",
            field=models.TextField(
                blank=True, db_default="", default="", help_text="The end of the last attempt's output."
            ),
        ),
        migrations.AlterField(
            model_name="job",
            name="pipeline",
            field=models.CharField(
                db_default="default", default="default", help_text="The pipeline of its file.", max_length=64
            ),
        ),
        migrations.AlterField(
            model_name="job",
            name="priority",
            field=models.SmallIntegerField(
                db_default=0, default=0, help_text="Higher runs first. Below 0: only when nothing else is due."
            ),
        ),
        migrations.AlterField(
            model_name="job",
            name="progress",
            field=models.FloatField(blank=True, help_text="0 to 1, if the processor reports it.", null=True),
        ),
        migrations.AlterField(
            model_name="job",
            name="requested_at",
            field=models.DateTimeField(
                db_default=django.db.models.functions.datetime.Now(), help_text="When it was created or last retried."
            ),
        ),
        migrations.AlterField(
            model_name="reprocess",
            name="after",
            field=models.UUIDField(help_text="All files up to this id are done."),
        ),
        migrations.AlterField(
            model_name="reprocess",
            name="files",
            field=models.BigIntegerField(default=0, help_text="How many files it has queued so far."),
        ),
        migrations.AlterField(
            model_name="reprocess",
            name="until",
            field=models.UUIDField(help_text="The newest file at its creation. Later files are up to date."),
        ),
        migrations.AlterField(
            model_name="reprocess",
            name="where",
            field=models.JSONField(default=dict, help_text="Which files: `media_type` (a pattern), `state`."),
        ),
        migrations.AlterField(
            model_name="upload",
            name="digest",
            field=models.JSONField(blank=True, help_text="Repr-Digest: hex by algorithm.", null=True),
        ),
        migrations.AlterField(
            model_name="upload",
            name="final",
            field=models.ForeignKey(
                blank=True,
                help_text="The final upload that contains this part.",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="taken",
                to="picasso.upload",
            ),
        ),
        migrations.AlterField(
            model_name="upload",
            name="length",
            field=models.BigIntegerField(
                blank=True, help_text="Bytes. Null as long as the client has not declared it.", null=True
            ),
        ),
        migrations.AlterField(
            model_name="upload",
            name="parts",
            field=models.JSONField(
                blank=True, help_text="For a final upload: the ids of its parts in order.", null=True
            ),
        ),
    ]
