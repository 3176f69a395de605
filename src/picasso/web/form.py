"""The upload door: ``POST /api/v1.0/upload/`` with multipart/form-data and the file in its part ``file``."""

from __future__ import annotations

import asyncio
from functools import partial

from multipart import parse_options_header

from picasso.errors import ClientGone, InvalidUpload, TooLarge, UnsupportedMediaType, UploadTimeout
from picasso.models import File
from picasso.receive.commit import Landing
from picasso.receive.sink import Intake, Unkept
from picasso.receive.uploads import Uploads
from picasso.web.digests import CONTENT_DIGEST, REPR_DIGEST, Checks
from picasso.web.direct_body import DirectBody
from picasso.web.file_response import answer_stored
from picasso.web.idempotency import require_same, under_key
from picasso.web.multipart_form import MAX_FRAMING, UNFINISHED, Form, Names, Part
from picasso.web.request import Request


class FormDoor:
    def __init__(self, uploads: Uploads, landing: Landing, pipelines: Names, idle_timeout: int) -> None:
        self._uploads = uploads
        self._storage = uploads.storage
        self._max_size = uploads.max_size
        self._landing = landing
        self._pipelines = pipelines
        self._idle_timeout = idle_timeout

    async def __call__(self, request: Request) -> None:
        base = request.base
        boundary = form_boundary(request)
        self._check_length(request)
        checks = Checks(request, CONTENT_DIGEST, REPR_DIGEST)
        async with under_key(self._uploads, request) as known:
            kind = Unkept if isinstance(known, File) else Intake
            form = Form(boundary, lambda: kind(self._storage, self._max_size), self._pipelines)
            part = await self._finished(request, form, checks)
            if isinstance(known, File):
                require_same(known, part.intake, part.name, part.declared_type, form.pipeline)
                file = known
            else:
                upload_id = known.row.pk if known else None
                land = self._landing.land(part.intake, part.name, part.declared_type, form.pipeline, upload_id)
                file = await land
        await answer_stored(request, base, file)

    async def _finished(self, request: Request, form: Form, checks: Checks) -> Part:
        try:
            part = await self._read(request, form, checks)
            checks.verify()
            await part.intake.finish()
        except BaseException:
            await form.discard()
            raise
        return part

    def _check_length(self, request: Request) -> None:
        """Refuse by the head alone what can't end well."""
        if (length := request.content_length) is None:
            return
        if length > self._max_size + MAX_FRAMING:
            raise TooLarge
        self._storage.files.require_space(length)

    async def _read(self, request: Request, form: Form, checks: Checks) -> Part:
        """The whole body. What follows the closing boundary is read and ignored, as RFC 2046 has it."""
        received = 0
        more = True
        while more:
            chunk, more = await self._receive(request)
            received += len(chunk)
            if received > self._max_size + MAX_FRAMING:
                raise TooLarge
            if chunk:
                checks.update(chunk)
                await form.feed(chunk)
            if (
                not checks
                and form.fit_for_place((request.content_length or 0) - received)
                and (direct := request.direct_body())
            ):
                with direct:
                    await form.take_in_place(partial(self._receive_into, direct))
                more = request.more_body = direct.remaining > 0
        return form.end()

    async def _receive(self, request: Request) -> tuple[bytes, bool]:
        try:
            async with asyncio.timeout(self._idle_timeout):
                return await request.receive_or_gone()
        except TimeoutError:
            raise UploadTimeout from None

    async def _receive_into(self, direct: DirectBody, room: memoryview) -> int:
        if not direct.remaining:
            raise InvalidUpload(UNFINISHED)
        try:
            async with asyncio.timeout(self._idle_timeout):
                size = await direct.receive_into(room)
        except TimeoutError:
            raise UploadTimeout from None
        if not size:
            raise ClientGone
        return size


def form_boundary(request: Request) -> str:
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    if kind != "multipart/form-data":
        raise UnsupportedMediaType
    if not 0 < len(options.get("boundary", "")) <= 70:
        raise InvalidUpload("The Content-Type names no boundary of 1 to 70 characters.")
    return str(options["boundary"])
