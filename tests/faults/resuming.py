"""Clients whose uploads are cut again and again, and that go on from where the server says: tus and the IETF's draft.

They hold the server to its word: an offset never falls behind one that it has told, and never runs ahead of what was
sent.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import random
import socket
import struct
import threading
import time
import uuid
from abc import ABC, abstractmethod
from base64 import b64encode
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

UPLOADS = "/api/v1.0/uploads/"
BLOCK = 256 * 2**10
ANSWER_SECONDS = 60.0  # a server that says nothing for so long hangs
PROGRESS_SECONDS = 120.0  # an upload that gets nowhere for so long has failed

# No block of a server's is as long, so that bytes in the wrong place are wrong bytes.
_POOL = memoryview(random.Random(7).randbytes((4 << 20) + 4093))

VANISH = struct.pack("ii", 1, 0)


class BrokenPromise(Exception):
    """The server said or did what it must not."""


class Cut(Exception):
    """The client has broken off its own request, as was planned."""


class Content:
    """Bytes that no other upload has, made when they are asked for."""

    def __init__(self, name: str, size: int) -> None:
        self.name = name
        self.size = size
        self._head = memoryview(f"\0{name}\0".encode()[:size])
        self._shift = random.Random(name).randrange(len(_POOL))

    def blocks(self, start: int, end: int) -> Iterator[memoryview]:
        while start < end:
            block = self._from(start)[: min(BLOCK, end - start)]
            yield block
            start += len(block)

    def _from(self, start: int) -> memoryview:
        return self._head[start:] if start < len(self._head) else _POOL[(start + self._shift) % len(_POOL) :]

    def sha256(self) -> str:
        return self.digest("sha256", 0, self.size).hex()

    def digest(self, algorithm: str, start: int, end: int) -> bytes:
        hash_ = hashlib.new(algorithm)
        for block in self.blocks(start, end):
            hash_.update(block)
        return hash_.digest()


@dataclass
class Tally:
    """What happened to one upload. Read by others while it grows."""

    promised: int = 0
    sent: int = 0
    closed: int = 0
    reset: int = 0
    left: int = 0
    """Requests that went on sending while their client went on elsewhere."""
    broken: int = 0
    """Connections that broke although nobody here broke them."""
    abandoned: int = 0
    """Created, perhaps, and cut before the address was known."""
    statuses: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends what where."""

    port: int
    content: Content
    cuts: Sequence[int]
    """Where in the content the connection is to be cut, once each."""
    tally: Tally


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class Connection:
    """HTTP/1.1 by hand: a body may end anywhere, and interim answers are seen. Connects when it has to."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._sock: socket.socket | None = None

    def request(self, method: str, path: str, headers: Mapping[str, object], length: int) -> None:
        if not self._sock:
            self._sock = socket.create_connection(("127.0.0.1", self._port), timeout=ANSWER_SECONDS)
            self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._reader = self._sock.makefile("rb")
        self._method = method
        lines = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{self._port}", f"Content-Length: {length}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        self._sock.sendall("\r\n".join([*lines, "", ""]).encode())

    def send(self, block: memoryview) -> None:
        assert self._sock
        self._sock.sendall(block)

    def read(self) -> Answer:
        line = self._reader.readline()
        if not line.startswith(b"HTTP/1.1 "):
            raise ConnectionResetError(f"no answer but {line!r}")
        status = int(line.split()[1])
        headers = {name.lower(): value for name, value in http.client.parse_headers(self._reader).items()}
        length = int(headers.get("content-length", 0)) if self._method != "HEAD" and status >= 200 else 0
        body = self._reader.read(length)
        if len(body) < length:
            raise ConnectionResetError("the answer was cut")
        if headers.get("connection") == "close":
            self.close()
        return Answer(status, headers, body)

    def leave(self, blocks: Iterable[memoryview]) -> None:
        """Go on sending in a thread of its own, as over a connection that only its client thinks dead."""
        threading.Thread(target=self._go_on, args=(blocks,), daemon=True).start()

    def _go_on(self, blocks: Iterable[memoryview]) -> None:
        with suppress(OSError):
            for block in blocks:
                self.send(block)
            self.read()
        self.close()

    def close(self) -> None:
        if self._sock:
            self._reader.close()
            self._sock.close()
            self._sock = None

    def reset(self) -> None:
        """Vanish as a killed client does."""
        if self._sock:
            self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, VANISH)
        self.close()


class Resource(ABC):
    """One upload on the server: some of a content, from the creation to the last byte."""

    def __init__(self, sender: Sender, start: int, end: int) -> None:
        self.content, self.tally = sender.content, sender.tally
        self.start, self.end = start, end
        self.location = ""
        self.complete = False
        self.chance = random.Random(f"{self.content.name} {start}")
        self.key = uuid.uuid4()
        self._offset: int | None = None  # as last told; None when it has to be asked for
        self._promised = 0
        self._sent = 0
        self._cuts = sorted((cut for cut in sender.cuts if start <= cut < end), reverse=True)
        self._port = sender.port
        self._connection = Connection(self._port)
        self._moved = time.monotonic()

    @property
    def size(self) -> int:
        return self.end - self.start

    def create(self) -> None:
        """Until its address is known."""
        self._moved = time.monotonic()
        while not self.location:
            self._try()

    def run(self) -> None:
        """Until it is complete."""
        self._moved = time.monotonic()
        while not self.complete:
            self._try()
        self._connection.close()

    def _try(self) -> None:
        try:
            time.sleep(self.chance.uniform(0, 0.03))
            self._step()
        except Cut:
            self._offset = None
        except OSError as broken:
            self._offset = None
            self._connection.close()
            self.tally.broken += 1
            self.tally.statuses[f"{type(broken).__name__}"] += 1
            time.sleep(self.chance.uniform(0.02, 0.2))
        if time.monotonic() > self._moved + PROGRESS_SECONDS:
            raise BrokenPromise(f"no progress in {PROGRESS_SECONDS:.0f} s: {self.tally.statuses}")

    def _step(self) -> None:
        if not self.location:
            self._create()
        elif self._offset is None:
            self._ask()
        else:
            self._append(self._offset, min(self.size, self._offset + self._patch_size()))

    def _patch_size(self) -> int:
        return self.size // self.chance.choice((1, 1, 2, 3, 5, 10)) + 1

    # What each protocol has in its own words

    @abstractmethod
    def _create(self) -> None: ...
    @abstractmethod
    def _ask(self) -> None: ...
    @abstractmethod
    def _append(self, offset: int, end: int) -> None: ...
    @abstractmethod
    def _told_early(self) -> None:
        """Take the address, if this protocol tells it before the body is in."""

    # What is the same in all of them

    def _exchange(self, method: str, path: str, headers: Mapping[str, object], offset: int = 0, end: int = 0) -> Answer:
        """The final answer to a request whose body is what the resource has from ``offset`` to ``end``.

        Raises:
            Cut: that was planned for somewhere on the way.
        """
        start, stop, cut = self.start + offset, self.start + end, False
        if start < stop and self._cuts and self._cuts[-1] < stop:
            # What was left to itself may have come further than to where the next cut was to be.
            stop, cut = max(start, self._cuts[-1]), True
        try:
            self._connection.request(method, path, headers, end - offset)
            self._send(start, stop)
        except (BrokenPipeError, ConnectionResetError):
            return self._final()  # who refuses a body may close before all of it was sent, and its answer says why
        if cut:
            self._cuts.pop()
            self._cut(method, stop, self.start + end)
        return self._final()

    def _send(self, start: int, end: int) -> None:
        for block in self._counted(start, end):
            start += len(block)
            self._sent = max(self._sent, start - self.start)
            self._connection.send(block)

    def _counted(self, start: int, end: int) -> Iterator[memoryview]:
        for block in self.content.blocks(start, end):
            self.tally.sent += len(block)
            yield block

    def _cut(self, method: str, at: int, end: int) -> None:
        """Break off, or leave the request to itself: it goes on to where the next cut is to be, or to its ``end``."""
        if method == "POST":
            self._told_early()
            self.tally.abandoned += not self.location
        way = self.chance.choice(("close", "reset", "leave" if self._may_be_left() else "close"))
        if way == "close":
            self.tally.closed += 1
            self._connection.close()
        elif way == "reset":
            self.tally.reset += 1
            self._connection.reset()
        else:
            self.tally.left += 1
            end = min([end, *self._cuts[-1:]])
            self._sent = max(self._sent, end - self.start)
            self._connection.leave(self._counted(at, end))
            self._connection = Connection(self._port)
        raise Cut

    def _may_be_left(self) -> bool:
        """Whether it may be whole before it is asked about: then its address has to be known, and still be there."""
        return bool(self.location)

    def _final(self) -> Answer:
        while (answer := self._connection.read()).status < 200:
            self._told_location(answer)
        self.tally.statuses[f"{answer.status}"] += 1
        if answer.status in {409, 423, 429, 503}:
            time.sleep(self.chance.uniform(0.05, 0.3))
        return answer

    def _told_location(self, answer: Answer) -> None:
        """Of the upload, that is: the answer that completes it tells the file's."""
        if not self.location and "location" in answer.headers:
            self.location = urlsplit(answer.headers["location"]).path

    def _told_offset(self, offset: int) -> None:
        if not self._promised <= offset <= self._sent:
            raise BrokenPromise(f"offset {offset} after {self._promised} was promised and {self._sent} were sent")
        if offset > self._promised:
            self._moved = time.monotonic()
        self.tally.promised += offset - self._promised
        self._offset = self._promised = offset

    def _expect(self, answer: Answer, *wanted: int) -> bool:
        """Whether it is one of those; False for what passes by itself.

        Raises:
            BrokenPromise: it is something else.
        """
        if answer.status in wanted:
            return True
        self._offset = None
        if answer.status in {409, 423, 429, 503}:
            return False
        raise BrokenPromise(f"{answer.status} for {self.location or 'a creation'}: {answer.body[:300]!r}")


