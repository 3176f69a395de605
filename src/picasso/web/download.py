"""Serves stored bytes: ``/files/<id>/<name>`` and ``/files/<id>/derived/<processor>/<name>``.

This handler decides who may fetch what and evaluates the conditions. The bytes are sent by somebody else where the
storage can arrange that (nginx, with PICASSO_ACCEL_REDIRECT), otherwise from here.
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
from email.utils import format_datetime
from typing import TypeVar
from urllib.parse import quote

from django.db import InterfaceError, OperationalError, close_old_connections

from picasso.access.policies import Policies
from picasso.access.principal import Principal
from picasso.addresses import DOWNLOADS
from picasso.errors import MethodNotAllowed, NotFound, Unavailable
from picasso.files import queries
from picasso.files.quarantine import require_released
from picasso.files.refused import require_accepted
from picasso.models import File, Visibility
from picasso.pools import stop_pool
from picasso.storage import Delegation, FileReader, FileStore
from picasso.web.conditions import Representation, is_not_modified, requested_range
from picasso.web.content_type import content_type, known_encoding
from picasso.web.digests import repr_digest
from picasso.web.request import Request

T = TypeVar("T")

ADDRESS = re.compile(rf"{DOWNLOADS}([0-9a-f-]{{36}})/(?:derived/([a-z0-9-]+)/)?([^/]+)")

THREADS = 4

# Each download has one chunk in memory; while there are many, the chunks are smaller.
CHUNK = 256 * 2**10
SMALL_CHUNK = 64 * 2**10
MANY = 64

# Types that a browser shows without running anything in them. All others are sent as attachments.
INLINE = re.compile(r"image/(jpeg|png|gif|webp|avif|bmp|tiff|jxl)|(audio|video)/[a-z0-9.+-]+|text/plain")

# The bytes at an address never change, but they may be deleted, so caches have to ask each time. Shared caches keep
# public ones for a minute: that long they may be served after they were deleted or made private.
PRIVATE_CACHES = "private, no-cache"
PUBLIC_CACHES = "public, max-age=60"

# nginx would evaluate these by an entity tag and a date of its own. They are rare, so such requests are answered here.
EVALUATED_BY_NGINX = {"if-match", "if-unmodified-since"}

# A stored document gets an origin of its own, without scripts, forms or further requests.
CSP = "default-src 'none'; img-src 'self' data:; media-src 'self'; style-src 'unsafe-inline'; sandbox"


@dataclass(frozen=True, slots=True)
class Download:
    """An original or a derivative."""

    key: str
    media_type: str
    size: int
    sha256: str
    stored_at: datetime
    name: str
    encoding: str | None
    """Of text, as Python names it; None if it is unknown."""
    is_public: bool

    @property
    def representation(self) -> Representation:
        return Representation(f'"{self.sha256}"', self.stored_at, self.size)


class DownloadHandler:
    def __init__(self, files: FileStore, policies: Policies) -> None:
        self._files = files
        self._policies = policies
        self._readers = ThreadPoolExecutor(THREADS, thread_name_prefix="download")
        self._sending = 0
        """How many downloads are being sent from here."""

    def stop(self) -> None:
        """A read that hangs is not waited for."""
        stop_pool(self._readers, THREADS)

    async def __call__(self, request: Request) -> None:
        if request.method not in {"GET", "HEAD"}:
            raise MethodNotAllowed(["GET", "HEAD"])
        download = await self._in_thread(find, request.principal, request.path, self._policies)
        headers = headers_of(download)
        if is_not_modified(request.headers, download.representation):
            kept = {name: headers[name] for name in ("ETag", "Cache-Control")}
            await request.answer(304, headers=kept)
        elif delegation := self._delegation(request, download, headers):
            await request.answer(delegation.status, headers=dict(delegation.headers))
        else:
            await self._send(request, download, headers)

    def _delegation(self, request: Request, download: Download, headers: dict[str, str]) -> Delegation | None:
        if EVALUATED_BY_NGINX & request.headers.keys():
            return None
        delegation = self._files.serve(download.key, headers)
        if delegation and request.method == "GET":
            requested_range(request.headers, download.representation)  # raises our own error
        return delegation

    async def _send(self, request: Request, download: Download, headers: dict[str, str]) -> None:
        status, start, stop = 200, 0, download.size
        # RFC 9110 §14.2: for other methods than GET, Range is ignored.
        if request.method == "GET" and (part := requested_range(request.headers, download.representation)):
            status, (start, stop) = 206, part
            headers["Content-Range"] = f"bytes {start}-{stop - 1}/{download.size}"
        headers["Content-Length"] = str(stop - start)
        if request.method == "HEAD":
            await request.start(status, headers)
            return await request.body(b"")
        file = await self._in_thread(self._open, download.key, start, stop)
        self._sending += 1
        try:
            await request.start(status, headers)
            async with request.watch_connection():
                await self._send_body(request, file, stop - start)
        finally:
            self._sending -= 1
            file.close()
        return None

    def _open(self, key: str, start: int, stop: int) -> FileReader:
        try:
            return self._files.open(key, start, stop)
        except FileNotFoundError:
            raise NotFound from None

    async def _send_body(self, request: Request, file: FileReader, remaining: int) -> None:
        """Takes no thread while a slow client is waited for. The server disconnects clients that never read."""
        if not remaining:
            await request.body(b"")
        while remaining and not request.gone:
            chunk = await self._in_thread(file.read, CHUNK if self._sending <= MANY else SMALL_CHUNK)
            if not chunk:
                raise OSError("a stored file is shorter than its row says")
            remaining -= len(chunk)
            await request.body(chunk, more=remaining > 0)

    async def _in_thread(self, call: Callable[..., T], *args: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._readers, call, *args)


def find(principal: Principal, path: str, policies: Policies) -> Download:
    """The file or derivative at ``/files/…``.

    Raises `NotFound`, `Unavailable`, and as `require_released` and `require_accepted`.
    """
    match = ADDRESS.fullmatch(path)
    if not match:
        raise NotFound
    try:
        close_old_connections()
        file_id = uuid.UUID(match[1])
        if match[2]:
            return find_derivative(principal, file_id, match[2], match[3], policies)
        return find_original(principal, file_id, match[3], policies)
    except ValueError:
        raise NotFound from None
    except (OperationalError, InterfaceError) as fault:
        raise Unavailable("The database is unavailable. Please try again.") from fault


def find_original(principal: Principal, file_id: uuid.UUID, name: str, policies: Policies) -> Download:
    file = queries.fetchable(principal, file_id)
    if file_name(file.key) != name:
        raise NotFound
    require_released(principal, file)
    require_accepted(file, policies)
    encoding = known_encoding(file.facts)
    return Download(
        file.key,
        file.media_type,
        file.size,
        file.sha256,
        file.uploaded_at,
        file.name or name,
        encoding,
        is_public(file),
    )


def find_derivative(
    principal: Principal, file_id: uuid.UUID, processor: str, name: str, policies: Policies
) -> Download:
    for row in queries.derivatives(principal, file_id, processor):
        if file_name(row.key) == name:
            require_released(principal, row.file)
            require_accepted(row.file, policies)
            stored_at, public = row.file.uploaded_at, is_public(row.file)
            return Download(row.key, row.media_type, row.size, row.sha256, stored_at, name, "utf-8", public)
    raise NotFound


def is_public(file: File) -> bool:
    """Whether caches may keep it for everybody: what an operator fetches from quarantine is for nobody else."""
    return file.visibility == Visibility.PUBLIC and not file.quarantined


def file_name(key: str) -> str:
    """Compared here and not by the database: SQLite's LIKE ignores case, and PostgreSQL refuses NUL."""
    return key.rpartition("/")[2]


def headers_of(download: Download) -> dict[str, str]:
    return {
        "Content-Type": content_type(download.media_type, download.encoding),
        "Content-Disposition": disposition(download),
        "Content-Security-Policy": CSP,
        "Cross-Origin-Resource-Policy": "cross-origin" if download.is_public else "same-site",
        "X-Content-Type-Options": "nosniff",
        "Accept-Ranges": "bytes",
        "ETag": download.representation.etag,
        **repr_digest(download.sha256),
        "Last-Modified": format_datetime(download.stored_at.astimezone(UTC), usegmt=True),
        "Cache-Control": PUBLIC_CACHES if download.is_public else PRIVATE_CACHES,
    }


def disposition(download: Download) -> str:
    """As in RFC 6266; names that need it are added in the form of RFC 8187."""
    kind = "inline" if INLINE.fullmatch(download.media_type) else "attachment"
    name = "".join(c if unicodedata.category(c)[0] != "C" else "_" for c in download.name)
    plain = re.sub(r'[^ -~]|["\\%/]', "_", name)
    value = f'{kind}; filename="{plain}"'
    return value if plain == name else f"{value}; filename*=UTF-8''{quote(name, safe='')}"
