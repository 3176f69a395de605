"""The upload door: ``POST /api/v1.0/upload/`` with multipart/form-data and the file in its part ``file``."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote

from multipart import (
    MultipartError,
    MultipartSegment,
    PushMultipartParser,
    content_disposition_unquote,
    parse_options_header,
)

from picasso.doors.http import Request
from picasso.errors import (
    InvalidField,
    InvalidUpload,
    MethodNotAllowed,
    TooLarge,
    UnsupportedMediaType,
    UploadTimeout,
)
from picasso.receive.intake import Intake
from picasso.receive.landing import Landing
from picasso.serializers import FileSerializer
from picasso.storage import Folder

# What a form may hold beside its file: part headers, boundaries, and small fields that later versions will know.
MAX_FRAMING = 64 * 2**10
MAX_PARTS = 32

# A parameter of Content-Disposition: its value in quotes as browsers send it, in quotes with escapes, or bare. The
# library's own pattern misses names with a star (RFC 8187) and values that end in a backslash.
PARAMETER = re.compile(
    r""";\s*([\w!#$&+.^`|~*-]+)\s*=\s*("[^"]*"(?=\s*(?:;|$))|"(?:[^"\\]|\\.)*"|[^;\s"]*)""", re.ASCII
)


@dataclass(slots=True)
class Part:
    """The part ``file`` of a form."""

    intake: Intake
    name: str
    declared_type: str


class FormDoor:
    def __init__(self, storage: Folder, landing: Landing, max_size: int, idle_timeout: int) -> None:
        self._storage = storage
        self._landing = landing
        self._max_size = max_size
        self._idle_timeout = idle_timeout

    async def __call__(self, request: Request) -> None:
        if request.method == "OPTIONS":
            return await request.answer(204, headers={"Allow": "OPTIONS, POST"})
        if request.method != "POST":
            raise MethodNotAllowed(["OPTIONS", "POST"])
        base = request.base
        boundary = form_boundary(request)
        self._check_length(request)
        form = Form(boundary, lambda: Intake(self._storage, self._max_size))
        try:
            part = await self._read(request, form)
            await part.intake.finish()
        except BaseException:
            await form.discard()
            raise
        file = await self._landing.land(part.intake, part.name, part.declared_type)
        await request.answer_json(
            201,
            answer_form(base).to_representation(file),
            {"Location": f"{base}/api/v1.0/files/{file.pk}/"},
        )
        return None

    def _check_length(self, request: Request) -> None:
        """Refuse by the head alone what can't end well."""
        if (length := request.content_length) is None:
            return
        if length > self._max_size + MAX_FRAMING:
            raise TooLarge
        self._storage.require_space(length)

    async def _read(self, request: Request, form: Form) -> Part:
        """The whole body. What follows the closing boundary is read and ignored, as RFC 2046 has it."""
        received = 0
        more = True
        while more:
            chunk, more = await self._receive(request)
            received += len(chunk)
            if received > self._max_size + MAX_FRAMING:
                raise TooLarge
            if chunk:
                await form.feed(chunk)
        return form.end()

    async def _receive(self, request: Request) -> tuple[bytes, bool]:
        try:
            async with asyncio.timeout(self._idle_timeout):
                return await request.receive_or_gone()
        except TimeoutError:
            raise UploadTimeout from None


@lru_cache(maxsize=16)
def answer_form(base: str) -> FileSerializer:
    """Making a serializer costs more than using it. Used on the loop's thread only."""
    return FileSerializer(context={"base": base})


class Form:
    """A multipart form while its bytes arrive."""

    def __init__(self, boundary: str, new_intake: Callable[[], Intake]) -> None:
        # Latin-1 takes every byte; `sent_name` finds out what a name's bytes mean.
        self._parser = PushMultipartParser(boundary, header_charset="latin-1", max_segment_count=MAX_PARTS)
        self._new_intake = new_intake
        self._part: Part | None = None
        self._in_file = False
        self._other_bytes = 0

    async def feed(self, chunk: bytes) -> None:
        for event in self._parse(chunk):
            if isinstance(event, MultipartSegment):
                self._begin(event)
            elif event is None:
                self._end_of_part()
            else:
                await self._data(event)

    def end(self) -> Part:
        """The body is over: the part `file`, if the form was whole and had exactly one."""
        try:
            self._parser.close()
        except MultipartError:
            raise InvalidUpload("The form's closing boundary is missing; nothing was stored.") from None
        if self._part is None:
            raise InvalidField("file", "The form has no part `file`.")
        return self._part

    async def discard(self) -> None:
        if self._part:
            await self._part.intake.discard()

    def _parse(self, chunk: bytes) -> Iterator[MultipartSegment | bytes | None]:
        try:
            yield from self._parser.parse(chunk)
        except MultipartError as fault:
            raise InvalidUpload(f"This is not well-formed multipart/form-data: {fault}.") from fault

    def _begin(self, segment: MultipartSegment) -> None:
        self._in_file = segment.name == "file"
        if not self._in_file:
            return
        if self._part:
            raise InvalidField("file", "The form has more than one part `file`; send one file per request.")
        name = sent_name(segment)
        if name is None:
            raise InvalidField("file", "The part `file` has no filename, so it is no file. With curl: -F file=@path")
        self._part = Part(self._new_intake(), name, (segment.content_type or "")[:255])

    async def _data(self, data: bytes) -> None:
        if self._in_file:
            assert self._part is not None
            await self._part.intake.write(data)
            return
        self._other_bytes += len(data)
        if self._other_bytes > MAX_FRAMING:
            raise InvalidUpload("The form's other fields are too large.")

    def _end_of_part(self) -> None:
        if self._in_file and self._part and self._part.intake.size == 0:
            raise InvalidField("file", "The file is empty.")
        self._in_file = False


def form_boundary(request: Request) -> str:
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    if kind != "multipart/form-data":
        raise UnsupportedMediaType
    if not 0 < len(options.get("boundary", "")) <= 70:
        raise InvalidUpload("The Content-Type names no boundary of 1 to 70 characters.")
    return str(options["boundary"])


def sent_name(segment: MultipartSegment) -> str | None:
    """The file name as the client sent it, path parts and all; None if the part has none.

    Browsers send raw UTF-8 with %22 for quotes (WHATWG); others RFC 8187's ``filename*``, or Latin-1.
    """
    parameters = {name.lower(): value for name, value in PARAMETER.findall(segment.header("Content-Disposition"))}
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
