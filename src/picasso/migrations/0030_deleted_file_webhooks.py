"""The addresses of deleted files, until these know. A new table, so it is quick."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("picasso", "0029_defaults_of_projects"),
    ]

    operations = [
        migrations.CreateModel(
            name="DeletedFileWebhook",
            fields=[
                ("file_id", models.UUIDField(primary_key=True, serialize=False)),
                ("url", models.TextField()),
            ],
        ),
    ]
