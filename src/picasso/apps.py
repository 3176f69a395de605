"""Picasso as a Django application."""

from __future__ import annotations

from django.apps import AppConfig
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate


class PicassoConfig(AppConfig):
    name = "picasso"

    def ready(self) -> None:
        from picasso.access import audit_triggers, sign_in_audit
        from picasso.access.projects import create_default_after_migrate
        from picasso.files.conditions import add_casefold
        from picasso.files.usage_triggers import restore_after_migrate

        post_migrate.connect(create_default_after_migrate, sender=self, dispatch_uid="picasso.default_project")
        post_migrate.connect(restore_after_migrate, sender=self, dispatch_uid="picasso.usage_triggers")
        post_migrate.connect(audit_triggers.restore_after_migrate, sender=self, dispatch_uid="picasso.audit_triggers")
        connection_created.connect(add_casefold, dispatch_uid="picasso.casefold")
        sign_in_audit.connect()
