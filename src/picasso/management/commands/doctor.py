"""``picasso doctor``: tests this installation, also through its proxy, and says what to change."""

from __future__ import annotations

import os
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser

from picasso.conf import Conf
from picasso.conf import base_url as parse_url
from picasso.doctor import report
from picasso.doctor.examine import examine
from picasso.doctor.finding import Installation, Level
from picasso.management.command import OwnCommand


class Command(OwnCommand):
    help = "Test this installation, also through its proxy, and say what to change. Exits with 1 if there is a fault."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--url", help="the public URL (default: PICASSO_PUBLIC_URL, or this machine)")
        parser.add_argument("--key", help="a key of the API, for what needs one (default: PICASSO_KEY)")
        parser.add_argument("--slow", action="store_true", help="also test time limits, which takes minutes")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        conf: Conf = settings.PICASSO
        url = url_of(conf, options["url"])
        found = list(examine(Installation(conf, url, key_of(options["key"]), options["slow"])))
        if options["json"]:
            self.stdout.write(report.as_json(found))
        else:
            self.stdout.write("\n".join([f"Picasso at {url}", *report.as_lines(found), "", report.summary(found)]))
        sys.exit(int(any(finding.level == Level.FAULT for _, finding in found)))


def key_of(given: str | None) -> str:
    """Everybody on the machine sees arguments, so it may be in the environment instead."""
    return os.environ.get("PICASSO_KEY", "") if given is None else given


def url_of(conf: Conf, given: str | None) -> str:
    host = f"[{conf.host}]" if ":" in conf.host else conf.host
    try:
        return parse_url(given or conf.public_url or f"http://{host}:{conf.port}")
    except ValueError as error:
        sys.exit(f"--url {error}")
