"""Sends stored bytes as the body of an answer past the transport: the kernel takes them from the file (sendfile).

A gibibyte through Python costs a copy out of the page cache, one into the socket, and a turn of the loop for each
256 KiB. A socket that takes no more is waited for on the loop, so a slow client takes no thread.
"""

from __future__ import annotations

import asyncio
import os
import select
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Protocol, Self, TypeVar

from picasso.storage import FileReader

T = TypeVar("T")

InThread = Callable[..., Awaitable[int]]

# So much at a time, then another download has the thread.
BURST = 8 * 2**20

# A fast client makes room again within this time: less than what two changes between the threads take.
PATIENCE_MS = 2


class Parent(Protocol):
    """The HTTP protocol that has written the head of the answer."""

    transport: asyncio.Transport

    @property
    def stall_seconds(self) -> float:
        """A client that takes nothing for so long is disconnected."""


class Cycle(Protocol):
    """The request that is answered."""

    disconnected: bool
    expected_content_length: int


class DirectAnswer:
    """Use as a context manager: the socket is open once more meanwhile, so that no other connection gets its number."""

    def __init__(self, parent: Parent, cycle: Cycle, socket: int) -> None:
        self._parent = parent
        self._cycle = cycle
        self._socket = os.dup(socket)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._socket)

    async def send(self, file: FileReader, size: int, in_thread: InThread, *, patient: bool = True) -> None:
        """Send the next ``size`` bytes, or as many as the client takes before it is gone.

        Without being ``patient`` no thread waits, not even a moment.

        Raises:
            OSError: the file is shorter.
        """
        await self._wait_until_head_is_sent()
        left, patience = size, PATIENCE_MS if patient else 0
        while left and not self._cycle.disconnected:
            try:
                sent = await to_end(in_thread(push, self._socket, file, min(left, BURST), patience))
            except (BrokenPipeError, ConnectionResetError):
                return self._parent.transport.abort()
            left -= sent
            self._cycle.expected_content_length -= sent
            if not sent:
                await self._wait_until_writable()
        return None

    async def _wait_until_head_is_sent(self) -> None:
        """The protocol itself disconnects clients that do not read it."""
        pause = 0.0
        while self._parent.transport.get_write_buffer_size() and not self._cycle.disconnected:
            await asyncio.sleep(pause)
            pause = min(pause + 0.001, 0.05)

    async def _wait_until_writable(self) -> None:
        loop = asyncio.get_running_loop()
        ready = asyncio.Event()
        loop.add_writer(self._socket, ready.set)
        try:
            async with asyncio.timeout(self._parent.stall_seconds):
                await ready.wait()
        except TimeoutError:
            self._parent.transport.abort()
            self._cycle.disconnected = True
        finally:
            loop.remove_writer(self._socket)


def push(socket: int, file: FileReader, size: int, patience: int) -> int:
    """In a thread: how many bytes the socket took until it is full for ``patience`` milliseconds. Raises `OSError`."""
    room = select.poll()
    room.register(socket, select.POLLOUT)
    sent = 0
    while sent < size:
        try:
            count = file.send_to(socket, size - sent)
        except BlockingIOError:
            if not patience or not room.poll(patience):
                return sent
            continue
        if not count:
            raise OSError("a stored file is shorter than its row says")
        sent += count
    return sent


async def to_end(work: Awaitable[T]) -> T:
    """A cancellation is raised when the work has ended: what it works with can be closed then."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        with suppress(OSError):
            await task
        raise
