"""Parses a multipart form while its bytes arrive: one file, and a few fields about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from multipart import MultipartError, MultipartSegment, PushMultipartParser

from picasso.access.principal import Principal, Scope
from picasso.errors import EmptyFile, InvalidField, InvalidUpload, Unauthorized, UnsupportedContentEncoding
from picasso.receive.content_disposition import name_in
from picasso.receive.new_file import NewFile, new_file
from picasso.receive.sink import Sink
from picasso.receive.terms import PipelineRules, Terms, decide
from picasso.storage.blocks import Block
from picasso.web.digests import Checks
from picasso.web.direct_body import PATIENCE_SECONDS
from picasso.web.upload_metadata import NOTHING, WISHES, refuse_misspelt, unreadable, wishes_in

# What a form may have besides its file: part headers, boundaries, and small fields.
MAX_FRAMING = 64 * 2**10
MAX_PARTS = 100
MAX_HEADERS = 32
MAX_TYPE = 255

# Values of Content-Transfer-Encoding under which the bytes are sent as they are (RFC 2045 §6.2).
UNCHANGED = {"", "7bit", "8bit", "binary"}

UNFINISHED = "The form's closing boundary is missing; nothing was stored."

END_OF_HEAD = b"\r\n\r\n"

TOKEN = "token"  # noqa: S105 - the name of a field
NO_CREDENTIAL = (
    "This needs a key or a token: `Authorization: Bearer …`, or a form field `token`, which must come before the file."
)
FIELDS = WISHES | {TOKEN}
"""The fields that count, beside the file."""


class Sender(Protocol):
    """On whose behalf a form is sent. A field of the form may say it."""

    @property
    def principal(self) -> Principal: ...

    async def identify(self, token: str) -> None:
        """Raises `Unauthorized`."""


@dataclass(frozen=True, slots=True)
class Delimiter:
    """The `End` of content in a form: ``CR LF - - boundary``."""

    text: bytes

    @property
    def overlap(self) -> int:
        return len(self.text) - 1

    def find(self, block: Block, start: int) -> int:
        return block.find(self.text, start)


class Padding:
    """Spaces and tabs behind a delimiter, which RFC 2046 §5.1.1 allows and the library's parser refuses.

    Without regular expressions: each form has another boundary, and to compile one costs more than to parse the form.
    """

    LIMIT = 256

    def __init__(self, delimiter: bytes) -> None:
        self._delimiter = delimiter
        self._spaced, self._tabbed = delimiter + b" ", delimiter + b"\t"

    def remove(self, data: bytes) -> bytes:
        if self._spaced not in data and self._tabbed not in data:
            return data
        first, *others = data.split(self._delimiter)
        return self._delimiter.join([first, *map(without_padding, others)])

    def unfinished(self, data: bytes) -> int:
        """How many bytes at the end of ``data`` may be the start of a padded delimiter."""
        before, delimiter, behind = data.rpartition(self._delimiter)
        if delimiter and len(behind) <= self.LIMIT and not behind.removesuffix(b"\r").strip(b" \t"):
            return len(data) - len(before)
        return partial_match(data, self._delimiter)


class Form:
    """A `BodyParser` for forms with one file.

    The file's content goes straight to the sink. Everything else goes to the library's parser, which so never keeps
    any of the content back.
    """

    patience = PATIENCE_SECONDS

    def __init__(
        self,
        boundary: bytes,
        sink: Sink,
        *,
        pipelines: PipelineRules,
        checks: Checks | None,
        sender: Sender,
        outside: Mapping[str, str] = NOTHING,
    ) -> None:
        """``checks`` are updated with the whole form. ``outside`` has wishes that the URL and the header name."""
        self._outside = outside
        # Latin-1 accepts every byte; `name_in` finds out what the bytes of a name mean.
        self._parser = PushMultipartParser(
            boundary, header_charset="latin-1", max_segment_count=MAX_PARTS, max_header_count=MAX_HEADERS
        )
        self._delimiter = Delimiter(b"\r\n--" + boundary)
        self._padding = Padding(self._delimiter.text)
        self.sink = sink
        self._pipelines = pipelines
        self._checks = checks
        self._sender = sender
        self._fields: dict[str, bytes] = {}
        self._token: str | None = None
        """Of a field that was just read."""
        self._may_write = False
        self._decided: Terms | None = None
        """What the sender and the fields so far ask for."""
        self._file: MultipartSegment | None = None
        self._name = ""
        self._segment: MultipartSegment | None = None
        self._in_file = False
        # The first delimiter may lack its line break.
        self._held = b"\r\n"
        """What may be the start of something that the next chunk ends."""
        self._other_bytes = 0

    @property
    def name(self) -> str:
        """Of the file, once its part has begun."""
        return self._name

    @property
    def pipeline(self) -> str | None:
        """None as long as no field names one: the field may follow the file."""
        limits = self._sender.principal.limits
        forced = limits.pipeline if limits else None
        named = self._fields.get("pipeline", b"").decode(errors="replace") or self._outside.get("pipeline")
        return forced or named or None

    async def feed(self, chunk: bytes) -> None:
        if self._checks:
            self._checks.update(chunk)
        data, self._held = self._held + chunk, b""
        while data:
            data = await self._content(data) if self._in_file else self._framing(data)
            if not self._may_write:
                await self._check_sender()

    async def _check_sender(self) -> None:
        """Before the first byte of the file. Raises `Unauthorized`, `Forbidden`."""
        if self._token is not None:
            token, self._token, self._decided = self._token, None, None
            await self._sender.identify(token)
        if self._in_file:
            if self._sender.principal.kind == "anonymous":
                raise Unauthorized(NO_CREDENTIAL)
            self._sender.principal.require(Scope.FILES_WRITE)
            self._terms()
            self._may_write = True

    def _terms(self) -> Terms:
        """As far as the fields so far say. Empty fields say nothing."""
        if self._decided is None:
            self._decided = self._decide()
        return self._decided

    def _decide(self) -> Terms:
        texts = {name: value.decode(errors=unreadable(name)) for name, value in self._fields.items() if value}
        if twice := texts.keys() & self._outside.keys():
            name = min(twice)
            raise InvalidField(name, f"{name} is in the form, and in the URL or a header field.")
        return decide(self._sender.principal, wishes_in({**self._outside, **texts}), self._pipelines)

    def end(self) -> NewFile:
        """The body is over. Raises `InvalidUpload` if the form is not complete, `InvalidField` without a file."""
        try:
            self._parse(self._held)
            self._parser.close()
        except MultipartError as fault:
            fault.with_traceback(None)  # as in `_parse`
            raise InvalidUpload(UNFINISHED) from None
        if self._file is None:
            raise InvalidField("file", "The form has no part `file`.")
        declared_type = (self._file.content_type or "")[:MAX_TYPE]
        return new_file(self._name, declared_type, self._terms())

    # The file's content

    async def _content(self, data: bytes) -> bytes:
        """Returns what is left of ``data`` after the file's content."""
        delimiter = self._delimiter.text
        end = data.find(delimiter)
        if end < 0:
            end = len(data) - partial_match(data, delimiter)
            data, self._held = data[:end], data[end:]
        else:
            self._in_file = False
        if end:
            await self.sink.write(data[:end])
        if not self._in_file:
            self._end_content()
        return data[end:]

    def _end_content(self) -> None:
        """Raises `InvalidUpload` if the file's part has another Content-Length."""
        if not self._file:
            return
        length = self._file.header("Content-Length")
        if length is not None and int(length) != self.sink.size:
            raise InvalidUpload("The part `file` does not have its Content-Length; nothing was stored.")
        # The parser compares them too, but has not seen the content.
        self._file.bytes_received = self.sink.size

    def content_end(self) -> Delimiter | None:
        # The checks are for the whole form, which is not seen when content is received directly.
        return self._delimiter if self._in_file and not self._checks else None

    def take_held(self) -> bytes:
        held, self._held = self._held, b""
        return held

    async def resume(self, rest: bytes, *, ended: bool) -> None:
        self._in_file = not ended
        if ended:
            self._end_content()
        await self.feed(rest)

    # Everything else

    def _framing(self, data: bytes) -> bytes:
        """Returns what is left of ``data`` after its first empty line, which may end the head of the file's part."""
        end = data.find(END_OF_HEAD) + len(END_OF_HEAD)
        if end < len(END_OF_HEAD):
            data = self._padding.remove(data)
            held = max(len(END_OF_HEAD) - 1, self._padding.unfinished(data))
            end = max(len(data) - held, 0)
            data, self._held = data[:end], data[end:]
        self._parse(self._padding.remove(data[:end]))
        return data[end:]

    def _parse(self, data: bytes) -> None:
        if not data:
            return  # the parser would take it for the end
        try:
            for event in self._parser.parse(data):
                if isinstance(event, MultipartSegment):
                    self._begin(event)
                elif event is None:
                    self._end_of_part()
                else:
                    self._field(event)
        except MultipartError as fault:
            # The parser keeps its error, whose frames have the parser: a circle, with the bytes that arrived.
            fault.with_traceback(None)
            raise InvalidUpload(f"This is not well-formed multipart/form-data: {fault}.") from fault

    def _begin(self, segment: MultipartSegment) -> None:
        self._segment = segment
        if segment.name == "file" or segment.name in FIELDS:
            require_plain(segment)
        if segment.name == "file":
            self._begin_file(segment)
        elif segment.name in FIELDS:
            self._begin_field(segment.name)
        else:
            refuse_misspelt(segment.name or "")

    def _begin_field(self, name: str) -> None:
        self._decided = None
        if name == "tags" and name in self._fields:
            self._fields[name] += b","
            return
        if name in self._fields:
            raise InvalidField(name, f"The form has more than one {name}.")
        if name == TOKEN and self._file:
            raise InvalidField(name, "The field token must come before the file.")
        self._fields[name] = b""

    def _begin_file(self, segment: MultipartSegment) -> None:
        if self._file:
            raise InvalidField("file", "The form has more than one part `file`; send one file per request.")
        name = name_in(segment.header("Content-Disposition"))
        if name is None:
            raise InvalidField("file", "The part `file` has no filename, so it is not a file. With curl: -F file=@path")
        self._file, self._name = segment, name
        self._in_file = True

    def _field(self, data: bytes) -> None:
        self._other_bytes += len(data)
        if self._other_bytes > MAX_FRAMING:
            raise InvalidUpload("The form's other fields are too large.")
        if self._segment and self._segment.name in FIELDS:
            self._fields[self._segment.name] += data
            self._decided = None

    def _end_of_part(self) -> None:
        name = self._segment and self._segment.name
        if name == "file" and self.sink.size == 0:
            raise EmptyFile
        if name == TOKEN:
            self._token = self._fields[TOKEN].decode(errors="replace").strip()
        elif name in WISHES and self._may_write:
            self._terms()


def without_padding(line: bytes) -> bytes:
    """What follows a delimiter, without the padding before its line break."""
    rest = line.lstrip(b" \t")
    return rest if rest.startswith(b"\r\n") and len(line) - len(rest) <= Padding.LIMIT else line


def require_plain(segment: MultipartSegment) -> None:
    """Refuse a part whose content is encoded. RFC 7578 §4.7 deprecates that, and clients hardly do it."""
    if str(segment.header("Content-Encoding", "")).strip().lower() not in {"", "identity"}:
        raise UnsupportedContentEncoding
    encoding = str(segment.header("Content-Transfer-Encoding", "")).strip().lower()
    if encoding not in UNCHANGED:
        raise InvalidUpload(
            f"The part `{segment.name}` has a Content-Transfer-Encoding that is not supported: send its bytes as they"
            " are (binary)."
        )


def partial_match(data: bytes, delimiter: bytes) -> int:
    """How many bytes at the end of ``data`` may be the start of a delimiter, if there is no complete one."""
    start = data.rfind(delimiter[:1], max(len(data) - len(delimiter) + 1, 0))
    return len(data) - start if start >= 0 and delimiter.startswith(data[start:]) else 0
