"""``picasso manage``: Django's commands and those of our own."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from typing import TYPE_CHECKING

from picasso import conf, garbage
from picasso.access import actor
from picasso.commands.checks import asks_for_help, database_faults

if TYPE_CHECKING:
    from django.db.models import Model

# Management commands of our own that are used often: `picasso NAME` is short for `picasso manage NAME`.
SHORTCUTS = {
    "reprocess": "process files again that an older version of a pipeline has processed",
    "jobs": "list, show, retry and cancel jobs",
    "import": "fetch files from URLs; list and cancel imports",
    "queues": "show, pause and resume queues",
    "audit": "show what was changed, by whom, and what was denied",
    "quarantine": "show, release and delete files in quarantine",
    "webhooks": "list, create and change webhooks, see deliveries, send again",
    "keys": "create, list, rotate and revoke keys of the API",
    "people": "create, list and change people who sign in",
    "doctor": "test this installation, also through its proxy, and say what to change",
}


def manage(settings: conf.Conf, arguments: argparse.Namespace) -> None:
    """Run a command of Django. A reader of the output that ends early, such as ``head``, is no error."""
    from django.core.management import execute_from_command_line

    garbage.search_now()
    actor.act_as(actor.command_line())
    name = "picasso" if arguments.arguments and arguments.arguments[0] in SHORTCUTS else "picasso manage"
    try:
        with database_faults():
            execute_from_command_line([name, *arguments.arguments])
            if arguments.arguments[:1] == ["migrate"] and not asks_for_help(arguments.arguments):
                tell_of_access(settings)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python writes the rest there when it exits
        sys.exit(128 + signal.SIGPIPE)


def tell_of_access(settings: conf.Conf) -> None:
    """After the tables were made, which each start does: the first key, or that keys are not asked for."""
    from django.apps import apps

    if missing_tables(apps.get_model("picasso", "Key")):
        return  # the migration went to an earlier schema
    if settings.access == "open":
        warn_of_open_access()
    else:
        create_first_key(settings)


def warn_of_open_access() -> None:
    """If there are keys or people: `PICASSO_ACCESS=keys` was probably forgotten at this start."""
    from picasso.access import keys, people

    if keys.any_exist() or people.any_exist():
        print(OPEN_WITH_KEYS, flush=True)


def create_first_key(settings: conf.Conf) -> None:
    """Print the first key, or how to make one that may administer if nobody may."""
    from picasso.access.keys import administrator_known, create_first_admin

    if text := create_first_admin():
        address = settings.public_url or f"http://{settings.host}:{settings.port}"
        print(FIRST_KEY.format(key=text, address=address), flush=True)
    elif not administrator_known():
        print(
            "Requests need a key, and none may administer. This makes one: picasso keys create NAME --admin", flush=True
        )


OPEN_WITH_KEYS = """
Warning: this installation has keys or people, but access is open: nobody is asked for them, and everybody who reaches
the service may do everything in the project `default`. Set PICASSO_ACCESS=keys at each start to ask for them.
"""

FIRST_KEY = """
This is the first key of this installation. It may do everything, and it is not shown again:

    {key}

With the key in the variable KEY:

    curl -H "Authorization: Bearer $KEY" {address}/api/v1.0/files/

Create keys with fewer rights by `picasso keys create`, and revoke this one when you do not need it any more.
To sign in at {address}/sign-in/ create a person: `picasso people create NAME --role admin`.
"""


def missing_tables(model: type[Model]) -> bool:
    from django.db import connection

    return model._meta.db_table not in connection.introspection.table_names()
