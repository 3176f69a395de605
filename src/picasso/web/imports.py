"""Imports with ``Prefer: wait=N``: the answer of Django's view is held back until the import is settled."""

from __future__ import annotations

import uuid
from contextlib import suppress
from typing import Any

from picasso.access.principal import Scope
from picasso.addresses import IMPORTS, below
from picasso.errors import PicassoError
from picasso.imports import queries
from picasso.models import Import
from picasso.web.event_hub import EventHub
from picasso.web.events import require_still
from picasso.web.kept_answer import KeptAnswer
from picasso.web.request import Handler, Message, Request
from picasso.web.waiting import Waiting, preferred_wait


class SettledImports:
    """``GET imports/{id}/`` waits before the view is entered, ``POST imports/`` between its answer and the client."""

    def __init__(self, hub: EventHub, waiting: Waiting, django: Handler) -> None:
        self._hub = hub
        self._waiting = waiting
        self._django = django

    async def __call__(self, request: Request) -> None:
        if not preferred_wait(request) or not request.principal.may(Scope.FILES_WRITE):
            return await self._django(request)
        name = (below(IMPORTS, request.path) or "").rstrip("/")
        if request.method == "POST" and not name:
            return await self._create(request)
        if request.method in {"GET", "HEAD"} and name:
            await self._wait(request, name)
        return await self._django(request)

    async def _wait(self, request: Request, name: str) -> None:
        if row := await self._find(request, name):
            await self._waiting.for_import(request, row)
            await require_still(request, Scope.FILES_WRITE)

    async def _find(self, request: Request, name: str) -> Import | None:
        """The import, if there is something to wait for. What is wrong with the request, the view says."""
        try:
            return await self._hub.ask(queries.get, request.principal, uuid.UUID(name))
        except (ValueError, PicassoError):
            return None

    async def _create(self, request: Request) -> None:
        """The answer to the creation, with the import as it is later."""
        send = request.send
        created = KeptAnswer(send)
        request.send = created.keep
        try:
            await self._django(request)
        finally:
            request.send = send
        if created.status == 201:
            name = created.header(b"location").rstrip(b"/").rpartition(b"/")[2].decode("latin-1")
            # Whatever happens while it waits: the import was created, and the client must get to know of it.
            with suppress(PicassoError):
                await self._wait(request, name)
                created.body = await self._shown(request, name) or created.body
            await created.send(request)

    async def _shown(self, request: Request, name: str) -> bytes:
        """Empty if it can't be shown any more."""
        path = f"{request.scope['root_path']}{IMPORTS}{name}/"
        headers = [each for each in request.scope["headers"] if each[0] not in OF_BODY]
        shown = KeptAnswer(ignored)
        scope = {**request.scope, "method": "GET", "path": path, "raw_path": path.encode(), "headers": headers}
        scope["query_string"] = b""
        await self._django(Request(scope, nothing, shown.keep))
        return shown.body if shown.status == 200 else b""


OF_BODY = frozenset({b"content-length", b"content-type", b"transfer-encoding"})


async def ignored(_: Message) -> None:
    """Nobody asked for this answer."""


async def nothing() -> Any:
    return {"type": "http.request", "body": b"", "more_body": False}
