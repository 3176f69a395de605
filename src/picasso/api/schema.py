"""The OpenAPI document.

drf-spectacular knows only Django's views. `picasso.api.openapi` adds the operations of the raw ASGI handlers, and what
a schema does not say: summaries, errors, examples, links.
"""

from __future__ import annotations

import gzip
import json
from functools import lru_cache
from threading import Lock
from typing import Any, cast

from django.http import HttpResponse
from django.urls import get_script_prefix
from django.utils.cache import patch_vary_headers
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView
from rest_framework.request import Request

from picasso.access.principal import Kind, principal_of
from picasso.api.openapi.document import complete
from picasso.api.openapi.installation import names_shown
from picasso.api.parameters import KnownFormat
from picasso.api.statics import takes_gzip


def add_handlers(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """A postprocessing hook of drf-spectacular."""
    return complete(result)


def add_root(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """A postprocessing hook: if the service is served below a path prefix, so are all paths."""
    root = get_script_prefix().rstrip("/")
    return {**result, "servers": [{"url": root}]} if root else result


class Schema(KnownFormat, SpectacularAPIView):
    """The document. Making it takes about half a second, so a process makes it once for each path prefix and format."""

    @extend_schema(operation_id="get_schema", tags=["schema"], responses={200: OpenApiTypes.OBJECT})
    def get(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        renderer = request.accepted_renderer
        charset = f"; charset={renderer.charset}" if renderer.charset else ""
        shown = principal_of(request.META).kind in KNOWN
        headers = {"Content-Disposition": f'inline; filename="Picasso.{renderer.format}"', "Cache-Control": "private"}
        make = rendered
        if takes_gzip(request):
            make = compressed
            headers["Content-Encoding"] = "gzip"
        with MAKING:
            body = make(get_script_prefix(), renderer.media_type, names=shown)
        response = HttpResponse(body, content_type=f"{renderer.media_type}{charset}", headers=headers)
        patch_vary_headers(response, ["Authorization", "Cookie", "Accept-Encoding"])
        return response


MAKING = Lock()

KNOWN: frozenset[Kind] = frozenset({"open", "service", "key", "session"})
"""Who may read the names of the installation. A stranger and an end user with a token get the document without them."""


@lru_cache(maxsize=16)
def rendered(prefix: str, media_type: str, *, names: bool) -> bytes:
    """The document for the service below this path prefix, which is the one of the current request.

    With ``names`` it has those of the pipelines and the remote processors.
    """
    with names_shown(names):
        document = cast("Any", SchemaGenerator)().get_schema(request=None, public=True)
    renderer = next(each for each in Schema.renderer_classes if each.media_type == media_type)
    body: bytes = cast("Any", renderer)().render(document, media_type, {})
    # Indented, it has more than twice the bytes.
    return json.dumps(json.loads(body), ensure_ascii=False).encode() if media_type.endswith("json") else body


@lru_cache(maxsize=16)
def compressed(prefix: str, media_type: str, *, names: bool) -> bytes:
    """As `rendered`, with gzip: 56 kB instead of 630 kB."""
    return gzip.compress(rendered(prefix, media_type, names=names), mtime=0)
