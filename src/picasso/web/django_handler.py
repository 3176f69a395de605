"""Passes a request on to Django, with its body read completely beforehand.

Django runs in a few threads: more of them would only compete for the GIL. Its requests have small bodies, which are
read on the loop, so that a slow client occupies no thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Any, cast

from a2wsgi import WSGIMiddleware
from django.core.handlers.wsgi import WSGIHandler
from django.urls import Resolver404, resolve
from django.views import View

from picasso.access.principal import ENVIRON
from picasso.addresses import API
from picasso.errors import MethodNotAllowed, NotFound, PicassoError, TooLarge, UploadTimeout
from picasso.pools import stop_pool
from picasso.web.connection import Receive
from picasso.web.request import Message, Request

THREADS = 4

MAX_BODY = 2**20
BODY_SECONDS = 30


class DjangoHandler:
    def __init__(self) -> None:
        # Without a bound on the queue of response chunks: with one, a client that never reads would occupy a thread.
        # Responses of Django are small.
        self._app: Any = WSGIMiddleware(cast("Any", WithPrincipal()), workers=THREADS, send_queue_size=0)

    def stop(self) -> None:
        """A view that still runs is not waited for: it may itself wait for the loop."""
        stop_pool(self._app.executor, THREADS)

    async def __call__(self, request: Request) -> None:
        # In ASGI `path` includes `root_path`; Django makes its links from both.
        path = request.scope["root_path"] + with_slash(request.path)
        await self._app({**request.scope, "path": path}, await whole_body(request), request.send)


class WithPrincipal:
    """Django as a WSGI application whose requests carry their principal: see `picasso.api.principal`."""

    def __init__(self) -> None:
        self._django = WSGIHandler()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        environ[ENVIRON] = environ["asgi.scope"][ENVIRON]
        return self._django(environ, start_response)


async def whole_body(request: Request) -> Receive:
    """Read the body to its end; returns a `receive` that gives all of it at once.

    Raises:
        TooLarge, NotFound, MethodNotAllowed: it has more than `MAX_BODY` bytes.
        UploadTimeout: it took longer than `BODY_SECONDS`.
    """
    if (request.content_length or 0) > MAX_BODY:
        raise too_large(request)
    body, more = bytearray(), True
    try:
        async with asyncio.timeout(BODY_SECONDS):
            while more:
                chunk, more = await request.receive_or_gone()
                body += chunk
                if len(body) > MAX_BODY:
                    raise too_large(request)
    except TimeoutError:
        raise UploadTimeout from None

    async def receive() -> Message:
        return {"type": "http.request", "body": bytes(body), "more_body": False}

    return receive


def with_slash(path: str) -> str:
    """The path of the API with the slash at its end, which clients may leave out. Other paths stay as they are."""
    return f"{path}/" if f"{path}/".startswith(API) and not path.endswith("/") else path


def too_large(request: Request) -> PicassoError:
    """The error for a body of this size. Usually it was sent to the wrong address."""
    try:
        view = getattr(resolve(with_slash(request.path)).func, "view_class", None)
    except Resolver404:
        return NotFound()
    if view and request.method not in (allowed := methods(view)):
        return MethodNotAllowed(allowed)
    return TooLarge("A request to this address may have at most 1 MiB.")


def methods(view: type[View]) -> list[str]:
    """In the order of Django's own `Allow`. A view with GET also has HEAD."""
    return [name.upper() for name in view.http_method_names if hasattr(view, "get" if name == "head" else name)]
