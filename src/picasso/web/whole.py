"""Uploads that are whole with their first request, and small.

They are received as plain uploads are: no lock, and no file of their own. Their row, which has their address and their
key, is inserted with the row of the file. What does not come at once becomes an unfinished upload, as all else does:
then its client can be told where it is, and its key is in use.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from picasso.access.policies import require
from picasso.errors import ClientGone, KeyInUse, NotAccepted, TooLarge, UploadTimeout
from picasso.models import File, Upload
from picasso.policy import NO_POLICY, check_size
from picasso.receive.content import NewContent, NewFileOutput
from picasso.receive.hashing import Hash
from picasso.receive.new_file import NewFile, of_upload
from picasso.receive.screen import Screen
from picasso.receive.uploads import KnownKey, Uploads
from picasso.web.body import Body, WholeBody
from picasso.web.idempotency import find_known, require_same
from picasso.web.request import Request

# Of a larger body the service wants to know first whether its key is known, and its client where to continue.
SMALL = 2**20


def is_small(request: Request) -> bool:
    """Whether the body is so short that it is kept in memory until it is whole."""
    return 0 < (request.content_length or 0) <= SMALL


class FirstContent:
    """The content of an upload in its first request."""

    def __init__(self, request: Request, body: Body, content: NewContent, *, is_known: bool = False) -> None:
        """``is_known``: the client knows the upload, so what arrives before a cut counts."""
        self.content = content
        self._is_known = is_known
        self._body = body
        self._request = request

    async def is_whole(self) -> bool:
        """Receive it, if it comes at once. Otherwise the body has again what has come of it.

        Raises as `Body.receive`; then nothing is left of it.
        """
        try:
            if whole := await self._receive():
                await self.content.finish()
        except BaseException:
            await self.content.discard()
            raise
        return whole

    async def _receive(self) -> bool:
        sink = self.content.sink
        try:
            if await self._body.receive_at_once(WholeBody(sink)):
                return True
        except (ClientGone, UploadTimeout):
            if not self._is_known or sink.streams:
                raise
        if sink.streams:  # the memory is full, so it is on the disk already
            await self._body.receive(WholeBody(sink))
            return True
        self._body.put_back(sink.release())
        return False

    async def verify(self, verify: Callable[[], None]) -> None:
        """Before the commit: may it become a file? Raises what ``verify`` raises, and as `Recheck.before_commit`."""
        try:
            verify()
            if self._request.recheck:
                await self._request.recheck.before_commit()
        except BaseException:
            await self.content.discard()
            raise


def screened(request: Request, uploads: Uploads, row: Upload, content: NewContent) -> NewContent:
    """The content, with its first bytes looked at.

    Raises by its size alone `TooLarge`, and `NotAccepted` for what the policy refuses.
    """
    size = request.content_length or 0
    if size > uploads.max_size:
        raise TooLarge
    policy = uploads.committer.policies.of_request(request.principal, row.pipeline)
    require(check_size(policy, size))
    if policy != NO_POLICY:
        content.sink.screen = Screen(lambda: policy, size=size, name=lambda: row.name)
    return content


async def receive_whole(
    request: Request, uploads: Uploads, row: Upload, body: Body, checks: Sequence[Hash]
) -> FirstContent | None:
    """The content of a new upload, if it comes at once. Raises as `screened` and `Body.receive`."""
    content = screened(request, uploads, row, new_content(uploads, request.content_length or 0, checks))
    first = FirstContent(request, body, content)
    return first if await first.is_whole() else None


async def commit_whole(uploads: Uploads, row: Upload, content: NewContent, new: NewFile | None = None) -> File:
    """Make content a file (``new``, or what the row says of it), and ``row`` the row of its upload.

    Raises:
        KnownKey: an earlier request had its Idempotency-Key. Its answer is the answer, if the content is the same.
        KeyInUse, KeyReused: as `picasso.web.idempotency.create_upload`.
        And as `Committer.commit`.
    """
    new, chunks = replace(new or of_upload(row), upload_id=None, whole=row), content.sink.chunks
    while True:
        try:
            file = await uploads.committer.commit(content, new)
        except (KeyInUse, NotAccepted) as fault:
            if row.idempotency_key and (known := await find_known(uploads, row)):
                raise KnownKey(known) from None
            if isinstance(fault, NotAccepted) or not chunks:
                raise
        else:
            row.finished_at = datetime.now(UTC)
            return file
        # Who had the key was cut off, or is over.
        content = await again(uploads, chunks)


async def again(uploads: Uploads, chunks: Sequence[bytes]) -> NewContent:
    content = new_content(uploads, sum(map(len, chunks)))
    try:
        for chunk in chunks:
            await content.sink.write(chunk)
        await content.finish()
    except BaseException:
        await content.discard()
        raise
    return content


def new_content(uploads: Uploads, limit: int, checks: Sequence[Hash] = ()) -> NewContent:
    return NewContent(NewFileOutput(uploads.storage.files), limit, uploads.threads, checks)


async def require_same_as_known(uploads: Uploads, request: Request, known: Upload, content: NewContent) -> None:
    """Raises `KeyReused`."""
    if known.finished:
        await require_same(uploads, await uploads.file_of(request.principal, known), content, complete=True)
