"""Handlers of a test behind our server: for what the service's own handlers do not do, or do not show."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Thread

import uvicorn

from picasso import conf
from picasso.web.connection import Receive
from picasso.web.forwarded import Forwarding
from picasso.web.request import AsgiScope, Handler, Request, Send
from picasso.web.server import configured
from tests.ports import free_port
from tests.stack import until


@dataclass(frozen=True, slots=True)
class Served:
    """A handler behind our server, in a thread of this process."""

    port: int


@contextmanager
def served(
    handler: Handler, trusted: Collection[str] = (), public_url: str = "", http: str | None = None
) -> Iterator[Served]:
    """``http`` names a protocol of Uvicorn's that takes the place of ours."""
    forwarding = Forwarding(trusted, public_url)

    async def application(scope: AsgiScope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive, send)
        forwarding.apply(scope, request.headers)
        await handler(request)

    port = free_port()
    config = configured(conf.load({}), application)
    config.lifespan, config.port, config.http = "off", port, http or config.http
    server = uvicorn.Server(config)
    thread = Thread(target=lambda: asyncio.Runner(loop_factory=config.get_loop_factory()).run(server.serve()))
    thread.start()
    try:
        until(lambda: server.started, 10, lambda: "it never began")
        yield Served(port)
    finally:
        server.should_exit = True
        thread.join()
