"""Indexes for filters and orders of files. They are built while the service runs."""

from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps
from django.db.models import F, Q

from picasso.keyset import CodePoints
from picasso.migrations._concurrently import AddIndexConcurrently, CreateOnPostgres
from picasso.models.expressions import HashStart, MediaKind

NOT_DELETED = Q(deleted_at=None)

INDEXES = (
    models.Index(fields=["project", "state", "id"], name="file_state", condition=NOT_DELETED),
    models.Index(F("project"), MediaKind("media_type"), F("id"), name="file_kind", condition=NOT_DELETED),
    models.Index(F("project"), CodePoints("media_type"), F("id"), name="file_media_type", condition=NOT_DELETED),
    models.Index(
        fields=["project", "pipeline", "id"], name="file_pipeline", condition=~Q(pipeline="default") & NOT_DELETED
    ),
    models.Index(fields=["project", "size", "id"], name="file_size", condition=NOT_DELETED),
    models.Index(F("project"), CodePoints("name"), F("id"), name="file_name", condition=NOT_DELETED),
    models.Index(F("project"), HashStart("sha256"), name="file_sha256"),
)


def gather_statistics(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """PostgreSQL knows how rare a value of a new index is only after this.

    Not of an empty table: it would be taken for empty until the first autovacuum, and each check of a foreign key would
    read all of it.
    """
    if editor.connection.vendor == "postgresql" and has_files(apps):
        editor.execute("ANALYZE picasso_file")


def has_files(apps: StateApps) -> bool:
    return bool(apps.get_model("picasso", "File")._meta.base_manager.exists())


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("picasso", "0022_imports"),
    ]

    operations = [
        *(AddIndexConcurrently(model_name="file", index=index) for index in INDEXES),
        CreateOnPostgres("file_tags", "ON picasso_file USING gin (tags jsonb_path_ops) WHERE tags <> '[]'"),
        CreateOnPostgres(
            "file_attributes", "ON picasso_file USING gin (attributes jsonb_path_ops) WHERE attributes <> '{}'"
        ),
        CreateOnPostgres(
            "file_name_trigrams", "ON picasso_file USING gin (upper(name::text) gin_trgm_ops)", extension="pg_trgm"
        ),
        migrations.RunPython(gather_statistics, migrations.RunPython.noop),
    ]
