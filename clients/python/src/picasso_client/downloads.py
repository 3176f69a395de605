"""Downloads into files: continued by ranges after cuts, checked, and in place only as a whole."""

from __future__ import annotations

import hashlib
import os
import re
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, TypedDict
from urllib.parse import urlsplit

import httpx

from picasso_client import requests
from picasso_client.actions import Answer, Call, Pause, Steps, read, run
from picasso_client.errors import PicassoError
from picasso_client.models import Derivative, File
from picasso_client.names import local_name
from picasso_client.partial import claimed, open_part, part_of, put_in_place
from picasso_client.retries import Attempts, no_answer, opened
from picasso_client.service import Service
from picasso_client.upload_options import Progress, check_options

# Bytes; of a beginning that is hashed.
BLOCK = 2**20

# What a link that has expired, or was revoked, is answered with, also by a proxy or a store of objects.
REFUSED = frozenset({401, 403, 410})
FILE_ID = re.compile(r"/files/([0-9a-f-]{36})/")


class DownloadOptions(TypedDict, total=False):
    overwrite: bool
    """Otherwise FileExistsError is raised if there is a file."""
    progress: Progress


@dataclass(slots=True)
class Download:
    """A download on its way, into a temporary file beside its target."""

    service: Service
    url: str
    part: Path
    progress: Progress
    sha256: str = ""
    """In hex; empty if it is not known yet."""
    etag: str = ""
    size: int | None = None
    offset: int = 0
    renewed_at: int | None = None
    """The offset at which the service was last asked for a new link."""
    digest: Any = field(default_factory=hashlib.sha256)


def download(service: Service, wanted: File | Derivative, target: Path, options: DownloadOptions) -> Steps[Path]:
    """Fetch the bytes to ``target``, or into it if it is a folder; the path that they have.

    Raises `PicassoError`, FileExistsError and other OSErrors.
    """
    check_options(DownloadOptions, options)
    path = yield from run(lambda: target / name_of(wanted) if target.is_dir() else target)
    overwrite = options.get("overwrite", False)
    if not overwrite and (yield from run(lambda: os.path.lexists(path))):
        raise FileExistsError(17, "The file exists", str(path))
    sha256 = wanted.sha256 if isinstance(wanted, File) else ""
    part = part_of(path, sha256 or wanted.url.partition("?")[0])
    found = Download(service, wanted.url, part, options.get("progress", lambda *_: None), sha256, size=wanted.size)
    with claimed(part) as found.part:
        file = yield from run(lambda: open_beginning(found))
        with file:
            yield from fetch(found, file)
        yield from run(lambda: put_in_place(found.part, path, overwrite=overwrite))
    return path


def name_of(wanted: File | Derivative) -> str:
    if isinstance(wanted, File):
        return local_name(wanted.name, wanted.id)
    return local_name(wanted.url.partition("?")[0].rpartition("/")[2], wanted.role)


def open_beginning(download: Download) -> IO[bytes]:
    """The temporary file. A beginning from before counts if the whole can be checked."""
    file = os.fdopen(open_part(download.part), "r+b")
    if download.sha256:
        while block := file.read(BLOCK):
            download.digest.update(block)
            download.offset += len(block)
        download.etag = f'"{download.sha256}"'
    if download.size is None or download.offset > download.size:
        restart(download, file)
    return file


def restart(download: Download, file: IO[bytes]) -> None:
    file.seek(0)
    file.truncate()
    download.offset, download.digest = 0, hashlib.sha256()


def fetch(download: Download, file: IO[bytes]) -> Steps[None]:
    """Fetch what is missing, and check the whole."""
    attempts = Attempts(download.service.retries)
    furthest = download.offset
    while download.size is None or download.offset < download.size:
        try:
            answer = yield from opened(download.service, next_call(download), attempts)
        except PicassoError as refusal:
            yield from renew(download, refusal)
            continue
        yield from run(lambda: begin(download, file, answer))  # noqa: B023 - it is called at once
        try:
            yield from copy(download, file)
            fault: Exception = EOFError("The answer was cut.")
        except httpx.TransportError as cut:
            fault = cut
        # A server without ranges begins anew each time: that alone is no progress.
        if download.offset > furthest:
            furthest = download.offset
            attempts.progress()
        if download.size is None:
            download.size = download.offset
        if download.offset < download.size:
            yield Pause(attempts.next_pause(no_answer(fault)))
    yield from run(lambda: check(download, file))


def renew(download: Download, refusal: PicassoError) -> Steps[None]:
    """Go on with a new link, as the last one may have expired meanwhile. Raises the refusal if there is none."""
    file_id = FILE_ID.search(download.url)
    if refusal.status not in REFUSED or not file_id or download.renewed_at == download.offset:
        raise refusal
    download.renewed_at = download.offset
    try:
        file = yield from requests.file(download.service, file_id[1])
    except PicassoError:
        raise refusal from None
    address, _, old = download.url.partition("?")
    links = map(urlsplit, (file.url, *(each.url for each in file.derivatives)))
    new = next((link.query for link in links if link.path == urlsplit(address).path), old)
    if new == old:
        raise refusal
    download.url = f"{address}?{new}"


def next_call(download: Download) -> Call:
    headers = {"Accept-Encoding": "identity"}
    if download.offset and download.etag:
        headers |= {"Range": f"bytes={download.offset}-", "If-Range": download.etag}
    return Call("GET", download.url, headers=headers)


def begin(download: Download, file: IO[bytes], answer: Answer) -> None:
    """Prepare for what the answer brings: the rest, or everything from the beginning."""
    begins = re.match(r"bytes (\d+)-", answer.headers.get("content-range", ""))
    if answer.status != 206 or not begins or int(begins[1]) != download.offset:
        if answer.status == 206:
            raise PicassoError(206, "unexpected-answer", "The answer is another range than was asked for.")
        restart(download, file)
        length = answer.headers.get("content-length", "")
        download.size = int(length) if length.isascii() and length.isdigit() else None
        download.etag = answer.headers.get("etag", "")
        download.sha256 = download.sha256 or digest_in(answer.headers)


def digest_in(headers: Mapping[str, str]) -> str:
    """The SHA-256 of ``Repr-Digest`` (RFC 9530), in hex; empty without one."""
    found = re.search(r"sha-256=:([A-Za-z0-9+/]{43}=):", headers.get("repr-digest", ""))
    return b64decode(found[1]).hex() if found else ""


def copy(download: Download, file: IO[bytes]) -> Steps[None]:
    while piece := (yield from read()):
        yield from run(lambda: write(download, file, piece))
        download.progress(download.offset, download.size)


def write(download: Download, file: IO[bytes], piece: bytes) -> None:
    file.write(piece)
    download.digest.update(piece)
    download.offset += len(piece)


def check(download: Download, file: IO[bytes]) -> None:
    """Raises `PicassoError` if these are other bytes; they are removed then."""
    if download.sha256 and download.digest.hexdigest() != download.sha256:
        restart(download, file)
        download.part.unlink(missing_ok=True)
        raise PicassoError(
            0, "digest-mismatch", f"The bytes of {download.url.partition('?')[0]} are not the right ones."
        )
    file.flush()
