"""A form in any pieces: the same file and the same fields come out of it, received directly or not."""

from __future__ import annotations

import asyncio
import hashlib
import random
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import cast

import pytest
from tests.live.wire import END, part
from tests.sampling import sample
from tests.unit.form_sender import Anybody, AnyPipeline

from picasso.errors import ClientGone, InvalidField, InvalidUpload, PicassoError, TooLarge
from picasso.receive.block_pool import BLOCK_SIZE, MAX_UPLOADS
from picasso.receive.content import NewContent, NewFileOutput
from picasso.receive.new_file import NewFile
from picasso.receive.sink import GATHER
from picasso.receive.threads import Threads
from picasso.storage.folder import Folder
from picasso.storage.folder_files import IncomingWriter
from picasso.web.body import Body, BodyOptions
from picasso.web.digests import Checks
from picasso.web.multipart_form import Form
from picasso.web.request import Request

MIB = 2**20
FIELD = b'form-data; name="pipeline"'
THREADS = Threads()

PIPELINES = AnyPipeline({"default", "web"})


class Sent:
    """A request that brings ``body``: in chunks of ``piece`` bytes, or directly, ``read`` bytes at a time."""

    more_body = True
    gone = False
    filled = 0
    recheck = None
    has_arrived = False

    def __init__(self, body: bytes, piece: int, read: int, *, direct: bool, cut: int = 0, slow: bool = False) -> None:
        self.content_length = len(body)
        self.headers: dict[str, str] = {}
        self.has_buffered = not slow
        self._body = body[: len(body) - cut]
        self._at = 0
        self._piece = piece
        self._read = read
        self._direct = direct

    async def receive(self) -> tuple[bytes, bool] | None:
        chunk = self._take(self._piece)
        return (chunk, self.remaining > 0) if chunk else None

    def direct_body(self) -> Sent | None:
        return self if self._direct and self.remaining else None

    # As a `DirectBody`

    @property
    def remaining(self) -> int:
        return self.content_length - self._at

    def __enter__(self) -> None: ...
    def __exit__(self, *_: object) -> None: ...
    def take_buffered(self) -> bytes:
        return b""

    async def receive_into(self, room: memoryview, patience: float, *, wait: bool) -> int:
        got = self._take(min(self._read, len(room)))
        room[: len(got)] = got
        self.filled, self.gone = len(got), not got
        return len(got)

    def _take(self, size: int) -> bytes:
        got = self._body[self._at : self._at + size]
        self._at += len(got)
        return got


@dataclass
class Parsed:
    content: bytes
    sha256: str
    new: NewFile


async def parsed(
    storage: Folder,
    body: bytes,
    piece: int = 1000,
    *,
    direct: bool = False,
    read: int = 0,
    cut: int = 0,
    slow: bool = False,
    limit: int = 64 * MIB,
    options: BodyOptions | None = None,
) -> Parsed:
    """What a form is found to hold; ``read`` bytes arrive at a time when it is received directly."""
    request = cast("Request", Sent(body, piece, read or piece, direct=direct, cut=cut, slow=slow))
    shared, options = options is not None, options or BodyOptions(60)
    output = NewFileOutput(storage.files)
    content = NewContent(output, limit, THREADS)
    form = Form(b"wall", content.sink, pipelines=PIPELINES, checks=Checks(request), sender=Anybody())
    try:
        await Body(request, options).receive(form)
        new = form.end()
        await content.finish()
        data = b"".join(content.sink.chunks)
        if isinstance(output.writer, IncomingWriter):
            data = output.writer.path.read_bytes()
        assert content.size == len(data)
        return Parsed(data, content.sha256, new)
    finally:
        await content.discard()
        assert options.pool.uploads == 0 or shared


def pipeline(name: bytes) -> bytes:
    return part(name, FIELD, None)


def tricky(size: int, seed: int = 0) -> bytes:
    """Noise with beginnings of the boundary strewn over it, also where blocks and buffers end."""
    noise = bytearray(random.Random(seed).randbytes(size))
    lures = [b"\r\n--wal", b"\r\n--", b"\r", b"\r\n\r\n", b"--wall", b"\r\r\n--wal\n"]
    for n, edge in enumerate(range(0, size, 65_536)):
        lure = lures[n % len(lures)]
        noise[max(edge - n % 9, 0) : max(edge - n % 9, 0) + len(lure)] = lure
    return bytes(noise[:size]).replace(b"\r\n--wall", b"\r\n--walk")


@pytest.mark.parametrize("piece", [1, 2, 3, 7, 64, 1000])
@pytest.mark.parametrize("padding", [b"", b" \t "])
def test_a_small_form_in_pieces(tmp_path: Path, piece: int, padding: bytes) -> None:
    content = b"\r\n--wal\r" + b"\r\n\r\n" + b"\r\n--walk--\r\n\r\r\n"
    other = part(b"a\r\n\r\nb", b'form-data; name="note"', None)
    body = b"a preamble\r\n\r\n\r\n" + other + pipeline(b"web") + part(content) + other + END + b"an epilogue\r\n\r\n"
    body = body.replace(b"--wall\r\n", b"--wall" + padding + b"\r\n")
    got = asyncio.run(parsed(Folder(tmp_path), body, piece, direct=True))
    assert (got.content, got.sha256) == (content, hashlib.sha256(content).hexdigest())
    assert got.new.pipeline == "web"


