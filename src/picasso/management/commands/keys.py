"""``picasso keys``: create, list and revoke keys."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from picasso.access import keys, tokens
from picasso.access.principal import USUAL_SCOPES, Scope
from picasso.management.options import HIDDEN
from picasso.models import Key, Project


class Command(BaseCommand):
    help = "Create, list and revoke the keys with which applications use the API."
    suppressed_base_arguments = HIDDEN
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        commands = parser.add_subparsers(dest="do", metavar="create | list | revoke | secret", required=True)
        create = commands.add_parser("create", help="create a key and print it; it is shown only once")
        create.add_argument("name", help="what the key is for")
        create.add_argument("--project", default="default", help="the name of the project (default: default)")
        create.add_argument(
            "--scope",
            action="append",
            choices=[str(scope) for scope in Scope],
            help="what it may do (default: all of the project)",
        )
        create.add_argument("--admin", action="store_true", help="also projects and queues: the scope service:admin")
        listing = commands.add_parser("list", help="list the keys, without their secrets")
        listing.add_argument("--json", action="store_true", help="print JSON")
        secret = commands.add_parser("secret", help="print the secret with which an application signs tokens of a key")
        secret.add_argument("id", help="the part of the key after pk_")
        commands.add_parser("revoke", help="revoke a key").add_argument("id", help="the part of the key after pk_")

    def handle(self, *args: Any, **options: Any) -> None:
        {"create": self._create, "list": self._list, "revoke": self._revoke, "secret": self._secret}[options["do"]](
            options
        )

    def _create(self, options: dict[str, Any]) -> None:
        project = Project.objects.filter(name=options["project"]).first()
        if project is None:
            raise CommandError(f"There is no project {options['project']!r}.")
        scopes = {Scope(scope) for scope in options["scope"]} if options["scope"] else set(USUAL_SCOPES)
        if options["admin"]:
            scopes.add(Scope.SERVICE_ADMIN)
        _, text = keys.create(project, options["name"], scopes, created_by="command line")
        self.stdout.write(text)

    def _list(self, options: dict[str, Any]) -> None:
        rows = Key.objects.select_related("project")
        if options["json"]:
            columns = (
                "id",
                "name",
                "project__name",
                "scopes",
                "created_at",
                "expires_at",
                "revoked_at",
                "last_used_at",
            )
            self.stdout.write(json.dumps(list(rows.values(*columns)), default=str))
            return
        for row in rows:
            state = "revoked" if row.revoked_at else "active"
            self.stdout.write(f"{row.pk} {state:8} {row.project.name:16} {row.name}: {' '.join(row.scopes)}")

    def _secret(self, options: dict[str, Any]) -> None:
        key_id = options["id"].removeprefix("pk_").partition("_")[0]
        if not Key.objects.filter(pk=key_id, revoked_at=None).exists():
            raise CommandError(f"There is no active key {key_id!r}.")
        self.stdout.write(tokens.signing_secret(key_id))

    def _revoke(self, options: dict[str, Any]) -> None:
        key_id = options["id"].removeprefix("pk_").partition("_")[0]
        if not (row := Key.objects.filter(pk=key_id).first()) or not keys.revoke(row):
            raise CommandError(f"There is no active key {key_id!r}.")
        self.stdout.write(f"{key_id} is revoked. It is refused everywhere within five seconds.")
