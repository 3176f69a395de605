"""Resumable Uploads for HTTP (draft-ietf-httpbis-resumable-upload), interop versions 3 to 8 and the newest."""

from __future__ import annotations

import uuid
from functools import partial
from typing import NoReturn

from picasso.addresses import upload_url
from picasso.errors import (
    BadRequest,
    CompletedUpload,
    DigestMismatch,
    EmptyFile,
    Forbidden,
    InconsistentLength,
    OffsetMismatch,
    TooLarge,
    UnsupportedMediaType,
)
from picasso.models import File, Upload
from picasso.receive.locked_upload import LockedUpload, UploadStatus
from picasso.receive.new_file import clean_name, columns_of
from picasso.receive.terms import PipelineRules, decide
from picasso.receive.uploads import KnownKey, Uploads
from picasso.web import structured
from picasso.web.body import Body, BodyOptions
from picasso.web.digests import CONTENT_DIGEST, REPR_DIGEST, Checks, digests_of
from picasso.web.file_response import answer_stored
from picasso.web.idempotency import create_upload, require_same_content, set_key
from picasso.web.request import Request
from picasso.web.resumable import Arrival, add, as_json, file_link, has_content, origin_of, seconds_left, upload_id_of
from picasso.web.upload_metadata import (
    first_of,
    media_type,
    metadata,
    sent_name,
    sent_type,
    sent_wishes,
)
from picasso.web.waiting import Waiting
from picasso.web.whole import commit_whole, is_small, receive_whole, require_same_as_known

CONTENT = "application/partial-upload"

VERSION = "upload-draft-interop-version"
NEWEST = 8
VERSIONS = {str(version) for version in range(3, NEWEST + 1)}

# The first versions with a media type for PATCH, with Upload-Limit, and with `max-age` in it.
TYPED, LIMITED, AGED = 6, 6, 7


