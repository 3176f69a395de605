"""Idempotency-Key (draft-ietf-httpapi-idempotency-key-header): a retry after a lost answer makes no second file.

A key belongs to an upload, for a plain request too: its first request is running as long as its upload is locked, and
if its process dies the key is free at once.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass

from picasso.access.principal import SERVICE
from picasso.errors import BadRequest, Gone, KeyInUse, KeyReused, Locked, NotFound
from picasso.models import File, Upload
from picasso.receive.content import NewContent, NoOutput
from picasso.receive.locked_upload import LockedUpload
from picasso.receive.new_file import belongs_to
from picasso.receive.uploads import KnownKey, Uploads
from picasso.storage import Storage
from picasso.web.body import Body, WholeBody
from picasso.web.request import Request
from picasso.web.resumable import has_content

HEADER = "idempotency-key"
MAX_KEY = 255

READ_SIZE = 2**20

# A repeated request may have a new token.
TOKEN = re.compile(r"(?:^|&)token=[^&]*")

# The headers that describe what is to be created. The length and boundary of a form do not belong to them.
DESCRIBING = (
    "upload-length",
    "upload-defer-length",
    "upload-metadata",
    "upload-concat",
    "upload-complete",
    "upload-incomplete",
    "content-disposition",
    "repr-digest",
    "picasso-tags",
    "picasso-attributes",
    "picasso-webhook-url",
)


def set_key(row: Upload, request: Request) -> None:
    """Give the row, which says who begins it, the request's key, if it has one. Raises `BadRequest`."""
    key = request.headers.get(HEADER)
    if key is None:
        return
    if not 0 < len(key) <= MAX_KEY:
        raise BadRequest(f"Idempotency-Key must have 1 to {MAX_KEY} characters.")
    row.idempotency_key = key_of(row, key)
    row.request_fingerprint = request_fingerprint(request)


async def is_repeated(uploads: Uploads, request: Request) -> bool:
    """Whether an earlier request of the same principal had this request's key. Raises `BadRequest`."""
    row = Upload(**belongs_to(request.principal))
    set_key(row, request)
    return row.idempotency_key is not None and await uploads.knows_key(row.idempotency_key)


def key_of(row: Upload, key: str) -> str:
    """Each principal has its own keys: what another one sent with the same key is not found."""
    return hashlib.sha256("\0".join((str(row.project_id), row.principal, key)).encode()).hexdigest()


def request_fingerprint(request: Request) -> str:
    query = TOKEN.sub("", request.scope.get("query_string", b"").decode("latin-1"))
    lines = [request.method, request.path, query]
    lines += [f"{name}: {request.headers[name]}" for name in DESCRIBING if name in request.headers]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Creation:
    """An upload that a request creates."""

    row: Upload
    lock: LockedUpload | None
    """None if an earlier request with the same key has created it."""


@asynccontextmanager
async def create_upload(uploads: Uploads, row: Upload, *, has_content: bool) -> AsyncIterator[Creation]:
    """Create the upload, locked; or, if its key is known, find the one that the first request created.

    An upload whose first request was cut off is removed and created again.

    Raises:
        KeyInUse: the first request is still running.
        KeyReused: the key was used for another request.
    """
    async with AsyncExitStack() as stack:
        yield await create_or_find(stack, uploads, row, has_content)


async def create_or_find(stack: AsyncExitStack, uploads: Uploads, row: Upload, has_content: bool) -> Creation:
    while True:
        try:
            lock = await stack.enter_async_context(uploads.create(row))
            return Creation(lock.row, lock)
        except KnownKey as known:
            if found := await answered_by(uploads, row, known.row, has_content):
                return Creation(found, None)


async def find_known(uploads: Uploads, row: Upload) -> Upload | None:
    """The upload that has this row's key and answers for it; None if nobody has the key by now. Raises as above."""
    try:
        await uploads.require_new_key(row)
    except KnownKey as known:
        return await answered_by(uploads, row, known.row, has_content=True)
    return None


async def answered_by(uploads: Uploads, row: Upload, known: Upload, has_content: bool) -> Upload | None:
    """The upload with the same key, if its answer is the answer. One that was cut off is removed."""
    require_same_request(row, known)
    if known.finished or known.announced or not has_content:
        return known
    await remove_cut_off(uploads, known)
    return None


def require_same_request(row: Upload, known: Upload) -> None:
    """Raises `KeyReused`."""
    if known.request_fingerprint != row.request_fingerprint:
        raise KeyReused


async def remove_cut_off(uploads: Uploads, row: Upload) -> None:
    try:
        async with uploads.lock(SERVICE, row.pk, take_over=False) as upload:
            if not upload.row.finished:
                await upload.delete()
    except Locked:
        raise KeyInUse from None
    except NotFound:
        pass
    except Gone:
        # It has expired, or its bytes are lost: only its row is left, and has the key.
        await uploads.delete(row.pk)


async def require_same_content(uploads: Uploads, request: Request, row: Upload, body: Body, *, complete: bool) -> None:
    """For a repeated request with content: it must be the start of the stored file, or all of it if ``complete``.

    Raises `KeyReused`.
    """
    if not has_content(request) or not row.finished:
        return
    content = NewContent(NoOutput(), uploads.max_size, uploads.threads)
    try:
        await body.receive(WholeBody(content.sink))
        await content.finish()
    finally:
        await content.discard()
    await require_same(uploads, await uploads.file_of(request.principal, row), content, complete=complete)


async def require_same(uploads: Uploads, file: File, content: NewContent, *, complete: bool) -> None:
    """For content that was received already. Raises `KeyReused`."""
    if content.size > file.size or (complete and content.size < file.size):
        raise KeyReused
    if content.sha256 != await uploads.threads.in_writer(sha256_of, uploads.storage, file, content.size):
        raise KeyReused


def sha256_of(storage: Storage, file: File, size: int) -> str:
    """The hash of a stored file's first bytes."""
    if size == file.size:
        return file.sha256
    found = hashlib.sha256()
    with closing(storage.files.open(file.key, 0, size)) as stored:
        while data := stored.read(READ_SIZE):
            found.update(data)
    return found.hexdigest()
