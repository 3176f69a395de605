"""Fields get the names that the code uses for them."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("picasso", "0004_upload"),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="upload",
            name="upload_unfinished",
        ),
        migrations.RemoveIndex(
            model_name="upload",
            name="upload_wanted",
        ),
        migrations.RenameField(
            model_name="reprocess",
            old_name="anew",
            new_name="force",
        ),
        migrations.RenameField(
            model_name="upload",
            old_name="answered",
            new_name="announced",
        ),
        migrations.RenameField(
            model_name="upload",
            old_name="key",
            new_name="idempotency_key",
        ),
        migrations.RenameField(
            model_name="upload",
            old_name="payload",
            new_name="request_fingerprint",
        ),
        migrations.RenameField(
            model_name="upload",
            old_name="promised",
            new_name="reserved",
        ),
        migrations.RenameField(
            model_name="upload",
            old_name="wanted",
            new_name="takeover_requested",
        ),
        migrations.AddIndex(
            model_name="upload",
            index=models.Index(
                condition=models.Q(("finished_at", None)), fields=["reserved"], name="upload_unfinished"
            ),
        ),
        migrations.AddIndex(
            model_name="upload",
            index=models.Index(condition=models.Q(("takeover_requested", True)), fields=["id"], name="upload_wanted"),
        ),
        migrations.AlterField(
            model_name="reprocess",
            name="force",
            field=models.BooleanField(default=False, help_text="Also files that this version has processed already."),
        ),
        migrations.AlterField(
            model_name="reprocess",
            name="version",
            field=models.PositiveIntegerField(help_text="Files of older versions are reprocessed with this one."),
        ),
        migrations.AlterField(
            model_name="upload",
            name="announced",
            field=models.BooleanField(default=False, help_text="Whether its creating client has had an answer."),
        ),
        migrations.AlterField(
            model_name="upload",
            name="request_fingerprint",
            field=models.CharField(
                blank=True, help_text="SHA-256 of the fields that the creating request set.", max_length=64
            ),
        ),
        migrations.AlterField(
            model_name="upload",
            name="reserved",
            field=models.BigIntegerField(
                default=0, help_text="Bytes that it counts in the quota of unfinished uploads."
            ),
        ),
    ]
