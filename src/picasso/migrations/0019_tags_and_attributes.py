"""Tags and attributes of files. Quick on a table of any size: no row is written."""

from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import ProjectState


class AddColumn(migrations.AddField):
    """`AddField` that does not copy the table on SQLite, which can add a column with a constant default."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        if schema_editor.connection.vendor == "sqlite":
            model = to_state.apps.get_model(app_label, self.model_name)
            BaseDatabaseSchemaEditor.add_field(schema_editor, model, model._meta.get_field(self.name))
        else:
            super().database_forwards(app_label, schema_editor, from_state, to_state)


class Migration(migrations.Migration):
    dependencies = [
        ("picasso", "0018_events"),
    ]

    operations = [
        AddColumn(
            model_name="file",
            name="tags",
            field=models.JSONField(
                blank=True, db_default=[], default=list, help_text="Words of the application, sorted."
            ),
        ),
        AddColumn(
            model_name="file",
            name="attributes",
            field=models.JSONField(
                blank=True,
                db_default={},
                default=dict,
                help_text="What the application says about it: a JSON object.",
            ),
        ),
        AddColumn(
            model_name="upload",
            name="tags",
            field=models.JSONField(blank=True, db_default=[], default=list, help_text="Of the file that it becomes."),
        ),
        AddColumn(
            model_name="upload",
            name="attributes",
            field=models.JSONField(blank=True, db_default={}, default=dict, help_text="Of the file that it becomes."),
        ),
    ]