class Draft:
    def __init__(self, uploads: Uploads, pipelines: PipelineRules, waiting: Waiting, options: BodyOptions) -> None:
        self._uploads = uploads
        self._waiting = waiting
        self._pipelines = pipelines
        self._options = options

    def options(self) -> dict[str, str]:
        """Headers that describe what this protocol can do here."""
        return {"Accept-Patch": CONTENT, **self.size_limit()}

    def size_limit(self) -> dict[str, str]:
        """Also for a 413."""
        return {"Upload-Limit": structured.write({"max-size": self._uploads.max_size, "min-size": 1})}

    # Creation

    async def create(self, request: Request, in_path: str = "") -> None:
        base, complete = request.base, is_last(request)
        request.extra_headers.update(state_headers(request, None, False))
        row = self._described(request, in_path)
        row.length = combined_length(request, complete, None, 0)
        if row.length is not None and (request.content_length or 0) > row.length:
            raise InconsistentLength
        if has_content(request):
            row.reserved = self._uploads.expected_size(request.content_length)
        set_key(row, request)
        request.extra_headers.update(self._limit(request, self._uploads.limits.start_timeout))
        arrival, content = self._arrival(request), complete or has_content(request)
        if complete and is_small(request) and await self._receive_whole(request, base, row, arrival):
            return None
        async with create_upload(self._uploads, row, has_content=content) as creation:
            if not creation.lock:
                return await self._answer_again(request, base, creation.row, arrival.body)
            file = await self._begin(request, base, creation.lock, complete, arrival)
            if not file:
                await creation.lock.announce()
        if file:
            return await self._answer_complete(request, base, file)
        return await self._answer_incomplete(request, base, creation.lock.status)

    def _arrival(self, request: Request) -> Arrival:
        return Arrival(Body(request, self._options), Checks(request, CONTENT_DIGEST))

    async def _receive_whole(self, request: Request, base: str, row: Upload, arrival: Arrival) -> bool:
        """Receive and answer what arrives at once; whether it did."""
        whole = Checks(request, REPR_DIGEST)
        hashes = [*arrival.checks.hashes, *whole.hashes]
        first = await receive_whole(request, self._uploads, row, arrival.body, hashes)
        if first is None:
            return False
        await first.verify(partial(verify, request, arrival.checks, whole))
        try:
            file = await commit_whole(self._uploads, row, first.content)
        except KnownKey as known:
            await require_same_as_known(self._uploads, request, known.row, first.content)
            await self._answer_known(request, base, known.row)
        else:
            await self._answer_complete(request, base, file)
        return True

    async def _begin(
        self, request: Request, base: str, upload: LockedUpload, complete: bool, arrival: Arrival
    ) -> File | None:
        if self._send_location(request, base, upload):
            return await self._fill(request, upload, complete, arrival)
        # Until the answer the client does not know where to resume.
        async with upload.deleted_on_failure():
            return await self._fill(request, upload, complete, arrival)

    def _send_location(self, request: Request, base: str, upload: LockedUpload) -> bool:
        """Only to clients that expect it: others, as Python's own client, take any interim response for the answer."""
        if not (version := version_header(request)):
            return False
        limit = self._limit(request, self._uploads.limits.start_timeout)
        headers = {"Location": upload_url(base, upload.pk), **limit, **version}
        return request.interim(104, headers)

    def _described(self, request: Request, in_path: str) -> Upload:
        """Raises `BadRequest`, `InvalidField`."""
        sent = metadata(request)
        name = sent_name(request, in_path)
        terms = decide(request.principal, sent_wishes(request, sent), self._pipelines)
        return Upload(
            **columns_of(terms, request.principal),
            address=origin_of(request),
            protocol=Upload.Protocol.DRAFT,
            name=clean_name(first_of(sent, "filename", "name") if name is None else name),
            declared_type=clean_name(sent_type(request) or first_of(sent, "filetype", "type")),
            metadata=request.headers.get("upload-metadata", ""),
            digest=digests_of(request, REPR_DIGEST) or None,
        )

    async def _answer_again(self, request: Request, base: str, row: Upload, body: Body) -> None:
        """As the first request with this Idempotency-Key was answered."""
        await require_same_content(self._uploads, request, row, body, complete=is_last(request))
        await self._answer_known(request, base, row)

    async def _answer_known(self, request: Request, base: str, row: Upload) -> None:
        if row.finished:
            return await self._answer_complete(request, base, await self._uploads.file_of(request.principal, row))
        return await self._answer_incomplete(request, base, await self._uploads.status(request.principal, row.pk))

    async def _answer_incomplete(self, request: Request, base: str, status: UploadStatus) -> None:
        limit = self._limit(request, seconds_left(status.expires_at))
        headers = {"Location": upload_url(base, status.row.pk), **state_headers(request, status.offset, False), **limit}
        await request.answer_json(201, as_json(status), headers)

    async def _answer_complete(self, request: Request, base: str, file: File) -> None:
        stored = await self._waiting.for_stored(request, file)
        await answer_stored(request, base, stored, state_headers(request, file.size, True))

    # Requests to an upload

    async def to_upload(self, request: Request, name: str) -> None:
        calls = {"HEAD": self._head, "PATCH": self._patch, "DELETE": self._delete}
        await calls[request.method](request, upload_id_of(name))

    async def _head(self, request: Request, upload_id: uuid.UUID) -> None:
        base = request.base
        status = await self._uploads.status(request.principal, upload_id)
        if not status.row.finished and not status.row.is_final:
            # The client is about to resume from there, so a request that still runs must end.
            async with self._uploads.lock(request.principal, upload_id) as upload:
                status = upload.status
        await request.answer(204, headers=self._headers_of(request, base, status))

    async def show(self, request: Request, name: str) -> None:
        """GET: the upload for people, and for programs that only want to look. It interrupts nobody."""
        base, status = request.base, await self._uploads.status(request.principal, upload_id_of(name))
        await request.answer_json(200, as_json(status), self._headers_of(request, base, status))

    def _headers_of(self, request: Request, base: str, status: UploadStatus) -> dict[str, str]:
        row = status.row
        return {
            **state_headers(request, status.offset, row.finished),
            **self._limit(request, seconds_left(status.expires_at)),
            **({} if row.length is None else {"Upload-Length": str(row.length)}),
            **file_link(base, row),
            "Cache-Control": "no-store",
        }

    async def _patch(self, request: Request, upload_id: uuid.UUID) -> None:
        request.extra_headers.update(state_headers(request, None, False))
        base, complete = request.base, is_last(request)
        if has_content(request) and version_of(request) >= TYPED and not is_typed(request):
            raise UnsupportedMediaType(f"The Content-Type must be {CONTENT}.", [CONTENT])
        offset = structured.integer("Upload-Offset", request.headers.get("upload-offset", ""))
        arrival = self._arrival(request)
        async with self._uploads.lock(request.principal, upload_id) as upload:
            row = upload.row
            request.extra_headers.update(self._limit(request, seconds_left(upload.expires_at)))
            if row.is_final or row.is_part:
                raise Forbidden("This upload belongs to a concatenation of tus.")
            if row.file_id:
                at = file_link(base, row)
                request.extra_headers.update(state_headers(request, row.length, True))
                fault = InconsistentLength if has_content(request) else CompletedUpload
                raise fault("This upload is complete; nothing can be added to it.", headers=at)
            if offset != upload.offset:
                raise OffsetMismatch(upload.offset, offset)
            if row.length is not None and offset + (request.content_length or 0) > row.length:
                await fail_as_too_long(upload)
            length = combined_length(request, complete, row.length, offset)
            if length is not None and offset + (request.content_length or 0) > length:
                raise InconsistentLength
            if offset + (request.content_length or 0) > self._uploads.max_size:
                raise TooLarge
            if length is not None and row.length is None:
                await upload.set_length(length)
            file = await self._fill(request, upload, complete, arrival)
            request.extra_headers.update(self._limit(request, seconds_left(upload.expires_at)))
        if file:
            await self._answer_complete(request, base, file)
        else:
            await request.answer(204, headers=state_headers(request, upload.offset, False))

    async def _fill(self, request: Request, upload: LockedUpload, complete: bool, arrival: Arrival) -> File | None:
        """Add the content; the file, if with it the upload is complete."""
        try:
            append = await add(request, upload, arrival, is_last=complete)
        except TooLarge:
            if upload.row.length is None:
                raise
            await fail_as_too_long(upload)
        if not complete:
            return None
        if upload.row.length not in {None, upload.offset}:
            raise InconsistentLength("The upload is complete, but it does not have its declared length.")
        try:
            return await upload.commit(append)
        except (DigestMismatch, EmptyFile):
            # The draft: all content was transferred, and to resume would not help.
            request.extra_headers.update(state_headers(request, None, True))
            raise

    async def _delete(self, request: Request, upload_id: uuid.UUID) -> None:
        async with self._uploads.lock(request.principal, upload_id, interrupt_concatenation=True) as upload:
            await upload.delete(request.actor)
        await request.answer(204)

    # Headers

    def _limit(self, request: Request, seconds: int) -> dict[str, str]:
        version = version_of(request)
        if version < LIMITED:
            return {}
        age = "max-age" if version >= AGED else "expires"
        return {"Upload-Limit": structured.write({"max-size": self._uploads.max_size, "min-size": 1, age: seconds})}


