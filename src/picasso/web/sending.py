"""Sends the bytes of stored files, whole or in parts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from picasso.errors import NotFound
from picasso.pools import stop_pool
from picasso.storage import FileReader, FileStore
from picasso.web.ranges import Span
from picasso.web.request import Request

T = TypeVar("T")

THREADS = 4

# Each download has one chunk in memory; while there are many, the chunks are smaller.
CHUNK = 256 * 2**10
SMALL_CHUNK = 64 * 2**10
MANY = 64

Pieces = Sequence[bytes | Span]
"""A body: bytes as they are, and parts of a file."""


class Sender:
    def __init__(self, files: FileStore) -> None:
        self._files = files
        self._readers = ThreadPoolExecutor(THREADS, thread_name_prefix="download")
        self._sending = 0
        """How many downloads are being sent."""

    def stop(self) -> None:
        """A read that hangs is not waited for."""
        stop_pool(self._readers, THREADS)

    async def in_thread(self, call: Callable[..., T], *args: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._readers, call, *args)

    async def send(self, request: Request, key: str, status: int, headers: Mapping[str, str], pieces: Pieces) -> None:
        """Answer with these pieces of the file ``key``. Raises `NotFound` before it answers."""
        spans = (piece for piece in pieces if isinstance(piece, Span))
        first = next(spans)
        file, start = await self.in_thread(self._open, key, first)
        if len(pieces) == 1 and len(start) == first.size:
            file.close()
            await request.start(status, headers)
            await request.body(start)
            return
        with self._counted():
            try:
                await request.start(status, headers)
                async with request.watch_connection():
                    for piece in pieces:
                        if isinstance(piece, bytes):
                            await request.body(piece, more=True)
                            continue
                        await self._send_span(request, file, piece, start)
                        file.close()
                        if span := next(spans, None):
                            file, start = await self.in_thread(self._open, key, span)
                    await request.body(b"")
            finally:
                file.close()

    def _open(self, key: str, span: Span) -> tuple[FileReader, bytes]:
        """With its bytes if they are few, for which no thread is asked once more."""
        try:
            file = self._files.open(key, span.start, span.stop)
        except FileNotFoundError:
            raise NotFound from None
        try:
            return file, file.read(span.size) if span.size <= SMALL_CHUNK else b""
        except BaseException:
            file.close()
            raise

    async def _send_span(self, request: Request, file: FileReader, span: Span, start: bytes) -> None:
        """Takes no thread while a slow client is waited for. The server disconnects clients that never read."""
        left = span.size - len(start)
        if start:
            await request.body(start, more=True)
        elif direct := request.direct_answer():
            with direct:
                return await direct.send(file, left, self.in_thread, patient=self._sending <= MANY)
        while left and not request.gone:
            chunk = await self.in_thread(file.read, CHUNK if self._sending <= MANY else SMALL_CHUNK)
            if not chunk:
                raise OSError("a stored file is shorter than its row says")
            left -= len(chunk)
            await request.body(chunk, more=True)
        return None

    @contextmanager
    def _counted(self) -> Iterator[None]:
        self._sending += 1
        try:
            yield
        finally:
            self._sending -= 1
