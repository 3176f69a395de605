"""The audit, and on PostgreSQL the triggers that refuse to change it (on SQLite: `picasso.access.audit_triggers`)."""

import django.db.models.functions.datetime
from django.apps.registry import Apps as StateApps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

import picasso.models

POSTGRES = """
CREATE FUNCTION picasso_keep_audit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        IF EXISTS (SELECT FROM picasso_auditretention WHERE before > now()) THEN RETURN NULL; END IF;
    ELSIF TG_OP = 'DELETE' THEN
        IF EXISTS (SELECT FROM picasso_auditretention WHERE before > OLD.at) THEN RETURN OLD; END IF;
    END IF;
    RAISE EXCEPTION 'the audit is never changed';
END $$;
CREATE TRIGGER picasso_audit_kept BEFORE UPDATE OR DELETE ON picasso_auditentry
    FOR EACH ROW EXECUTE FUNCTION picasso_keep_audit();
CREATE TRIGGER picasso_audit_not_truncated BEFORE TRUNCATE ON picasso_auditentry
    FOR EACH STATEMENT EXECUTE FUNCTION picasso_keep_audit();
"""

POSTGRES_BACK = """
DROP TRIGGER picasso_audit_kept ON picasso_auditentry;
DROP TRIGGER picasso_audit_not_truncated ON picasso_auditentry;
DROP FUNCTION picasso_keep_audit();
"""


def create_triggers(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    if editor.connection.vendor == "postgresql":
        editor.execute(POSTGRES, params=None)


def drop_triggers(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    if editor.connection.vendor == "postgresql":
        editor.execute(POSTGRES_BACK, params=None)


class Migration(migrations.Migration):
    dependencies = [
        ("picasso", "0014_unfinished_uploads"),
    ]

    operations = [
        migrations.CreateModel(
            name="AuditRetention",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("before", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="AuditEntry",
            fields=[
                (
                    "id",
                    models.UUIDField(default=picasso.models.new_id, editable=False, primary_key=True, serialize=False),
                ),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "project",
                    models.BigIntegerField(
                        help_text="The id of the project; null for what belongs to none.", null=True
                    ),
                ),
                ("actor_kind", models.CharField(help_text="What kind of principal.", max_length=16)),
                (
                    "actor",
                    models.CharField(
                        blank=True, help_text="Which one: key:…, user:…, owner:…, system:….", max_length=300
                    ),
                ),
                ("owner", models.CharField(blank=True, help_text="The end user for whom it acted.", max_length=255)),
                ("address", models.CharField(blank=True, help_text="The IP address of the client.", max_length=45)),
                ("action", models.CharField(help_text="Such as file.delete.", max_length=64)),
                ("target", models.CharField(blank=True, help_text="The kind of the object.", max_length=32)),
                ("target_id", models.CharField(blank=True, max_length=255)),
                (
                    "outcome",
                    models.CharField(
                        choices=[("done", "Done"), ("denied", "Denied"), ("refused", "Refused"), ("failed", "Failed")],
                        default="done",
                        max_length=8,
                    ),
                ),
                ("count", models.PositiveIntegerField(default=1, help_text="How many times, or how many objects.")),
                ("details", models.JSONField(default=dict)),
            ],
            options={
                "verbose_name_plural": "audit",
                "ordering": ["-id"],
                "indexes": [
                    models.Index(fields=["project", "id"], name="audit_project"),
                    models.Index(fields=["project", "actor", "id"], name="audit_actor"),
                    models.Index(fields=["project", "target_id", "id"], name="audit_target"),
                    models.Index(fields=["project", "action", "id"], name="audit_action"),
                    models.Index(fields=["at"], name="audit_at"),
                ],
            },
        ),
        migrations.RunPython(create_triggers, drop_triggers),
    ]
