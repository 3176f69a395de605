"""Uploads in one request, forms and raw bodies alike: receive, verify, commit, answer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

from picasso.access.policies import require
from picasso.detection import HEAD
from picasso.errors import KeyReused, TooLarge
from picasso.models import File, Upload
from picasso.policy import Policy, check_size
from picasso.receive.commit import Committer
from picasso.receive.content import NewContent, NewFileOutput, NoOutput
from picasso.receive.hashing import Hash
from picasso.receive.new_file import NewFile, belongs_to
from picasso.receive.screen import Screen
from picasso.receive.sink import Sink
from picasso.receive.token_use import require_unused
from picasso.receive.uploads import KnownKey, Uploads
from picasso.web.body import Body, BodyOptions, BodyParser
from picasso.web.credentials import UNNAMED
from picasso.web.digests import Checks
from picasso.web.file_response import answer_stored
from picasso.web.idempotency import HEADER, create_upload, set_key
from picasso.web.request import Request
from picasso.web.waiting import Waiting
from picasso.web.whole import commit_whole, is_small

# A smaller body costs less than to ask first.
LARGE = 2**20


class Destination(Protocol):
    """What the content of a plain request becomes."""

    def content(self, checks: Sequence[Hash]) -> NewContent: ...

    async def receive(self, body: Body, parser: BodyParser) -> None:
        """As `Body.receive`."""

    @property
    def commit(self) -> Callable[[NewContent, NewFile], Awaitable[File]]: ...


class NewFiles:
    """A new file."""

    def __init__(self, uploads: Uploads, committer: Committer) -> None:
        self._files = uploads.storage.files
        self._max_size = uploads.max_size
        self._threads = uploads.threads
        self.policies = committer.policies
        self.commit: Callable[[NewContent, NewFile], Awaitable[File]] = committer.commit

    def content(self, checks: Sequence[Hash]) -> NewContent:
        return NewContent(NewFileOutput(self._files), self._max_size, self._threads, checks)

    async def receive(self, body: Body, parser: BodyParser) -> None:
        await body.receive(parser)


@dataclass(frozen=True, slots=True)
class KeyedFile:
    """A new file whose key stays with an upload."""

    files: NewFiles
    upload: Upload

    def content(self, checks: Sequence[Hash]) -> NewContent:
        return self.files.content(checks)

    async def receive(self, body: Body, parser: BodyParser) -> None:
        await body.receive(parser)

    async def commit(self, content: NewContent, new: NewFile) -> File:
        return await self.files.commit(content, replace(new, upload_id=self.upload.pk))


@dataclass(frozen=True, slots=True)
class RepeatedFile:
    """The file that the first request with this key made. It must be the same as what is sent now."""

    file: File
    uploads: Uploads

    def content(self, checks: Sequence[Hash]) -> NewContent:
        return NewContent(NoOutput(), self.uploads.max_size, self.uploads.threads, checks)

    async def receive(self, body: Body, parser: BodyParser) -> None:
        await body.receive(parser)

    async def commit(self, content: NewContent, new: NewFile) -> File:
        """Raises `KeyReused`."""
        sha256 = content.sha256
        await content.discard()
        same = (self.file.sha256, self.file.name, self.file.declared_type, self.file.pipeline)
        if same != (sha256, new.name, new.declared_type, new.pipeline):
            raise KeyReused
        return self.file


class SmallFile:
    """A new file whose key is inserted with it; or, if its body takes its time, before."""

    def __init__(self, stack: AsyncExitStack, request: Request, uploads: Uploads, files: NewFiles, row: Upload) -> None:
        """``stack`` is the context of the request."""
        self._stack = stack
        self._request = request
        self._uploads = uploads
        self._files = files
        self._row = row
        self._keyed: Destination | None = None

    def content(self, checks: Sequence[Hash]) -> NewContent:
        return self._files.content(checks)

    async def receive(self, body: Body, parser: BodyParser) -> None:
        """Raises as `create_upload`, too."""
        if not await body.receive_at_once(parser):
            keyed = keyed_file(self._request, self._uploads, self._files, self._row)
            self._keyed = await self._stack.enter_async_context(keyed)
            await body.receive(parser)

    async def commit(self, content: NewContent, new: NewFile) -> File:
        if self._keyed:
            return await self._keyed.commit(content, new)
        try:
            return await commit_whole(self._uploads, self._row, content, new)
        except KnownKey as known:
            file = await self._uploads.file_of(self._request.principal, known.row)
            return await RepeatedFile(file, self._uploads).commit(content, new)


@asynccontextmanager
async def destination_of(request: Request, uploads: Uploads, files: NewFiles) -> AsyncIterator[Destination]:
    """For a plain request with a key. Raises as `create_upload`."""
    row = Upload(**belongs_to(request.principal), protocol=Upload.Protocol.PLAIN)
    set_key(row, request)
    async with AsyncExitStack() as stack:
        if is_small(request):
            yield SmallFile(stack, request, uploads, files, row)
        else:
            yield await stack.enter_async_context(keyed_file(request, uploads, files, row))


@asynccontextmanager
async def keyed_file(request: Request, uploads: Uploads, files: NewFiles, row: Upload) -> AsyncIterator[Destination]:
    """Raises as `create_upload`."""
    async with create_upload(uploads, row, has_content=True) as creation:
        if not creation.lock:
            yield RepeatedFile(await uploads.file_of(request.principal, creation.row), uploads)
            return
        async with creation.lock.deleted_on_failure():
            yield KeyedFile(files, creation.row)
        await uploads.threads.in_writer(uploads.storage.uploads.remove, creation.row.pk)


class FileParser(BodyParser, Protocol):
    """A `BodyParser` that also finds what the client says about the file."""

    @property
    def name(self) -> str:
        """As far as it is known by now; so is ``pipeline``."""

    @property
    def pipeline(self) -> str | None: ...

    def end(self) -> NewFile:
        """The body is over. Raises a `PicassoError` if there was no complete file in it."""


class PlainUploads:
    def __init__(self, uploads: Uploads, committer: Committer, waiting: Waiting, options: BodyOptions) -> None:
        self._uploads = uploads
        self._waiting = waiting
        self._new_files = NewFiles(uploads, committer)
        self._options = options

    def check_length(self, request: Request, framing: int = 0) -> int:
        """Refuse by the head alone what is too large; the limit for a body with ``framing`` bytes around its file."""
        limit, length = self._uploads.max_size + framing, request.content_length
        if length is not None:
            if length > limit:
                raise TooLarge
            if length >= LARGE:
                self._uploads.storage.files.require_space(length)
        return limit

    async def store(
        self,
        request: Request,
        parser_for: Callable[[Sink], FileParser],
        checks: Checks | None,
        hashes: Sequence[Hash] = (),
        limit: int | None = None,
    ) -> None:
        """Store the file in the request's body and answer.

        Args:
            checks: what the body must be.
            hashes: those of the checks that are updated with the file's content, not by the parser.
            limit: the largest body.
        """
        base = request.base
        await self._require_unused(request)
        body = Body(request, self._options, limit)
        store = partial(self._store_in, request=request, size=self._least_size(request, limit))
        if HEADER in request.headers:
            async with destination_of(request, self._uploads, self._new_files) as destination:
                file = await store(destination, body, parser_for, checks, hashes)
        else:
            file = await store(self._new_files, body, parser_for, checks, hashes)
        await answer_stored(request, base, await self._waiting.for_stored(request, file))

    async def _require_unused(self, request: Request) -> None:
        """Before a large body arrives for nothing. A key may be repeated: its upload is asked (`Uploads.create`)."""
        limits = request.principal.limits
        if limits and limits.max_files and (request.content_length or LARGE) >= LARGE and HEADER not in request.headers:
            await self._uploads.locks.database.do(require_unused, limits)

    def _least_size(self, request: Request, limit: int | None) -> int | None:
        """How many bytes the file has at least; None if the head does not tell."""
        framing = limit - self._uploads.max_size if limit else 0
        size = (request.content_length or 0) - framing
        return size if size > 0 else None

    def _screen(self, parser: FileParser, request: Request, size: int | None) -> Screen | None:
        """What looks at the first bytes. Raises `NotAccepted` if the size alone is too large."""

        # What is short has arrived before it could be refused: the commit looks at all files.
        if (request.content_length or LARGE) < HEAD:
            return None
        # A form may still name another sender, whose token has a policy.
        if request.principal.kind not in UNNAMED and self._new_files.policies.accept_all(request.principal):
            return None

        def policy() -> Policy:  # a form may name its sender and its pipeline in fields
            return self._new_files.policies.of_request(request.principal, parser.pipeline)

        screen = Screen(policy, size=size, name=lambda: parser.name)
        require(check_size(policy(), size))
        return screen

    async def _store_in(
        self,
        destination: Destination,
        body: Body,
        parser_for: Callable[[Sink], FileParser],
        checks: Checks | None,
        hashes: Sequence[Hash],
        *,
        request: Request,
        size: int | None,
    ) -> File:
        content = destination.content(hashes)
        try:
            parser = parser_for(content.sink)
            content.sink.screen = self._screen(parser, request, size)
            await destination.receive(body, parser)
            new = parser.end()
            await content.finish()
            if checks:
                checks.verify()
            if request.recheck:
                await request.recheck.before_commit()
        except BaseException:
            await content.discard()
            raise
        finally:
            content.sink.screen = None  # it has the parser, which has the sink: a circle
        return await destination.commit(content, new)
