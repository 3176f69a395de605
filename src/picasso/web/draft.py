"""Resumable Uploads for HTTP (draft-ietf-httpbis-resumable-upload), interop versions 3 to 8 and the newest."""

from __future__ import annotations

import re
import uuid

from picasso.addresses import upload_url
from picasso.errors import (
    BadRequest,
    CompletedUpload,
    Forbidden,
    InconsistentLength,
    OffsetMismatch,
    TooLarge,
    UnsupportedMediaType,
)
from picasso.models import File, Upload
from picasso.receive.new_file import clean_name
from picasso.receive.uploads import LockedUpload, Uploads, UploadStatus
from picasso.web.body import BodyOptions
from picasso.web.digests import CONTENT_DIGEST, REPR_DIGEST, Checks, digests_of
from picasso.web.file_response import answer_stored
from picasso.web.idempotency import create_upload, require_same_content, set_key
from picasso.web.multipart_form import Names
from picasso.web.request import Request
from picasso.web.resumable import add, as_json, file_link, has_content, number, seconds_left, upload_id_of
from picasso.web.upload_metadata import (
    first_of,
    known_pipeline,
    media_type,
    metadata,
    sent_name,
    sent_pipeline,
    sent_type,
)

CONTENT = "application/partial-upload"

VERSION = "upload-draft-interop-version"
NEWEST = 8
SPOKEN = {str(version) for version in range(3, NEWEST + 1)}

# From these versions on: the media type of what is added, limits, and their last name for a lifetime.
TYPED, LIMITED, AGED = 6, 6, 7


class Draft:
    def __init__(self, uploads: Uploads, pipelines: Names, options: BodyOptions) -> None:
        self._uploads = uploads
        self._pipelines = pipelines
        self._options = options

    def options(self) -> dict[str, str]:
        """What it says of itself."""
        return {"Accept-Patch": CONTENT, "Upload-Limit": f"max-size={self._uploads.max_size}, min-size=0"}

    # Creation

    async def create(self, request: Request, in_path: str = "") -> None:
        base, complete = request.base, completes(request)
        row = self._described(request, in_path)
        row.length = agreed_length(request, complete, None, 0)
        if row.length is not None and (request.content_length or 0) > row.length:
            raise InconsistentLength
        if has_content(request):
            row.reserved = self._uploads.expected_size(request.content_length)
        set_key(row, request)
        request.also.update(self._limit(request, self._uploads.expiry))
        checks, content = Checks(request, CONTENT_DIGEST), complete or has_content(request)
        async with create_upload(self._uploads, row, has_content=content) as creation:
            if not creation.lock:
                return await self._answer_again(request, base, creation.row)
            file = await self._begin(request, base, creation.lock, complete, checks)
            if not file:
                await creation.lock.announce()
        if file:
            return await self._answer_complete(request, base, file)
        return await self._answer_incomplete(request, base, creation.lock.status)

    async def _begin(
        self, request: Request, base: str, upload: LockedUpload, complete: bool, checks: Checks
    ) -> File | None:
        if await self._told_where(request, base, upload):
            return await self._fill(request, upload, complete, checks)
        # Until it is answered the client knows of no place to go on from.
        async with upload.deleted_on_failure():
            return await self._fill(request, upload, complete, checks)

    async def _told_where(self, request: Request, base: str, upload: LockedUpload) -> bool:
        """Only who knows what it is: Python's own client, for one, takes any interim response for the answer."""
        if not (version := echoed(request)):
            return False
        headers = {"Location": upload_url(base, upload.pk), **self._limit(request, self._uploads.expiry), **version}
        return request.interim(104, headers)

    def _described(self, request: Request, in_path: str) -> Upload:
        """Raises `BadRequest`, `InvalidField`."""
        said = metadata(request)
        name = sent_name(request, in_path)
        pipeline = said["pipeline"] if "pipeline" in said else sent_pipeline(request, self._pipelines)
        return Upload(
            protocol=Upload.Protocol.DRAFT,
            name=clean_name(first_of(said, "filename", "name") if name is None else name),
            declared_type=clean_name(sent_type(request) or first_of(said, "filetype", "type")),
            pipeline=known_pipeline(pipeline, self._pipelines),
            metadata=request.headers.get("upload-metadata", ""),
            digest=digests_of(request, REPR_DIGEST) or None,
        )

    async def _answer_again(self, request: Request, base: str, row: Upload) -> None:
        """As the first request with this Idempotency-Key was answered."""
        await require_same_content(self._uploads, request, row, self._options, complete=completes(request))
        if row.finished:
            return await self._answer_complete(request, base, await self._uploads.file_of(request.principal, row))
        return await self._answer_incomplete(request, base, await self._uploads.status(row.pk))

    async def _answer_incomplete(self, request: Request, base: str, status: UploadStatus) -> None:
        headers = {"Location": upload_url(base, status.row.pk), **self._state(request, status.offset, False)}
        await request.answer_json(201, as_json(status), headers)

    async def _answer_complete(self, request: Request, base: str, file: File) -> None:
        await answer_stored(request, base, file, self._state(request, file.size, True))

    # What an upload answers

    async def to_upload(self, request: Request, name: str) -> None:
        calls = {"HEAD": self._head, "PATCH": self._patch, "DELETE": self._delete}
        await calls[request.method](request, upload_id_of(name))

    async def _head(self, request: Request, upload_id: uuid.UUID) -> None:
        base = request.base
        status = await self._uploads.status(upload_id)
        if not status.row.finished and not status.row.is_final:
            # Whoever asks is about to go on from there, so nobody else may.
            async with self._uploads.lock(upload_id) as upload:
                status = upload.status
        row = status.row
        headers = {
            **self._state(request, status.offset, row.finished),
            **self._limit(request, seconds_left(status.expires_at)),
            **({} if row.length is None else {"Upload-Length": str(row.length)}),
            **file_link(base, row),
            "Cache-Control": "no-store",
        }
        await request.answer(204, headers=headers)

    async def _patch(self, request: Request, upload_id: uuid.UUID) -> None:
        base, complete = request.base, completes(request)
        if version_of(request) >= TYPED and media_type(request.headers.get("content-type", "")) != CONTENT:
            raise UnsupportedMediaType(f"What is added to an upload is sent as {CONTENT}.")
        offset = number("Upload-Offset", request.headers.get("upload-offset", ""))
        checks = Checks(request, CONTENT_DIGEST)
        async with self._uploads.lock(upload_id) as upload:
            row = upload.row
            if row.is_final or row.is_part:
                raise Forbidden("This upload is one of tus' concatenation.")
            if row.file_id:
                at = file_link(base, row)
                request.also.update(self._state(request, row.length, True))
                fault = InconsistentLength if has_content(request) else CompletedUpload
                raise fault("This upload is complete; nothing can be added to it.", headers=at)
            if offset != upload.offset:
                request.also.update(self._state(request, upload.offset, False))
                raise OffsetMismatch(upload.offset, offset)
            length = agreed_length(request, complete, row.length, offset)
            if length is not None and offset + (request.content_length or 0) > length:
                raise InconsistentLength
            if offset + (request.content_length or 0) > self._uploads.max_size:
                raise TooLarge
            if length is not None and row.length is None:
                await upload.set_length(length)
            await upload.expect(request.content_length)
            file = await self._fill(request, upload, complete, checks)
            request.also.update(self._limit(request, seconds_left(upload.expires_at)))
        if file:
            await self._answer_complete(request, base, file)
        else:
            await request.answer(204, headers=self._state(request, upload.offset, False))

    async def _fill(self, request: Request, upload: LockedUpload, complete: bool, checks: Checks) -> File | None:
        """Add the content; the file, if with it the upload is complete."""
        try:
            append = await add(request, upload, checks, self._options)
        except TooLarge:
            if upload.row.length is None:
                raise
            # As the draft has it: whoever sends more than they said has said what nobody can rely on.
            fault = InconsistentLength("There was more than the upload's length; it is cancelled.")
            await upload.fail(fault.code, fault.detail)
            raise fault from None
        if not complete:
            return None
        if upload.row.length not in {None, upload.offset}:
            raise InconsistentLength("The upload is said to be complete, and is not as long as it was said to be.")
        return await upload.commit(append)

    async def _delete(self, request: Request, upload_id: uuid.UUID) -> None:
        async with self._uploads.lock(upload_id, interrupt_concatenation=True) as upload:
            await upload.delete()
        await request.answer(204)

    # Headers

    def _state(self, request: Request, offset: int | None, complete: bool) -> dict[str, str]:
        if version_of(request) < 4:
            said = {"Upload-Incomplete": "?0" if complete else "?1"}
        else:
            said = {"Upload-Complete": "?1" if complete else "?0"}
        return {**said, **({} if offset is None else {"Upload-Offset": str(offset)}), **echoed(request)}

    def _limit(self, request: Request, seconds: int) -> dict[str, str]:
        version = version_of(request)
        if version < LIMITED:
            return {}
        age = "max-age" if version >= AGED else "expires"
        return {"Upload-Limit": f"max-size={self._uploads.max_size}, {age}={seconds}"}


