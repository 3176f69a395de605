"""Defaults in the database, for what older processes insert meanwhile. Quick: no row is written, but on SQLite."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("picasso", "0028_staged_derivatives"),
    ]

    operations = [
        migrations.AlterField(
            model_name="import",
            name="name",
            field=models.TextField(blank=True, help_text="As wished, or as the answer said."),
        ),
        migrations.AlterField(
            model_name="project",
            name="imports",
            field=models.JSONField(
                blank=True, db_default={}, default=dict, help_text="Whether and from where files are imported."
            ),
        ),
        migrations.AlterField(
            model_name="project",
            name="webhook_hosts",
            field=models.JSONField(
                blank=True,
                db_default=[],
                default=list,
                help_text="Which hosts a webhook_url of an upload may have; none by default.",
            ),
        ),
    ]
