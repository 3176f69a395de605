"""``picasso webhooks``: list, create, change, test, look at what was delivered, send again."""

from __future__ import annotations

import json
import uuid
from argparse import ArgumentTypeError
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from picasso.access import project_settings, projects
from picasso.access.host_patterns import is_host
from picasso.access.principal import SERVICE, Principal
from picasso.errors import PicassoError
from picasso.events.types import is_pattern
from picasso.management.arguments import grace, moment, whole
from picasso.management.command import Encoder, OwnCommand
from picasso.models import Delivery, Project, Webhook
from picasso.webhooks import endpoints, of_files

HEADINGS = ("ID", "STATE", "PROJECT", "FAILURES", "URL: TYPES")
LINE = "{:36}  {:9} {:16} {:8}  {}"
DELIVERY_HEADINGS = ("ID", "STATE", "TYPE", "TRIES", "LAST ANSWER")
DELIVERY_LINE = "{:36}  {:9} {:16} {:5}  {}"

LISTED = 100
DAY = 86_400
MAX_DESCRIPTION = 255

FILTERS = ("media_types", "pipelines", "owners")

COLUMNS = (
    *("id", "url", "description", "types", *FILTERS, "payload", "enabled", "disabled_reason", "disabled_at"),
    *("failures", "failing_since", "resume_at", "old_secret_until", "created_at", "created_by"),
)
DELIVERY_COLUMNS = ("id", "event", "type", "state", "tries", "status", "error", "created_at", "finished_at")

GRACE = "for so long the old secret signs too: 1h, 2d or seconds (default: a day)"

WITH_ID = {
    "show": "show one",
    "test": "send a message of the type webhook.test",
    "replay": "send messages again",
    "rotate": "make a new secret and print it; it is shown only once",
    "enable": "send again what is due, also after the receiver has failed",
    "disable": "send nothing until it is enabled",
    "delete": "delete one with the log of its deliveries",
    "deliveries": "list the messages to one, newest first",
}


