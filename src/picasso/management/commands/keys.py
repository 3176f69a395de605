"""``picasso keys``: create, list, show, rotate and revoke keys."""

from __future__ import annotations

import json
from argparse import ArgumentTypeError
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.management.base import CommandError, CommandParser

from picasso.access import keys, tokens
from picasso.access.principal import PROJECT_SCOPES, USUAL_SCOPES, Scope
from picasso.errors import Conflict
from picasso.management.arguments import end, grace
from picasso.management.command import Encoder, OwnCommand
from picasso.models import Key, Project
from picasso.printable import printable

HEADINGS = ("ID", "STATE", "PROJECT", "CREATED", "EXPIRES", "LAST USED", "NETWORKS", "NAME: SCOPES")

GRACE = "for so long the old key is valid as well: 1h, 2d or seconds (default: a day)"

WITH_ID = {
    "show": "show one key, without its secret",
    "rotate": "make a successor with the same rights and print it; it is shown only once",
    "revoke": "revoke a key",
    "secret": "print the secret with which an application signs tokens of a key",
}


class Command(OwnCommand):
    help = "Create, list, rotate and revoke the keys with which applications use the API."

    def add_arguments(self, parser: CommandParser) -> None:
        commands = parser.add_subparsers(dest="do", metavar=" | ".join(("create", "list", *WITH_ID)), required=True)
        add_create(commands.add_parser("create", help="create a key and print it; it is shown only once"))
        listing = commands.add_parser("list", help="list the keys, without their secrets")
        named = {name: commands.add_parser(name, help=what) for name, what in WITH_ID.items()}
        for command in named.values():
            command.add_argument("id", help="the part of the key after pk_")
        for command in (listing, named["show"]):
            command.add_argument("--json", action="store_true", help="print JSON")
        seconds = int(keys.GRACE.total_seconds())
        named["rotate"].add_argument("--grace", type=grace(keys.MAX_GRACE), default=seconds, metavar="TIME", help=GRACE)

    def handle(self, *args: Any, **options: Any) -> None:
        calls = {
            "create": self._create,
            "list": self._list,
            "show": self._show,
            "rotate": self._rotate,
            "revoke": self._revoke,
            "secret": self._secret,
        }
        calls[options["do"]](options)

    def _create(self, options: dict[str, Any]) -> None:
        project = Project.objects.filter(name=options["project"]).first()
        if project is None:
            raise CommandError(f"There is no project {options['project']!r}.")
        if len(options["network"]) > keys.MAX_NETWORKS:
            raise CommandError(f"A key has at most {keys.MAX_NETWORKS} networks.")
        scopes = {Scope(scope) for scope in options["scope"]} if options["scope"] else set(USUAL_SCOPES)
        if options["admin"]:
            scopes.add(Scope.SERVICE_ADMIN)
        limits = {"networks": options["network"], "expires_at": options["expires"]}
        _, text = keys.create(project, options["name"], scopes, **limits, created_by="command line")
        self.stdout.write(text)
        if not options["scope"]:
            self.stderr.write(f"It may do what most applications need: {' '.join(sorted(scopes))}. See --scope.")

    def _list(self, options: dict[str, Any]) -> None:
        rows = Key.objects.select_related("project")
        if options["json"]:
            self._print_json([described(row) for row in rows])
            return
        for cells in (HEADINGS, *map(cells_of, rows)):
            self.stdout.write("{:12} {:7} {:16} {:17} {:17} {:17} {:18} {}".format(*cells))

    def _show(self, options: dict[str, Any]) -> None:
        row = key_of(options)
        if options["json"]:
            self._print_json(described(row))
            return
        for name, value in facts_of(row):
            self.stdout.write(f"{name:12} {value}")

    def _rotate(self, options: dict[str, Any]) -> None:
        old = key_of(options)
        try:
            new, text = keys.rotate(old, timedelta(seconds=options["grace"]), "command line")
        except Conflict as fault:
            raise CommandError(fault.detail) from fault
        old.refresh_from_db()
        self.stdout.write(text)
        self.stderr.write(f"The old key is valid until {minute(old.expires_at)}, the new one until {until(new)}.")
        self.stderr.write(f"For applications that sign tokens: the kid is {new.pk}; picasso keys secret {new.pk}")

    def _secret(self, options: dict[str, Any]) -> None:
        row = key_of(options)
        if keys.state_of(row) != "active":
            raise CommandError(f"There is no active key {row.pk!r}.")
        self.stdout.write(tokens.signing_secret(row.pk))

    def _revoke(self, options: dict[str, Any]) -> None:
        row = key_of(options)
        if not keys.revoke(row):
            raise CommandError(f"There is no active key {row.pk!r}.")
        self.stdout.write(f"{row.pk} is revoked. It is refused everywhere within five seconds.")

    def _print_json(self, value: Any) -> None:
        self.stdout.write(json.dumps(value, cls=Encoder, ensure_ascii=False))


