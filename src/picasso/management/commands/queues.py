"""``picasso queues``: show, pause and resume queues."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandParser

from picasso.jobs import queues
from picasso.jobs.queues import Load
from picasso.management.command import Encoder, OwnCommand
from picasso.process.pipelines import pipelines


class Command(OwnCommand):
    help = "Show the queues, or pause or resume one. A job that is running when its queue is paused runs to its end."

    def add_arguments(self, parser: CommandParser) -> None:
        commands = parser.add_subparsers(dest="do", metavar="pause | resume")
        for name, what in (("pause", "start no more jobs of this queue"), ("resume", "start jobs of this queue again")):
            commands.add_parser(name, help=what).add_argument("name", choices=pipelines().queue_names)
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["do"]:
            {"pause": queues.pause, "resume": queues.resume}[options["do"]](options["name"])
        loads = queues.loads(names=pipelines().queue_names)
        if options["json"]:
            self.stdout.write(json.dumps([asdict(load) for load in loads], cls=Encoder))
            return
        width = max((len(load.name) for load in loads), default=0)
        for load in loads:
            self.stdout.write(line(load, width))


def line(load: Load, width: int) -> str:
    state = "paused" if load.paused else "open"
    counts = f"{load.waiting} waiting, {load.queued} queued, {load.running} running"
    since = "" if load.oldest is None else f", the oldest due for {load.oldest:.0f} s"
    return f"{load.name:{width}} {state:7} {counts}{since}{paused_since(load)}"


def paused_since(load: Load) -> str:
    if not load.paused_at:
        return ""
    by = f" by {load.paused_by}" if load.paused_by else ""
    return f", paused since {load.paused_at:%Y-%m-%d %H:%M} UTC{by}"
