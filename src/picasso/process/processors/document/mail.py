"""Mails (RFC 5322, MIME): their text in the encodings that they declare or most likely have, and their attachments.

kreuzberg reads the fields of the header, once they are in UTF-8: it does not know the charsets of East Asia, and takes
undeclared letters for UTF-8. It leaves out the references, line ends and blanks of HTML.
"""

from __future__ import annotations

import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import Message

from picasso.charset import classify, decode_bytes, detect, encoding_by_label
from picasso.process.processors.document import web
from picasso.process.processors.document.encoded_words import decode_base64, decode_words, words_as_utf8

# No mail program nests parts more deeply, or writes more of them.
MAX_DEPTH = 20
MAX_PARTS = 10_000

MAX_HEADER = 2**18  # bytes
MAX_FIELD = 2_000  # characters
MAX_HTML = 2**23  # bytes

HEADER_END = re.compile(rb"\r?\n\r?\n|\A\r?\n")
FIELD = re.compile(
    r"^(content-[a-z-]{1,40})[ \t]*:[ \t]*([^\r\n]*(?:\r?\n[ \t][^\r\n]*)*)", re.IGNORECASE | re.MULTILINE
)

HTML = "text/html"


@dataclass(slots=True)
class Mail:
    header: bytes
    """In UTF-8, its encoded words too, without fields about the content: for a reader that knows no other charset."""
    text: str
    attachments: list[str]
    """A name for each; empty if it has none."""


@dataclass(slots=True)
class Part:
    """A part of one kind of content, with its header in ``fields``."""

    fields: Message
    body: bytes

    @property
    def kind(self) -> str:
        return self.fields.get_content_type()

    @property
    def encoding(self) -> str | None:
        """Python's name of the declared one."""
        charset = self.fields.get_param("charset")
        return encoding_by_label(charset) if isinstance(charset, str) else None

    @property
    def name(self) -> str:
        return decode_words((self.fields.get_filename() or "")[:MAX_FIELD])

    @property
    def is_attachment(self) -> bool:
        return (
            bool(self.fields.get_filename())
            or self.fields.get_content_disposition() == "attachment"
            or self.kind not in {"text/plain", HTML}
        )

    def content(self) -> bytes:
        """Without its transfer encoding, as far as it is valid."""
        transfer = str(self.fields.get("content-transfer-encoding", "")).strip().lower()
        if transfer == "quoted-printable":
            return quopri.decodestring(self.body)
        return decode_base64(self.body) if transfer == "base64" else self.body


@dataclass(slots=True)
class Reader:
    """Walks through the parts of a mail."""

    undeclared: str | None = None
    """The encoding of letters for which none is declared."""
    parts_left: int = MAX_PARTS
    attachments: list[str] = field(default_factory=list)

    def text_of(self, message: bytes, depth: int = 0) -> Iterator[tuple[str, str]]:
        """Kind and text of each part that is no attachment."""
        head, body = split_header(message)
        part = Part(content_fields(self.decode(head, None)), body)
        self.parts_left -= 1
        if self.parts_left < 0 or depth > MAX_DEPTH:
            return
        if part.fields.get_content_maintype() == "multipart":
            yield from self._text_of_parts(part, depth)
        elif part.kind == "message/rfc822" and not part.fields.get("content-transfer-encoding", "").strip().endswith(
            "64"
        ):
            if part.name:
                self.attachments.append(part.name)
            yield from self.text_of(body, depth + 1)
        elif part.is_attachment:
            self.attachments.append(part.name)
        elif part.kind == HTML:
            page = part.content()[:MAX_HTML]
            encoding = part.encoding or (None if web.declares_encoding(page) else self.undeclared)
            yield HTML, web.read(page, encoding)[0]
        else:
            yield part.kind, self.decode(part.content(), part.encoding).replace("\r\n", "\n").strip()

    def _text_of_parts(self, part: Part, depth: int) -> Iterator[tuple[str, str]]:
        boundary = part.fields.get_boundary()
        pieces = [] if not boundary else split_parts(part.body, boundary.encode("utf-8", "surrogateescape"))
        texts = [each for piece in pieces for each in self.text_of(piece, depth + 1)]
        if part.kind == "multipart/alternative":
            # The same text in several forms, the plainest first.
            plain = [each for each in texts if each[0] != HTML and each[1]]
            yield from plain or texts
        else:
            yield from texts

    def decode(self, content: bytes, declared: str | None) -> str:
        if not declared and classify(content) != "unknown-8bit":
            return decode_bytes(content).text
        return decode_bytes(content, declared or self.undeclared).text


def read(message: bytes) -> Mail:
    head, _ = split_header(message)
    reader = Reader(undeclared=undeclared_encoding(message))
    text = "\n\n".join(text for _, text in reader.text_of(message) if text)
    header = FIELD.sub("", reader.decode(head, None)).replace("\r\n", "\n")
    lines = "\r\n".join(line for line in words_as_utf8(header).split("\n") if line.strip())
    return Mail(f"{lines}\r\n\r\n".encode("utf-8", "replace"), text, reader.attachments)


def undeclared_encoding(message: bytes) -> str | None:
    """The encoding that letters without a declaration most likely have: that of other parts, or a guess from all."""
    declared = re.search(rb"charset\s*=\s*[\"']?([\w.:-]{2,40})", message[: MAX_HEADER * 4], re.IGNORECASE)
    encoding = encoding_by_label(declared[1].decode()) if declared else None
    if encoding and encoding not in {"ascii", "utf-8"}:
        return encoding
    return detect(b"\n".join(line for line in message[: MAX_HEADER * 4].splitlines() if not line.isascii())).name


def split_header(message: bytes) -> tuple[bytes, bytes]:
    match = HEADER_END.search(message, 0, MAX_HEADER)
    return (message[: match.start()], message[match.end() :]) if match else (message[:MAX_HEADER], b"")


def content_fields(header: str) -> Message:
    """The fields about the content. Those of a message that repeats or breaks them are the first."""
    fields = Message()
    for name, value in FIELD.findall(header):
        if name not in fields:
            fields[name] = " ".join(value[:MAX_FIELD].split())
    return fields


def split_parts(body: bytes, boundary: bytes) -> Iterator[bytes]:
    """The parts between lines that begin with the boundary. A last part may be cut off."""
    mark = b"--" + boundary
    start, place = -1, body.find(mark)
    while place >= 0:
        if place == 0 or body[place - 1 : place] == b"\n":
            if start >= 0:
                yield body[start:place].removesuffix(b"\n").removesuffix(b"\r")
            end = place + len(mark)
            if body[end : end + 2] == b"--":
                return
            line_end = body.find(b"\n", end)
            start = line_end + 1 if line_end >= 0 else len(body)
        place = body.find(mark, place + len(mark))
    if start >= 0:
        yield body[start:]
