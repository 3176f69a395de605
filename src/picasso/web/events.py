"""``/api/v1.0/events/`` as a stream and as a list that waits; and files that a client prefers to wait for.

A plain list, and every answer that is not a stream, comes from Django's view.
"""

from __future__ import annotations

import re
import uuid
from urllib.parse import parse_qs

from picasso.access.principal import Scope
from picasso.addresses import EVENTS, FILES, below
from picasso.errors import BadRequest, Unauthorized
from picasso.events.filter import (
    LIST_PARAMETERS,
    MAX_WAIT,
    STREAM_PARAMETERS,
    Parameters,
    filter_of,
    number,
)
from picasso.query_values import MAX_NUMBER, require_known
from picasso.web.event_hub import EventHub
from picasso.web.event_slots import EventSlots
from picasso.web.event_stream import HEADERS, MEDIA_TYPE, EventStream
from picasso.web.request import Handler, Request
from picasso.web.waiting import Waiting, preferred_wait

LAST_EVENT_ID = "last-event-id"

WEIGHT = re.compile(r";\s*q=([01](?:\.[0-9]{0,3})?)\s*(?:;|$)")


class EventsHandler:
    def __init__(self, hub: EventHub, slots: EventSlots, waiting: Waiting, django: Handler) -> None:
        self._hub = hub
        self._slots = slots
        self._waiting = waiting
        self._django = django

    async def __call__(self, request: Request) -> None:
        if request.method in {"GET", "HEAD"} and below(EVENTS, request.path) == "":
            if wants_stream(request):
                return await self._stream(request)
            await self._wait(request)
        return await self._django(request)

    async def _stream(self, request: Request) -> None:
        parameters = parameters_of(request)
        wanted = filter_of(request.principal, parameters)
        require_known(parameters, STREAM_PARAMETERS)
        after = last_event_id(request)
        after = number(parameters, "after", 0, MAX_NUMBER) if after is None else after
        if request.method == "HEAD":
            await request.start(200, HEADERS)
            return await request.body(b"")
        with self._slots.take(request):
            return await EventStream(request, self._hub, wanted).run(after)

    async def _wait(self, request: Request) -> None:
        """Whatever is wrong with the request, the view says."""
        if b"wait=" not in request.scope["query_string"]:
            return
        parameters = parameters_of(request)
        wanted = filter_of(request.principal, parameters)
        require_known(parameters, LIST_PARAMETERS)
        if seconds := number(parameters, "wait", 0, MAX_WAIT):
            after = number(parameters, "after", 0, MAX_NUMBER)
            await self._waiting.for_event(request, wanted, after, seconds)
            await require_still(request, Scope.EVENTS_READ)


class SettledFiles:
    """``GET files/{id}/`` with ``Prefer: wait=N``, before Django's view is entered."""

    def __init__(self, waiting: Waiting, django: Handler) -> None:
        self._waiting = waiting
        self._django = django

    async def __call__(self, request: Request) -> None:
        principal = request.principal
        file_id = file_in(request)
        if file_id and principal.project and principal.may(Scope.FILES_READ) and preferred_wait(request):
            await self._waiting.for_file(request, principal, file_id, principal.project.id)
            await require_still(request, Scope.FILES_READ)
        await self._django(request)


def file_in(request: Request) -> uuid.UUID | None:
    """The id in the address of a file; None elsewhere."""
    name = below(FILES, request.path)
    if request.method not in {"GET", "HEAD"} or name is None:
        return None
    try:
        return uuid.UUID(name.rstrip("/"))
    except ValueError:
        return None


async def require_still(request: Request, scope: Scope) -> None:
    """After a long time the sender may be somebody else, or nobody. Raises `Unauthorized`."""
    if request.recheck and not await request.recheck.still_may(scope):
        raise Unauthorized


def wants_stream(request: Request) -> bool:
    """Whether the client asks for a stream by its name, and does not like JSON better (RFC 9110 §12.5.1)."""
    weights = accepted(request.headers.get("accept", ""))
    return weights.get(MEDIA_TYPE, 0) > 0 and weights[MEDIA_TYPE] >= weights.get("application/json", 0)


def accepted(text: str) -> dict[str, float]:
    """The weight of each media range."""
    found = {}
    for each in text.lower().split(","):
        weight = WEIGHT.search(each)
        found[each.partition(";")[0].strip()] = float(weight[1]) if weight else 1.0
    return found


def parameters_of(request: Request) -> Parameters:
    """Raises `BadRequest`."""
    try:
        return parse_qs(
            request.scope["query_string"].decode(), keep_blank_values=True, errors="strict", max_num_fields=200
        )
    except ValueError:
        raise BadRequest("The query of the address can't be read.") from None


def last_event_id(request: Request) -> int | None:
    """What the client has got last. It goes before `?after=`, which an EventSource repeats when it connects again."""
    text = request.headers.get(LAST_EVENT_ID)
    return None if text is None else number({LAST_EVENT_ID: [text]}, LAST_EVENT_ID, 0, MAX_NUMBER)
