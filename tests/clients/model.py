"""What a resumable upload is to its client: what it has asked for, what it was promised, and how to say the next thing.

`low` is the last offset that the server has told, `high` what it may have received by now: they differ after a cut.
"""

from __future__ import annotations

import base64
import hashlib
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass

from tests.clients.checks import TUS, UPLOADS
from tests.live.wire import Answer, Wire, head, wire
from tests.stack import Stack
from tests.waiting import SECONDS

GONE = {404, 410}


@dataclass(frozen=True, slots=True)
class Tus:
    """tus 1.0.0."""

    shown = 200
    last = 204

    def fields(self) -> dict[str, str]:
        return dict(TUS)

    def appending(self, upload: Upload, end: int, *, last: bool) -> dict[str, str]:
        told = {"Upload-Length": str(len(upload.source))} if last and not upload.told else {}
        return {"Content-Type": "application/offset+octet-stream", **told}

    def check(self, upload: Upload, headers: Mapping[str, str]) -> None:
        assert headers.get("upload-defer-length") == (None if upload.told else "1")
        assert headers.get("upload-length") == (str(len(upload.source)) if upload.told else None)
        assert headers.get("upload-metadata") == upload.metadata
        if upload.partial:
            assert headers["upload-concat"] == "partial"


@dataclass(frozen=True, slots=True)
class Draft:
    """The IETF draft, by the number that its implementations go by."""

    interop: int
    shown = 204
    last = 201

    def fields(self) -> dict[str, str]:
        return {"Upload-Draft-Interop-Version": str(self.interop)}

    def complete(self, value: bool) -> dict[str, str]:
        # Version 3 said it the other way round.
        return {"Upload-Incomplete": f"?{not value:d}"} if self.interop == 3 else {"Upload-Complete": f"?{value:d}"}

    def appending(self, upload: Upload, end: int, *, last: bool) -> dict[str, str]:
        media_type = {"Content-Type": "application/partial-upload"} if self.interop >= 6 else {}
        return {**media_type, **self.complete(last)}

    def check(self, upload: Upload, headers: Mapping[str, str]) -> None:
        [(name, value)] = self.complete(upload.complete).items()
        assert headers[name.lower()] == value
        if upload.complete or upload.told:
            assert headers["upload-length"] == str(len(upload.source))


@dataclass(eq=False, slots=True)
class Upload:
    """One upload of ``source``; its bytes are never others, however often they are sent."""

    dialect: Tus | Draft
    source: bytes
    path: str = ""
    metadata: str | None = None
    told: bool = True  # the server was told the length
    partial: bool = False
    parts: tuple[Upload, ...] = ()
    final: Upload | None = None  # that has taken this part
    low: int = 0
    high: int = 0
    complete: bool = False
    deleted: bool = False
    file: str = ""

    @property
    def open(self) -> bool:
        return not (self.complete or self.deleted or self.parts)

    @property
    def joined(self) -> bool:
        """Whether it is a part that may be gone by now."""
        return self.final is not None and all(part.complete for part in self.final.parts)

    def told_offset(self, offset: int) -> None:
        assert self.low <= offset <= self.high, f"an offset of {offset} is not within {self.low} and {self.high}"
        self.low = offset

    def settle(self, offset: int) -> None:
        self.low = self.high = offset

    def __repr__(self) -> str:
        return f"<{self.dialect} {self.path[-6:]} {self.low}/{len(self.source)}>"


@dataclass(slots=True)
class Speaker:
    """Says it to a service, a connection for each request."""

    stack: Stack

    def ask(self, method: str, path: str, fields: Mapping[str, str], body: bytes = b"") -> Answer:
        """The final answer to one request."""
        length = {"Content-Length": str(len(body))} if method in {"POST", "PATCH"} else {}
        with wire(self.stack) as connection:
            connection.send(head(self.stack, method, path, **fields, **length), body)
            return final(connection, method)

    def create(self, upload: Upload, fields: Mapping[str, str], body: bytes = b"") -> Answer:
        answer = self.ask("POST", UPLOADS, {**upload.dialect.fields(), **fields}, body)
        assert answer.status == 201, answer
        return answer

    def offset(self, upload: Upload) -> int:
        """What HEAD says, checked against what is known."""
        answer = self.ask("HEAD", upload.path, upload.dialect.fields())
        assert answer.status == upload.dialect.shown, answer
        assert answer.headers["cache-control"] == "no-store"
        upload.dialect.check(upload, answer.headers)
        offset = int(answer.headers["upload-offset"])
        upload.told_offset(offset)
        if upload.complete and not upload.partial:
            upload.file = answer.headers["content-location"]
        return offset

    def looked(self, upload: Upload) -> int:
        """What GET says."""
        answer = self.ask("GET", upload.path, {})
        assert answer.status == 200, answer
        offset: int = answer.json()["offset"]
        upload.told_offset(offset)
        return offset

    def append(self, upload: Upload, end: int, *, last: bool, checksum: str = "") -> Answer:
        """Send all up to ``end``, from wherever the server is when it takes over from those before."""
        deadline = time.monotonic() + SECONDS
        while True:
            assert time.monotonic() < deadline, f"others write to {upload} all the time"
            start = self.offset(upload)
            answer = self._patch(upload, start, max(start, end), last=last, checksum=checksum)
            if answer.status != 409 or upload.low == upload.high:
                return answer

    def _patch(self, upload: Upload, start: int, end: int, *, last: bool, checksum: str) -> Answer:
        body = upload.source[start:end]
        fields = self.fields(upload, start, end, last=last)
        if checksum:
            fields["Upload-Checksum"] = sha1(body if checksum == "right" else body + b"!")
        return self.ask("PATCH", upload.path, fields, body)

    def fields(self, upload: Upload, start: int, end: int, *, last: bool) -> dict[str, str]:
        dialect = upload.dialect
        return {**dialect.fields(), **dialect.appending(upload, end, last=last), "Upload-Offset": str(start)}

    def begin(self, upload: Upload, end: int, sent: int, checksum: bool) -> Wire:
        """A request that announces all up to ``end`` and sends so many bytes of it."""
        start = self.offset(upload)
        fields = self.fields(upload, start, end, last=end == len(upload.source) and upload.told)
        if checksum:
            fields["Upload-Checksum"] = sha1(upload.source[start:end])
        connection = Wire(socket.create_connection(("127.0.0.1", self.stack.port), timeout=60))
        connection.send(head(self.stack, "PATCH", upload.path, **fields, Content_Length=end - start))
        connection.send(upload.source[start : start + sent])
        return connection


def final(connection: Wire, method: str = "") -> Answer:
    while (answer := connection.read(head=method == "HEAD")).status < 200:
        pass
    return answer


def sha1(body: bytes) -> str:
    return f"sha1 {base64.b64encode(hashlib.sha1(body).digest()).decode()}"
