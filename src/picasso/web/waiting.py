"""Long answers: ``Prefer: wait=N`` (RFC 7240 §4.3) waits until a file is settled, ``?wait=N`` until there is an event.

Nobody who waits holds a thread: see `picasso.web.event_hub`.
"""

from __future__ import annotations

import asyncio
import re
import time
import uuid
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import suppress
from functools import partial
from typing import Any, NamedTuple, cast

from picasso.access.principal import SERVICE, Principal, Scope
from picasso.errors import ClientGone, NotFound, Unavailable
from picasso.events.filter import MAX_WAIT, Filter
from picasso.events.queries import page
from picasso.files import queries
from picasso.imports import queries as import_queries
from picasso.models import File, Import, Upload
from picasso.receive import upload_rows
from picasso.web.event_hub import EventHub, Follower, FollowerEnded
from picasso.web.event_slots import EventSlots
from picasso.web.request import Request

QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
SECONDS = re.compile(r"[0-9]{1,9}")

# Characters of the field that are looked at.
MAX_PREFER = 1000

SETTLED = ("file.deleted", "file.failed", "file.processed")
IMPORT_ENDED = ("import.cancelled", "import.completed", "import.failed")


def preferred_wait(request: Request) -> int:
    """The seconds that a client prefers to wait, up to `MAX_WAIT`; 0 if it does not say. The first one counts."""
    if (text := request.headers.get("prefer")) is None:
        return 0
    values = preferences(text[:MAX_PREFER])
    seconds = next((value for name, value in values if name == "wait"), "")
    return min(int(seconds), MAX_WAIT) if SECONDS.fullmatch(seconds) else 0


def preferences(text: str) -> list[tuple[str, str]]:
    """Names in lower case, and values: ``name=value; parameter=value, name="value"`` (RFC 7240 §2).

    A quoted text is empty unless it is a number.
    """
    plain = QUOTED.sub(lambda match: match[1] if SECONDS.fullmatch(match[1]) else "", text)
    pairs = (each.partition(";")[0].partition("=") for each in plain.split(","))
    return [(name.strip().lower(), value.strip()) for name, _, value in pairs]


class Step(NamedTuple):
    """What is waited for."""

    wanted: Filter
    """An event that may end it."""
    is_over: Callable[[], bool]


class Stored(NamedTuple):
    """A file that an upload has become."""

    file: File
    whole: bool = False
    """Whether the answer shows it with its facts and derivatives."""


class Waiting:
    def __init__(self, hub: EventHub, slots: EventSlots) -> None:
        self._hub = hub
        self._slots = slots

    async def for_file(self, request: Request, principal: Principal, file_id: uuid.UUID, project_id: int) -> None:
        """Wait as long as the client prefers until a file is settled, and say so in the answer.

        A preference may be ignored: where too many wait, or while the database is away. Raises `ClientGone`.
        """
        await self._for_all(request, only(settling(project_id, principal, file_id)))

    async def for_import(self, request: Request, row: Import) -> None:
        """As `for_file`, until an import has ended, and until the file that it has become is settled."""
        await self._for_all(request, self._steps_of_import(row))

    async def _steps_of_import(self, row: Import) -> AsyncIterator[Step]:
        wanted = Filter(row.project_id, types=IMPORT_ENDED, import_id=row.pk)
        yield Step(wanted, partial(import_queries.has_ended, row.pk))
        if file_id := await self._hub.ask(import_queries.file_of, row.pk):
            yield settling(row.project_id, SERVICE, file_id)

    async def for_concatenation(self, request: Request, final_id: uuid.UUID, done: asyncio.Task[Any]) -> None:
        """As `for_file`, until parts are concatenated, and until the file that they make is settled."""
        seconds = preferred_wait(request)
        if seconds and self._slots.are_free(request):
            began = time.monotonic()
            with self._slots.take(request):
                await asyncio.wait([done], timeout=seconds)
            row = await self._hub.ask(upload_rows.find, final_id)
            if row and row.file_id:
                step = settling(cast("int", row.project_id), SERVICE, row.file_id)
                await self._for_all(request, only(step), seconds - (time.monotonic() - began))

    async def _for_all(self, request: Request, steps: AsyncIterator[Step], left: float | None = None) -> None:
        """One after the other, for ``left`` seconds, or as long as the client prefers."""
        seconds = preferred_wait(request)
        if not seconds or not self._slots.are_free(request):
            return
        end = time.monotonic() + (seconds if left is None else left)
        with suppress(FollowerEnded, Unavailable):
            with self._slots.take(request):
                async for step in steps:
                    await self._until(request, step, end)
            request.add_headers({"Preference-Applied": f"wait={seconds}"})

    async def _until(self, request: Request, step: Step, end: float) -> None:
        position = await self._hub.position()
        with self._hub.join(step.wanted, position) as follower:
            while not await self._hub.ask(step.is_over) and (left := end - time.monotonic()) > 0:
                await woken(request, first_event(follower), left)

    async def for_stored(self, request: Request, file: File) -> Stored:
        """The file that an upload has become, as it is when it is settled or the time of the client is over."""
        if not preferred_wait(request):
            return Stored(file)
        await self.for_file(request, SERVICE, file.pk, cast("int", file.project_id))
        return await self._again(request, file)

    async def for_upload(self, request: Request, row: Upload) -> None:
        """As `for_stored`, where the answer does not show the file."""
        if row.file_id:
            await self.for_file(request, SERVICE, row.file_id, cast("int", row.project_id))

    async def _again(self, request: Request, file: File) -> Stored:
        try:
            return Stored(await self._hub.ask(read_whole, file.pk), request.principal.may(Scope.FILES_READ))
        except (NotFound, Unavailable):
            return Stored(file)  # it was accepted, whatever has become of it

    async def for_event(self, request: Request, wanted: Filter, after: int | None, seconds: int) -> None:
        """Wait until there is an event behind a number. Raises `TooManyStreams`, `Unavailable`, `ClientGone`."""
        position = await self._hub.position()
        with self._slots.take(request), self._hub.join(wanted, position) as follower:
            found = await self._hub.ask(page, wanted, after, 1)
            if not found.events and not found.more and not found.reset:
                await woken(request, first_event(follower), seconds)


async def only(step: Step) -> AsyncIterator[Step]:
    yield step


def settling(project_id: int, principal: Principal, file_id: uuid.UUID) -> Step:
    return Step(Filter(project_id, types=SETTLED, file_id=file_id), partial(is_settled, principal, file_id))


def read_whole(file_id: uuid.UUID) -> File:
    """With all that an answer shows, so that nobody asks the database on the loop. Raises `NotFound`."""
    file = queries.with_derivatives(SERVICE).filter(pk=file_id).first()
    if file is None:
        raise NotFound
    _ = file.failure
    return file


async def woken(request: Request, event: Coroutine[Any, Any, Any], seconds: float) -> None:
    """Wait for an event, for so many seconds at most. Raises `ClientGone`, and what the event raises."""
    tasks = [asyncio.ensure_future(event), asyncio.ensure_future(disconnected(request))]
    try:
        done, _ = await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()


async def first_event(follower: Follower) -> None:
    while not await follower.take():
        pass


async def disconnected(request: Request) -> None:
    """Raises `ClientGone` when the client has left."""
    while await request.receive() is not None:
        pass
    raise ClientGone


def is_settled(principal: Principal, file_id: uuid.UUID) -> bool:
    """Also one that this principal does not see: it has nothing to wait for."""
    state = queries.visible_to(principal).filter(pk=file_id).values_list("state", flat=True).first()
    return state is None or state in queries.SETTLED
