"""``picasso quarantine``: see what is in quarantine, and release or delete it."""

from __future__ import annotations

import json
import uuid
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db.models import QuerySet

from picasso.access.principal import SERVICE
from picasso.errors import NotFound
from picasso.files import queries
from picasso.files.delete import delete
from picasso.jobs import verdicts
from picasso.management.command import OwnCommand
from picasso.models import File, Scan
from picasso.printable import printable
from picasso.storage import default_storage

MOST = 100


class Command(OwnCommand):
    help = "Show the newest files in quarantine, or release or delete one."

    def add_arguments(self, parser: CommandParser) -> None:
        commands = parser.add_subparsers(dest="do", metavar="list | release | delete")
        listing = commands.add_parser("list", help="show the newest files in quarantine")
        listing.add_argument("--scan", choices=list(Scan.values), help="only those with this verdict")
        listing.add_argument("--limit", type=int, default=MOST, help=f"how many (default: {MOST})")
        listing.add_argument("--json", action="store_true", help="print JSON")
        for name, what in (
            ("release", "serve and process a file that is no malware after all"),
            ("delete", "delete a file with all that belongs to it"),
        ):
            commands.add_parser(name, help=what).add_argument("id", type=uuid.UUID, help="the id of the file")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["do"] == "release":
            if not verdicts.release(options["id"]):
                raise CommandError("There is no file with this id in quarantine.")
        elif options["do"] == "delete":
            self._delete(options["id"])
        else:
            self._list(options)

    def _delete(self, file_id: uuid.UUID) -> None:
        try:
            file = in_quarantine().get(pk=file_id)
            delete(SERVICE, default_storage(), file)
        except (File.DoesNotExist, NotFound):
            raise CommandError("There is no file with this id in quarantine.") from None

    def _list(self, options: dict[str, Any]) -> None:
        files = in_quarantine()
        if options.get("scan"):
            files = files.filter(scan=options["scan"])
        rows = [shown(file) for file in files.order_by("-pk")[: options.get("limit") or MOST]]
        if options.get("json"):
            self.stdout.write(json.dumps(rows))
            return
        if not rows:
            self.stdout.write("There are no such files in quarantine.")
        for row in rows:
            self.stdout.write(f"{row['id']}  {row['scan']:<11}  {printable(row['why']):<30}  {row['name']!r}")


def in_quarantine() -> QuerySet[File]:
    return queries.visible_to(SERVICE).filter(quarantined=True).select_related("project")


def shown(file: File) -> dict[str, Any]:
    facts = file.facts.get("scan", {})
    why = facts.get("malware") or facts.get("reason") or ""
    return {"id": str(file.pk), "project": str(file.project), "name": file.name, "scan": file.scan, "why": why}
