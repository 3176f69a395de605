"""The answer to an upload that has become a file."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from picasso.access.links import signer_for
from picasso.addresses import file_url
from picasso.models import File
from picasso.serializers import FileSerializer, Links
from picasso.web.digests import repr_digest
from picasso.web.request import Request


async def answer_stored(request: Request, base: str, file: File, headers: Mapping[str, str] | None = None) -> None:
    address, links = file_url(base, file.pk), Links(base, signer_for(request.principal))
    all_headers = {"Location": address, "Content-Location": address, **repr_digest(file.sha256), **(headers or {})}
    await request.answer_json(201, serializer(links).to_representation(file), all_headers)


@lru_cache(maxsize=256)
def serializer(links: Links) -> FileSerializer:
    """Cached, because creating one costs more than using it. Used on the loop's thread only."""
    return FileSerializer(context={"links": links})
