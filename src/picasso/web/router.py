"""Which path goes to which handler. The one routing table; what it does not list is Django's (`picasso.urls`)."""

from __future__ import annotations

from picasso import addresses
from picasso.access.principal import ANONYMOUS, ENVIRON
from picasso.addresses import is_console
from picasso.web.cors import Cors
from picasso.web.credentials import credentials_of
from picasso.web.cross_site import CrossSite
from picasso.web.health import HealthHandler
from picasso.web.identification import Identification
from picasso.web.rates import Rates
from picasso.web.request import METHODS, Handler, Request


class Router:
    def __init__(
        self,
        *,
        identify: Identification,
        rates: Rates,
        cors: Cors,
        cross_site: CrossSite,
        health: HealthHandler,
        upload: Handler,
        events: Handler,
        files: Handler,
        imports: Handler,
        jobs: Handler,
        download: Handler,
        django: Handler,
    ) -> None:
        self._identify = identify
        self._rates = rates
        self._cors = cors
        self._cross_site = cross_site
        self._exact = {addresses.ALIVE: health.alive, addresses.READY: health.ready}
        self._below = (
            *((addresses.UPLOAD, upload), (addresses.UPLOADS, upload), (addresses.DOWNLOADS, download)),
            *((addresses.EVENTS, events), (addresses.FILES, files), (addresses.IMPORTS, imports)),
            (addresses.JOBS, jobs),
        )
        self._django = django
        self._for_everybody = (*self._exact.values(), cors.preflight)
        """Handlers that work without the database, for whoever asks."""

    async def __call__(self, request: Request) -> None:
        is_preflight = request.method == "OPTIONS" and await self._cors.is_preflight(request)
        handler = self._cors.preflight if is_preflight else self._handler(request)
        if handler in self._for_everybody:
            request.scope[ENVIRON] = ANONYMOUS
            return await self._handle(request, handler)
        if request.method in METHODS:
            await self._identify(request, credentials_of(request))
        else:
            request.scope[ENVIRON] = ANONYMOUS  # no handler has this method: whoever asks is told so
        await self._rates.count(request, request.principal)
        return await self._handle(request, handler)

    async def _handle(self, request: Request, handler: Handler) -> None:
        if request.principal.project is None:
            await self._cors.refresh(request)
        await self._cross_site.check(request)
        await handler(request)

    def _handler(self, request: Request) -> Handler:
        if handler := self._exact.get(request.path):
            return handler
        path = f"{request.path}/"  # as `below`
        for root, found in self._below:
            if path.startswith(root):
                is_page = root == addresses.DOWNLOADS and is_console(request.path)
                return self._django if is_page else found
        return self._django
