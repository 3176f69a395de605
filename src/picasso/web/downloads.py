"""What is at an address of downloads, and with which headers: ``/files/<id>/<name>``,
``/files/<id>/derived/<processor>/<name>``."""

from __future__ import annotations

import re
import unicodedata
import uuid
from collections.abc import Hashable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import lru_cache
from urllib.parse import quote

from django.db import InterfaceError, OperationalError, connection

from picasso.access.policies import Policies
from picasso.access.principal import Principal
from picasso.addresses import DOWNLOADS, name_of
from picasso.errors import NotFound, PicassoError, Unavailable
from picasso.files import queries
from picasso.files.quarantine import require_released
from picasso.files.refused import require_accepted
from picasso.models import File, Visibility
from picasso.web.conditions import Representation
from picasso.web.content_type import content_type, known_encoding
from picasso.web.digests import repr_digest

ADDRESS = re.compile(rf"{DOWNLOADS}([0-9a-f-]{{36}})/(?:derived/([a-z0-9-]+)/)?([^/]+)")

# Types that a browser shows without running anything in them. All others are sent as attachments.
INLINE = re.compile(r"image/(jpeg|png|gif|webp|avif|bmp|tiff|jxl)|(audio|video)/[a-z0-9.+-]+|text/plain")

# The bytes may be deleted, and those of a derivative made again, so caches have to ask each time. Shared caches keep
# public ones for a minute: that long they may be served after they were deleted or made private.
PRIVATE_CACHES = "private, no-cache"
PUBLIC_CACHES = "public, max-age=60"

# As many heads of answers are kept, of a kilobyte each: to make one takes longer than to send it.
KEPT_HEADERS = 2048

# A stored document gets an origin of its own, without scripts, forms or further requests.
CSP = "default-src 'none'; img-src 'self' data:; media-src 'self'; style-src 'unsafe-inline'; sandbox"


@dataclass(frozen=True, slots=True)
class Download:
    """An original or a derivative."""

    key: str
    media_type: str
    size: int
    sha256: str
    stored_at: datetime | None
    """None for a derivative: its address stays the same when it is made again, and no row says when that was."""
    name: str
    encoding: str | None
    """Of text, as Python names it; None if it is unknown."""
    is_public: bool

    @property
    def representation(self) -> Representation:
        return Representation(f'"{self.sha256}"', self.stored_at, self.size)


def find_all(asked: Sequence[tuple[Principal, str]], policies: Policies) -> list[Download | Exception]:
    """What is at each of these paths for who asks for it, in the same order.

    The faults: `NotFound`, and as `require_released` and `require_accepted`. Raises `Unavailable`.
    """
    try:
        try:
            return find_safely(asked, policies)
        except (OperationalError, InterfaceError):
            # It may have ended since it was used. To ask beforehand whether it lives takes as long as the statement.
            connection.close()
            return find_safely(asked, policies)
    except (OperationalError, InterfaceError) as fault:
        connection.close()
        raise Unavailable("The database is unavailable. Please try again.") from fault


def find_safely(asked: Sequence[tuple[Principal, str]], policies: Policies) -> list[Download | Exception]:
    """If all together fail, one by one: whatever is wrong with a row is the fault of that one only."""
    try:
        return find_together(asked, policies)
    except (OperationalError, InterfaceError):
        raise
    except Exception as fault:
        if len(asked) == 1:
            return [fault]
        return [found for each in asked for found in find_safely([each], policies)]


def find_together(asked: Sequence[tuple[Principal, str]], policies: Policies) -> list[Download | Exception]:
    addresses = [address_in(path) for _, path in asked]
    files = originals(
        [
            (who, found.file_id)
            for (who, _), found in zip(asked, addresses, strict=True)
            if found and not found.processor
        ]
    )
    return [found_at(who, at, files, policies) for (who, _), at in zip(asked, addresses, strict=True)]


@dataclass(frozen=True, slots=True)
class Address:
    file_id: uuid.UUID
    processor: str
    """Empty for an original."""
    name: str


def address_in(path: str) -> Address | None:
    if match := ADDRESS.fullmatch(path):
        with suppress(ValueError):
            return Address(uuid.UUID(match[1]), match[2] or "", match[3])
    return None


Files = Mapping[tuple[Hashable, uuid.UUID], File]
"""By who sees them (`queries.sight`), and by their id."""


def originals(asked: Iterable[tuple[Principal, uuid.UUID]]) -> Files:
    """Those of the files that who asks for them may fetch: a statement for each group of people who see the same."""
    groups: dict[Hashable, tuple[Principal, set[uuid.UUID]]] = {}
    for who, file_id in asked:
        groups.setdefault(queries.sight(who), (who, set()))[1].add(file_id)
    return {
        (sight, file.pk): file
        for sight, (who, ids) in groups.items()
        for file in queries.fetchable_by(who).filter(pk__in=ids).order_by()
    }


def found_at(who: Principal, address: Address | None, files: Files, policies: Policies) -> Download | PicassoError:
    try:
        if address is None:
            raise NotFound
        if address.processor:
            return find_derivative(who, address.file_id, address.processor, address.name, policies)
        return original(who, files.get((queries.sight(who), address.file_id)), address.name, policies)
    except PicassoError as fault:
        return fault


def original(principal: Principal, file: File | None, name: str, policies: Policies) -> Download:
    if file is None or name_of(file.key) != name:
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
        # Not compared by the database: SQLite's LIKE ignores case, and PostgreSQL refuses NUL.
        if name_of(row.key) == name:
            require_released(principal, row.file)
            require_accepted(row.file, policies)
            public = is_public(row.file)
            return Download(row.key, row.media_type, row.size, row.sha256, None, name, "utf-8", public)
    raise NotFound


def is_public(file: File) -> bool:
    """Whether caches may keep it for everybody: what an operator fetches from quarantine is for nobody else."""
    return file.visibility == Visibility.PUBLIC and not file.quarantined


@lru_cache(maxsize=KEPT_HEADERS)
def headers_of(download: Download, *, as_attachment: bool) -> Mapping[str, str]:
    """They follow from what was looked up for this request, so none can be out of date."""
    return {
        "Content-Type": content_type(download.media_type, download.encoding),
        "Content-Disposition": disposition(download, as_attachment=as_attachment),
        "Content-Security-Policy": CSP,
        "Cross-Origin-Resource-Policy": "cross-origin" if download.is_public else "same-site",
        "X-Content-Type-Options": "nosniff",
        "Accept-Ranges": "bytes",
        "ETag": download.representation.etag,
        **repr_digest(download.sha256),
        **last_modified(download.stored_at),
        "Cache-Control": PUBLIC_CACHES if download.is_public else PRIVATE_CACHES,
    }


def last_modified(stored_at: datetime | None) -> dict[str, str]:
    return {"Last-Modified": format_datetime(stored_at.astimezone(UTC), usegmt=True)} if stored_at else {}


def disposition(download: Download, *, as_attachment: bool = False) -> str:
    """As in RFC 6266; names that need it are added in the form of RFC 8187."""
    kind = "inline" if INLINE.fullmatch(download.media_type) and not as_attachment else "attachment"
    name = "".join(c if unicodedata.category(c)[0] != "C" else "_" for c in download.name)
    plain = re.sub(r'[^ -~]|["\\%/]', "_", name)
    value = f'{kind}; filename="{plain}"'
    return value if plain == name else f"{value}; filename*=UTF-8''{quote(name, safe='')}"
