"""What the protocols for resumable uploads share: which upload is meant, and how content is added to it."""

from __future__ import annotations

import asyncio
import re
import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import formatdate
from typing import Any

from picasso.addresses import file_url
from picasso.errors import BadRequest, Forbidden, NotAccepted, NotFound, PicassoError, TooLarge
from picasso.limits.subjects import subject_of_address
from picasso.models import Upload
from picasso.policy import NO_POLICY
from picasso.receive.acceptance import policy_of_sender, require_accepted
from picasso.receive.append import Append
from picasso.receive.locked_upload import LockedUpload, UploadStatus
from picasso.receive.screen import Screen
from picasso.timestamps import rfc3339
from picasso.web.body import Body, WholeBody
from picasso.web.digests import Checks
from picasso.web.request import Request

# The integer of a structured field has at most 15 digits. The same limit holds for tus.
NUMBER = re.compile(r"\d{1,15}")


def file_link(base: str, row: Upload) -> dict[str, str]:
    """The header with the URL of the file that an upload has become, if it has."""
    return {"Content-Location": file_url(base, row.file_id)} if row.file_id else {}


def upload_id_of(name: str) -> uuid.UUID:
    """From the last part of an upload's URL. Raises `NotFound`."""
    try:
        found = uuid.UUID(name)
    except ValueError:
        raise NotFound from None
    if str(found) != name:
        raise NotFound
    return found


def number(name: str, text: str) -> int:
    """Raises `BadRequest`."""
    if not NUMBER.fullmatch(text):
        raise BadRequest(f"{name} must be a number of at most 15 digits.")
    return int(text)


def origin_of(request: Request) -> str:
    """The address that counts uploads of one client together; empty if there is none, as on a Unix socket."""
    return subject_of_address(request.client_address) if request.client_address else ""


def has_content(request: Request) -> bool:
    return bool(request.content_length) or "transfer-encoding" in request.headers


def expires(at: float) -> str:
    """A Unix time as HTTP writes it, rounded down."""
    return formatdate(int(at), usegmt=True)


def seconds_left(at: float) -> int:
    return max(0, int(at - time.time()))


def as_json(status: UploadStatus) -> dict[str, Any]:
    """An upload for people, and for programs that use none of the protocols."""
    row = status.row
    return {
        "id": str(row.pk),
        "offset": status.offset,
        "length": row.length,
        "complete": row.finished,
        "expires_at": rfc3339(datetime.fromtimestamp(int(status.expires_at), UTC)),
        "file_id": str(row.file_id) if row.file_id else None,
        "tags": row.tags,
        "attributes": row.attributes,
    }


@dataclass(frozen=True, slots=True)
class Arrival:
    """What a request brings."""

    body: Body
    checks: Checks


async def add(request: Request, upload: LockedUpload, arrival: Arrival, *, is_last: bool = False) -> Append:
    """Add the request's content to the upload. What arrived before a cut stays, unless it has to be verified.

    ``is_last``: the upload is complete with it, whatever its length.

    Raises:
        TooLarge: there is more than the upload's length, or than the limit; nothing was added.
        ChecksumMismatch, DigestMismatch: it is not what was sent; nothing was added.
        UnfinishedFull: there is no space for it; with content of several windows, for the rest of it.
        NotAccepted: its first bytes show that it can't become a file here, or not by its sender. It was removed.
        Unauthorized, Forbidden: its sender may not upload any more. What arrived before stays, but completes nothing.
    """
    require_may_continue(request, upload)
    body, checks = arrival.body, arrival.checks
    append = await upload.expect_and_append(request.content_length if has_content(request) else 0, checks.hashes)
    append.sink.screen = await screen(request, upload, append)
    try:
        async with upload.interruptible():
            await body.receive(WholeBody(append.sink))
        await append.sink.drain()
        if is_last or append.size == upload.row.length:
            await require_accepted_of_sender(request, upload, append)
        checks.verify()
        if request.recheck:
            await request.recheck.before_commit()
    except TooLarge:
        await append.discard()
        raise
    except NotAccepted as fault:
        await refuse(upload, append, fault)
        raise
    except BaseException:
        counts = not checks and await append.has_room()
        await (keep_what_arrived(request, upload, append, body) if counts else append.discard())
        raise
    await upload.keep(append)
    return append


async def refuse(upload: LockedUpload, append: Append, fault: NotAccepted) -> None:
    await append.discard()
    await upload.fail(fault.code, fault.detail)


def require_may_continue(request: Request, upload: LockedUpload) -> None:
    """Of a part nobody can tell whether its sender may upload what it becomes a part of. Raises `Forbidden`."""
    if upload.row.is_part and policy_of_sender(request.principal, upload.row) != NO_POLICY:
        raise Forbidden("This part was begun with a token that accepts other files than yours.")


async def require_accepted_of_sender(request: Request, upload: LockedUpload, append: Append) -> None:
    """Whoever completes an upload must be allowed to upload it. Raises `NotAccepted`."""
    policy = policy_of_sender(request.principal, upload.row)
    if policy != NO_POLICY:
        await asyncio.to_thread(require_accepted, policy, upload.row, append)


async def screen(request: Request, upload: LockedUpload, append: Append) -> Screen | None:
    """What looks at the first bytes of the upload. None for a part, which may be any piece of a file."""
    row = upload.row
    policy = upload.policies.of_request(request.principal, row.pipeline)
    if row.is_part or policy == NO_POLICY:
        return None
    before = await asyncio.to_thread(lambda: append.head) if append.start else b""
    return Screen(lambda: policy, size=row.length, name=lambda: row.name, before=before)


async def keep_what_arrived(request: Request, upload: LockedUpload, append: Append, body: Body) -> None:
    """After the request was cut off. Raises `TooLarge` as `add`."""
    try:
        if not (request.recheck and request.recheck.ended):
            await body.receive_arrived(append.sink)
    except TooLarge:
        await append.discard()
        raise
    except PicassoError:
        pass  # the disk is full: what was written is kept
    if append.size == upload.row.length:  # so it becomes a file, whoever asks next
        if request.recheck and not await request.recheck.holds():
            return await append.discard()
        try:
            await append.sink.drain()
            await require_accepted_of_sender(request, upload, append)
        except NotAccepted as fault:
            return await refuse(upload, append, fault)
        except PicassoError:
            pass  # the disk, as above
    return await upload.keep(append)
