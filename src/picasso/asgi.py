"""Which path goes to a door and which to Django. One application per web process.

Doors are raw ASGI and never enter Django's request cycle: bytes come in and go out on the loop, at no cost in threads.
All the rest is Django behind a small pool of threads: more of them would only fight for the GIL.
"""

from __future__ import annotations

import asyncio
import logging
import os
from typing import Any, cast

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "picasso.settings")

import django

django.setup()

from picasso import compatibility

compatibility.require(*compatibility.WEB)

from a2wsgi import WSGIMiddleware
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.urls import Resolver404, resolve
from django.views import View

from picasso.conf import Conf
from picasso.errors import ClientGone, MethodNotAllowed, NotFound, PicassoError, TooLarge, UploadTimeout
from picasso.jobs import celery
from picasso.process.pipelines import pipelines
from picasso.receive.commit import Landing
from picasso.receive.concatenate import Joins
from picasso.receive.uploads import Uploads
from picasso.storage import default_storage
from picasso.web import health
from picasso.web.cors import Cors
from picasso.web.download import DownloadDoor
from picasso.web.forwarded import Forwarding
from picasso.web.health import HealthDoor
from picasso.web.request import Door, Message, Receive, Request, Scope, Send
from picasso.web.upload_router import UploadDoor

log = logging.getLogger(__name__)

# The slash at the end of the second may be missing: some clients write it off.
UPLOADS = ("/api/v1.0/upload/", "/api/v1.0/uploads/")

DJANGO_THREADS = 4

SHUTDOWN_SECONDS = 2

# Forms of the admin are all that Django ever reads; they are read here first, so that a slow one holds no thread.
MAX_DJANGO_BODY = 2**20
DJANGO_BODY_SECONDS = 30


class Application:
    """The whole service over HTTP."""

    def __init__(self, conf: Conf) -> None:
        storage = default_storage()
        known = pipelines()
        self._landing = Landing(storage, known.plan)
        self._uploads = Uploads(
            storage, self._landing, conf.max_upload_size, conf.max_unfinished_size, conf.upload_expiry
        )
        self._joins = Joins(self._uploads)
        checks = {"database": health.database, "storage": storage.files.probe, "worker": health.workers}
        if not conf.embedded:
            checks["broker"] = celery.ping
        self._forwarding = Forwarding(conf.trusted_proxies, conf.public_url)
        self._cors = Cors(conf.cors_origins)
        self._health = HealthDoor(checks)
        self._upload = UploadDoor(self._uploads, self._joins, self._landing, known, conf.upload_idle_timeout)
        self._download = DownloadDoor(storage.files)
        # Answers are small and wait in a queue without bounds; with bounds a client that never reads holds a thread.
        self._django: Any = WSGIMiddleware(cast("Any", WSGIHandler()), workers=DJANGO_THREADS, send_queue_size=0)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        else:
            await through(self._serve, Request(scope, receive, self._cors.sending(scope, send)))

    async def _serve(self, request: Request) -> None:
        self._forwarding.apply(request.scope)
        await self._door(request)(request)

    def _door(self, request: Request) -> Door:
        path = request.path
        if self._cors.is_preflight(request):
            return self._cors.preflight
        if path.startswith(UPLOADS) or path == UPLOADS[1].rstrip("/"):
            return self._upload
        if path.startswith("/files/"):
            return self._download
        return {"/healthz": self._health.alive, "/readyz": self._health.ready}.get(path, self._to_django)

    async def _to_django(self, request: Request) -> None:
        whole_path = request.scope["root_path"] + request.path  # as ASGI has it, and Django's links begin with the root
        await self._django({**request.scope, "path": whole_path}, await whole_body(request), request.send)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        self._landing.start()
        self._uploads.start()
        self._joins.start()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._joins.stop()
        await self._uploads.locks.idle(SHUTDOWN_SECONDS)  # those who were cut off write down what they have
        self._landing.stop()
        self._uploads.stop()
        await send({"type": "lifespan.shutdown.complete"})


async def through(door: Door, request: Request) -> None:
    """Any error becomes its problem document; a client that is gone gets no answer, and neither does one that is cut
    off because this process ends."""
    try:
        await door(request)
    except (ClientGone, asyncio.CancelledError):
        pass
    except PicassoError as fault:
        await request.answer_problem(fault)
    except Exception:
        log.exception("%s %s failed", request.method, request.path)
        if request.answered:
            raise
        await request.answer_problem(PicassoError())


async def whole_body(request: Request) -> Receive:
    """Read a small body to its end; the `receive` that gives it at once."""
    if (request.content_length or 0) > MAX_DJANGO_BODY:
        raise too_large(request)
    body, more = bytearray(), True
    try:
        async with asyncio.timeout(DJANGO_BODY_SECONDS):
            while more:
                chunk, more = await request.receive_or_gone()
                body += chunk
                if len(body) > MAX_DJANGO_BODY:
                    raise too_large(request)
    except TimeoutError:
        raise UploadTimeout from None

    async def receive() -> Message:
        return {"type": "http.request", "body": bytes(body), "more_body": False}

    return receive


def too_large(request: Request) -> PicassoError:
    """What is wrong with a body of this size: more often than not its address."""
    if request.path == "/api/v1.0/upload":
        return NotFound("Did you mean /api/v1.0/upload/ ? The slash at its end is part of the address.")
    try:
        view = getattr(resolve(request.path).func, "view_class", None)
    except Resolver404:
        return NotFound()
    if view and request.method not in (allowed := methods(view)):
        return MethodNotAllowed(allowed)
    return TooLarge("A request to this address may have at most 1 MiB.")


def methods(view: type[View]) -> list[str]:
    """In the order of Django's own `Allow`; a HEAD comes with the GET."""
    return [name.upper() for name in view.http_method_names if hasattr(view, "get" if name == "head" else name)]


application = Application(settings.PICASSO)
