"""Indexes for the trash of each project, and limits of settings in days."""

import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("picasso", "0016_external_identities"),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="file",
            name="file_deleted",
        ),
        migrations.AlterField(
            model_name="project",
            name="retention_days",
            field=models.PositiveIntegerField(
                blank=True,
                help_text="Files are deleted after so many days; null for never.",
                null=True,
                validators=[
                    django.core.validators.MinValueValidator(1),
                    django.core.validators.MaxValueValidator(36500),
                ],
            ),
        ),
        migrations.AlterField(
            model_name="project",
            name="trash_days",
            field=models.PositiveIntegerField(
                default=0,
                help_text="Deleted files can be restored for so many days.",
                validators=[django.core.validators.MaxValueValidator(36500)],
            ),
        ),
        migrations.AddIndex(
            model_name="file",
            index=models.Index(
                condition=models.Q(("deleted_at__isnull", False)), fields=["project", "deleted_at"], name="file_deleted"
            ),
        ),
        migrations.AddIndex(
            model_name="file",
            index=models.Index(
                condition=models.Q(("deleted_at__isnull", False)), fields=["project", "id"], name="file_trash"
            ),
        ),
    ]
