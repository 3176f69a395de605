"""A multipart form while its bytes arrive: one file, and the few fields that say what is to become of it."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import unquote

from multipart import MultipartError, MultipartSegment, PushMultipartParser, content_disposition_unquote

from picasso.errors import InvalidField, InvalidUpload
from picasso.receive.sink import BLOCK_SIZE, InPlace, Intake

# What a form may hold beside its file: part headers, boundaries, and small fields that later versions will know.
MAX_FRAMING = 64 * 2**10
MAX_PARTS = 32

UNFINISHED = "The form's closing boundary is missing; nothing was stored."

END_OF_HEAD = b"\r\n\r\n"

# A parameter of Content-Disposition: its value in quotes as browsers send it, in quotes with escapes, or bare. The
# library's own pattern misses names with a star (RFC 8187) and values that end in a backslash.
PARAMETER = re.compile(
    r""";\s*([\w!#$&+.^`|~*-]+)\s*=\s*("[^"]*"(?=\s*(?:;|$))|"(?:[^"\\]|\\.)*"|[^;\s"]*)""", re.ASCII
)

ReceiveInto = Callable[[memoryview], Awaitable[int]]
"""Puts the body's next bytes there and returns how many; raises when there will be none."""


class Names(Protocol):
    """Those of the pipelines that there are."""

    def __contains__(self, name: str, /) -> bool: ...


@dataclass(slots=True)
class Part:
    """The part ``file`` of a form."""

    intake: Intake
    name: str
    declared_type: str


class Form:
    """The file's content goes straight to its intake; all else to the parser, which so never holds any of it back."""

    def __init__(self, boundary: str, new_intake: Callable[[], Intake], pipelines: Names) -> None:
        # Latin-1 takes every byte; `sent_name` finds out what a name's bytes mean.
        self._parser = PushMultipartParser(boundary, header_charset="latin-1", max_segment_count=MAX_PARTS)
        self._delimiter = b"\r\n--" + self._parser.boundary
        self._new_intake = new_intake
        self._pipelines = pipelines
        self._pipeline: bytes | None = None
        self._part: Part | None = None
        self._segment: MultipartSegment | None = None
        self._in_file = False
        self._held = b""
        """What may be the beginning of something that the next chunk ends."""
        self._other_bytes = 0

    @property
    def pipeline(self) -> str:
        return (self._pipeline or b"default").decode(errors="replace")

    async def feed(self, chunk: bytes) -> None:
        data, self._held = self._held + chunk, b""
        while data:
            data = await self._content(data) if self._in_file else self._framing(data)

    def end(self) -> Part:
        """The body is over: the part `file`, if the form was whole and had exactly one."""
        try:
            self._parse(self._held)
            self._parser.close()
        except MultipartError:
            raise InvalidUpload(UNFINISHED) from None
        if self._part is None:
            raise InvalidField("file", "The form has no part `file`.")
        return self._part

    async def discard(self) -> None:
        if self._part:
            await self._part.intake.discard()

    # The file's content

    async def _content(self, data: bytes) -> bytes:
        """What is left of ``data`` after the file's content."""
        assert self._part is not None
        end = data.find(self._delimiter)
        if end < 0:
            end = len(data) - begun(data, self._delimiter)
            data, self._held = data[:end], data[end:]
        else:
            self._in_file = False
        if end:
            await self._part.intake.write(data[:end])
        return data[end:]

    def fit_for_place(self, left: int) -> bool:
        """Whether the next ``left`` bytes of the body are better received by `take_in_place`."""
        large = self._in_file and self._part is not None and self._part.intake.outgrew_memory
        return large and left >= BLOCK_SIZE and InPlace.room()

    async def take_in_place(self, receive_into: ReceiveInto) -> None:
        """Receive the file's content up to its end."""
        assert self._part is not None
        overlap = len(self._delimiter) - 1
        async with InPlace(self._part.intake) as place:
            place.block.append(self._held)
            self._held, end = b"", -1
            while end < 0:
                if not place.block.room:
                    await place.turn(overlap)
                searched = max(place.block.end - overlap, 0)
                place.block.end += await receive_into(place.block.room)
                end = place.block.find(self._delimiter, searched)
            rest = await place.end(end)
        self._in_file = False
        await self.feed(rest)

    # All else

    def _framing(self, data: bytes) -> bytes:
        """What is left of ``data`` after its first empty line, with which the file's head may have ended."""
        end = data.find(END_OF_HEAD) + len(END_OF_HEAD)
        if end < len(END_OF_HEAD):
            end = max(len(data) - len(END_OF_HEAD) + 1, 0)
            data, self._held = data[:end], data[end:]
        self._parse(data[:end])
        return data[end:]

    def _parse(self, data: bytes) -> None:
        if not data:
            return  # to the parser it would be the end
        try:
            for event in self._parser.parse(data):
                if isinstance(event, MultipartSegment):
                    self._begin(event)
                elif event is None:
                    self._end_of_part()
                else:
                    self._field(event)
        except MultipartError as fault:
            raise InvalidUpload(f"This is not well-formed multipart/form-data: {fault}.") from fault

    def _begin(self, segment: MultipartSegment) -> None:
        self._segment = segment
        if segment.name == "file":
            self._begin_file(segment)
        elif segment.name == "pipeline":
            if self._pipeline is not None:
                raise InvalidField("pipeline", "The form names more than one pipeline.")
            self._pipeline = b""

    def _begin_file(self, segment: MultipartSegment) -> None:
        if self._part:
            raise InvalidField("file", "The form has more than one part `file`; send one file per request.")
        name = sent_name(segment)
        if name is None:
            raise InvalidField("file", "The part `file` has no filename, so it is no file. With curl: -F file=@path")
        self._part = Part(self._new_intake(), name, (segment.content_type or "")[:255])
        self._in_file = True

    def _field(self, data: bytes) -> None:
        self._other_bytes += len(data)
        if self._other_bytes > MAX_FRAMING:
            raise InvalidUpload("The form's other fields are too large.")
        if self._pipeline is not None and self._segment and self._segment.name == "pipeline":
            self._pipeline += data

    def _end_of_part(self) -> None:
        name = self._segment and self._segment.name
        if name == "file" and self._part and self._part.intake.size == 0:
            raise InvalidField("file", "The file is empty.")
        if name == "pipeline" and self.pipeline not in self._pipelines:
            raise InvalidField("pipeline", "There is no pipeline of this name.")


def begun(data: bytes, delimiter: bytes) -> int:
    """How many bytes at the end of ``data``, which holds no whole one, may be the beginning of a delimiter."""
    start = data.rfind(delimiter[:1], max(len(data) - len(delimiter) + 1, 0))
    return len(data) - start if start >= 0 and delimiter.startswith(data[start:]) else 0


def sent_name(segment: MultipartSegment) -> str | None:
    """The file name as the client sent it, path parts and all; None if the part has none."""
    return name_in(segment.header("Content-Disposition"))


def name_in(disposition: str) -> str | None:
    """The file name of a Content-Disposition that was read as Latin-1; None if it has none.

    Browsers send raw UTF-8 with %22 for quotes (WHATWG); others RFC 8187's ``filename*``, or Latin-1.
    """
    parameters = {name.lower(): value for name, value in PARAMETER.findall(disposition)}
    charset, _, encoded = parameters.get("filename*", "").partition("'")
    if charset.lower() in {"utf-8", "iso-8859-1"}:
        with suppress(UnicodeDecodeError):
            return unquote(encoded.partition("'")[2], encoding=charset, errors="strict")
    if "filename" not in parameters:
        return None
    # Without its flag for file names, which would cut the path parts off: a name is shown as sent.
    name = str(content_disposition_unquote(parameters["filename"]))
    with suppress(UnicodeError):
        return name.encode("latin-1").decode()
    return name
