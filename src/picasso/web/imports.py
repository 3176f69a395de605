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
from picasso.web.request import Handler, Message, Request, Send
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
        created = Kept(send)
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
        shown = Kept(ignored)
        scope = {**request.scope, "method": "GET", "path": path, "raw_path": path.encode(), "headers": headers}
        scope["query_string"] = b""
        await self._django(Request(scope, nothing, shown.keep))
        return shown.body if shown.status == 200 else b""


OF_BODY = frozenset({b"content-length", b"content-type", b"transfer-encoding"})


class Kept:
    """An answer that is not sent yet, if it is a success. A refusal is sent at once, as its body may still arrive."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self.body = b""

    async def keep(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], list(message["headers"])
        if self.status >= 300:
            await self._send(message)
        elif message["type"] == "http.response.body":
            self.body += message.get("body", b"")

    def header(self, name: bytes) -> bytes:
        return next((value for key, value in self.headers if key.lower() == name), b"")

    async def send(self, request: Request) -> None:
        headers = [each for each in self.headers if each[0].lower() != b"content-length"]
        headers.append((b"content-length", str(len(self.body)).encode()))
        request.answered = True
        await request.send({"type": "http.response.start", "status": self.status, "headers": headers})
        await request.body(self.body)


async def ignored(_: Message) -> None:
    """Nobody asked for this answer."""


async def nothing() -> Any:
    return {"type": "http.request", "body": b"", "more_body": False}