class Tus(Resource):
    VERSION: Mapping[str, object] = {"Tus-Resumable": "1.0.0"}
    BODY: Mapping[str, object] = {"Content-Type": "application/offset+octet-stream"}

    def __init__(self, sender: Sender, start: int, end: int, *, partial: bool = False, deferred: bool = False) -> None:
        super().__init__(sender, start, end)
        self._partial = partial
        self._deferred = deferred

    def _create(self) -> None:
        length = {"Upload-Defer-Length": 1} if self._deferred else {"Upload-Length": self.size}
        metadata = f"filename {b64encode(self.content.name.encode()).decode()}"
        headers: dict[str, object] = {**self.VERSION, **length, "Upload-Metadata": metadata}
        headers |= {"Upload-Concat": "partial"} if self._partial else {}
        # Never all of it: of what was complete at once the client would know nothing if the answer got lost.
        end = self.size // 3 if self.chance.random() < 0.3 else 0
        answer = self._exchange("POST", UPLOADS, {**headers, **self.BODY} if end else headers, 0, end)
        if self._expect(answer, 201):
            self._told_location(answer)
            self._told_offset(int(answer.headers.get("upload-offset", 0)))

    def _ask(self) -> None:
        answer = self._exchange("HEAD", self.location, self.VERSION)
        if self._expect(answer, 200, 204):
            self._deferred = "upload-defer-length" in answer.headers
            self._told_offset(int(answer.headers["upload-offset"]))
            self.complete = self._offset == self.size and not self._deferred

    def _append(self, offset: int, end: int) -> None:
        headers = {**self.VERSION, **self.BODY, "Upload-Offset": offset}
        if self._deferred and (end == self.size or self.chance.random() < 0.2):
            headers["Upload-Length"] = self.size
        if end - offset < 2**20 and self.chance.random() < 0.3:
            algorithm = self.chance.choice(("sha1", "sha256"))
            digest = self.content.digest(algorithm, self.start + offset, self.start + end)
            headers["Upload-Checksum"] = f"{algorithm} {b64encode(digest).decode()}"
        answer = self._exchange("PATCH", self.location, headers, offset, end)
        if self._expect(answer, 204):
            self._deferred &= "Upload-Length" not in headers
            self._told_offset(int(answer.headers["upload-offset"]))
            self.complete = self._offset == self.size and not self._deferred

    def _told_early(self) -> None:
        pass

    def _may_be_left(self) -> bool:
        return super()._may_be_left() and not self._partial

    def _expect(self, answer: Answer, *wanted: int) -> bool:
        """A part is gone once the final upload is a file, which the client of the part learns from that."""
        if self._partial and self.location and answer.status in {404, 410}:
            self.complete = True
            return False
        return super()._expect(answer, *wanted)


