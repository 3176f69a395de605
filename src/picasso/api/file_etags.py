"""The entity tags of files in the API (RFC 9110 §8.8.3), and the conditions of requests about them.

A tag has two parts. The first is the version of what clients can change (`files.change.version_of`), the second is of
the whole answer, with the state and the links. `If-None-Match` compares both. `If-Match` compares the first: that a
file was processed meanwhile, or that links were renewed, is no reason to refuse a change.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from typing import Any

from django.utils.http import parse_etags
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.response import Response

from picasso.files.change import EVERY, Versions, version_of
from picasso.metadata import compact
from picasso.models import File

ANY = "*"

IF_MATCH = OpenApiParameter("If-Match", location="header", description="An `ETag` of the file: 412 if it was changed.")
IF_NONE_MATCH = OpenApiParameter("If-None-Match", location="header", description="An `ETag`: 304 if nothing is new.")
IF_NONE_MATCH_OF_CHANGE = OpenApiParameter(
    "If-None-Match", location="header", description="An `ETag` of the file: 412 if it is as it was then; `*`: always."
)
ETAG = OpenApiParameter(
    "ETag", location="header", response=[200], description="Of the file as it is now, for `If-Match`."
)


def with_etag(request: Request, file: File, data: Any) -> Response:
    """The answer about a file; 304 if the client has it already."""
    etag = f'"{version_of(file)}-{hashlib.sha256(as_bytes(data)).hexdigest()[:16]}"'
    known = [tag.removeprefix("W/") for tag in parse_etags(request.headers.get("If-None-Match", ""))]
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
    if request.method in {"GET", "HEAD"} and (etag in known or ANY in known):
        return Response(status=304, headers=headers)
    return Response(data, headers=headers)


def as_bytes(data: Any) -> bytes:
    return compact(data).encode(errors="replace")


def required_versions(request: Request) -> Versions:
    """What a request says of the file that it is about.

    By RFC 9110 §13.1.2 ``If-None-Match`` refuses a change of what it names; with GET it asks for a 304 instead.
    """
    required, refused = request.headers.get("If-Match"), request.headers.get("If-None-Match")
    if request.method in {"GET", "HEAD"}:
        refused = None
    return Versions(
        None if required is None or required.strip() == ANY else versions_in(required),
        EVERY if refused is not None and refused.strip() == ANY else versions_in(refused or ""),
    )


def versions_in(tags: str) -> Collection[str]:
    """A proxy that compresses answers makes their tags weak (``W/``). That does not matter: no version is of bytes."""
    return {tag.removeprefix("W/").strip('"').partition("-")[0] for tag in parse_etags(tags)}
