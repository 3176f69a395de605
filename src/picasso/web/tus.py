"""tus 1.0.0 with all of its extensions: https://tus.io/protocols/resumable-upload."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from picasso.addresses import UPLOADS, upload_url
from picasso.errors import (
    BadRequest,
    Conflict,
    EmptyFile,
    Forbidden,
    InconsistentLength,
    Locked,
    MethodNotAllowed,
    NotAccepted,
    OffsetMismatch,
    QuotaExceeded,
    TokenUsedUp,
    TooLarge,
    Unauthorized,
    UnsupportedMediaType,
    UnsupportedVersion,
)
from picasso.models import Upload
from picasso.receive.concatenate import Concatenations
from picasso.receive.locked_upload import LockedUpload, UploadStatus
from picasso.receive.new_file import clean_name, columns_of
from picasso.receive.terms import PipelineRules, decide
from picasso.receive.uploads import KnownKey, Uploads
from picasso.web.body import Body, BodyOptions
from picasso.web.digests import CHECKSUM, CHECKSUMS, CONTENT_DIGEST, REPR_DIGEST, Checks, digests_of
from picasso.web.idempotency import create_upload, require_same_content, require_same_request, set_key
from picasso.web.request import Request
from picasso.web.resumable import (
    Arrival,
    add,
    as_json,
    expires,
    file_link,
    has_content,
    number,
    origin_of,
    upload_id_of,
)
from picasso.web.upload_metadata import first_of, media_type, metadata, sent_wishes
from picasso.web.waiting import Waiting
from picasso.web.whole import FirstContent, commit_whole, is_small, receive_whole, require_same_as_known

VERSION = "1.0.0"

EXTENSIONS = (
    "creation",
    "creation-with-upload",
    "creation-defer-length",
    "expiration",
    "checksum",
    "checksum-trailer",
    "termination",
    "concatenation",
    "concatenation-unfinished",
)

CONTENT = "application/offset+octet-stream"

UPLOAD_METHODS = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST"]

# How long the creation of a final upload waits until its parts are concatenated.
CONCATENATION_SECONDS = 2.0

MAX_PARTS = 1000


class Tus:
    def __init__(
        self,
        uploads: Uploads,
        concatenations: Concatenations,
        pipelines: PipelineRules,
        waiting: Waiting,
        options: BodyOptions,
    ) -> None:
        self._uploads = uploads
        self._waiting = waiting
        self._concatenations = concatenations
        self._pipelines = pipelines
        self._options = options

    def options(self, request: Request) -> dict[str, str]:
        """Headers that describe what this protocol can do here."""
        extensions = [one for one in EXTENSIONS if one != "checksum-trailer" or request.supports_trailers]
        return {
            "Tus-Resumable": VERSION,
            "Tus-Version": VERSION,
            "Tus-Extension": ",".join(extensions),
            "Tus-Max-Size": str(self._uploads.max_size),
            "Tus-Checksum-Algorithm": ",".join(CHECKSUMS),
        }

    async def to_collection(self, request: Request) -> None:
        request.extra_headers["Tus-Resumable"] = VERSION
        self._require_version(request)
        if request.method != "POST":
            raise MethodNotAllowed(["OPTIONS", "POST", "PUT"])
        await self._create(request)

    async def to_upload(self, request: Request, name: str) -> None:
        request.extra_headers["Tus-Resumable"] = VERSION
        calls = {"HEAD": self._head, "PATCH": self._patch, "DELETE": self._delete}
        if request.method not in {*calls, "POST"}:
            raise MethodNotAllowed(UPLOAD_METHODS)
        method = request.method
        if method == "POST":
            if not {"x-http-method-override", "tus-resumable"} & request.headers.keys():
                raise BadRequest("A POST to an upload needs X-HTTP-Method-Override.")
            method = request.headers.get("x-http-method-override", method).upper()
        if method not in calls:
            raise MethodNotAllowed(UPLOAD_METHODS)
        # To find an upload or to remove it is the same in all protocols: as for HEAD and DELETE themselves.
        if "tus-resumable" in request.headers or method not in {"HEAD", "DELETE"}:
            self._require_version(request)
        await calls[method](request, upload_id_of(name))

    def _require_version(self, request: Request) -> None:
        if request.headers.get("tus-resumable") != VERSION:
            raise UnsupportedVersion(headers={"Tus-Version": VERSION})

    # Creation

    async def _create(self, request: Request) -> None:
        base = request.base
        row = self._described(request)
        if row.is_final:
            return await self._create_final(request, base, row)
        content = has_content(request)
        if content:
            require_content_type(request)
            require_fitting(request, self._limit(row.length), 0)
            row.reserved = self._uploads.expected_size(request.content_length)
        elif row.length != 0:
            return await self._create_empty(request, base, row)
        body = Body(request, self._options)
        if is_small(request) and request.content_length == row.length and not row.is_part:
            checks = Checks(request, CONTENT_DIGEST, CHECKSUM, REPR_DIGEST)
            if first := await receive_whole(request, self._uploads, row, body, checks.hashes):
                await first.verify(checks.verify)
                return await self._create_whole(request, base, row, first)
        arrival = Arrival(body, Checks(request, CONTENT_DIGEST, CHECKSUM))
        async with create_upload(self._uploads, row, has_content=content) as creation:
            if creation.lock and (content or row.length == 0):
                async with creation.lock.deleted_on_failure():
                    await self._add(request, creation.lock, arrival)
                    await creation.lock.announce()
        if not creation.lock:
            await require_same_content(self._uploads, request, creation.row, body, complete=False)
        return await self._answer_created(request, base, creation.row)

    async def _create_empty(self, request: Request, base: str, row: Upload) -> None:
        try:
            status = await self._uploads.create_empty(row)
        except KnownKey as known:
            require_same_request(row, known.row)
            await self._answer_created(request, base, known.row)
        else:
            await self._answer_status(request, base, status)

    async def _create_whole(self, request: Request, base: str, row: Upload, first: FirstContent) -> None:
        try:
            file = await commit_whole(self._uploads, row, first.content)
        except KnownKey as known:
            await require_same_as_known(self._uploads, request, known.row, first.content)
            return await self._answer_created(request, base, known.row)
        return await self._answer_status(request, base, self._uploads.finished_status(row, file.size))

    async def _answer_created(self, request: Request, base: str, row: Upload, *, waits: bool = True) -> None:
        """The upload as it is now, also if an earlier request with the same key has created it."""
        await self._answer_status(request, base, await self._uploads.status(request.principal, row.pk), waits=waits)

    async def _answer_status(self, request: Request, base: str, status: UploadStatus, *, waits: bool = True) -> None:
        headers = {"Location": upload_url(base, status.row.pk), **expiry_headers(base, status)}
        if has_content(request):
            headers["Upload-Offset"] = str(status.offset)
        if waits:
            await self._waiting.for_upload(request, status.row)
        await request.answer_json(201, as_json(status), headers)

    def _described(self, request: Request) -> Upload:
        """Raises `BadRequest`, `InvalidField`."""
        sent = metadata(request)
        concat = request.headers.get("upload-concat", "")
        terms = decide(request.principal, sent_wishes(request, sent), self._pipelines)
        row = Upload(
            **columns_of(terms, request.principal),
            address=origin_of(request),
            protocol=Upload.Protocol.TUS,
            name=clean_name(first_of(sent, "filename", "name")),
            declared_type=clean_name(first_of(sent, "filetype", "type")),
            metadata=request.headers.get("upload-metadata", ""),
            concat=concat,
            digest=digests_of(request, REPR_DIGEST) or None,
        )
        set_key(row, request)
        if concat.startswith("final"):
            row.parts = parts_of(concat)
        elif concat not in {"", "partial"}:
            raise BadRequest("Upload-Concat must be `partial`, or `final;` and a list of uploads.")
        row.length = declared_length(request, row.is_final)
        require_some(row.length, concat)
        return row

    async def _create_final(self, request: Request, base: str, row: Upload) -> None:
        if has_content(request):
            raise Forbidden("A final upload takes its content from its parts.")
        async with create_upload(self._uploads, row, has_content=False) as creation:
            pass
        concatenation = self._concatenations.begin(creation.row.pk)
        await asyncio.wait([concatenation], timeout=CONCATENATION_SECONDS)
        await self._waiting.for_concatenation(request, creation.row.pk, concatenation)
        if concatenation.done() and (fault := concatenation.result()):
            raise fault
        await self._answer_created(request, base, creation.row, waits=False)

    # Requests to an upload

    async def _head(self, request: Request, upload_id: uuid.UUID) -> None:
        base = request.base
        status = await self._uploads.status(request.principal, upload_id)
        if not status.row.finished and not status.row.is_final:
            # The client is about to resume from there, so a request that still runs must end.
            async with self._uploads.lock(request.principal, upload_id) as upload:
                if upload.is_complete and not upload.row.is_part and not upload.row.finished:
                    await upload.commit(await upload.append())
                status = upload.status
        await request.answer(
            200, headers={**state_headers(status), **expiry_headers(base, status), "Cache-Control": "no-store"}
        )

    async def _patch(self, request: Request, upload_id: uuid.UUID) -> None:
        base = request.base
        offset = number("Upload-Offset", request.headers.get("upload-offset", ""))
        require_content_type(request)
        body = Body(request, self._options)
        if offset == 0 and is_small(request) and await self._append_all(request, upload_id, body):
            return
        arrival = Arrival(body, Checks(request, CONTENT_DIGEST, CHECKSUM))
        async with self._lock_for_content(request, upload_id) as upload:
            row = upload.row
            if offset != upload.offset:
                raise OffsetMismatch(upload.offset, offset)
            length = updated_length(request, upload)
            require_fitting(request, self._limit(length), offset)
            if length is not None and row.length is None:
                await upload.set_length(length)
            if not row.finished:
                await self._add(request, upload, arrival)
            headers = {"Upload-Offset": str(upload.offset), **expiry_headers(base, upload.status)}
            completed_part = upload.is_complete and row.final_id is not None
        if completed_part and row.final_id:
            await self._waiting.for_concatenation(request, row.final_id, self._concatenations.begin(row.final_id))
        await self._waiting.for_upload(request, row)
        await request.answer(204, headers=headers)

    async def _append_all(self, request: Request, upload_id: uuid.UUID, body: Body) -> bool:
        """Append all bytes of an upload that has none, if they come at once, and answer; whether that was done.

        Otherwise the body has them again. Whatever else may be wrong is found, and noted, with the lock of the upload.
        """
        append = await self._uploads.first_append(request.principal, upload_id, request.content_length or 0)
        if append is None or "upload-length" in request.headers:
            return False
        checks = Checks(request, CONTENT_DIGEST, CHECKSUM)
        first = FirstContent(request, body, append.content(checks.hashes), is_known=True)
        if not await first.is_whole():
            return False
        await first.verify(checks.verify)
        chunks = first.content.sink.chunks
        try:
            file = await append.commit(first.content)
        except (Conflict, Locked, NotAccepted, QuotaExceeded, TokenUsedUp, Unauthorized):
            if not chunks:
                raise
            body.put_back(chunks)
            return False
        await self._waiting.for_upload(request, append.row)
        status = self._uploads.finished_status(append.row, file.size)
        headers = {"Upload-Offset": str(file.size), **expiry_headers(request.base, status)}
        await request.answer(204, headers=headers)
        return True

    @asynccontextmanager
    async def _lock_for_content(self, request: Request, upload_id: uuid.UUID) -> AsyncIterator[LockedUpload]:
        """Raises `Forbidden` for a final upload, also for one that is being concatenated."""
        refusal = Forbidden("A final upload takes its content from its parts.")
        try:
            async with self._uploads.lock(request.principal, upload_id) as upload:
                if upload.row.is_final:
                    raise refusal
                yield upload
        except Locked:
            if (await self._uploads.status(request.principal, upload_id)).row.is_final:
                raise refusal from None
            raise

    async def _add(self, request: Request, upload: LockedUpload, arrival: Arrival) -> None:
        append = await add(request, upload, arrival)
        if upload.is_complete and not upload.row.is_part:
            await upload.commit(append)
        if upload.is_complete and upload.row.final_id:
            self._concatenations.begin(upload.row.final_id)

    def _limit(self, length: int | None) -> int:
        return self._uploads.max_size if length is None else length

    async def _delete(self, request: Request, upload_id: uuid.UUID) -> None:
        async with self._uploads.lock(request.principal, upload_id, interrupt_concatenation=True) as upload:
            await upload.delete(request.actor)
        await request.answer(204)


def declared_length(request: Request, final: bool) -> int | None:
    """By ``Upload-Length`` or ``Upload-Defer-Length: 1``; a final upload has neither. Raises `BadRequest`."""
    length, deferred = request.headers.get("upload-length"), request.headers.get("upload-defer-length")
    if final:
        if length is not None or deferred is not None:
            raise BadRequest("A final upload has the length of its parts: do not send Upload-Length.")
        return None
    if (length is None) == (deferred is None) or deferred not in {None, "1"}:
        raise BadRequest("Send either Upload-Length or Upload-Defer-Length: 1.")
    return None if length is None else number("Upload-Length", length)


def require_some(length: int | None, concat: str) -> None:
    """Refuse an empty file. A part of one may be empty. Raises `EmptyFile`."""
    if length == 0 and concat != "partial":
        raise EmptyFile


def updated_length(request: Request, upload: LockedUpload) -> int | None:
    """The upload's length, which may have been deferred until now. Raises `BadRequest`, `InconsistentLength`."""
    if (text := request.headers.get("upload-length")) is None:
        return upload.row.length
    length = number("Upload-Length", text)
    if upload.row.length not in {None, length}:
        raise InconsistentLength("The upload already has another length.")
    if length < upload.offset:
        raise InconsistentLength("The upload already has more bytes than that.")
    require_some(length, upload.row.concat)
    return length


