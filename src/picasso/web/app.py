"""The web process: makes everything that it consists of, starts it and stops it."""

from __future__ import annotations

import asyncio
import logging
from contextlib import closing

from picasso.access import projects, tokens
from picasso.access.authenticate import Authenticator, BearerKeys, Cache, OpenAccess, Scheme
from picasso.access.authenticate import Threads as AccessThreads
from picasso.access.links import SignedLinks
from picasso.access.policies import Policies
from picasso.access.sessions import SessionCookies
from picasso.access.tokens import BearerTokens
from picasso.activity import Activity
from picasso.conf import Conf
from picasso.errors import ClientGone, PicassoError, Unavailable
from picasso.limits.default import new_limiter
from picasso.monitoring.readiness import needs
from picasso.process.pipelines import pipelines
from picasso.receive.commit import Committer
from picasso.receive.concatenate import Concatenations
from picasso.receive.quota import limits_of
from picasso.receive.recovery import Recovery
from picasso.receive.threads import Threads
from picasso.receive.uploads import Uploads
from picasso.storage import Storage
from picasso.web.body import BodyOptions
from picasso.web.claims import ClaimHandler
from picasso.web.connection import Receive
from picasso.web.cors import Cors, ProjectOrigins
from picasso.web.cross_site import CrossSite
from picasso.web.denials import Denials
from picasso.web.derivatives import DerivativeHandler
from picasso.web.django_handler import DjangoHandler
from picasso.web.download import DownloadHandler
from picasso.web.event_hub import EventHub
from picasso.web.event_slots import EventSlots
from picasso.web.events import EventsHandler, SettledFiles
from picasso.web.forwarded import Forwarding
from picasso.web.health import HealthHandler
from picasso.web.hosts import Hosts
from picasso.web.identification import Identification
from picasso.web.imports import SettledImports
from picasso.web.job_hub import JobHub
from picasso.web.rates import Rates
from picasso.web.remote import JobsHandler
from picasso.web.request import MORE_HEADERS, AsgiScope, Message, Request, Send
from picasso.web.router import Router
from picasso.web.running_requests import RunningRequests
from picasso.web.security_headers import SecurityHeaders
from picasso.web.upload_router import UploadHandler
from picasso.web.waiting import Waiting

log = logging.getLogger(__name__)

# When the process stops, running requests have this long to end. Then they are cancelled, and have as long again to
# write down what they have received.
SHUTDOWN_SECONDS = 2

# A client whose upload is refused because the process stops may take so long to read the answer.
STOP_LINGER_SECONDS = 0.5

STOPPING = "The service is stopping. Please try again."