class Command(OwnCommand):
    help = "List, create and change webhooks, and see what was delivered. A worker must run to send."

    def add_arguments(self, parser: CommandParser) -> None:
        commands = parser.add_subparsers(
            dest="do", metavar=" | ".join(("list", "create", "hosts", "secret", *WITH_ID)), required=True
        )
        listing = commands.add_parser("list", help="list webhooks, newest first, without their secrets")
        listing.add_argument("--project", help="the name of the project (default: all)")
        listing.add_argument("--json", action="store_true", help="print JSON")
        add_create(commands.add_parser("create", help="create one and print its secret, which is shown only once"))
        add_of_files(commands.add_parser("hosts", help="which hosts a webhook_url of an upload may have"))
        secret = commands.add_parser(
            "secret", help="make and print a new secret for messages to a webhook_url of uploads"
        )
        secret.add_argument("--project", default="default", help="the name of the project (default: %(default)s)")
        secret.add_argument("--grace", type=grace(endpoints.MAX_GRACE), default=DAY, metavar="TIME", help=GRACE)
        secret.add_argument("--json", action="store_true", help="print JSON")
        named = {name: commands.add_parser(name, help=what) for name, what in WITH_ID.items()}
        for command in named.values():
            command.add_argument("id", type=uuid.UUID, help="of the webhook")
            command.add_argument("--json", action="store_true", help="print JSON")
        named["rotate"].add_argument(
            "--grace", type=grace(endpoints.MAX_GRACE), default=DAY, metavar="TIME", help=GRACE
        )
        add_replay(named["replay"])
        add_deliveries(named["deliveries"])

    def handle(self, *args: Any, **options: Any) -> None:
        do: Callable[[dict[str, Any]], None] = getattr(self, f"_{options['do']}")
        try:
            do(options)
        except PicassoError as fault:
            raise CommandError(fault.detail) from fault

    def _list(self, options: dict[str, Any]) -> None:
        rows = Webhook.everywhere.select_related("project").filter(host="").order_by("-id")
        if options["project"] is not None:
            rows = rows.filter(project=principal(options["project"]).project_id)
        if options["json"]:
            self._print([described(row) for row in rows])
            return
        for cells in (HEADINGS, *map(cells_of, rows)):
            self.stdout.write(LINE.format(*cells))

    def _create(self, options: dict[str, Any]) -> None:
        endpoints.require_url(settings.PICASSO, options["url"])
        values = {name: options[name] for name in ("url", "description", "types", *FILTERS, "payload")}
        values["types"] = values["types"] or list(endpoints.DEFAULT_TYPES)
        webhook, secret = endpoints.create(principal(options["project"]), values)
        self._show_secret(webhook, secret, options)

    def _hosts(self, options: dict[str, Any]) -> None:
        row = project_row(options["project"])
        hosts = [each for each in row.webhook_hosts if each not in options["remove"]]
        hosts += [each for each in options["add"] if each not in hosts]
        if hosts != row.webhook_hosts:
            project_settings.check({"webhook_hosts": hosts})
            projects.change(row, {"webhook_hosts": hosts})
        if options["json"]:
            self._print({"webhook_hosts": hosts})
        else:
            self.stdout.write("\n".join(hosts))

    def _secret(self, options: dict[str, Any]) -> None:
        secret = of_files.rotate(project_row(options["project"]).pk, timedelta(seconds=options["grace"]))
        if options["json"]:
            self._print({"secret": secret})
        else:
            self.stdout.write(secret)

    def _show(self, options: dict[str, Any]) -> None:
        found = described(webhook_of(options))
        if options["json"]:
            self._print(found)
            return
        for name, value in found.items():
            self.stdout.write(f"{name:16} {json.dumps(value, cls=Encoder)}")

    def _test(self, options: dict[str, Any]) -> None:
        self._show_deliveries([endpoints.send_test(webhook_of(options))], options)

    def _replay(self, options: dict[str, Any]) -> None:
        wanted = {name: options[name] for name in ("ids", "failed", "since", "until")}
        if not (wanted["ids"] or wanted["failed"] or wanted["since"]):
            raise CommandError("Say which: --delivery, --failed or --since.")
        count = endpoints.replay(webhook_of(options), **wanted)
        if options["json"]:
            self._print({"count": count})
        else:
            self.stdout.write(f"Messages that are sent again: {count}")

    def _rotate(self, options: dict[str, Any]) -> None:
        webhook = webhook_of(options)
        secret = endpoints.rotate(webhook, timedelta(seconds=options["grace"]))
        self._show_secret(webhook, secret, options)

    def _enable(self, options: dict[str, Any]) -> None:
        self._switch(options, enabled=True)

    def _disable(self, options: dict[str, Any]) -> None:
        self._switch(options, enabled=False)

    def _switch(self, options: dict[str, Any], *, enabled: bool) -> None:
        webhook = webhook_of(options)
        endpoints.update(webhook, {"enabled": enabled})
        if options["json"]:
            self._print(described(webhook))
        else:
            self.stdout.write(f"{webhook.pk} is {state_of(webhook)}.")

    def _delete(self, options: dict[str, Any]) -> None:
        webhook = webhook_of(options)
        pk = webhook.pk
        endpoints.delete(webhook)
        if options["json"]:
            self._print({"id": pk})
        else:
            self.stdout.write(f"{pk} is deleted.")

    def _deliveries(self, options: dict[str, Any]) -> None:
        rows = endpoints.deliveries(webhook_of(options)).order_by("-id")
        if options["state"]:
            rows = rows.filter(state=options["state"])
        self._show_deliveries(list(rows[: options["limit"]]), options)

    def _show_deliveries(self, rows: list[Delivery], options: dict[str, Any]) -> None:
        if options["json"]:
            self._print([described_delivery(row) for row in rows])
            return
        for cells in (DELIVERY_HEADINGS, *map(delivery_cells, rows)):
            self.stdout.write(DELIVERY_LINE.format(*cells))

    def _show_secret(self, webhook: Webhook, secret: str, options: dict[str, Any]) -> None:
        if options["json"]:
            self._print({**described(webhook), "secret": secret})
        else:
            self.stdout.write(f"{webhook.pk}\n{secret}")

    def _print(self, value: object) -> None:
        self.stdout.write(json.dumps(value, cls=Encoder))


def add_of_files(parser: CommandParser) -> None:
    parser.add_argument("--project", default="default", help="the name of the project (default: %(default)s)")
    for name in ("add", "remove"):
        what = f"a host to {name}, such as app.example.com or *.example.com; may be given several times"
        parser.add_argument(
            f"--{name}", action="append", type=host if name == "add" else str, default=[], metavar="HOST", help=what
        )
    parser.add_argument("--json", action="store_true", help="print JSON")


