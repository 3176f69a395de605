"""A form in any pieces: the same file and the same fields come out of it, received in place or not."""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.live.wire import END, part

from picasso.errors import InvalidField, InvalidUpload, PicassoError, TooLarge
from picasso.receive.sink import BLOCK_SIZE, GATHER, MAX_IN_PLACE, InPlace, Intake
from picasso.storage.folder import Folder
from picasso.storage.folder_files import IncomingWriter
from picasso.web.multipart_form import Form

MIB = 2**20
FIELD = b'form-data; name="pipeline"'
PIPELINES = {"default", "web"}


def form_in(storage: Folder, limit: int = 64 * MIB) -> Form:
    return Form("wall", lambda: Intake(storage, limit), PIPELINES)


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


def pieces(body: bytes, size: int) -> Iterator[bytes]:
    return (body[start : start + size] for start in range(0, len(body), size))


async def taken(form: Form, body: bytes, piece: int, *, in_place: bool, read: int = 0) -> tuple[bytes, str]:
    """The file's content as it was stored, and its hash; each chunk has ``piece`` bytes, each read ``read`` at most."""
    at = 0

    async def receive_into(room: memoryview) -> int:
        nonlocal at
        got = body[at : at + min(read or piece, len(room))]
        if not got:
            raise InvalidUpload("cut")
        room[: len(got)] = got
        at += len(got)
        return len(got)

    try:
        while at < len(body):
            chunk = body[at : at + piece]
            at += len(chunk)
            await form.feed(chunk)
            if in_place and form.fit_for_place(len(body) - at):
                await form.take_in_place(receive_into)
        intake = form.end().intake
        await intake.finish()
        if isinstance(intake.incoming, IncomingWriter):
            content = intake.incoming.path.read_bytes()
        else:
            content = b"".join(intake.let_go())
        assert intake.size == len(content)
        return content, intake.sha256
    finally:
        await form.discard()


@pytest.mark.parametrize("piece", [1, 2, 3, 7, 64, 1000])
def test_a_small_form_in_pieces(tmp_path: Path, piece: int) -> None:
    content = b"\r\n--wal\r" + b"\r\n\r\n" + b"\r\n--walk--\r\n\r\r\n"
    other = part(b"a\r\n\r\nb", b'form-data; name="note"', None)
    body = b"a preamble\r\n\r\n\r\n" + other + pipeline(b"web") + part(content) + other + END + b"an epilogue\r\n\r\n"
    form = form_in(Folder(tmp_path))
    assert asyncio.run(taken(form, body, piece, in_place=True)) == (content, hashlib.sha256(content).hexdigest())
    assert form.pipeline == "web"


@pytest.mark.parametrize("piece", [4095, 65_537, 262_144, MIB + 1, BLOCK_SIZE, 3 * BLOCK_SIZE])
@pytest.mark.parametrize("size", [GATHER + BLOCK_SIZE + 5000, 5 * BLOCK_SIZE, 5 * BLOCK_SIZE + 4096, 11_111_111])
@pytest.mark.parametrize("in_place", [True, False])
def test_a_large_form_in_pieces(tmp_path: Path, piece: int, size: int, *, in_place: bool) -> None:
    storage, content = Folder(tmp_path), tricky(size, piece)
    body = part(content) + pipeline(b"web") + END + b"x" * 5000
    form = form_in(storage)
    got, digest = asyncio.run(taken(form, body, piece, in_place=in_place))
    assert got == content
    assert digest == hashlib.sha256(content).hexdigest()
    assert form.pipeline == "web"
    assert not list(storage.files.incoming.iterdir())
    assert InPlace.under_way == 0


@pytest.mark.parametrize("into_the_end", range(1, 9))
@pytest.mark.parametrize("read", [BLOCK_SIZE, BLOCK_SIZE - 1000])
def test_the_end_lies_across_two_reads(tmp_path: Path, into_the_end: int, read: int) -> None:
    """The first ends within the boundary, and in one case the block with it."""
    first = part(b"")[:-2] + random.Random(3).randbytes(GATHER)
    more = random.Random(4).randbytes(read - into_the_end)
    body = first + more + b"\r\n" + END + b"x" * 1000
    form = form_in(Folder(tmp_path))
    got, _ = asyncio.run(taken(form, body, len(first), in_place=True, read=read))
    assert got == first[-GATHER:] + more


def test_who_is_cut_off_in_place_leaves_nothing(tmp_path: Path) -> None:
    storage = Folder(tmp_path)
    body = part(random.Random(4).randbytes(8 * MIB))[:-2]
    with pytest.raises(InvalidUpload):
        asyncio.run(taken(form_in(storage), body, 100_000, in_place=True))
    assert not list(storage.files.incoming.iterdir())
    assert InPlace.under_way == 0
    assert Intake.held == 0


def test_the_limit_holds_in_place(tmp_path: Path) -> None:
    body = part(random.Random(5).randbytes(12 * MIB)) + END
    with pytest.raises(TooLarge):
        asyncio.run(taken(form_in(Folder(tmp_path), 8 * MIB), body, 300_000, in_place=True))


def test_only_some_are_received_in_place(tmp_path: Path) -> None:
    """Each has two blocks of memory; the others go the usual way, and all arrive."""
    storage = Folder(tmp_path)
    contents = [tricky(6 * MIB + n, n) for n in range(MAX_IN_PLACE + 2)]

    async def all_at_once() -> list[tuple[bytes, str]]:
        bodies = [part(content) + END for content in contents]
        return await asyncio.gather(*(taken(form_in(storage), body, 200_000, in_place=True) for body in bodies))

    assert [content for content, _ in asyncio.run(all_at_once())] == contents
    assert InPlace.under_way == 0


def refused(tmp_path: Path, *parts: bytes) -> PicassoError:
    with pytest.raises(PicassoError) as caught:
        asyncio.run(taken(form_in(Folder(tmp_path)), b"".join(parts) + END, 1000, in_place=False))
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
    form = form_in(Folder(tmp_path))
    asyncio.run(taken(form, b"".join(parts) + END, 1000, in_place=False))
    assert form.pipeline == "default"