def is_draft(request: Request) -> bool:
    """Whether this asks for an upload that may go on."""
    return said_complete(request) is not None


def version_of(request: Request) -> int:
    """The interop version that the client speaks; the newest if it does not say."""
    text = request.headers.get(VERSION, "")
    return int(text) if text in SPOKEN else NEWEST


def echoed(request: Request) -> dict[str, str]:
    """Clients of a draft listen to their own version only."""
    said = request.headers.get(VERSION)
    return {"Upload-Draft-Interop-Version": said} if said in SPOKEN else {}


def said_complete(request: Request) -> bool | None:
    """None if the request does not say, or not as RFC 9651 has it."""
    for name, yes in (("upload-complete", "1"), ("upload-incomplete", "0")):
        if found := re.fullmatch(r"\?([01])(\s*;.*)?", request.headers.get(name, "")):
            return found[1] == yes
    return None


def completes(request: Request) -> bool:
    """Raises `BadRequest`."""
    complete = said_complete(request)
    if complete is None:
        raise BadRequest("Upload-Complete is neither ?0 nor ?1.")
    return complete


def agreed_length(request: Request, complete: bool, known: int | None, offset: int) -> int | None:
    """The upload's length by all that was said of it, now and before. Raises `InconsistentLength`."""
    said = {known} if known is not None else set()
    if (text := request.headers.get("upload-length")) is not None:
        said.add(number("Upload-Length", text))
    if complete and request.content_length is not None:
        said.add(offset + request.content_length)
    elif complete and not has_content(request):
        said.add(offset)
    if len(said) > 1 or (said and min(said) < offset):
        raise InconsistentLength
    return next(iter(said), None)
