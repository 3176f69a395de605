"""``picasso import``: fetch files from URLs, list imports, cancel one."""

from __future__ import annotations

import json
import time
import uuid
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from picasso.access import projects
from picasso.access.owners import require_owner
from picasso.access.principal import SERVICE, Principal
from picasso.errors import PicassoError
from picasso.imports import queries, states
from picasso.imports.create import NewImport, create
from picasso.management.command import Encoder, OwnCommand
from picasso.models import Import
from picasso.printable import printable
from picasso.receive.terms import Wishes

LISTED = 100
POLL_SECONDS = 0.2


class Command(OwnCommand):
    help = "Fetch files from URLs, in the background. A worker must run."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("urls", nargs="*", metavar="URL", help="http or https")
        parser.add_argument("--project", default="default", help="the name of the project (default: %(default)s)")
        parser.add_argument("--owner", help="the end user whose files they are")
        parser.add_argument("--name", default="", help="of the file (default: as the answer or the URL says)")
        parser.add_argument("--pipeline", help="that processes the files")
        parser.add_argument("--sha256", default="", help="what the content must be, in hex")
        parser.add_argument("--wait", action="store_true", help="until all have ended; 1 is returned if one failed")
        parser.add_argument("--list", action="store_true", help=f"list the last {LISTED} imports")
        parser.add_argument("--cancel", type=uuid.UUID, metavar="ID", help="cancel this one")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            rows = self._do(options)
        except PicassoError as fault:
            raise CommandError(fault.detail) from fault
        self._show(rows, as_json=options["json"])
        if options["wait"] and any(row.state != Import.State.IMPORTED for row in rows):
            raise CommandError("Not all were imported.")

    def _do(self, options: dict[str, Any]) -> list[Import]:
        if options["cancel"]:
            queries.cancel(SERVICE, options["cancel"])
            return [queries.get(SERVICE, options["cancel"])]
        if options["list"]:
            return list(queries.visible(SERVICE)[:LISTED])
        return self._create(options)

    def _create(self, options: dict[str, Any]) -> list[Import]:
        if not options["urls"]:
            raise CommandError("Name a URL, or use --list or --cancel.")
        who, wishes = principal(options["project"], options["owner"]), Wishes(options["pipeline"])
        wanted = NewImport("", options["name"], wishes, options["sha256"].lower())
        rows = [create(settings.PICASSO, who, replace(wanted, url=url)) for url in options["urls"]]
        while options["wait"] and any(row.state in {Import.State.WAITING, Import.State.RUNNING} for row in rows):
            time.sleep(POLL_SECONDS)
            for row in rows:
                row.refresh_from_db()
        return rows

    def _show(self, rows: list[Import], *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps([described(row) for row in rows], cls=Encoder, ensure_ascii=False))
            return
        if not rows:
            self.stdout.write("Nothing has been imported yet.")
        for row in rows:
            size = "?" if row.size is None else row.size
            found = f"file {row.file_id}" if row.file_id else printable(f"{row.error_code} {row.error_detail}".strip())
            self.stdout.write(
                f"{row.pk}  {row.state:9} {row.bytes}/{size} {states.without_query(row.url)} {found}".rstrip()
            )


def principal(project: str, owner: str | None) -> Principal:
    """Of the command line, in this project."""
    found = projects.find(project)
    if found is None:
        raise CommandError(f"There is no project {project!r}.")
    if owner is not None:
        require_owner("owner", owner)
    return replace(SERVICE, project=found, owner=owner, identity="command-line")


def described(row: Import) -> dict[str, Any]:
    """Times are in RFC 3339."""
    columns = ("id", "state", "bytes", "size", "attempts", "owner", "pipeline", "file_id", "created_at", "finished_at")
    error = {"code": row.error_code, "detail": row.error_detail} if row.error_code else None
    return {**{name: getattr(row, name) for name in columns}, "url": states.without_query(row.url), "error": error}
