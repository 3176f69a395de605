"""What the doors of uploads share: which upload is meant, and how a request's content is added to it."""

from __future__ import annotations

import re
import time
import uuid
from datetime import UTC, datetime
from email.utils import formatdate

from picasso.addresses import file_url
from picasso.errors import BadRequest, NotFound, PicassoError, TooLarge
from picasso.models import Upload
from picasso.receive.append import Append
from picasso.receive.uploads import Held, Seen
from picasso.web.body import Body
from picasso.web.digests import Checks
from picasso.web.request import Request

# A structured field's integer has fifteen digits at most, and so has what we take of tus'.
NUMBER = re.compile(r"\d{1,15}")


def became(base: str, row: Upload) -> dict[str, str]:
    """Where the file is that an upload has become, if it has."""
    return {"Content-Location": file_url(base, row.file_id)} if row.file_id else {}


def upload_id_of(name: str) -> uuid.UUID:
    """From the last part of an upload's address. Raises `NotFound`."""
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
        raise BadRequest(f"{name} is not a number of at most 15 digits.")
    return int(text)


def has_content(request: Request) -> bool:
    return bool(request.content_length) or "transfer-encoding" in request.headers


def expires(at: float) -> str:
    """As HTTP writes a moment, given in seconds since 1970; never later than it is."""
    return formatdate(int(at), usegmt=True)


def seconds_left(at: float) -> int:
    return max(0, int(at - time.time()))


def as_json(seen: Seen) -> dict[str, str | int | bool | None]:
    """An upload for people, and for programs that speak no protocol of uploads."""
    row = seen.row
    return {
        "id": str(row.pk),
        "offset": seen.offset,
        "length": row.length,
        "complete": row.finished,
        "expires_at": datetime.fromtimestamp(int(seen.expires_at), UTC).isoformat().replace("+00:00", "Z"),
        "file_id": str(row.file_id) if row.file_id else None,
    }


async def add(request: Request, held: Held, checks: Checks, idle_timeout: int) -> Append:
    """Add the request's content to the upload. What came before a cut stays, unless it would have to be verified.

    Raises:
        TooLarge: there is more than the upload's length, or than may ever be; nothing was added.
        ChecksumMismatch, DigestMismatch: it is not what was sent; nothing was added.
    """
    append, body = await held.append(checks.hashes), Body(request, idle_timeout)
    try:
        async with held.interruptible():
            await body.pour(append)
        await append.hashed()
        checks.verify()
    except TooLarge:
        await append.discard()
        raise
    except BaseException:
        await (append.discard() if checks else keep_cut(held, append, body))
        raise
    await held.keep(append)
    return append


async def keep_cut(held: Held, append: Append, body: Body) -> None:
    try:
        await body.drain(append)
    except TooLarge:
        return await append.discard()
    except PicassoError:
        pass  # the disk is full: what was written is kept
    return await held.keep(append)
