"""``PUT /api/v1.0/jobs/{id}/derivatives/{role}/``: the bytes that a worker elsewhere has made of a file."""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar
from urllib.parse import parse_qs

from django.db import InterfaceError, OperationalError, connection

from picasso.access.principal import Principal, Scope
from picasso.addresses import JOBS, below
from picasso.errors import (
    BadRequest,
    InvalidField,
    MethodNotAllowed,
    NotFound,
    TooLarge,
    Unavailable,
    UnsupportedContentEncoding,
)
from picasso.models import StagedDerivative
from picasso.pools import stop_pool
from picasso.process.child_protocol import MAX_SIDE, check_kebab
from picasso.process.remote import staging
from picasso.process.remote.lease import Held, find
from picasso.process.remote.staging import NewDerivative
from picasso.query_values import require_known
from picasso.receive.content import NewContent, NewFileOutput
from picasso.receive.threads import Threads
from picasso.storage import FileStore
from picasso.web.body import Body, BodyOptions, WholeBody
from picasso.web.request import Request

T = TypeVar("T")

# With or without a slash at its end: the addresses beside it have one.
PATH = re.compile(r"([^/]+)/derivatives/([^/]+)/?")
SUPPORTED = ["OPTIONS", "POST", "PUT"]
LEASE_HEADER = "picasso-lease"

# The work is short, but for the sync of the disk.
THREADS = 2


@dataclass(frozen=True, slots=True)
class Arrived:
    """The bytes of a derivative, in memory or in a new file. See `staging.Content`."""

    content: NewContent
    output: NewFileOutput

    @property
    def size(self) -> int:
        return self.content.size

    @property
    def sha256(self) -> str:
        return self.content.sha256

    @property
    def head(self) -> bytes:
        return self.content.head

    def read(self, offset: int, size: int) -> bytes:
        return self.content.read(offset, size)

    def sync(self) -> None:
        if self.output.writer is None:
            self.output.write(self.content.sink.chunks)
            self.output.sync()

    def place_derived(self, key: str, original: str) -> None:
        assert self.output.writer is not None
        self.output.writer.place_derived(key, original)


class DerivativeHandler:
    def __init__(self, files: FileStore, threads: Threads, options: BodyOptions, limit: int) -> None:
        """``limit``: how many bytes all derivatives of an attempt may have together."""
        self._files = files
        self._threads = threads
        self._options = options
        self._limit = limit
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="derivatives")

    def stop(self) -> None:
        stop_pool(self._pool, THREADS)

    async def __call__(self, request: Request) -> None:
        if request.method == "OPTIONS":
            request.principal.require(Scope.JOBS_WORK)
            job_in(request), role_in(request)
            return await request.answer(204, headers={"Allow": ", ".join(SUPPORTED)})
        if request.method not in SUPPORTED:
            raise MethodNotAllowed(SUPPORTED)
        request.principal.require(Scope.JOBS_WORK)
        job_id, new = job_in(request), new_derivative(request)
        held, room = await self._run(open_lease, request.principal, job_id, lease_in(request), new.role, self._limit)
        if (request.content_length or 0) > room:
            raise TooLarge
        row = await self._receive(request, held, new, room)
        return await request.answer_json(200, shown(row))

    async def _receive(self, request: Request, held: Held, new: NewDerivative, room: int) -> StagedDerivative:
        output = NewFileOutput(self._files)
        content = NewContent(output, room, self._threads)
        try:
            await Body(request, self._options, room).receive(WholeBody(content.sink))
            await content.finish()
            arrived = Arrived(content, output)
            return await self._run(staging.stage, self._files, held, new, arrived, self._limit)
        finally:
            await content.discard()

    async def _run(self, call: Callable[..., T], *arguments: object) -> T:
        """In a thread, to its end even if the request is cancelled."""
        work = asyncio.get_running_loop().run_in_executor(self._pool, partial(run, call, *arguments))
        try:
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            await asyncio.wait({work})
            raise


def run(call: Callable[..., T], *arguments: object) -> T:
    """Raises `Unavailable`."""
    try:
        return call(*arguments)
    except (OperationalError, InterfaceError) as fault:
        connection.close()
        raise Unavailable("The database is unavailable. Please try again.") from fault


def open_lease(principal: Principal, job_id: uuid.UUID, lease: str, role: str, limit: int) -> tuple[Held, int]:
    """The lease, and how many bytes the derivative may have. Raises as `find`."""
    held = find(principal, job_id, lease)
    held.require()
    return held, staging.room(held, role, limit)


def is_derivative(request: Request) -> bool:
    return bool(PATH.fullmatch(below(JOBS, request.path) or ""))


def job_in(request: Request) -> uuid.UUID:
    """Raises `NotFound`."""
    match = PATH.fullmatch(below(JOBS, request.path) or "")
    try:
        return uuid.UUID(match[1] if match else "")
    except ValueError:
        raise NotFound from None


def lease_in(request: Request) -> str:
    """Raises `InvalidField`."""
    if lease := request.headers.get(LEASE_HEADER):
        return lease
    raise InvalidField("Picasso-Lease", "The header Picasso-Lease is missing: send the lease of the claimed job.")


def new_derivative(request: Request) -> NewDerivative:
    """What the address says about it. Raises `InvalidField`, `BadRequest`."""
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise UnsupportedContentEncoding
    role, values = role_in(request), query_of(request)
    require_known(values, ("width", "height"))
    return NewDerivative(role, side("width", values), side("height", values))


def role_in(request: Request) -> str:
    """Raises `InvalidField`."""
    match = PATH.fullmatch(below(JOBS, request.path) or "")
    try:
        return check_kebab(match[2] if match else "")
    except ValueError:
        raise InvalidField("role", "A role is in kebab-case and has at most 64 characters.") from None


def query_of(request: Request) -> dict[str, list[str]]:
    try:
        text: str = request.scope["query_string"].decode()
        return parse_qs(text, keep_blank_values=True, errors="strict", max_num_fields=20)
    except ValueError:
        raise BadRequest("The query of the address can't be read.") from None


def side(name: str, values: dict[str, list[str]]) -> int | None:
    """Pixels."""
    if name not in values:
        return None
    text = values[name][0]
    if len(values[name]) > 1 or not re.fullmatch(r"[0-9]{1,10}", text, re.ASCII) or int(text) > MAX_SIDE:
        raise InvalidField(name, f"{name} must be a number of pixels.")
    return int(text)


def shown(row: StagedDerivative) -> dict[str, Any]:
    names = ("role", "media_type", "size", "sha256", "width", "height")
    return {name: getattr(row, name) for name in names}