def parts_of(concat: str) -> list[str]:
    """The ids in ``final;/a /b``. Raises `BadRequest`."""
    word, _, addresses = concat.partition(";")
    try:
        names = [urlsplit(each).path.rstrip("/").rpartition(UPLOADS) for each in addresses.split()]
    except ValueError:
        names = []
    if word != "final" or not names or any(not found for _, found, _ in names) or len(names) > MAX_PARTS:
        raise BadRequest(f"Upload-Concat must be `final;` and 1 to {MAX_PARTS} URLs of uploads of this service.")
    parts = [str(upload_id_of(name)) for _, _, name in names]
    if len(set(parts)) < len(parts):
        raise BadRequest("Upload-Concat names an upload twice. The parts of a final upload are different ones.")
    return parts


def require_content_type(request: Request) -> None:
    if media_type(request.headers.get("content-type", "")) != CONTENT:
        raise UnsupportedMediaType(f"The Content-Type must be {CONTENT}.", [CONTENT])


def require_fitting(request: Request, limit: int, offset: int) -> None:
    """Refuse by the head alone what is more than the limit."""
    if offset + (request.content_length or 0) > limit:
        raise TooLarge("This is more than the upload's length; nothing was added.", members={"max_size": limit})


def state_headers(status: UploadStatus) -> dict[str, str]:
    """What HEAD answers about an upload."""
    row = status.row
    values = {
        "Upload-Offset": status.offset,
        "Upload-Length": row.length,
        "Upload-Metadata": row.metadata or None,
        "Upload-Concat": row.concat or None,
        "Upload-Defer-Length": "1" if row.length is None and not row.is_final else None,
    }
    return {name: str(value) for name, value in values.items() if value is not None}


def expiry_headers(base: str, status: UploadStatus) -> dict[str, str]:
    """When the upload or its record expires; and the URL of the file that it has become, if it has."""
    return {"Upload-Expires": expires(status.expires_at), **file_link(base, status.row)}
