"""The counters of rate limits. Unlogged on PostgreSQL: counting costs no write-ahead log."""

from django.apps.registry import Apps as StateApps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def set_unlogged(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    if editor.connection.vendor == "postgresql":
        editor.execute("ALTER TABLE picasso_ratecounter SET UNLOGGED", params=None)


class Migration(migrations.Migration):
    dependencies = [("picasso", "0009_daily_usage")]
    operations = [
        migrations.CreateModel(
            name="RateCounter",
            fields=[
                (
                    "key",
                    models.UUIDField(
                        editable=False, help_text="Hash of policy and subject.", primary_key=True, serialize=False
                    ),
                ),
                ("quota", models.BigIntegerField()),
                ("used", models.BigIntegerField(help_text="Including what processes have reserved.")),
                ("granted", models.BigIntegerField(help_text="What the last charge reserved.")),
                (
                    "ends_at",
                    models.BigIntegerField(db_index=True, help_text="Milliseconds since 1970. Identifies the window."),
                ),
            ],
        ),
        migrations.RunPython(set_unlogged, migrations.RunPython.noop),
    ]