class TusFinal(Resource):
    """What joins others; it has no bytes of its own."""

    def __init__(self, sender: Sender, parts: Sequence[Tus]) -> None:
        super().__init__(sender, 0, sender.content.size)
        self._parts = parts

    def _create(self) -> None:
        metadata = f"filename {b64encode(self.content.name.encode()).decode()}"
        concat = f"final;{' '.join(part.location for part in self._parts)}"
        headers = {**Tus.VERSION, "Upload-Metadata": metadata, "Upload-Concat": concat, "Idempotency-Key": self.key}
        if self._expect(answer := self._exchange("POST", UPLOADS, headers), 201):
            self._told_location(answer)

    def _ask(self) -> None:
        answer = self._exchange("HEAD", self.location, Tus.VERSION)
        if self._expect(answer, 200, 204):
            self.complete = answer.headers.get("upload-offset") == str(self.size)

    def _append(self, offset: int, end: int) -> None:
        raise AssertionError("nobody told an offset")

    def _told_early(self) -> None:
        raise AssertionError("nothing was sent")


class Ietf(Resource):
    VERSION: Mapping[str, object] = {"Upload-Draft-Interop-Version": 8}

    def _create(self) -> None:
        end = self.size // self.chance.choice((1, 2, 4))
        if self.chance.random() < 0.3:
            end = 0
        disposition = f'attachment; filename="{self.content.name}"'
        headers = self._part(end) | {"Content-Disposition": disposition, "Idempotency-Key": self.key}
        answer = self._exchange("POST", UPLOADS, headers, 0, end)
        if self._expect(answer, 200, 201):
            self._told_location(answer)
            self._told(answer, end)

    def _told_early(self) -> None:
        with suppress(OSError):
            self._told_location(self._connection.read())

    def _ask(self) -> None:
        answer = self._exchange("HEAD", self.location, self.VERSION)
        if self._expect(answer, 200, 204):
            self._told(answer, int(answer.headers["upload-offset"]))

    def _append(self, offset: int, end: int) -> None:
        headers = self._part(end) | {"Content-Type": "application/partial-upload", "Upload-Offset": offset}
        answer = self._exchange("PATCH", self.location, headers, offset, end)
        if self._expect(answer, 200, 201, 204):
            self._told(answer, end)

    def _expect(self, answer: Answer, *wanted: int) -> bool:
        """A request that was left to itself may have completed the upload since the server was asked."""
        if answer.status == 400 and "content-location" in answer.headers:
            self._offset = None
            return False
        return super()._expect(answer, *wanted)

    def _part(self, end: int) -> dict[str, object]:
        return {**self.VERSION, "Upload-Complete": f"?{int(end == self.size)}"}

    def _told(self, answer: Answer, offset: int) -> None:
        self._told_offset(int(answer.headers.get("upload-offset", offset)))
        self.complete = answer.headers["upload-complete"] == "?1"
        if self.complete and self._offset != self.size:
            raise BrokenPromise(f"complete with {self._offset} of {self.size} bytes")
