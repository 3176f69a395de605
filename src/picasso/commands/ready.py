"""``picasso ready``: for health checks."""

from __future__ import annotations

import argparse
import os
import sys

from picasso import conf
from picasso.commands.checks import database_faults


def ready(settings: conf.Conf, arguments: argparse.Namespace) -> int:
    """Without Django where possible, because a health check runs every few seconds."""
    if arguments.part == "web":
        return web_answers(f"127.0.0.1:{settings.port}")
    import django

    django.setup()
    from picasso.web.health import worker_reported

    with database_faults():
        return 0 if worker_reported() else 1


def web_answers(address: str) -> int:
    from urllib.request import urlopen

    try:
        with urlopen(f"http://{address}/healthz", timeout=5) as answer:
            return int(answer.status != 200)
    except OSError as fault:
        why = reason(getattr(fault, "reason", fault))
        sys.exit(f"Picasso does not answer at http://{address}/healthz: {why} (see PICASSO_PORT)")


def reason(fault: object) -> str:
    """Why the system refused something, without the details that Python adds."""
    if isinstance(fault, OSError) and fault.errno is not None and fault.errno > 0:
        return os.strerror(fault.errno)
    return str(getattr(fault, "strerror", None) or fault)
