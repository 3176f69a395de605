"""What a handler can ask of the client's connection beyond ASGI.

Our server (`picasso.web.http_protocol`) puts an object of its own into the scope. On any other ASGI server
`PlainConnection` takes its place: everything works there too, but slower and without interim responses and trailers.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Protocol

from picasso.web.direct_answer import DirectAnswer
from picasso.web.direct_body import DirectBody

Headers = Sequence[tuple[bytes, bytes]]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]

EXTENSION = "picasso.connection"
"""The object's key in the scope's ``extensions``."""


class Connection(Protocol):
    """The connection of one request."""

    interim_allowed: bool
    """False where a proxy might take an interim response for the final one."""
    supports_trailers: bool
    """False if `trailers` stays empty whatever the client sends."""
    receive_loses_messages: bool
    """Whether a message may be lost when a call of ASGI's ``receive`` is cancelled. ASGI does not say."""

    @property
    def gone(self) -> bool:
        """Whether the client is known to have disconnected."""

    @property
    def has_arrived(self) -> bool:
        """Whether ASGI's ``receive`` is known to return at once."""

    def watch(self, receive: Receive) -> AbstractAsyncContextManager[None]:
        """A context for a long answer, after the body was received: `gone` becomes true while the answer is sent."""

    @property
    def trailers(self) -> Headers:
        """The fields after a chunked body; complete when the body is."""

    def direct_body(self) -> DirectBody | None:
        """The rest of the body, to be received without copies; None if its length is unknown or nothing is left."""

    def direct_answer(self) -> DirectAnswer | None:
        """For the bytes of stored files, after the head of an answer of known length; None where it is not possible."""

    def send_interim(self, status: int, headers: Headers) -> bool:
        """Send a 1xx response if this client can get one now; whether it was sent."""

    def send_body(self, body: bytes) -> bool:
        """Send more of the body of an answer of unknown length, without a task; whether that was possible now."""


class PlainConnection:
    """What is left where the server gives plain ASGI only."""

    supports_trailers = False
    receive_loses_messages = True  # as in Granian
    has_arrived = False
    trailers: Headers = ()

    def __init__(self) -> None:
        self.interim_allowed = False
        self.gone = False

    @asynccontextmanager
    async def watch(self, receive: Receive) -> AsyncIterator[None]:
        watching = asyncio.create_task(self._wait_for_disconnect(receive))
        try:
            yield
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)

    async def _wait_for_disconnect(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass  # the rest of a body that nobody reads
        self.gone = True

    def direct_body(self) -> None:
        return None

    def direct_answer(self) -> None:
        return None

    def send_interim(self, status: int, headers: Headers) -> bool:
        return False

    def send_body(self, body: bytes) -> bool:
        return False


class LosslessReceive:
    """A ``receive`` that can be cancelled: the next call gets the message that the cancelled one waited for."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._next: asyncio.Future[MutableMapping[str, Any]] | None = None

    async def __call__(self) -> MutableMapping[str, Any]:
        if self._next is None:
            self._next = asyncio.ensure_future(self._receive())
        message = await asyncio.shield(self._next)
        self._next = None
        return message

    def close(self) -> None:
        """No more messages are wanted."""
        if self._next is not None:
            self._next.cancel()


def connection_of(scope: MutableMapping[str, Any]) -> Connection:
    """The server's object for this request, else a plain one, which stays in the scope."""
    extensions = scope.get("extensions") or {}
    found: Connection | None = extensions.get(EXTENSION)
    if found is None:
        found = PlainConnection()
        scope["extensions"] = {**extensions, EXTENSION: found}
    return found