def add_create(parser: CommandParser) -> None:
    parser.add_argument("url", help="where messages are sent to")
    parser.add_argument("--project", default="default", help="the name of the project (default: %(default)s)")
    parser.add_argument("--description", type=description, default="", help="for people")
    parser.add_argument(
        "--type",
        action="append",
        dest="types",
        type=event_type,
        metavar="TYPE",
        help=f"a type of events, or file.* or * (default: {' and '.join(endpoints.DEFAULT_TYPES)})",
    )
    for name in FILTERS:
        option = name.removesuffix("s").replace("_", "-")
        what = "only events of files of this one; may be given several times"
        parser.add_argument(f"--{option}", action="append", dest=name, default=[], metavar="VALUE", help=what)
    payload = "full: also the file with its facts (default: %(default)s)"
    parser.add_argument("--payload", choices=Webhook.Payload.values, default=Webhook.Payload.THIN.value, help=payload)
    parser.add_argument("--json", action="store_true", help="print JSON")


def add_replay(parser: CommandParser) -> None:
    one = "only this one; may be given several times"
    parser.add_argument("--delivery", action="append", dest="ids", default=[], type=uuid.UUID, metavar="ID", help=one)
    parser.add_argument("--failed", action="store_true", help="only those that have failed for good")
    since = "from this time on; without --failed also events that the webhook was never told of"
    parser.add_argument("--since", type=moment, metavar="TIME", help=since)
    parser.add_argument("--until", type=moment, metavar="TIME", help="before this time")


def add_deliveries(parser: CommandParser) -> None:
    parser.add_argument("--state", choices=Delivery.State.values, help="only those in this state")
    parser.add_argument("--limit", type=whole, default=LISTED, help="how many (default: %(default)s)")


def host(text: str) -> str:
    if not is_host(text):
        raise ArgumentTypeError(f"{text!r} is no host. A host is a name such as app.example.com or *.example.com.")
    return text


def event_type(text: str) -> str:
    if not is_pattern(text):
        raise ArgumentTypeError(f"There is no type {text!r}. Try file.processed, or file.*.")
    return text


def description(text: str) -> str:
    if len(text) > MAX_DESCRIPTION:
        raise ArgumentTypeError(f"It has more than {MAX_DESCRIPTION} characters.")
    return text


def principal(project: str) -> Principal:
    """Of the command line, in this project."""
    if (found := projects.find(project)) is None:
        raise CommandError(f"There is no project {project!r}.")
    return replace(SERVICE, project=found, identity="command-line")


def project_row(name: str) -> Project:
    if (found := Project.objects.filter(name=name).first()) is None:
        raise CommandError(f"There is no project {name!r}.")
    return found


def webhook_of(options: dict[str, Any]) -> Webhook:
    found = Webhook.everywhere.select_related("project").filter(pk=options["id"], host="").first()
    if found is None:
        raise CommandError("There is no webhook with this id.")
    return found


def described(row: Webhook) -> dict[str, Any]:
    """Without its secrets. Times are in RFC 3339."""
    return {"project": row.project.name, **{name: getattr(row, name) for name in COLUMNS}}


def described_delivery(row: Delivery) -> dict[str, Any]:
    due = row.due_at if row.state == Delivery.State.WAITING else None
    return {**{name: getattr(row, name) for name in DELIVERY_COLUMNS}, "next_attempt_at": due, "attempts": row.log}


def cells_of(row: Webhook) -> tuple[str, ...]:
    return (str(row.pk), state_of(row), row.project.name, str(row.failures), f"{row.url}: {' '.join(row.types)}")


def delivery_cells(row: Delivery) -> tuple[str, ...]:
    answer = f"{row.log[-1]['status'] or row.error} in {row.log[-1]['milliseconds']} ms" if row.log else ""
    return (str(row.pk), row.state, row.type, str(row.tries), answer)


def state_of(row: Webhook) -> str:
    """``disabled``, ``gone``, ``failing`` or ``enabled``."""
    if row.enabled:
        return "enabled"
    return "disabled" if row.disabled_reason == Webhook.DisabledReason.REQUESTED else row.disabled_reason
