"""``picasso keys``: create, list and revoke keys."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.serializers.json import DjangoJSONEncoder

from picasso.access import keys, tokens
from picasso.access.principal import USUAL_SCOPES, Scope
from picasso.management.options import HIDDEN
from picasso.models import Key, Project

HEADINGS = ("ID", "STATE", "PROJECT", "CREATED", "EXPIRES", "LAST USED", "NETWORKS", "NAME: SCOPES")


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
            self.stdout.write(json.dumps([described(row) for row in rows], cls=DjangoJSONEncoder, ensure_ascii=False))
            return
        for cells in (HEADINGS, *map(cells_of, rows)):
            self.stdout.write("{:12} {:7} {:16} {:17} {:17} {:17} {:18} {}".format(*cells))

    def _secret(self, options: dict[str, Any]) -> None:
        key_id = options["id"].removeprefix("pk_").partition("_")[0]
        row = Key.objects.filter(pk=key_id).first()
        if row is None or keys.state_of(row) != "active":
            raise CommandError(f"There is no active key {key_id!r}.")
        self.stdout.write(tokens.signing_secret(key_id))

    def _revoke(self, options: dict[str, Any]) -> None:
        key_id = options["id"].removeprefix("pk_").partition("_")[0]
        if not (row := Key.objects.filter(pk=key_id).first()) or not keys.revoke(row):
            raise CommandError(f"There is no active key {key_id!r}.")
        self.stdout.write(f"{key_id} is revoked. It is refused everywhere within five seconds.")


def described(row: Key) -> dict[str, Any]:
    """Without the secret's hash. Times are in RFC 3339."""
    columns = ("id", "name", "scopes", "networks", "created_at", "created_by", "expires_at", "revoked_at")
    return {
        **{name: getattr(row, name) for name in columns},
        "last_used_at": row.last_used_at,
        "project": row.project.name,
        "state": keys.state_of(row),
        "lineage": row.lineage,
    }


def cells_of(row: Key) -> tuple[str, ...]:
    times = map(minute, (row.created_at, row.expires_at, row.last_used_at))
    networks = ",".join(row.networks) or "everywhere"
    return (row.pk, keys.state_of(row), row.project.name, *times, networks, f"{row.name}: {' '.join(row.scopes)}")


def minute(moment: datetime | None) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%MZ}" if moment else "never"