class WebApp:
    """An ASGI application. Its threads run from the lifespan's startup to its shutdown.

    On a server without lifespan the first request starts them.
    """

    def __init__(self, conf: Conf, storage: Storage) -> None:
        known = pipelines()
        policies = Policies(known.policy, known.names)
        self._threads = Threads()
        self.memory = self._threads.memory
        self._committer = Committer(storage, known.plan, policies)
        self._uploads = Uploads(
            storage,
            self._committer,
            self._threads,
            limits_of(conf),
        )
        self._concatenations = Concatenations(self._uploads)
        self._recovery = Recovery(self._uploads, self._concatenations)
        self._forwarding = Forwarding(conf.trusted_proxies, conf.public_url)
        self._hosts = Hosts(conf.hosts, conf.public_url)
        self._access = AccessThreads()
        self._cors = Cors(conf.cors_origins, project_origins(self._access))
        self._security_headers = SecurityHeaders(conf.public_url, conf.hsts_seconds)
        self._denials = Denials()
        self._health = HealthHandler({need.name: need.check for need in needs(conf, storage)})
        self._download = DownloadHandler(storage.files, policies)
        self._django = DjangoHandler()
        self._limiter = new_limiter(conf)
        self._requests = RunningRequests()
        self._activity = Activity()
        self._events = EventHub(self._activity)
        self._due_jobs = JobHub(self._activity)
        slots = EventSlots(conf.streams_per_client)
        waiting = Waiting(self._events, slots)
        options = BodyOptions(conf.upload_idle_timeout, conf.min_upload_rate)
        self._jobs = JobsHandler(
            ClaimHandler(self._due_jobs, slots, known, self._django),
            DerivativeHandler(storage.files, self._threads, options, conf.job_output_limit),
            self._django,
        )
        self._started = False
        self._stopped = False
        rates = Rates(self._limiter, conf.rates)
        identify = Identification(authenticator(conf, self._access), rates)
        self._router = Router(
            identify=identify,
            rates=rates,
            cors=self._cors,
            cross_site=CrossSite(self._cors, conf.public_url),
            health=self._health,
            upload=UploadHandler(
                self._uploads,
                self._concatenations,
                self._committer,
                pipelines=known,
                identify=identify,
                rates=rates,
                waiting=waiting,
                options=options,
            ),
            download=self._download,
            events=EventsHandler(self._events, slots, waiting, self._django),
            files=SettledFiles(waiting, self._django),
            imports=SettledImports(self._events, waiting, self._django),
            jobs=self._jobs,
            django=self._django,
        )

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        else:
            with self._requests.count(), closing(Request(scope, receive, self._completing(scope, send))) as request:
                await self._answer(request)

    def _completing(self, scope: AsgiScope, send: Send) -> Send:
        """A ``send`` that adds to each answer what all answers have."""

        async def completed(message: Message) -> None:
            if message["type"] == "http.response.start":
                status, headers = message["status"], [*message["headers"], *scope.get(MORE_HEADERS, ())]
                self._denials.look_at(scope, status)
                headers = self._security_headers.complete(scope, status, headers)
                message["headers"] = self._cors.complete(scope, headers)
            await send(message)

        return completed

    def start(self) -> None:
        """Start the threads and the background tasks; an application cannot be started twice. On the loop's thread."""
        self._denials.start()
        self._committer.start()
        self._uploads.start()
        self._recovery.start()
        self._limiter.start()
        self._events.start()
        self._due_jobs.start()
        self._started = True

    def end_streams(self) -> None:
        """To be called before a server waits for running requests to end: these would not end by themselves."""
        self._events.end_all()
        self._due_jobs.end_all()

    async def stop(self) -> None:
        """What was received completely is stored; interrupted uploads keep what they have received."""
        self._stopped = True
        await self._events.stop()
        await self._due_jobs.stop()
        await asyncio.to_thread(self._activity.stop)
        await self._recovery.stop()
        await self._concatenations.stop()
        self._uploads.locks.interrupt_all(Unavailable(STOPPING))
        await self._requests.end(SHUTDOWN_SECONDS)
        await self._concatenations.stop()  # a request may have begun another one
        await self._uploads.locks.wait_until_idle(SHUTDOWN_SECONDS)
        self._committer.stop()
        self._uploads.stop()
        self._threads.stop()
        self._download.stop()
        self._jobs.stop()
        self._django.stop()
        self._access.stop()
        await self._limiter.stop()
        self._denials.stop()
        self._health.stop()

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            self.start()
        except Exception as fault:
            log.exception("the web process could not start")
            return await send({"type": "lifespan.startup.failed", "message": str(fault)})
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.stop()
        return await send({"type": "lifespan.shutdown.complete"})

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
                await self._answer_quickly(request, Unavailable(STOPPING))
        except PicassoError as fault:
            await (self._answer_quickly(request, fault) if self._stopped else request.answer_problem(fault))
        except Exception:
            log.exception("%s %s failed", request.method, request.path)
            if request.answered:
                raise
            await request.answer_problem(PicassoError())

    async def _answer_quickly(self, request: Request, fault: PicassoError) -> None:
        request.linger_seconds = STOP_LINGER_SECONDS
        await request.answer_problem(fault)

    async def _serve(self, request: Request) -> None:
        if self._stopped:
            raise Unavailable(STOPPING)
        if not self._started:
            self.start()  # the server has no lifespan. Nothing is awaited in between, so only one request starts it
        self._forwarding.apply(request.scope, request.headers)
        self._hosts.check(request)
        await self._router(request)


def authenticator(conf: Conf, threads: AccessThreads) -> Authenticator:
    keys = BearerKeys(threads)
    bearers: list[Scheme] = [BearerTokens(keys.known), keys]
    sessions = SessionCookies(threads)
    if conf.access == "open":
        return Authenticator([*bearers, sessions], OpenAccess(threads))
    tokens.prepare()
    return Authenticator([*bearers, SignedLinks(threads), sessions])


def project_origins(threads: AccessThreads) -> ProjectOrigins:
    cache = Cache(lambda _: projects.cors_origins(), threads)
    return lambda: cache.get("")
