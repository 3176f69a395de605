"""Our own scan of forms against the parser of a library. For ranges and conditions see `test_conditions`."""

from __future__ import annotations

import asyncio
import io
import tempfile
from pathlib import Path
from typing import cast

from hypothesis import example, given, settings
from hypothesis import strategies as st
from multipart import MultipartError, MultipartParser
from tests.sampling import number
from tests.unit.form_sender import Anybody, AnyPipeline

from picasso.errors import PicassoError
from picasso.receive.content import NewContent, NewFileOutput
from picasso.receive.threads import Threads
from picasso.storage.folder import Folder
from picasso.web.body import Body, BodyOptions
from picasso.web.digests import Checks
from picasso.web.multipart_form import Form
from picasso.web.request import Request

BOUNDARY = "wall"

# Pieces that come close to a delimiter, or to the end of a head, and others.
PIECES = st.sampled_from(
    [*(b"\r\n--wall"[:n] for n in range(1, 8)), b"\r\n\r\n", b"\r", b"--wall", b"--wall--", b"\r\r\n--wal", b"\n", b"x"]
)
CONTENT = st.lists(PIECES | st.binary(max_size=20), max_size=30).map(b"".join)
NAME = st.text("abc ü\u4e2d.", min_size=1, max_size=10)


def part_of(head: str, content: bytes) -> bytes:
    return f"--{BOUNDARY}\r\n{head}\r\n\r\n".encode() + content + b"\r\n"


@st.composite
def forms(draw: st.DrawFn) -> bytes:
    """A form with one file and some fields, in any order; their content may look like boundaries."""
    fields = draw(st.lists(CONTENT, max_size=3))
    parts = [part_of(f'Content-Disposition: form-data; name="note{n}"', text) for n, text in enumerate(fields)]
    head = f'Content-Disposition: form-data; name="file"; filename="{draw(NAME)}"\r\nContent-Type: image/png'
    parts.insert(draw(st.integers(0, len(parts))), part_of(head, draw(CONTENT)))
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


class Chunks:
    """A request whose body arrives in pieces of these sizes."""

    recheck = None
    has_arrived = False

    def __init__(self, body: bytes, sizes: list[int]) -> None:
        self.content_length = len(body)
        self.headers: dict[str, str] = {}
        self._stream = io.BytesIO(body)
        self._sizes = sizes

    async def receive(self) -> tuple[bytes, bool] | None:
        self._sizes = [*self._sizes[1:], self._sizes[0]]
        chunk = self._stream.read(self._sizes[-1])
        return chunk, self._stream.tell() < self.content_length


async def ours(body: bytes, sizes: list[int]) -> tuple[str, bytes] | None:
    """Name and content of the file; None if the form is refused."""
    request = cast("Request", Chunks(body, sizes))
    with tempfile.TemporaryDirectory() as folder:
        content = NewContent(NewFileOutput(Folder(Path(folder)).files), 2**20, Threads())
    form = Form(
        BOUNDARY.encode(), content.sink, pipelines=AnyPipeline({"default"}), checks=Checks(request), sender=Anybody()
    )
    try:
        await Body(request, BodyOptions(60)).receive(form)
        return form.end().name, b"".join(content.sink.chunks)
    except PicassoError:
        return None
    finally:
        await content.discard()


def theirs(body: bytes) -> tuple[str, bytes] | None:
    try:
        (file,) = [part for part in MultipartParser(io.BytesIO(body), BOUNDARY).parts() if part.filename]
    except (MultipartError, ValueError):
        return None
    return (file.filename, file.raw) if file.size else None


@settings(deadline=None, max_examples=number(300, 75))
@given(forms(), st.lists(st.integers(1, 40), min_size=1, max_size=5))
@example(part_of('Content-Disposition: form-data; name="file"; filename="a"', b"\r\n--wal") + b"--wall--\r\n", [1])
def test_a_form_is_read_as_the_library_reads_it(body: bytes, sizes: list[int]) -> None:
    expected = theirs(body)
    assert asyncio.run(ours(body, sizes)) == expected


@settings(deadline=None, max_examples=number(200, 50))
@given(forms(), st.data())
def test_a_form_that_is_cut_off_is_refused_as_the_library_refuses_it(body: bytes, data: st.DataObject) -> None:
    cut = body[: data.draw(st.integers(1, len(body)))]
    assert asyncio.run(ours(cut, [7, 1, 30])) == theirs(cut)
