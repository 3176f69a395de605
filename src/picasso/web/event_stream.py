"""Server-sent events: https://html.spec.whatwg.org/multipage/server-sent-events.html."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from picasso.access.principal import Scope
from picasso.errors import Unavailable
from picasso.events.filter import Filter
from picasso.events.queries import Page, page
from picasso.web.event_hub import EventHub, Follower, FollowerEnded
from picasso.web.request import Request

MEDIA_TYPE = "text/event-stream"

# A client waits so long before it connects again.
RETRY_MILLISECONDS = 1000

# A proxy closes a connection on which nothing is sent for a while.
COMMENT_SECONDS = 15.0

# A key may be revoked, or a token expire.
CHECK_SECONDS = 2.5

# Events of one answer of the database while a client catches up.
CATCH_UP = 500

HEADERS = {
    "Content-Type": f"{MEDIA_TYPE}; charset=utf-8",
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",  # of nginx
    "X-Content-Type-Options": "nosniff",
}


class EventStream:
    """One client that follows events."""

    def __init__(self, request: Request, hub: EventHub, wanted: Filter) -> None:
        self._request = request
        self._hub = hub
        self._wanted = wanted
        self._sent_at = self._check_at = 0.0

    async def run(self, after: int | None) -> None:
        """Send events until the client leaves, may follow no longer, is too slow, or the process stops.

        The number ``after`` which it goes on is that of the last event that it has; None for what happens from now on.
        Raises `Unavailable` before the answer has begun.
        """
        position = await self._hub.position() if after is None else after
        first = await self._hub.ask(page, self._wanted, position, CATCH_UP)
        await self._request.start(200, HEADERS)
        await self._send(f"retry: {RETRY_MILLISECONDS}\n".encode() + id_only(position))
        async with self._request.watch_connection():
            with suppress(FollowerEnded, Unavailable):  # the client comes back, and goes on where it is
                await self._follow(await self._catch_up(position, first))
        await self._request.body(b"")

    async def _catch_up(self, position: int, found: Page) -> int:
        """Send what has happened already. The position from where the client follows."""
        while True:
            if found.reset:
                await self._send(reset(found))
            if found.events:
                await self._send(b"".join(record.frame for record in found.events))
            position = found.last
            if position >= await self._hub.position() or self._request.gone:
                return position
            await self._require_access()
            found = await self._hub.ask(page, self._wanted, position, CATCH_UP)

    async def _follow(self, position: int) -> None:
        with self._hub.join(self._wanted, position, self._request.send_body) as follower:
            while not self._request.gone:
                frames = await follower.take()
                await self._require_access()
                if frames:
                    await self._send(frames)
                else:
                    await self._send_comment(follower)

    async def _send(self, frames: bytes) -> None:
        await self._request.body(frames, more=True)
        self._sent_at = asyncio.get_running_loop().time()

    async def _send_comment(self, follower: Follower) -> None:
        """It also tells the position, so that a client whose filter matches little does not fall behind."""
        now = asyncio.get_running_loop().time()
        if follower.was_sent:
            self._sent_at, follower.was_sent = now, False
        if now - self._sent_at >= COMMENT_SECONDS:
            await self._send(b": nothing new\n" + id_only(follower.position))

    async def _require_access(self) -> None:
        """Raises `FollowerEnded` if the client may not follow any more."""
        now = asyncio.get_running_loop().time()
        if now < self._check_at:
            return
        self._check_at = now + CHECK_SECONDS
        try:
            holds = not self._request.recheck or await self._request.recheck.still_may(Scope.EVENTS_READ)
        except Unavailable:
            return
        if not holds:
            raise FollowerEnded


def id_only(number: int) -> bytes:
    """Without data there is no event: a client only remembers the number."""
    return b"id: %d\n\n" % number


def reset(found: Page) -> bytes:
    """What a client has missed is not there any more. It must read the state anew."""
    first = found.events[0].seq - 1 if found.events else found.last
    return b'id: %d\nevent: reset\ndata: {"after":%d}\n\n' % (first, first)
