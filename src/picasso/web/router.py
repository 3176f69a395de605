"""Which path goes to which handler. The one routing table; what it does not list is Django's (`picasso.urls`)."""

from __future__ import annotations

from picasso import addresses
from picasso.access.principal import ENVIRON, authenticate
from picasso.addresses import below
from picasso.web.cors import Cors
from picasso.web.health import HealthHandler
from picasso.web.request import Handler, Request


class Router:
    def __init__(self, cors: Cors, health: HealthHandler, upload: Handler, download: Handler, django: Handler) -> None:
        self._cors = cors
        self._exact = {addresses.ALIVE: health.alive, addresses.READY: health.ready}
        self._below = ((addresses.UPLOAD, upload), (addresses.UPLOADS, upload), (addresses.DOWNLOADS, download))
        self._django = django

    async def __call__(self, request: Request) -> None:
        request.scope[ENVIRON] = authenticate(request.headers)
        await self._handler(request)(request)

    def _handler(self, request: Request) -> Handler:
        if self._cors.is_preflight(request):
            return self._cors.preflight
        if handler := self._exact.get(request.path):
            return handler
        return next((handler for root, handler in self._below if below(root, request.path) is not None), self._django)
