"""A request that is overtaken at a bad moment: what it has taken from its client is kept, in its place, and once."""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from picasso.models import new_id
from picasso.receive.append import Append
from picasso.receive.block_pool import BLOCK_SIZE
from picasso.receive.threads import Threads
from picasso.storage.folder import Folder
from picasso.web.body import Body, BodyOptions, WholeBody
from picasso.web.direct_body import DirectBody
from picasso.web.request import Request

FIRST = 300_000  # bytes that came as a chunk, before what is received in place
DATA = random.Random(9).randbytes(FIRST + 3 * BLOCK_SIZE + 4321)


class Owner:
    """The HTTP protocol of a connection on which nothing more comes."""

    remaining = 0
    transport = SimpleNamespace(set_protocol=lambda protocol: None)

    def __getattr__(self, name: str) -> Callable[[], None]:
        return lambda: None


class Sent:
    """A request that brings `DATA`: its start as a chunk, unless it is received in blocks from there on."""

    content_length = len(DATA)
    more_body = True
    recheck = None
    has_arrived = False

    def __init__(self, *, in_blocks: bool) -> None:
        self._waits_for_blocks = not in_blocks
        self._chunks = [DATA[:FIRST]]
        self._has_body = True

    async def receive(self) -> tuple[bytes, bool] | None:
        if self._chunks:
            return self._chunks.pop(), True
        await asyncio.sleep(60)
        return None

    def direct_body(self) -> DirectBody | None:
        if self._waits_for_blocks or not self._has_body:
            self._waits_for_blocks = False
            return None
        rest = DATA[FIRST:] if not self._chunks else DATA
        self._chunks, self._has_body = [], False
        return DirectBody(cast("Any", Owner()), rest)


@pytest.mark.parametrize("where", ["write", "write_block"])
def test_nothing_is_lost_and_nothing_counts_twice(tmp_path: Path, where: str) -> None:
    """Overtaken while it waits for the disk: before the first block is had, and between two."""
    asyncio.run(overtaken(Folder(tmp_path), where))


async def overtaken(storage: Folder, where: str) -> None:
    upload_id = new_id()
    storage.uploads.begin(upload_id).release()
    path = storage.uploads.path(upload_id)
    append = Append(storage, Threads(), upload_id, 0, len(DATA))
    waits, may_go_on = slowed(append.writer, where)
    body = Body(cast("Request", Sent(in_blocks=where == "write_block")), BodyOptions(60))
    receiving = asyncio.create_task(body.receive(WholeBody(append.sink)))
    await asyncio.to_thread(waits.wait, 60)
    await asyncio.sleep(0.05)
    receiving.cancel()
    await asyncio.sleep(0.05)
    may_go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await receiving
    await body.receive_arrived(append.sink)
    await append.keep()
    assert append.size == path.stat().st_size == len(DATA)
    assert path.read_bytes() == DATA


def slowed(writer: object, method: str) -> tuple[threading.Event, threading.Event]:
    """Have the disk wait from there on: the first event says that it does, the second one ends it."""
    waits, may_go_on = threading.Event(), threading.Event()
    quick = getattr(writer, method)

    def slow(*args: Any) -> None:
        waits.set()
        may_go_on.wait(60)
        quick(*args)

    setattr(writer, method, slow)
    return waits, may_go_on
