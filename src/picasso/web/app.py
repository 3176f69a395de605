"""The web process: makes everything that it consists of, starts it and stops it."""

from __future__ import annotations

import asyncio
import logging

from picasso.conf import Conf
from picasso.errors import ClientGone, PicassoError, Unavailable
from picasso.jobs.broker import Broker
from picasso.process.pipelines import pipelines
from picasso.receive.commit import Committer
from picasso.receive.concatenate import Concatenations
from picasso.receive.threads import Threads
from picasso.receive.uploads import Uploads
from picasso.storage import Storage
from picasso.web import health
from picasso.web.cors import Cors
from picasso.web.django_handler import DjangoHandler
from picasso.web.download import DownloadHandler
from picasso.web.forwarded import Forwarding
from picasso.web.health import Check, HealthHandler
from picasso.web.request import Receive, Request, Scope, Send
from picasso.web.router import Router
from picasso.web.upload_router import UploadHandler

log = logging.getLogger(__name__)

# Interrupted uploads have so long to write down what they have received.
SHUTDOWN_SECONDS = 2

# A client whose upload is refused because the process stops may take so long to read the answer.
STOP_LINGER_SECONDS = 0.5


class WebApp:
    """An ASGI application. Its threads run from the lifespan's startup to its shutdown."""

    def __init__(self, conf: Conf, storage: Storage) -> None:
        known = pipelines()
        self._threads = Threads()
        self._committer = Committer(storage, known.plan)
        self._uploads = Uploads(
            storage,
            self._committer,
            self._threads,
            max_size=conf.max_upload_size,
            max_unfinished=conf.max_unfinished_size,
            expiry=conf.upload_expiry,
        )
        self._concatenations = Concatenations(self._uploads)
        self._forwarding = Forwarding(conf.trusted_proxies, conf.public_url)
        self._cors = Cors(conf.cors_origins)
        self._health = HealthHandler(checks(conf, storage))
        self._router = Router(
            self._cors,
            self._health,
            UploadHandler(self._uploads, self._concatenations, self._committer, known, conf.upload_idle_timeout),
            DownloadHandler(storage.files),
            DjangoHandler(),
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        else:
            await self._answer(Request(scope, receive, self._cors.wrap_send(scope, send)))

    async def start(self) -> None:
        self._committer.start()
        self._uploads.start()
        self._concatenations.start()

    async def stop(self) -> None:
        """What was received completely is stored; interrupted uploads keep what they have received."""
        await self._concatenations.stop()
        await self._uploads.locks.wait_until_idle(SHUTDOWN_SECONDS)
        self._committer.stop()
        self._uploads.stop()
        self._threads.stop()
        self._health.stop()

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        await self.start()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.stop()
        await send({"type": "lifespan.shutdown.complete"})

    async def _answer(self, request: Request) -> None:
        """Any error becomes its problem document.

        There is no answer to a client that is gone.
        """
        try:
            await self._serve(request)
        except ClientGone:
            pass
        except asyncio.CancelledError:
            # The process stops. Without an answer the server would send a bare 500.
            if not request.answered:
                request.linger_seconds = STOP_LINGER_SECONDS
                await request.answer_problem(Unavailable("The service is stopping. Please try again."))
        except PicassoError as fault:
            await request.answer_problem(fault)
        except Exception:
            log.exception("%s %s failed", request.method, request.path)
            if request.answered:
                raise
            await request.answer_problem(PicassoError())

    async def _serve(self, request: Request) -> None:
        self._forwarding.apply(request.scope)
        await self._router(request)


def checks(conf: Conf, storage: Storage) -> dict[str, Check]:
    """What the service needs to be ready."""
    needed: dict[str, Check] = {"database": health.database, "storage": storage.files.probe, "worker": health.workers}
    return needed if conf.embedded else {**needed, "broker": Broker(conf).ping}
