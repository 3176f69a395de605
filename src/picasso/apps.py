"""Picasso as a Django application."""

from __future__ import annotations

import sys
from importlib import import_module

from django.apps import AppConfig
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate

# What Django REST framework imports where it is installed, for features that nobody here uses. It takes along psycopg,
# also beside SQLite, and urllib3: a sixth of the time in which a process starts.
UNUSED = ("django.contrib.postgres.fields", "requests")


def import_rest_framework() -> None:
    """Before anything else imports it. Afterwards others, such as Authlib, find what was hidden."""
    hidden = {name for name in UNUSED if name not in sys.modules}
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type] # importing it raises ModuleNotFoundError
    try:
        import_module("rest_framework.compat")
    finally:
        for name in hidden:
            del sys.modules[name]


import_rest_framework()


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
