"""An index for the audit of all projects. It is built while the service runs."""

from django.db import migrations, models

from picasso.migrations._concurrently import AddIndexConcurrently


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("picasso", "0019_tags_and_attributes"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="auditentry",
            index=models.Index(condition=models.Q(("target", "project")), fields=["id"], name="audit_of_projects"),
        ),
    ]
