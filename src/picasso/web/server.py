"""One web process: Uvicorn on a given socket."""

from __future__ import annotations

import asyncio
import logging
import resource
import socket
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

import django
import uvicorn
from uvicorn.importer import import_from_string

from picasso import compatibility
from picasso.conf import Conf

if TYPE_CHECKING:
    from picasso.web.app import WebApp

log = logging.getLogger(__name__)

# On shutdown, running requests have this long to end.
GRACEFUL_SECONDS = 5

# See "Other ASGI servers" in docs/deployment.md.
WITHOUT_PROTOCOL = (
    "uploads are slower, and there are no interim responses, no trailers, no limit for the size and the time of a"
    " request's head, and none for clients that do not read"
)


def serve(conf: Conf, listener: socket.socket) -> None:
    """Serve until SIGTERM or SIGINT."""
    django.setup()  # before the first line of the log
    allow_many_connections()
    config = configured(conf)
    with suppress(KeyboardInterrupt):  # after its graceful shutdown Uvicorn raises the signal again
        asyncio.Runner(loop_factory=config.get_loop_factory()).run(Server(config).serve(sockets=[listener]))


class Server(uvicorn.Server):
    """Ends streams of events before it waits for running requests to end."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        application: WebApp = import_from_string(self.config.app)
        application.end_streams()
        await super().shutdown(sockets)


def configured(conf: Conf, application: Any = "picasso.asgi:application") -> uvicorn.Config:
    return uvicorn.Config(
        application,
        loop="uvloop",
        http=http_protocol(conf),
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=True,
        proxy_headers=False,  # see `picasso.web.forwarded`
        timeout_keep_alive=75,
        timeout_graceful_shutdown=GRACEFUL_SECONDS,
        backlog=2048,
    )


def http_protocol(conf: Conf) -> Any:
    """Picasso's protocol where this Uvicorn has the internals that it needs, else Uvicorn's own."""
    if faults := compatibility.faults(compatibility.HTTP_PROTOCOL):
        log.warning("%s: %s", WITHOUT_PROTOCOL, compatibility.message(compatibility.HTTP_PROTOCOL, faults))
        return "auto"
    from picasso.web.http_protocol import HttpProtocol

    return partial(HttpProtocol, stall_seconds=conf.upload_idle_timeout)


def allow_many_connections() -> None:
    """Raise the soft limit: each running upload needs a socket and a file, and the usual limit is 1,024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 65_536 if hard == resource.RLIM_INFINITY else min(hard, 65_536)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
