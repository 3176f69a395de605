"""Uploads in one request, forms and raw bodies alike: receive, verify, commit, answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from picasso.errors import TooLarge
from picasso.models import File
from picasso.receive.commit import Committer
from picasso.receive.hashing import Hash
from picasso.receive.new_file import NewFile
from picasso.receive.sink import Sink
from picasso.receive.uploads import Uploads
from picasso.web.body import Body, BodyOptions, BodyParser
from picasso.web.digests import Checks
from picasso.web.file_response import answer_stored
from picasso.web.idempotency import HEADER, Destination, NewFiles, destination_of
from picasso.web.request import Request


class FileParser(BodyParser, Protocol):
    """A `BodyParser` that also finds what the client says about the file."""

    def end(self) -> NewFile:
        """The body is over. Raises a `PicassoError` if there was no complete file in it."""


class PlainUploads:
    def __init__(self, uploads: Uploads, committer: Committer, options: BodyOptions) -> None:
        self._uploads = uploads
        self._new_files = NewFiles(uploads, committer)
        self._options = options

    def check_length(self, length: int | None, framing: int = 0) -> int:
        """Refuse by the head alone what is too large; the limit for a body with ``framing`` bytes around its file."""
        limit = self._uploads.max_size + framing
        if length is not None:
            if length > limit:
                raise TooLarge
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
        body = Body(request, self._options, limit)
        if HEADER in request.headers:
            async with destination_of(request, self._uploads, self._new_files) as destination:
                file = await self._store_in(destination, body, parser_for, checks, hashes)
        else:
            file = await self._store_in(self._new_files, body, parser_for, checks, hashes)
        await answer_stored(request, base, file)

    async def _store_in(
        self,
        destination: Destination,
        body: Body,
        parser_for: Callable[[Sink], FileParser],
        checks: Checks | None,
        hashes: Sequence[Hash],
    ) -> File:
        content = destination.content(hashes)
        try:
            parser = parser_for(content.sink)
            await body.receive(parser)
            new = parser.end()
            await content.finish()
            if checks:
                checks.verify()
        except BaseException:
            await content.discard()
            raise
        return await destination.commit(content, new)
