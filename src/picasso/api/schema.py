"""The OpenAPI document.

drf-spectacular knows only Django's views. The operations of the raw ASGI handlers are added here.
"""

from __future__ import annotations

from functools import lru_cache
from threading import Lock
from typing import Any, cast

from django.http import HttpResponse
from django.urls import get_script_prefix
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView
from rest_framework.request import Request

from picasso import addresses
from picasso.api.credentials_schema import SCHEMES, with_credentials
from picasso.api.upload_schema import OPERATIONS, PROBLEM, header, header_docs, path_parameter, problems, query

BYTES = {"*/*": {"schema": {"type": "string", "format": "binary"}}}

DOWNLOAD_RESPONSES = {
    "200": {"description": "The bytes.", "content": BYTES},
    "206": {
        "description": "A range of the bytes, or several ranges.",
        "content": {**BYTES, "multipart/byteranges": {"schema": {"type": "string", "format": "binary"}}},
    },
    "304": {"description": "Not modified."},
    **problems(
        s400="`download` is neither true nor false.",
        s401="The credential is not valid.",
        s403="The link is not valid, or the file is in quarantine.",
        s404="There is no such file, or the principal may not read it.",
        s410="The link has expired.",
        s412="A precondition failed.",
        s416="The range is outside the file.",
        s423="The file waits for its scan.",
    ),
}

LINK = (
    query("expires", "Of a link to a private file: a Unix time.", pattern=r"^[1-9]\d{0,11}$"),
    query("signature", "Of a link."),
)

DOWNLOAD = (
    query("download", "Send it as an attachment, whatever its type.", enum=["", "1", "true", "0", "false"]),
    header("Range", "The parts that are wanted, such as `bytes=0-99,500-`."),
    header("If-Range", "Apply `Range` only if this is still the `ETag` or `Last-Modified`."),
)


ID, NAME = path_parameter("id", format="uuid"), path_parameter("name")


LIMITED = {
    "429": {
        "description": "Too many requests. `violated-policies` has the name of the limit.",
        "headers": header_docs(
            Retry_After="Seconds until the next request is answered.",
            RateLimit="What remains of each limit, and the seconds until it is whole again. Also on other answers.",
            RateLimit_Policy="The limits: quota and window. Also on other answers.",
        ),
        "content": PROBLEM,
    }
}


def guarded(path: str, methods: dict[str, Any]) -> dict[str, Any]:
    """The operations of a path, with credentials and the answer to too many requests."""
    return {
        method: with_credentials(path, {**operation, "responses": {**operation["responses"], **LIMITED}})
        for method, operation in methods.items()
    }


def download(operation: str, description: str, *parameters: dict[str, Any]) -> dict[str, Any]:
    return {
        "operationId": operation,
        "tags": ["files"],
        "description": description,
        "parameters": [*parameters, *DOWNLOAD, *LINK],
        "responses": DOWNLOAD_RESPONSES,
    }


def health(operation: str, description: str, **other: str) -> dict[str, Any]:
    schema = {"type": "object", "required": ["status"], "properties": {"status": {"type": "string"}}}
    ok = {"description": "The status is `ok`.", "content": {"application/json": {"schema": schema}}}
    return {
        "operationId": operation,
        "tags": ["health"],
        "description": description,
        "security": [],
        "responses": {"200": ok, **problems(**other)},
    }


HEALTH = {
    addresses.ALIVE: {"get": health("health", "Whether this process answers.")},
    addresses.READY: {
        "get": health(
            "ready",
            "Whether everything that the service needs is available.",
            s503="Something is unavailable; `checks` says what.",
        )
    },
}
"""Not limited: a monitor must not fail because of other clients."""

DOORS: dict[str, dict[str, Any]] = {
    **OPERATIONS,
    f"{addresses.DOWNLOADS}{{id}}/{{name}}": {
        "get": download("download_file", "Download the original file.", ID, NAME)
    },
    f"{addresses.DOWNLOADS}{{id}}/derived/{{processor}}/{{name}}": {
        "get": download(
            "download_derivative", "Download a derivative of a file.", ID, path_parameter("processor"), NAME
        )
    },
}

HANDLERS = {**{path: guarded(path, methods) for path, methods in DOORS.items()}, **HEALTH}


def add_handlers(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """A postprocessing hook of drf-spectacular."""
    views = {path: guarded(path, methods) for path, methods in result["paths"].items()}
    result["paths"] = dict(sorted({**views, **HANDLERS}.items()))
    result["components"]["securitySchemes"] = SCHEMES
    return result


def add_root(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """A postprocessing hook: if the service is served below a path prefix, so are all paths."""
    root = get_script_prefix().rstrip("/")
    return {**result, "servers": [{"url": root}]} if root else result


class Schema(SpectacularAPIView):
    """The document. Making it takes about half a second, so a process makes it once for each path prefix and format."""

    @extend_schema(operation_id="get_schema", tags=["schema"], responses={200: OpenApiTypes.OBJECT})
    def get(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        renderer = request.accepted_renderer
        charset = f"; charset={renderer.charset}" if renderer.charset else ""
        with MAKING:
            body = rendered(get_script_prefix(), renderer.media_type)
        headers = {"Content-Disposition": f'inline; filename="Picasso.{renderer.format}"'}
        return HttpResponse(body, content_type=f"{renderer.media_type}{charset}", headers=headers)


MAKING = Lock()


@lru_cache(maxsize=16)
def rendered(prefix: str, media_type: str) -> bytes:
    """The document for the service below this path prefix, which is the one of the current request."""
    document = cast("Any", SchemaGenerator)().get_schema(request=None, public=True)
    renderer = next(each for each in Schema.renderer_classes if each.media_type == media_type)
    body: bytes = cast("Any", renderer)().render(document, media_type, {})
    return body
