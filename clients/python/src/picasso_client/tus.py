"""Resumable uploads by tus 1.0.0 (https://tus.io/protocols/resumable-upload)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from time import monotonic
from typing import Any

import httpx

from picasso_client import requests
from picasso_client.actions import Answer, Call, Pause, Steps, run, send
from picasso_client.errors import PicassoError, error_of, problem_in
from picasso_client.models import File, last_part, unread_file
from picasso_client.retries import Attempts, answered, no_answer, passes, retry_after
from picasso_client.service import Service
from picasso_client.sources import Source
from picasso_client.upload_options import Progress, UploadOptions, new_key, tus_metadata

TUS = {"Tus-Resumable": "1.0.0"}
CHUNK_HEADERS = {**TUS, "Content-Type": "application/offset+octet-stream"}

FIRST_CHUNK, SMALLEST_CHUNK, LARGEST_CHUNK = 4 * 2**20, 256 * 2**10, 16 * 2**20
"""Bytes of a request."""

FORBIDDEN = 403


@dataclass(slots=True)
class Upload:
    """A resumable upload on its way."""

    service: Service
    url: str
    source: Source
    progress: Progress
    name: str = ""
    offset: int = 0
    """How much has arrived. The digest is that of these bytes."""
    length: int | None = None
    """As the service knows it."""
    chunk: int = FIRST_CHUNK
    largest: int = LARGEST_CHUNK
    """What a proxy takes, as far as is known."""
    digest: Any = field(default_factory=hashlib.sha256)

    def adapt(self, seconds: float) -> None:
        """A chunk takes a second or a few: little is sent again after a cut, and few requests are needed."""
        if seconds < 1:
            self.chunk = min(2 * self.chunk, self.largest)
        elif seconds > 4:
            self.shrink()

    def shrink(self) -> None:
        self.chunk = max(self.chunk // 2, SMALLEST_CHUNK)

    def limit(self, refused: int) -> None:
        """A proxy takes no request of so many bytes."""
        self.largest = max(refused // 2, SMALLEST_CHUNK)


def create(service: Service, source: Source, options: UploadOptions) -> Steps[str]:
    """Create a resumable upload; its address."""
    length = {"Upload-Defer-Length": "1"} if source.size is None else {"Upload-Length": str(source.size)}
    headers = {
        **TUS,
        **length,
        "Upload-Metadata": tus_metadata(source.name, options),
        "Idempotency-Key": new_key(options),
    }
    answer = yield from answered(service, Call("POST", "uploads/", headers=headers))
    if not (upload_id := last_part(answer.headers.get("location", ""))):
        raise PicassoError(answer.status, "unexpected-answer", "The answer has no Location.")
    # A proxy may get scheme and host of the address wrong; its last part is what counts.
    return service.url(f"uploads/{upload_id}")


def transfer(upload: Upload) -> Steps[File]:
    """Send chunks until the upload has become a file."""
    attempts = Attempts(upload.service.retries)
    while True:
        before, sent_from = monotonic(), upload.offset
        file = yield from send_chunk(upload, attempts)
        if file:
            return checked(upload, file)
        if upload.offset > sent_from:
            attempts.progress()
            upload.adapt(monotonic() - before)
        else:
            upload.shrink()  # what collects, cuts or refuses requests may pass smaller ones


def send_chunk(upload: Upload, attempts: Attempts) -> Steps[File | None]:
    """Send the next bytes. The file, if they were the last ones."""
    chunk, last = yield from next_chunk(upload)
    try:
        answer = yield from send(chunk_call(upload, chunk, last))
    except httpx.TransportError as fault:
        yield Pause(attempts.next_pause(no_answer(fault)))
        return (yield from find(upload, chunk))
    if answer.ok:
        return (yield from accepted(upload, answer, chunk, attempts))
    if is_too_large(answer) and len(chunk) > SMALLEST_CHUNK:
        upload.limit(len(chunk))
        return None
    yield Pause(attempts.next_pause(refusal(answer), retry_after(answer.headers)))
    return (yield from find(upload, chunk))


def accepted(upload: Upload, answer: Answer, chunk: bytes, attempts: Attempts) -> Steps[File | None]:
    """Go on where the answer says; after a pause if that is where it was."""
    before = upload.offset
    file = yield from move(upload, answer, chunk)
    if file is None and upload.offset <= before:
        yield Pause(attempts.next_pause(PicassoError(0, "no-answer", "Nothing of what was sent has arrived.")))
    return file


def next_chunk(upload: Upload) -> Steps[tuple[bytes, bool]]:
    """The next bytes, and whether they are the last ones. One more is read, to know."""
    found: bytes = yield from run(partial(upload.source.read, upload.offset, upload.chunk + 1))
    return found[: upload.chunk], len(found) <= upload.chunk


def chunk_call(upload: Upload, chunk: bytes, last: bool) -> Call:
    headers = {**CHUNK_HEADERS, "Upload-Offset": str(upload.offset)}
    if last and upload.source.size is None and upload.length is None:
        headers["Upload-Length"] = str(upload.offset + len(chunk))
    return Call("PATCH", upload.url, headers=headers, content=chunk)


def is_too_large(answer: Answer) -> bool:
    """Whether a proxy limits the size of a request; the service itself takes any."""
    return answer.status == 413 and problem_in(answer.headers, answer.body) is None


def refusal(answer: Answer) -> PicassoError:
    """What to raise if there is no further attempt. Raises it if none can help."""
    error = error_of(answer.status, answer.headers, answer.body)
    if passes(answer):
        return error
    raise error


def find(upload: Upload, chunk: bytes = b"") -> Steps[File | None]:
    """Ask how much has arrived; ``chunk`` are the bytes behind what was known. The file, if all have."""
    answer = yield from answered(upload.service, Call("HEAD", upload.url, headers=TUS))
    upload.length = number(answer.headers, "upload-length")
    if None not in {upload.length, upload.source.size} and upload.length != upload.source.size:
        raise PicassoError(0, "content-changed", f"The upload has {upload.length} bytes, this {upload.source.size}.")
    return (yield from move(upload, answer, chunk))


def move(upload: Upload, answer: Answer, chunk: bytes) -> Steps[File | None]:
    """Go on where the answer says. The file, if the upload has become one."""
    offset = number(answer.headers, "upload-offset")
    if offset is None:
        raise PicassoError(answer.status, "unexpected-answer", "The answer has no Upload-Offset.")
    yield from digest_until(upload, offset, chunk)
    upload.progress(offset, upload.source.size)
    address = answer.headers.get("content-location")
    return (yield from stored(upload, last_part(address))) if address else None


def stored(upload: Upload, file_id: str) -> Steps[File]:
    """The file, as far as it may be read: a key may write without reading."""
    try:
        return (yield from requests.file(upload.service, file_id))
    except PicassoError as error:
        if error.status != FORBIDDEN:
            raise
        return unread_file(file_id, upload.name or upload.source.name, upload.offset)


def digest_until(upload: Upload, offset: int, chunk: bytes) -> Steps[None]:
    """Let the digest be that of all bytes before the offset."""
    if offset < upload.offset:
        upload.offset, upload.digest, chunk = 0, hashlib.sha256(), b""
    arrived = memoryview(chunk)[: offset - upload.offset]
    while upload.offset < offset:
        yield from run(partial(upload.digest.update, arrived))
        upload.offset += len(arrived)
        if missing := min(offset - upload.offset, FIRST_CHUNK):
            arrived = memoryview((yield from run(partial(upload.source.read, upload.offset, missing))))
            if not arrived:
                raise PicassoError(0, "content-changed", "More bytes have arrived than there are.")


def checked(upload: Upload, file: File) -> File:
    if file.sha256 and upload.offset == file.size and upload.digest.hexdigest() != file.sha256:
        detail = f"The file {file.id} has other bytes than were read: its content was changed meanwhile."
        raise PicassoError(0, "digest-mismatch", detail)
    return file


def number(headers: Mapping[str, str], name: str) -> int | None:
    text = headers.get(name, "")
    return int(text) if text.isascii() and text.isdigit() else None
