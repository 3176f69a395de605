"""What all commands of our own have in common."""

from __future__ import annotations

import sys
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand
from django.core.serializers.json import DjangoJSONEncoder

from picasso.management.options import HIDDEN
from picasso.printable import PrintableOutput
from picasso.timestamps import rfc3339

INTERRUPTED = 130
"""The exit status, as that of the client's commands and of shells."""


class Encoder(DjangoJSONEncoder):
    """Times are written as in the API."""

    def default(self, o: Any) -> Any:
        return rfc3339(o) if isinstance(o, datetime) else super().default(o)


class OwnCommand(BaseCommand):
    """Its help shows its own options only, and what it prints does no harm to a terminal."""

    suppressed_base_arguments = HIDDEN
    requires_system_checks = []

    def execute(self, *args: Any, **options: Any) -> str | None:
        out, err = options.get("stdout") or sys.stdout, options.get("stderr") or sys.stderr
        safe = {"stdout": PrintableOutput(out), "stderr": PrintableOutput(err)}
        try:
            return super().execute(*args, **{**options, **safe})
        except (KeyboardInterrupt, EOFError):
            safe["stderr"].write("Interrupted.\n")
            sys.exit(INTERRUPTED)
