"""``picasso audit``: what happened, newest first, directly from the database."""

from __future__ import annotations

import json
from datetime import UTC
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db.models import Q

from picasso.access import audit_queries
from picasso.access.principal import SERVICE
from picasso.errors import InvalidField
from picasso.management.command import OwnCommand
from picasso.models import AuditEntry, Project


class Command(OwnCommand):
    help = "Show what was changed, by whom, and what was denied."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--project", help="only of the project with this name")
        for name, what in {
            "action": "such as file.delete; file finds all actions on files",
            "actor": "such as key:4mR…",
            "target": "the id of an object, also with its kind: file:0190…",
            "outcome": f"one of {', '.join(AuditEntry.Outcome)}",
            "address": "the IP address of the client",
            "since": "a time such as 2026-11-29T12:00:00Z",
            "until": "a time such as 2026-11-29T12:00:00Z",
        }.items():
            parser.add_argument(f"--{name}", help=what)
        parser.add_argument("--limit", type=int, default=50, help="so many rows (default: 50); 0 for all")
        parser.add_argument("--json", action="store_true", help="print a JSON object per line")

    def handle(self, *args: Any, **options: Any) -> None:
        where = {name: options[name] for name in audit_queries.FILTERS if options[name]}
        try:
            rows = audit_queries.select(SERVICE, where)
        except InvalidField as fault:
            raise CommandError(str(fault)) from fault
        if options["project"]:
            rows = rows.filter(Q(project__in=Project.objects.filter(name=options["project"]).values("pk")))
        for row in rows[: options["limit"] or None].iterator():
            self.stdout.write(as_json(row) if options["json"] else line(row))


def as_json(row: AuditEntry) -> str:
    """The same as the API's JSON lines."""
    return json.dumps(audit_queries.fields_of(row), ensure_ascii=False)


def line(row: AuditEntry) -> str:
    target = ":".join(filter(None, (row.target, row.target_id)))
    count = f" x{row.count}" if row.count > 1 else ""
    details = " ".join(f"{name}={value}" for name, value in row.details.items())
    moment = f"{row.at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    project = audit_queries.project_of(row) or "-"
    words = (moment, project, row.actor or row.actor_kind, row.address, f"{row.action}{count}", target)
    return " ".join(filter(None, (*words, "" if row.outcome == "done" else row.outcome, details)))
