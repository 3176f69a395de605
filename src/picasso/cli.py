"""The console command: ``picasso up | web | worker | manage | …``."""

from __future__ import annotations

import argparse
import errno
import os
import re
import secrets
import signal
import socket
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from picasso import __version__, compatibility, conf, redaction, supervise
from picasso.access import actor
from picasso.data_folder import close_to_others
from picasso.process import pipelines, registry
from picasso.queue_names import QUEUES
from picasso.supervise import SupervisedProcess

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
    "keys": "create, list and revoke keys of the API",
    "people": "create, list and change people who sign in",
    "doctor": "test this installation, also through its proxy, and say what to change",
}


# Commands of Django that use no data.
WITHOUT_DATA = {"check", "diffsettings", "findstatic", "help", "makemigrations", "spectacular", "version"}


def main() -> None:
    given = sys.argv[1:]
    arguments = parser().parse_args(["manage", *given] if given and given[0] in SHORTCUTS else given)
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
        require_data(settings, with_files=name == "sweep")


def asks_for_help(arguments: Sequence[str]) -> bool:
    return bool({"-h", "--help", "--version"} & set(arguments))


def check_libraries() -> None:
    """Raise `Incompatible` if a library is outside its tested range and lacks what Picasso uses of it."""
    if untested := compatibility.untested():
        compatibility.require(*compatibility.WEB, *compatibility.WORKER)
        print(f"Picasso was not tested with {', '.join(untested)}.", file=sys.stderr)


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="picasso", description="Takes uploads of any kind and processes them.")
    top.add_argument("--version", action="version", version=f"picasso {__version__}")
    top.add_argument("--supervisor", type=int, help=argparse.SUPPRESS)
    commands = top.add_subparsers(required=True, metavar="command")
    command = commands.add_parser("up", help="migrate, then run web and worker together until Ctrl-C")
    command.set_defaults(run=up)
    command = commands.add_parser("web", help="serve HTTP")
    command.add_argument("--fd", type=int, help=argparse.SUPPRESS)
    command.set_defaults(run=web)
    command = commands.add_parser("worker", help="process files")
    command.add_argument("--queue", choices=QUEUES, action="append", help="only this queue (default: all)")
    command.set_defaults(run=worker)
    command = commands.add_parser("manage", help="Django's management commands: migrate, createsuperuser, sweep, …")
    command.add_argument("arguments", nargs=argparse.REMAINDER)
    command.set_defaults(run=manage)
    for name, what in SHORTCUTS.items():
        commands.add_parser(name, help=what)
    command = commands.add_parser("ready", help="for health checks: exit with 0 if this machine's web or worker works")
    command.add_argument("part", choices=("web", "worker"))
    command.set_defaults(run=ready)
    return top


def up(settings: conf.Conf, _: argparse.Namespace) -> int:
    # Django's checks import all of the web process, which is slow; they are for developers, and run in tests.
    supervise.once("manage", "migrate", "--verbosity", "0", "--skip-checks")
    with listening(settings) as listener:
        address = settings.public_url or f"http://{settings.host}:{settings.port}"
        print(f"Picasso {__version__} is at {address} (files in {settings.data_dir}). Ctrl-C ends it.", flush=True)
        if settings.access == "open":
            print("Access is open: everybody who reaches this address may do everything (PICASSO_ACCESS).", flush=True)
        return supervise.run([*supervised_web(settings, listener), *supervised_workers(pipelines.queues(settings))])


def web(settings: conf.Conf, arguments: argparse.Namespace) -> int:
    if arguments.fd is not None:
        return serve(settings, socket.socket(fileno=arguments.fd))
    with listening(settings) as listener:
        if settings.web_processes == 1:
            return serve(settings, listener)
        return supervise.run(supervised_web(settings, listener))


def worker(settings: conf.Conf, arguments: argparse.Namespace) -> int:
    queues: Sequence[str] = arguments.queue or pipelines.queues(settings)
    if len(queues) > 1:
        return supervise.run(supervised_workers(queues))
    return work(settings, queues[0])


def manage(settings: conf.Conf, arguments: argparse.Namespace) -> None:
    """Run a command of Django. A reader of the output that ends early, such as ``head``, is no error."""
    from django.core.management import execute_from_command_line

    actor.act_as(actor.command_line())
    name = "picasso" if arguments.arguments and arguments.arguments[0] in SHORTCUTS else "picasso manage"
    try:
        with database_faults():
            execute_from_command_line([name, *arguments.arguments])
            if arguments.arguments[:1] == ["migrate"] and not asks_for_help(arguments.arguments):
                create_first_key(settings)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python writes the rest there when it exits
        sys.exit(128 + signal.SIGPIPE)


