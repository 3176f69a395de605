"""Serves stored bytes: ``/files/<id>/<name>`` and ``/files/<id>/derived/<processor>/<name>``.

Ranges and conditional requests follow RFC 9110 §13-14. Behind nginx (PICASSO_ACCEL_REDIRECT) this door decides what
may be fetched and judges the conditions, and nginx sends the bytes.
"""

from __future__ import annotations

import asyncio
import re
import unicodedata
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import TypeVar
from urllib.parse import quote

from django.db import InterfaceError, OperationalError, close_old_connections

from picasso.access.principal import Principal
from picasso.addresses import DOWNLOADS
from picasso.errors import MethodNotAllowed, NotFound, PreconditionFailed, RangeNotSatisfiable, Unavailable
from picasso.files import queries
from picasso.storage import FileReader, FileStore
from picasso.web.digests import repr_digest
from picasso.web.request import Request

T = TypeVar("T")

ADDRESS = re.compile(rf"{DOWNLOADS}([0-9a-f-]{{36}})/(?:derived/([a-z0-9-]+)/)?([^/]+)")

# One chunk per download is in memory; of many downloads each has a smaller one.
CHUNK = 256 * 2**10
SMALL_CHUNK = 64 * 2**10
MANY = 64

# Types that a browser shows without running anything in them. All else is sent as an attachment.
INLINE = re.compile(r"image/(jpeg|png|gif|webp|avif|bmp|tiff|jxl)|(audio|video)/[a-z0-9.+-]+|text/plain")

# nginx judges these by an ETag and a time of its own, not by ours, so such rare requests are answered from here.
JUDGED_BY_NGINX = {"if-match", "if-unmodified-since"}

# Whatever a stored file says, it says it from an origin of its own, without scripts, forms or further requests.
CSP = "default-src 'none'; img-src 'self' data:; media-src 'self'; style-src 'unsafe-inline'; sandbox"


@dataclass(frozen=True, slots=True)
class Stored:
    """One thing that can be fetched."""

    key: str
    media_type: str
    size: int
    sha256: str
    stored_at: datetime
    name: str

    @property
    def etag(self) -> str:
        return f'"{self.sha256}"'


class DownloadDoor:
    def __init__(self, files: FileStore) -> None:
        self._files = files
        self._readers = ThreadPoolExecutor(4, thread_name_prefix="download")
        self._under_way = 0

    async def __call__(self, request: Request) -> None:
        if request.method not in {"GET", "HEAD"}:
            raise MethodNotAllowed(["GET", "HEAD"])
        stored = await self._in_thread(find, request.principal, request.path)
        headers = stored_headers(stored)
        if not_modified(request.headers, stored):
            await request.answer(304, headers={"ETag": stored.etag, "Cache-Control": headers["Cache-Control"]})
        elif not JUDGED_BY_NGINX & request.headers.keys() and (by := self._files.serve(stored.key, headers)):
            if request.method == "GET":
                wanted_range(request.headers, stored)  # for its error
            await request.answer(by.status, headers=dict(by.headers))
        else:
            await self._send(request, stored, headers)

    async def _send(self, request: Request, stored: Stored, headers: dict[str, str]) -> None:
        status, start, stop = 200, 0, stored.size
        # RFC 9110 §14.2: to any other method Range means nothing.
        if request.method == "GET" and (part := wanted_range(request.headers, stored)):
            status, (start, stop) = 206, part
            headers["Content-Range"] = f"bytes {start}-{stop - 1}/{stored.size}"
        headers["Content-Length"] = str(stop - start)
        if request.method == "HEAD":
            await request.start(status, headers)
            return await request.body(b"")
        file = await self._in_thread(self._open, stored.key, start, stop)
        self._under_way += 1
        try:
            await request.start(status, headers)
            await self._stream(request, file, stop - start)
        finally:
            self._under_way -= 1
            file.close()
        return None

    def _open(self, key: str, start: int, stop: int) -> FileReader:
        try:
            return self._files.open(key, start, stop)
        except FileNotFoundError:
            raise NotFound from None

    async def _stream(self, request: Request, file: FileReader, left: int) -> None:
        """`send` waits while the client is slow, without a thread; the server cuts off one that never reads."""
        if not left:
            await request.body(b"")
        while left and not request.gone:
            chunk = await self._in_thread(file.read, CHUNK if self._under_way <= MANY else SMALL_CHUNK)
            if not chunk:
                raise OSError("a stored file is shorter than its row says")
            left -= len(chunk)
            await request.body(chunk, more=left > 0)

    async def _in_thread(self, call: Callable[..., T], *args: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._readers, call, *args)


def find(principal: Principal, path: str) -> Stored:
    """What lies at ``/files/…``; raises `NotFound`."""
    match = ADDRESS.fullmatch(path)
    if not match:
        raise NotFound
    try:
        close_old_connections()
        file_id = uuid.UUID(match[1])
        if match[2]:
            return find_derivative(principal, file_id, match[2], match[3])
        return find_original(principal, file_id, match[3])
    except ValueError:
        raise NotFound from None
    except (OperationalError, InterfaceError) as fault:
        raise Unavailable("The database is unavailable. Please try again.") from fault