WAYS = ["in chunks", "directly", "slowly"]
PIECES = [4095, 65_537, 262_144, MIB + 1, BLOCK_SIZE, 3 * BLOCK_SIZE]
SIZES = [GATHER + BLOCK_SIZE + 5000, 5 * BLOCK_SIZE, 5 * BLOCK_SIZE + 4096, 11_111_111]
CASES: list[tuple[str, int, int]] = sample(product(WAYS, PIECES, SIZES), lambda case: case[0], 1 / 12)


@pytest.mark.parametrize(("way", "piece", "size"), CASES)
def test_a_large_form_in_pieces(tmp_path: Path, piece: int, size: int, way: str) -> None:
    storage, content = Folder(tmp_path), tricky(size, piece)
    body = part(content) + pipeline(b"web") + END + b"x" * 5000
    got = asyncio.run(parsed(storage, body, piece, direct=way != "in chunks", slow=way == "slowly"))
    assert got.content == content
    assert got.sha256 == hashlib.sha256(content).hexdigest()
    assert got.new.pipeline == "web"
    assert not list(storage.files.incoming.iterdir())


READS: list[tuple[bool, int, int]] = sample(
    product([True, False], [BLOCK_SIZE, BLOCK_SIZE - 1000], range(1, 9)), lambda case: case[:2], 1 / 4
)


@pytest.mark.parametrize(("slow", "read", "into_the_end"), READS)
def test_the_end_lies_across_two_reads(tmp_path: Path, into_the_end: int, read: int, *, slow: bool) -> None:
    """The first ends within the boundary, and in one case the block with it."""
    first = part(b"")[:-2] + random.Random(3).randbytes(GATHER)
    more = random.Random(4).randbytes(read - into_the_end)
    body = first + more + b"\r\n" + END + b"x" * 1000
    got = asyncio.run(parsed(Folder(tmp_path), body, len(first), direct=True, read=read, slow=slow))
    assert got.content == first[-GATHER:] + more


def test_an_upload_that_is_cut_off_leaves_nothing(tmp_path: Path) -> None:
    storage = Folder(tmp_path)
    body = part(random.Random(4).randbytes(8 * MIB)) + END
    with pytest.raises(ClientGone):
        asyncio.run(parsed(storage, body, 100_000, direct=True, cut=100))
    assert not list(storage.files.incoming.iterdir())
    assert THREADS.memory.size == 0


def test_a_form_that_does_not_end_leaves_nothing(tmp_path: Path) -> None:
    storage = Folder(tmp_path)
    with pytest.raises(InvalidUpload):
        asyncio.run(parsed(storage, part(random.Random(4).randbytes(8 * MIB))[:-2], 100_000, direct=True))
    assert not list(storage.files.incoming.iterdir())
    assert THREADS.memory.size == 0


def test_the_limit_holds_for_direct_bodies(tmp_path: Path) -> None:
    body = part(random.Random(5).randbytes(12 * MIB)) + END
    with pytest.raises(TooLarge):
        asyncio.run(parsed(Folder(tmp_path), body, 300_000, direct=True, limit=8 * MIB))


def test_only_some_are_received_directly(tmp_path: Path) -> None:
    """Each has two blocks of memory. The others are received in chunks, and all arrive."""
    storage, options = Folder(tmp_path), BodyOptions(60)
    contents = [tricky(6 * MIB + n, n) for n in range(MAX_UPLOADS + 2)]

    async def all_at_once() -> list[Parsed]:
        bodies = [part(content) + END for content in contents]
        return await asyncio.gather(*(parsed(storage, body, 200_000, direct=True, options=options) for body in bodies))

    assert [got.content for got in asyncio.run(all_at_once())] == contents
    assert options.pool.uploads == 0


def refused(tmp_path: Path, *parts: bytes) -> PicassoError:
    with pytest.raises(PicassoError) as caught:
        asyncio.run(parsed(Folder(tmp_path), b"".join(parts) + END))
    return caught.value


@pytest.mark.parametrize("name", [b"nowhere", b"DEFAULT", b"d\xe9fault", b"\xff\x00", b"x" * 65, b"default "])
def test_a_pipeline_that_is_not_there(tmp_path: Path, name: bytes) -> None:
    for parts in ((pipeline(name), part()), (part(), pipeline(name))):
        fault = refused(tmp_path, *parts)
        assert isinstance(fault, InvalidField)
        assert [error["field"] for error in fault.problem()["errors"]] == ["pipeline"]


def test_two_pipelines(tmp_path: Path) -> None:
    assert isinstance(refused(tmp_path, pipeline(b"web"), part(), pipeline(b"web")), InvalidField)


@pytest.mark.parametrize("parts", [(part(),), (part(), pipeline(b"")), (pipeline(b"default"), part())])
def test_the_default_pipeline(tmp_path: Path, parts: tuple[bytes, ...]) -> None:
    assert asyncio.run(parsed(Folder(tmp_path), b"".join(parts) + END)).new.pipeline == "default"
