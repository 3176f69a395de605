"""The console command: ``picasso up | web | worker | manage | upload | …``."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import NoReturn

from picasso import __version__, compatibility, conf, garbage, redaction, supervise
from picasso.commands.checks import asks_for_help, avoid_new_key, check_libraries, require_data
from picasso.commands.manage import SHORTCUTS, manage
from picasso.commands.overview import Groups, overview, unknown
from picasso.commands.ready import ready
from picasso.commands.start import up, web, worker
from picasso.data_folder import close_to_others, noted_port
from picasso.process import pipelines, registry
from picasso.queue_names import QUEUES

# Commands of Django that use no data.
WITHOUT_DATA = {"check", "diffsettings", "findstatic", "help", "makemigrations", "spectacular", "version"}

OWN = {
    "up": "migrate, then run web and worker together until Ctrl-C",
    "web": "serve HTTP",
    "worker": "process files",
    "manage": "Django's management commands: migrate, createsuperuser, sweep, …",
    "ready": "for health checks: exit with 0 if this machine's web or worker works",
}

CLIENT = {
    "client": "commands that speak to a service over HTTP, also `import`",
    "bench": "measure a service, and what its disk and its database allow",
    "demo": "fill a service with files of all kinds, made on the spot",
}

# Those of `OWN` that do not run the service.
OPERATING = ("ready", "manage")

# What asks for completions: see `picasso completion`.
COMPLETE = "_PICASSO_COMPLETE"
HELP = frozenset({"help", "-h", "--help"})
OF_CLIENT = ("--url", "--project")
"""Options of a client's command that may stand before it."""


def main() -> None:
    given = sys.argv[1:]
    if given[:1] == ["help"] and given[1:]:
        given = [*given[1:], "--help"]
    if os.environ.get(COMPLETE):
        run_client(given)
    elif not given or given[0] in HELP:
        print(overview(groups()))
        sys.exit()
    elif given[0] in SHORTCUTS:
        find_service()
        run_here(["manage", *given])
    elif given[0] in OWN or (given[0].startswith("-") and not given[0].startswith(OF_CLIENT)):
        run_here(given)
    else:
        run_client(given)


def run_client(given: Sequence[str]) -> NoReturn:
    """Run a command that speaks to a service over HTTP, and exit; with 2 if there is no such command.

    The client is imported here only: no process of the service needs it.
    """
    from picasso_client import cli as client

    others = {**OWN, **SHORTCUTS, **CLIENT}
    find_service()
    name = given[0] if given else ""
    if name == "demo":
        from picasso.demo import command as demo

        demo.main(given[1:])
    if name == "bench":
        from picasso.bench import command as bench

        bench.main(given[1:])
    if name == "client":
        client.main(given[1:], "picasso client")
    if name in client.COMMANDS or name.startswith("-") or os.environ.get(COMPLETE):
        client.main(given, "picasso", others)
    print(unknown(name, {**others, **client.COMMANDS}), file=sys.stderr)
    sys.exit(2)


def find_service() -> None:
    """Where no setting and no login tells another one, the service is the one that runs in this folder."""
    with suppress(conf.ConfError):
        if not os.environ.get("PICASSO_PORT") and (port := noted_port(conf.load(os.environ).data_dir)):
            os.environ["PICASSO_PORT"] = str(port)


def groups() -> Groups:
    """All commands. Those of the client that mean something else here are in ``picasso client`` only."""
    from picasso_client.cli import COMMANDS

    other = {name: what for name, what in COMMANDS.items() if name not in {*OWN, *SHORTCUTS}}
    return {
        "Run the service": {name: OWN[name] for name in OWN if name not in OPERATING},
        "Operate it, on the machine where it runs": {**SHORTCUTS, **{name: OWN[name] for name in OPERATING}},
        "Use a service over HTTP, from any machine": {**other, **CLIENT},
    }


def run_here(given: Sequence[str]) -> None:
    arguments = parser().parse_args(given)
    garbage.search_later()
    supervise.keep_secrets()
    if arguments.supervisor is not None:
        supervise.end_with(arguments.supervisor)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "picasso.settings")
    try:
        settings = conf.load(os.environ)
        redaction.hide(settings.secrets)
        prepare(settings, arguments)
        run: Callable[[conf.Conf, argparse.Namespace], int | None] = arguments.run
        sys.exit(run(settings, arguments))
    except (conf.ConfError, registry.RegistryError) as fault:
        sys.exit(f"Picasso can't start with this configuration:\n{fault}")
    except compatibility.Incompatible as error:
        sys.exit(f"Picasso can't start with the installed libraries:\n{error}")


def prepare(settings: conf.Conf, arguments: argparse.Namespace) -> None:
    """Check what the command needs. Only commands that run the service, and ``migrate``, create the data folder."""
    if arguments.run in {up, web, worker}:
        pipelines.load(settings)
        if arguments.supervisor is None:
            say_unavailable(settings, arguments)
            check_libraries()
        conf.make_data_dir(settings)
        if arguments.supervisor is None:
            close_to_others(settings.data_dir)
    elif arguments.run is manage:
        prepare_to_manage(settings, arguments.arguments)
    elif arguments.part == "worker":
        require_data(settings)


def say_unavailable(settings: conf.Conf, arguments: argparse.Namespace) -> None:
    """If jobs run on this machine: say which processors are off."""
    runs_jobs = arguments.run is not web or not settings.assume_decoders
    if runs_jobs and (notice := registry.unavailable_notice()):
        supervise.say(notice)


def prepare_to_manage(settings: conf.Conf, arguments: Sequence[str]) -> None:
    name = arguments[0] if arguments else "help"
    if name in SHORTCUTS:
        pipelines.load(settings)
    if name == "migrate" and not asks_for_help(arguments):
        conf.make_data_dir(settings)
    elif name in WITHOUT_DATA or asks_for_help(arguments):
        avoid_new_key(settings)
    else:
        require_data(settings, name)


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="picasso", description="Takes uploads of any kind and processes them.")
    top.add_argument("--version", action="version", version=f"picasso {__version__}")
    top.add_argument("--supervisor", type=int, help=argparse.SUPPRESS)
    commands = top.add_subparsers(required=True, metavar="command")
    for name, run in (("up", up), ("web", web), ("worker", worker), ("manage", manage), ("ready", ready)):
        commands.add_parser(name, description=f"{OWN[name][0].upper()}{OWN[name][1:]}.").set_defaults(run=run)
    commands.choices["web"].add_argument("--fd", type=int, help=argparse.SUPPRESS)
    queues = commands.choices["worker"]
    queues.add_argument("--queue", choices=QUEUES, action="append", help="only this queue (default: all)")
    commands.choices["manage"].add_argument("arguments", nargs=argparse.REMAINDER)
    commands.choices["ready"].add_argument("part", choices=("web", "worker"))
    return top