def find_original(principal: Principal, file_id: uuid.UUID, name: str) -> Stored:
    file = queries.get(principal, file_id)
    if file_name(file.key) != name:
        raise NotFound
    return Stored(file.key, file.media_type, file.size, file.sha256, file.uploaded_at, file.name or name)


def find_derivative(principal: Principal, file_id: uuid.UUID, processor: str, name: str) -> Stored:
    for made in queries.derivatives(principal, file_id, processor):
        if file_name(made.key) == name:
            return Stored(made.key, made.media_type, made.size, made.sha256, made.file.uploaded_at, name)
    raise NotFound


def file_name(key: str) -> str:
    """Compared here and not by the database: SQLite's LIKE is blind to case, PostgreSQL takes no NUL."""
    return key.rpartition("/")[2]


def stored_headers(stored: Stored) -> dict[str, str]:
    return {
        "Content-Type": content_type(stored.media_type),
        "Content-Disposition": disposition(stored),
        "Content-Security-Policy": CSP,
        "Cross-Origin-Resource-Policy": "same-site",
        "X-Content-Type-Options": "nosniff",
        "Accept-Ranges": "bytes",
        "ETag": stored.etag,
        **repr_digest(stored.sha256),
        "Last-Modified": format_datetime(stored.stored_at.astimezone(UTC), usegmt=True),
        # The bytes at an address never change; that they may be deleted is why they are asked for again.
        "Cache-Control": "private, no-cache",
    }


def content_type(media_type: str) -> str:
    """Text goes out without a charset, which `nosniff` browsers then read as what they find; only HTML could lie."""
    return "application/octet-stream" if media_type in {"text/html", "application/xhtml+xml"} else media_type


def disposition(stored: Stored) -> str:
    """RFC 6266 with RFC 8187's form for names that need it."""
    kind = "inline" if INLINE.fullmatch(stored.media_type) else "attachment"
    name = "".join(c if unicodedata.category(c)[0] != "C" else "_" for c in stored.name)
    plain = re.sub(r'[^ -~]|["\\%/]', "_", name)
    value = f'{kind}; filename="{plain}"'
    return value if plain == name else f"{value}; filename*=UTF-8''{quote(name, safe='')}"


def not_modified(headers: dict[str, str], stored: Stored) -> bool:
    """Evaluate the preconditions in the order of RFC 9110 §13.2.2; raises `PreconditionFailed`."""
    if (wanted := headers.get("if-match")) is not None:
        if not names(wanted, stored.etag, weak=False):
            raise PreconditionFailed
    elif (since := http_date(headers.get("if-unmodified-since"))) and stored.stored_at.replace(microsecond=0) > since:
        raise PreconditionFailed
    if (wanted := headers.get("if-none-match")) is not None:
        return names(wanted, stored.etag, weak=True)
    since = http_date(headers.get("if-modified-since"))
    return since is not None and stored.stored_at.replace(microsecond=0) <= since


def names(wanted: str, etag: str, *, weak: bool) -> bool:
    """Whether the list of entity tags ``wanted`` holds ``etag``, in weak or in strong comparison."""
    tags = [tag.strip() for tag in wanted.split(",")]
    return "*" in tags or etag in tags or (weak and f"W/{etag}" in tags)


def http_date(text: str | None) -> datetime | None:
    try:
        date = parsedate_to_datetime(text or "")
    except (ValueError, OverflowError):
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)


def wanted_range(headers: dict[str, str], stored: Stored) -> tuple[int, int] | None:
    """The bytes ``[start, stop)`` if one satisfiable range is asked for.

    A list of ranges, another unit or nonsense is answered with the whole, as RFC 9110 §14.2 allows. A range that
    happens to hold all bytes is a range: players that get a 200 for it take the service for one without ranges.

    Raises:
        RangeNotSatisfiable: the range begins past the end.
    """
    match = re.fullmatch(r"bytes=\s*(\d{0,18})-(\d{0,18})\s*", headers.get("range", ""), re.ASCII)
    if not match or match.groups() == ("", "") or not range_still_meant(headers.get("if-range"), stored):
        return None
    first, last = match.groups()
    start = int(first) if first else max(0, stored.size - int(last))
    stop = min(int(last) + 1, stored.size) if first and last else stored.size
    if first and last and int(last) < int(first):
        return None
    if start >= stored.size or (not first and int(last) == 0):
        raise RangeNotSatisfiable(headers={"Content-Range": f"bytes */{stored.size}"})
    return start, stop


def range_still_meant(if_range: str | None, stored: Stored) -> bool:
    """Whether the client's first part is of the same bytes."""
    if if_range is None:
        return True
    if if_range.startswith('"'):
        return if_range == stored.etag
    return http_date(if_range) == stored.stored_at.replace(microsecond=0)