def state_headers(request: Request, offset: int | None, complete: bool) -> dict[str, str]:
    """Where an upload is; also on errors, which so say whether they are about the upload or about the whole file."""
    if version_of(request) < 4:
        state = {"Upload-Incomplete": structured.write(not complete)}
    else:
        state = {"Upload-Complete": structured.write(complete)}
    return {**state, **({} if offset is None else {"Upload-Offset": str(offset)}), **version_header(request)}


def verify(request: Request, checks: Checks, whole: Checks) -> None:
    """Raises `DigestMismatch`. The draft: if it is that of the whole file, all content was transferred."""
    checks.verify()
    request.extra_headers.update(state_headers(request, None, True))
    whole.verify()
    request.extra_headers.update(state_headers(request, None, False))


async def fail_as_too_long(upload: LockedUpload) -> NoReturn:
    """The draft: an upload that gets more bytes than its length is invalid for good. Raises `InconsistentLength`."""
    fault = InconsistentLength("There was more content than the upload's length. The upload is cancelled.")
    await upload.fail(fault.code, fault.detail)
    raise fault from None


def is_typed(request: Request) -> bool:
    return media_type(request.headers.get("content-type", "")) == CONTENT


def is_draft(request: Request) -> bool:
    """Whether this request creates a resumable upload."""
    return completeness(request) is not None


def version_of(request: Request) -> int:
    """The interop version of the client; the newest if it does not say."""
    text = request.headers.get(VERSION, "")
    return int(text) if text in VERSIONS else NEWEST


def version_header(request: Request) -> dict[str, str]:
    """The client's own version. Clients accept no other one."""
    version = request.headers.get(VERSION)
    return {"Upload-Draft-Interop-Version": version} if version in VERSIONS else {}


def completeness(request: Request) -> bool | None:
    """What the request says. A field that is not a Boolean is ignored; None if there is none."""
    complete = structured.boolean(request.headers.get("upload-complete", ""))
    if complete is not None:
        return complete
    incomplete = structured.boolean(request.headers.get("upload-incomplete", ""))
    return None if incomplete is None else not incomplete


def is_last(request: Request) -> bool:
    """Whether the upload is complete with this request's content. Raises `BadRequest`."""
    complete = completeness(request)
    if complete is None:
        raise BadRequest("Upload-Complete must be ?0 or ?1.")
    return complete


def combined_length(request: Request, complete: bool, known: int | None, offset: int) -> int | None:
    """The one length that ``known``, Upload-Length and the size of the last content agree on; None if there is none.

    Raises `InconsistentLength`, or `EmptyFile` if it is 0.
    """
    told = structured.natural(request.headers.get("upload-length", ""))
    lengths = {length for length in (known, told) if length is not None}
    if complete and request.content_length is not None:
        lengths.add(offset + request.content_length)
    elif complete and not has_content(request):
        lengths.add(offset)
    if len(lengths) > 1 or (lengths and min(lengths) < offset):
        raise InconsistentLength
    if lengths == {0}:
        raise EmptyFile
    return next(iter(lengths), None)
