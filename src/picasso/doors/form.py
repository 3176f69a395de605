"""The upload door: ``POST /api/v1.0/upload/`` with multipart/form-data and the file in its part ``file``."""

from __future__ import annotations

import asyncio
from functools import lru_cache, partial

from multipart import parse_options_header

from picasso.doors.http import Request
from picasso.doors.parts import MAX_FRAMING, UNFINISHED, Form, Names, Part
from picasso.errors import ClientGone, InvalidUpload, MethodNotAllowed, TooLarge, UnsupportedMediaType, UploadTimeout
from picasso.inlet import Inlet
from picasso.receive.intake import Intake
from picasso.receive.landing import Landing
from picasso.serializers import FileSerializer
from picasso.storage import Folder


class FormDoor:
    def __init__(self, storage: Folder, landing: Landing, pipelines: Names, max_size: int, idle_timeout: int) -> None:
        self._storage = storage
        self._landing = landing
        self._pipelines = pipelines
        self._max_size = max_size
        self._idle_timeout = idle_timeout

    async def __call__(self, request: Request) -> None:
        if request.method == "OPTIONS":
            return await request.answer(204, headers={"Allow": "OPTIONS, POST"})
        if request.method != "POST":
            raise MethodNotAllowed(["OPTIONS", "POST"])
        base = request.base
        boundary = form_boundary(request)
        self._check_length(request)
        form = Form(boundary, lambda: Intake(self._storage, self._max_size), self._pipelines)
        try:
            part = await self._read(request, form)
            await part.intake.finish()
        except BaseException:
            await form.discard()
            raise
        file = await self._landing.land(part.intake, part.name, part.declared_type, form.pipeline)
        await request.answer_json(
            201,
            answer_form(base).to_representation(file),
            {"Location": f"{base}/api/v1.0/files/{file.pk}/"},
        )
        return None

    def _check_length(self, request: Request) -> None:
        """Refuse by the head alone what can't end well."""
        if (length := request.content_length) is None:
            return
        if length > self._max_size + MAX_FRAMING:
            raise TooLarge
        self._storage.require_space(length)

    async def _read(self, request: Request, form: Form) -> Part:
        """The whole body. What follows the closing boundary is read and ignored, as RFC 2046 has it."""
        received = 0
        more = True
        while more:
            chunk, more = await self._receive(request)
            received += len(chunk)
            if received > self._max_size + MAX_FRAMING:
                raise TooLarge
            if chunk:
                await form.feed(chunk)
            if form.fit_for_place((request.content_length or 0) - received) and (inlet := request.inlet()):
                with inlet:
                    await form.take_in_place(partial(self._receive_into, inlet))
                more = request.more_body = inlet.left > 0
        return form.end()

    async def _receive(self, request: Request) -> tuple[bytes, bool]:
        try:
            async with asyncio.timeout(self._idle_timeout):
                return await request.receive_or_gone()
        except TimeoutError:
            raise UploadTimeout from None

    async def _receive_into(self, inlet: Inlet, room: memoryview) -> int:
        if not inlet.left:
            raise InvalidUpload(UNFINISHED)
        try:
            async with asyncio.timeout(self._idle_timeout):
                size = await inlet.receive_into(room)
        except TimeoutError:
            raise UploadTimeout from None
        if not size:
            raise ClientGone
        return size


@lru_cache(maxsize=16)
def answer_form(base: str) -> FileSerializer:
    """Making a serializer costs more than using it. Used on the loop's thread only."""
    return FileSerializer(context={"base": base})


def form_boundary(request: Request) -> str:
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    if kind != "multipart/form-data":
        raise UnsupportedMediaType
    if not 0 < len(options.get("boundary", "")) <= 70:
        raise InvalidUpload("The Content-Type names no boundary of 1 to 70 characters.")
    return str(options["boundary"])
