"""An index for the failed jobs by reason. It is built while the service runs, and has the failed jobs only."""

from django.db import migrations, models

from picasso.migrations._concurrently import AddIndexConcurrently


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("picasso", "0031_metrics"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="job",
            index=models.Index(
                condition=models.Q(("state", "failed")),
                fields=["project", "error_code", "processor", "id"],
                name="job_failed",
            ),
        ),
    ]
