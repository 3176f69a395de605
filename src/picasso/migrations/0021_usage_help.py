"""Words only: no table changes."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("picasso", "0020_audit_of_projects")]

    operations = [
        migrations.AlterField(
            "ownerusage", "files", models.BigIntegerField(default=0, help_text="Without those in the trash.")
        ),
        migrations.AlterField(
            "ownerusage", "trashed", models.BigIntegerField(default=0, help_text="The number of files in the trash.")
        ),
        migrations.AlterField(
            "ownerusage",
            "bytes",
            models.BigIntegerField(default=0, help_text="Of the originals, with those in the trash."),
        ),
    ]