def create_first_key(settings: conf.Conf) -> None:
    """After the tables were made, if nobody is let in without a key and there is none: create one and print it."""
    if settings.access == "open":
        return
    from django.apps import apps

    if missing_tables(apps.get_model("picasso", "Key")):
        return  # the migration went to an earlier schema
    from picasso.access.keys import create_first_admin

    if text := create_first_admin():
        address = settings.public_url or f"http://{settings.host}:{settings.port}"
        print(FIRST_KEY.format(key=text, address=address), flush=True)


FIRST_KEY = """
This is the first key of this installation. It may do everything, and it is not shown again:

    {key}

    curl -H "Authorization: Bearer {key}" {address}/api/v1.0/files/

Create keys with fewer rights by `picasso keys create`, and revoke this one when you do not need it any more.
To sign in at {address}/sign-in/ create a person: `picasso people create NAME --role admin`.
"""


def missing_tables(model: type[Model]) -> bool:
    from django.db import connection

    return model._meta.db_table not in connection.introspection.table_names()


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


@contextmanager
def database_faults() -> Iterator[None]:
    """Exit with one line if the database can't be reached or has no tables."""
    from django.db import OperationalError, ProgrammingError

    try:
        yield
    except (OperationalError, ProgrammingError) as fault:
        text = (str(fault).strip() or type(fault).__name__).splitlines()[0]
        missing = re.search(r"no such table|relation .* does not exist", text)
        sys.exit(f"The database failed: {text}{'. Run `picasso manage migrate` first.' if missing else ''}")


def require_data(settings: conf.Conf, *, with_files: bool = False) -> None:
    """Exit if there is no database: the command was probably started in the wrong folder, and must not create one.

    Commands that use the stored files also need the data folder if the database is elsewhere.
    """
    scheme, _, path = settings.database_url.partition(":///")
    if (scheme == "sqlite" and not Path(path).is_file()) or (with_files and not settings.data_dir.is_dir()):
        sys.exit(
            f"There is no data of Picasso in {settings.data_dir}."
            " Run this command in the folder in which the service was started, or set PICASSO_DATA_DIR."
        )
    avoid_new_key(settings)


def avoid_new_key(settings: conf.Conf) -> None:
    """If there is no secret key: use one for this process only. Django's settings would create one in a new folder."""
    if not settings.secret_key and not conf.key_file(settings).exists():
        os.environ["PICASSO_SECRET_KEY"] = secrets.token_urlsafe(48)


def listening(settings: conf.Conf) -> socket.socket:
    """The socket of all web processes. It stays open while one of them restarts, so clients wait instead of failing."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family, backlog=2048)
    except OSError as fault:
        setting = "PICASSO_PORT" if fault.errno in {errno.EADDRINUSE, errno.EACCES} else "PICASSO_HOST"
        sys.exit(f"Picasso can't listen on {settings.host}:{settings.port}: {reason(fault)} (see {setting})")


def supervised_web(settings: conf.Conf, listener: socket.socket) -> list[SupervisedProcess]:
    fd = listener.fileno()
    return [
        SupervisedProcess(f"web {n}", ["web", "--fd", str(fd)], (fd,)) for n in range(1, settings.web_processes + 1)
    ]


def supervised_workers(queues: Sequence[str]) -> list[SupervisedProcess]:
    return [SupervisedProcess(f"worker {queue}", ["worker", "--queue", queue]) for queue in queues]


def serve(settings: conf.Conf, listener: socket.socket) -> int:
    from picasso.web.server import serve as serve_on

    serve_on(settings, listener)
    return 0


def work(settings: conf.Conf, queue: str) -> int:
    """Be the worker of one queue until SIGTERM or SIGINT."""
    # Until Celery handles them: the fork servers of the worker must not outlive it.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, leave)
    import django

    django.setup()
    compatibility.require(*compatibility.WORKER)
    from picasso.worker_app import WorkerApp

    app = WorkerApp(settings, queue)
    try:
        app.run()
    finally:
        app.stop()
    return 0


def leave(number: int, _: object) -> None:
    sys.exit(128 + number)
