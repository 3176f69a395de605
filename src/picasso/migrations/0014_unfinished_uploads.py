"""Where an upload was begun, and indexes with which unfinished ones are added up and read page by page."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("picasso", "0013_quarantine"),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="upload",
            name="upload_finished",
        ),
        migrations.RemoveIndex(
            model_name="upload",
            name="upload_unfinished",
        ),
        migrations.RemoveIndex(
            model_name="upload",
            name="upload_of_owner",
        ),
        migrations.AddField(
            model_name="upload",
            name="address",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="The address that it was begun from: IPv4, or the /64 of IPv6.",
                max_length=64,
            ),
        ),
        migrations.AddIndex(
            model_name="upload",
            index=models.Index(
                condition=models.Q(("finished_at", None)),
                fields=["finished_at", "project", "owner", "principal", "address", "protocol", "reserved"],
                name="upload_usage",
            ),
        ),
        migrations.AddIndex(
            model_name="upload",
            index=models.Index(
                condition=models.Q(("finished_at", None)), fields=["finished_at", "id"], name="upload_unfinished"
            ),
        ),
        migrations.AddIndex(
            model_name="upload",
            index=models.Index(
                condition=models.Q(("finished_at", None), ("parts__isnull", False)),
                fields=["finished_at", "id"],
                name="upload_final",
            ),
        ),
        migrations.AddIndex(
            model_name="upload",
            index=models.Index(condition=models.Q(("final__isnull", False)), fields=["final"], name="upload_part"),
        ),
        migrations.AddIndex(
            model_name="upload",
            index=models.Index(
                condition=models.Q(("finished_at__isnull", False)), fields=["finished_at"], name="upload_finished"
            ),
        ),
    ]
