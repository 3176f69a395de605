"""``picasso reprocess``: reprocess files whose results an older version of their pipeline made."""

from __future__ import annotations

import json
import uuid
from argparse import ArgumentTypeError
from typing import Any

from django.core.management.base import CommandError, CommandParser

from picasso.management.command import OwnCommand
from picasso.models import Reprocess
from picasso.process import reprocess
from picasso.process.pipelines import DEFAULT, pipelines


class Command(OwnCommand):
    help = (
        "Process files again whose results an older version of their pipeline made. It happens in the background, when"
        " no other job is due. Without arguments: all such files of the default pipeline."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--pipeline", default=DEFAULT, help="the pipeline of the files (default: %(default)s)")
        parser.add_argument(
            "--where",
            type=condition,
            action="append",
            default=[],
            metavar="FIELD=VALUE",
            help="only these files, such as media_type=image/* or state=failed; can be repeated",
        )
        parser.add_argument("--force", action="store_true", help="also files that the current version has processed")
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--list", action="store_true", help="list them all with their progress")
        what.add_argument("--stop", type=uuid.UUID, metavar="ID", help="add no more jobs of this one")
        what.add_argument("--resume", type=uuid.UUID, metavar="ID", help="continue this one where it was stopped")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["list"]:
            return self._show(list(Reprocess.objects.all()[:100]), options["json"])
        if options["stop"]:
            return self._report_move(options["stop"], reprocess.stop, "running", options["json"])
        if options["resume"]:
            return self._report_move(options["resume"], reprocess.resume, "stopped", options["json"])
        try:
            started = reprocess.start(pipelines(), options["pipeline"], dict(options["where"]), force=options["force"])
        except ValueError as fault:
            raise CommandError(str(fault)) from fault
        if notice := reprocess.incomplete_notice(pipelines()[started.pipeline]):
            self.stderr.write(notice)
        return self._show([started], options["json"])

    def _report_move(self, pk: uuid.UUID, move: Any, wanted: str, as_json: bool) -> None:
        if not move(pk):
            raise CommandError(f"{pk} is not {wanted}.")
        self._show([Reprocess.objects.get(pk=pk)], as_json)

    def _show(self, found: list[Reprocess], as_json: bool) -> None:
        rows = [serialize(each) for each in found]
        if as_json:
            self.stdout.write(json.dumps(rows))
            return
        if not rows:
            self.stdout.write("Nothing has been reprocessed yet.")
        for row in rows:
            where = " ".join(f"{name}={value}" for name, value in row["where"].items()) or "all files"
            self.stdout.write(
                f"{row['id']}  {row['state']:8} {row['pipeline']} version {row['version']}, {where}:"
                f" {row['files']} files queued, {row['remaining']} remaining"
            )


def condition(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals and value):
        raise ArgumentTypeError(f"{text!r} is not FIELD=VALUE")
    return name, value


def serialize(each: Reprocess) -> dict[str, Any]:
    return {
        "id": str(each.pk),
        "pipeline": each.pipeline,
        "version": each.version,
        "where": each.where,
        "force": each.force,
        "state": each.state,
        "files": each.files,
        "remaining": 0 if each.state == Reprocess.State.DONE else reprocess.remaining(each).count(),
    }
