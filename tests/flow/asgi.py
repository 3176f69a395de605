"""The web application in this process, with requests that a test writes as ASGI messages."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import uvicorn
from django.conf import settings
from django.db import connection

from picasso.storage.folder import Folder
from picasso.web.app import WebApp
from picasso.web.request import Message
from tests.waiting import within

T = TypeVar("T")


class Exchange:
    """One request on a server with plain ASGI, and its answer."""

    def __init__(self, app: WebApp, method: str, path: str, headers: dict[str, object]) -> None:
        self._app = app
        self._messages: asyncio.Queue[Message] = asyncio.Queue()
        self.sent: list[Message] = []
        self.begun = asyncio.Event()
        """Whether the answer has begun."""
        fields = {"host": "localhost", **headers}
        path, _, query = path.partition("?")
        self.scope: Message = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "scheme": "http",
            "headers": [
                (name.replace("_", "-").lower().encode(), str(value).encode()) for name, value in fields.items()
            ],
            "client": ("127.0.0.1", 1),
            "server": ("localhost", 80),
        }

    def send(self, body: bytes, *, more: bool = True) -> None:
        self._messages.put_nowait({"type": "http.request", "body": body, "more_body": more})

    def disconnect(self) -> None:
        self._messages.put_nowait({"type": "http.disconnect"})

    async def run(self) -> None:
        async with within(f"the end of {self}"):
            await self._app(self.scope, self._receive, self._send)

    async def wait_for_beginning(self) -> None:
        """Wait until the answer has begun."""
        async with within(f"an answer to {self}"):
            await self.begun.wait()

    def __str__(self) -> str:
        return f"{self.scope['method']} {self.scope['path']}"

    async def taken(self) -> None:
        """Wait until the application has taken all that was sent."""
        async with within(f"{self} taking what was sent"):
            await self._messages.join()

    async def _receive(self) -> Message:
        message = await self._messages.get()
        self._messages.task_done()
        return message

    async def _send(self, message: Message) -> None:
        self.sent.append(message)
        self.begun.set()
        await asyncio.sleep(0)

    @property
    def status(self) -> int | None:
        """None if there was no answer."""
        status: int | None = self.sent[0]["status"] if self.sent else None
        return status

    @property
    def headers(self) -> dict[str, str]:
        return {name.decode(): value.decode() for name, value in self.sent[0]["headers"]}

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.sent)


async def ask(app: WebApp, method: str, path: str, body: bytes = b"", **headers: object) -> Exchange:
    """Send a complete request and wait for its answer."""
    exchange = Exchange(app, method, path, {"content-length": len(body), **headers})
    exchange.send(body, more=False)
    await exchange.run()
    return exchange


@asynccontextmanager
async def started(storage: Path | Folder, **conf: Any) -> AsyncIterator[WebApp]:
    """With these settings changed."""
    folder = storage if isinstance(storage, Folder) else Folder(storage)
    app = WebApp(replace(settings.PICASSO, **conf), folder)
    app.start()
    try:
        yield app
    finally:
        await app.stop()


def with_app(storage: Path | Folder, call: Callable[[WebApp], Awaitable[T]], **conf: Any) -> T:
    async def run() -> T:
        async with started(storage, **conf) as app:
            return await call(app)

    return asyncio.run(run())


@asynccontextmanager
async def served(app: WebApp) -> AsyncIterator[str]:
    """By a server for other processes; its address."""
    options: dict[str, Any] = {"lifespan": "on", "ws": "none", "timeout_graceful_shutdown": 10}
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning", **options))
    serving = asyncio.create_task(server.serve())
    try:
        async with asyncio.timeout(60):
            while not server.started:  # noqa: ASYNC110 - it has no event
                await asyncio.sleep(0.01)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        app.end_streams()
        server.should_exit = True
        async with within("the server's end", 30):
            await serving


async def in_thread(call: Callable[..., T], *arguments: Any) -> T:
    """With a connection of its own."""

    def run() -> T:
        try:
            return call(*arguments)
        finally:
            connection.close()

    return await asyncio.to_thread(run)
