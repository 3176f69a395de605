"""The answer to an upload that has become a file."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from django.utils import translation

from picasso.access.links import signer_for
from picasso.addresses import file_url
from picasso.html_answers import stored_page
from picasso.models import File
from picasso.serializers import FileDetailSerializer, Links, members
from picasso.web.digests import repr_digest
from picasso.web.request import Request
from picasso.web.waiting import Stored


async def answer_stored(request: Request, base: str, stored: Stored, headers: Mapping[str, str] | None = None) -> None:
    file, links = stored.file, Links(base, signer_for(request.principal))
    shown = _whole(request, file, links) if stored.whole else members(file, links)
    address = file_url(base, shown["id"])
    if request.is_page_load:
        look = request.look(request.language)
        page = await asyncio.to_thread(stored_page, shown, look)
        named = {"Location": address, "Content-Language": look.language, **(headers or {})}
        await request.answer_page(201, page, named)
    else:
        all_headers = {"Location": address, "Content-Location": address, **repr_digest(file.sha256), **(headers or {})}
        await request.answer_json(201, shown, all_headers)


def _whole(request: Request, file: File, links: Links) -> dict[str, Any]:
    # It may have failed meanwhile, for a reason that is said in the reader's language.
    with translation.override(request.language):
        return FileDetailSerializer(context={"links": links}).to_representation(file)