def add_create(create: CommandParser) -> None:
    create.add_argument("name", type=name_of_key, help="what the key is for")
    create.add_argument("--project", default="default", help="the name of the project (default: default)")
    scopes = [str(scope) for scope in Scope]
    left_out = " and ".join(sorted(PROJECT_SCOPES - USUAL_SCOPES))
    allowed = f"what it may do; several times (default: all of the project but {left_out})"
    create.add_argument("--scope", action="append", choices=scopes, help=allowed)
    create.add_argument("--admin", action="store_true", help="also projects and queues: the scope service:admin")
    create.add_argument(
        "--expires", type=end, metavar="TIME", help="when it ends: 90d, or 2031-12-31T23:59:59Z (default: never)"
    )
    create.add_argument(
        "--network",
        type=network,
        action="append",
        default=[],
        help="where it may be used from, such as 10.0.0.0/8; several times (default: everywhere)",
    )


def name_of_key(text: str) -> str:
    if not 0 < len(text.strip()) <= keys.MAX_NAME:
        raise ArgumentTypeError(f"It has 1 to {keys.MAX_NAME} characters.")
    return text


def network(text: str) -> str:
    try:
        return keys.network(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is no IP address or network such as 10.0.0.0/8.") from None


def key_of(options: dict[str, Any]) -> Key:
    """By its id; the whole key will do, too."""
    key_id = options["id"].removeprefix("pk_").partition("_")[0]
    row = Key.objects.select_related("project").filter(pk=key_id).first()
    if row is None:
        raise CommandError(f"There is no key {key_id!r}. A key is named by its ID: see picasso keys list.")
    return row


def described(row: Key) -> dict[str, Any]:
    """Without the secret's hash. Times are in RFC 3339."""
    columns = (
        *("id", "name", "scopes", "networks", "public_key"),
        *("created_at", "created_by", "expires_at", "revoked_at"),
    )
    return {
        **{name: getattr(row, name) for name in columns},
        "last_used_at": row.last_used_at,
        "project": row.project.name,
        "state": keys.state_of(row),
        "lineage": row.lineage,
    }


def facts_of(row: Key) -> list[tuple[str, str]]:
    """What ``show`` prints."""
    return [
        ("id", row.pk),
        ("name", printable(row.name)),
        ("state", keys.state_of(row)),
        ("project", row.project.name),
        ("scopes", " ".join(row.scopes)),
        ("networks", networks_of(row)),
        ("expires", minute(row.expires_at)),
        ("revoked", minute(row.revoked_at)),
        ("last used", minute(row.last_used_at)),
        ("created", f"{minute(row.created_at)} by {row.created_by or 'nobody known'}"),
        ("first key", row.lineage),
        ("public key", "yes" if row.public_key else "no"),
    ]


def networks_of(row: Key) -> str:
    return ",".join(row.networks) or "everywhere"


def cells_of(row: Key) -> tuple[str, ...]:
    times = map(minute, (row.created_at, row.expires_at, row.last_used_at))
    name = f"{printable(row.name)}: {' '.join(row.scopes)}"
    return (row.pk, keys.state_of(row), row.project.name, *times, networks_of(row), name)


def minute(moment: datetime | None) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%MZ}" if moment else "never"


def until(row: Key) -> str:
    return minute(row.expires_at) if row.expires_at else "it is revoked"
