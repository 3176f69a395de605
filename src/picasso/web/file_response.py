"""The answer to an upload that has become a file."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import lru_cache

from django.utils import translation

from picasso.access.links import signer_for
from picasso.addresses import file_url
from picasso.html_answers import stored_page
from picasso.serializers import FileDetailSerializer, FileSerializer, Links
from picasso.web.digests import repr_digest
from picasso.web.request import Request
from picasso.web.waiting import Stored


async def answer_stored(request: Request, base: str, stored: Stored, headers: Mapping[str, str] | None = None) -> None:
    file, kind = stored.file, FileDetailSerializer if stored.whole else FileSerializer
    address, links = file_url(base, file.pk), Links(base, signer_for(request.principal))
    # It may have failed meanwhile, for a reason that is said in the reader's language.
    with translation.override(request.language):
        shown = serializer(kind, links).to_representation(file)
    if request.is_page_load:
        look = request.look(request.language)
        page = await asyncio.to_thread(stored_page, shown, look)
        named = {"Location": address, "Content-Language": look.language, **(headers or {})}
        await request.answer_page(201, page, named)
    else:
        all_headers = {"Location": address, "Content-Location": address, **repr_digest(file.sha256), **(headers or {})}
        await request.answer_json(201, shown, all_headers)


@lru_cache(maxsize=256)
def serializer(kind: type[FileSerializer], links: Links) -> FileSerializer:
    """Cached, because creating one costs more than using it. Used on the loop's thread only."""
    return kind(context={"links": links})
