"""Idempotency-Key (draft-ietf-httpapi-idempotency-key-header): a retry after a lost answer makes no second file.

A key belongs to an upload, also that of a plain request: so it is under way as long as its upload's lock is held, and
one whose request died with its process is free at once.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, closing

from picasso.errors import BadRequest, Gone, KeyInUse, KeyReused, Locked, NotFound
from picasso.models import File, Upload
from picasso.receive.commit import displayed
from picasso.receive.sink import Intake, Unkept, in_writer
from picasso.receive.uploads import Held, KnownKey, Uploads
from picasso.storage import Storage
from picasso.web.body import Body
from picasso.web.request import Request
from picasso.web.resumable import has_content

HEADER = "idempotency-key"
MAX_KEY = 255

READ_SIZE = 2**20

# What a request's head says of what is to be made. A form's own length and boundary are no part of it.
TELLING = (
    "upload-length",
    "upload-defer-length",
    "upload-metadata",
    "upload-concat",
    "upload-complete",
    "upload-incomplete",
    "content-disposition",
    "repr-digest",
)


def mark(row: Upload, request: Request) -> None:
    """Give the row the request's key, if it has one. Raises `BadRequest`."""
    key = request.headers.get(HEADER)
    if key is None:
        return
    if not 0 < len(key) <= MAX_KEY:
        raise BadRequest(f"Idempotency-Key has 1 to {MAX_KEY} characters.")
    row.idempotency_key = hashlib.sha256(key.encode()).hexdigest()
    row.request_fingerprint = request_fingerprint(request)


def request_fingerprint(request: Request) -> str:
    said = [request.method, request.path, request.scope.get("query_string", b"").decode("latin-1")]
    said += [f"{name}: {request.headers[name]}" for name in TELLING if name in request.headers]
    return hashlib.sha256("\n".join(said).encode()).hexdigest()


@asynccontextmanager
async def begun(uploads: Uploads, row: Upload, *, has_content: bool) -> AsyncIterator[Held | Upload]:
    """The upload, begun; or, if its key is known, the one that the first request with it made.

    One whose content was cut is forgotten, and begun anew.

    Raises:
        KeyInUse: the first request is still under way.
        KeyReused: the key was another request's.
    """
    async with AsyncExitStack() as stack:
        yield await begin(stack, uploads, row, has_content)


async def begin(stack: AsyncExitStack, uploads: Uploads, row: Upload, has_content: bool) -> Held | Upload:
    while True:
        try:
            return await stack.enter_async_context(uploads.begin(row))
        except KnownKey as known:
            if known.row.request_fingerprint != row.request_fingerprint:
                raise KeyReused from None
            if known.row.finished or known.row.announced or not has_content:
                return known.row
            await forget_cut(uploads, known.row)


async def forget_cut(uploads: Uploads, row: Upload) -> None:
    try:
        async with uploads.hold(row.pk, disturb=False) as held:
            if not held.row.finished:
                await held.remove()
    except Locked:
        raise KeyInUse from None
    except NotFound:
        pass
    except Gone:
        # It has expired, or its place was lost: only its row is left, and holds the key.
        await uploads.forget(row.pk)


@asynccontextmanager
async def under_key(uploads: Uploads, request: Request) -> AsyncIterator[Held | File | None]:
    """Around a plain request: None if it has no key; the file that the first one made; or the upload of its key."""
    row = Upload(protocol=Upload.Protocol.PLAIN)
    mark(row, request)
    if row.idempotency_key is None:
        yield None
        return
    async with begun(uploads, row, has_content=True) as found:
        if isinstance(found, Upload):
            yield await uploads.file_of(request.principal, found)
        else:
            async with found.only_if_kept():
                yield found
            await in_writer(uploads.storage.uploads.remove, found.pk)


async def require_same_content(
    uploads: Uploads, request: Request, row: Upload, idle_timeout: int, *, whole: bool
) -> None:
    """Where a request that came again brings bytes of a file that is there already: all of them, or its first.

    Raises `KeyReused`.
    """
    if not has_content(request) or not row.finished:
        return
    again = Unkept(uploads.storage, uploads.max_size)
    await Body(request, idle_timeout).pour(again)
    file = await uploads.file_of(request.principal, row)
    if again.size > file.size or (whole and again.size < file.size):
        raise KeyReused
    if again.sha256 != await in_writer(sha256_of, uploads.storage, file, again.size):
        raise KeyReused


def sha256_of(storage: Storage, file: File, size: int) -> str:
    """Of a stored file's first bytes."""
    if size == file.size:
        return file.sha256
    found = hashlib.sha256()
    with closing(storage.files.open(file.key, 0, size)) as stored:
        while data := stored.read(READ_SIZE):
            found.update(data)
    return found.hexdigest()


def require_same(file: File, intake: Intake, name: str, declared_type: str, pipeline: str) -> None:
    """Whether a request that came again brought the same. Raises `KeyReused`."""
    same = (file.sha256, file.name, file.declared_type, file.pipeline)
    if same != (intake.sha256, displayed(name), displayed(declared_type), pipeline):
        raise KeyReused
