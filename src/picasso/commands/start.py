"""``picasso up``, ``web`` and ``worker``: the service itself."""

from __future__ import annotations

import argparse
import errno
import signal
import socket
import sys
from collections.abc import Sequence
from contextlib import nullcontext

from picasso import __version__, compatibility, conf, garbage, supervise
from picasso.commands.ready import reason
from picasso.data_folder import port_noted, used_alone
from picasso.process import pipelines
from picasso.supervise import SupervisedProcess


def up(settings: conf.Conf, _: argparse.Namespace) -> int:
    # With a database server, `picasso up` may run on several machines that share a folder.
    with used_alone(settings.data_dir) if settings.embedded_database else nullcontext():
        return start_all(settings)


def start_all(settings: conf.Conf) -> int:
    # Django's checks import all of the web process, which is slow; they are for developers, and run in tests.
    supervise.once("manage", "migrate", "--verbosity", "0", "--skip-checks")
    with listening(settings) as listener, port_noted(settings.data_dir, listener.getsockname()[1]):
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


def listening(settings: conf.Conf) -> socket.socket:
    """The socket of all web processes. It stays open while one of them restarts, so clients wait instead of failing."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family, backlog=2048)
    except OSError as fault:
        setting = "PICASSO_PORT" if fault.errno in {errno.EADDRINUSE, errno.EACCES} else "PICASSO_HOST"
        where = f"{settings.host}:{settings.port}"
        sys.exit(f"Picasso can't listen on {where}: {reason(fault)}. {setting} sets another one.")


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
    garbage.search_rarely()
    try:
        app.run()
    finally:
        app.stop()
    return 0


def leave(number: int, _: object) -> None:
    sys.exit(128 + number)
