"""The operations of downloads, of the health checks and of the pages: their handlers are no views of DRF's kind."""

from __future__ import annotations

from typing import Any

from picasso import addresses
from picasso.api.openapi import remote, uploads
from picasso.api.openapi.example_values import BASE
from picasso.api.openapi.examples import LINES
from picasso.api.openapi.methods import ANSWER, UPLOAD_ANSWER
from picasso.api.openapi.parts import BYTES, header, header_docs, path_parameter, problems, query

OF_BYTES = header_docs(
    ETag="Of the bytes, for `If-Match`, `If-None-Match` and `If-Range`.",
    Last_Modified="Of an original: when it was stored.",
    Content_Disposition="`inline` or `attachment`, and the name of the file.",
    Repr_Digest="SHA-256 of the whole file.",
    Accept_Ranges="`bytes`.",
    Cache_Control="How long caches may keep it.",
)
# The first one is for generators of clients that do not know the second.
ANY_TYPE = {"application/octet-stream": BYTES, "*/*": BYTES}

DOWNLOAD_RESPONSES = {
    "200": {"description": "The bytes.", "headers": OF_BYTES, "content": ANY_TYPE},
    "206": {
        "description": "A range of the bytes, or several ranges.",
        "headers": {**OF_BYTES, **header_docs(Content_Range="Of one range: `bytes 0-99/1234`.")},
        "content": {**ANY_TYPE, "multipart/byteranges": BYTES},
    },
    "304": {"description": "Not modified.", "headers": header_docs(ETag="Of the bytes.")},
    **problems(
        s400="`download` is neither true nor false.",
        s403="The link is not valid, or the file is in quarantine.",
        s404="There is no such file, or the principal may not read it.",
        s410="The link has expired.",
        s412="A precondition failed.",
        s416="The range is outside the file.",
        s423="The file waits for its scan.",
    ),
}

DOWNLOAD = (
    query("download", "Send it as an attachment, whatever its type.", enum=["", "1", "true", "0", "false"]),
    query("expires", "Of a link to a private file: a Unix time."),
    query("signature", "Of a link."),
    header("Range", "The parts that are wanted, such as `bytes=0-99,500-`.", example="bytes=0-99"),
    header("If-Range", "Apply `Range` only if this is still the `ETag` or `Last-Modified`."),
    header("If-Match", "Only if this is the `ETag`."),
    header("If-None-Match", "Only if this is not the `ETag`."),
    header("If-Modified-Since", "Only if it was stored after this date."),
    header("If-Unmodified-Since", "Only if it was not stored after this date."),
)

ID, NAME = path_parameter("id", format="uuid"), path_parameter("name")


def download(operation: str, description: str, *parameters: dict[str, Any]) -> dict[str, Any]:
    return {
        "operationId": operation,
        "tags": ["files"],
        "description": description,
        "parameters": [*parameters, *DOWNLOAD],
        "responses": DOWNLOAD_RESPONSES,
    }


def health(operation: str, description: str, example: dict[str, Any], **other: str) -> dict[str, Any]:
    schema = {"type": "object", "required": ["status"], "properties": {"status": {"type": "string"}}}
    content = {"application/json": {"schema": schema, "examples": {"ok": {"value": example}}}}
    return {
        "operationId": operation,
        "tags": ["health"],
        "description": description,
        "responses": {"200": {"description": "The status is `ok`.", "content": content}, **problems(**other)},
    }


def page(operation: str, description: str, tag: str, content: dict[str, Any]) -> dict[str, Any]:
    return {
        "operationId": operation,
        "tags": [tag],
        "description": description,
        "responses": {"200": {"description": "It.", "content": content}},
    }


HTML = {"text/html": {"schema": {"type": "string"}, "examples": {"page": {"value": LINES["text/html"]}}}}
DIRECTORY = {
    "application/json": {
        "schema": {
            "type": "object",
            "required": ["name", "version", "max_upload_size"],
            "properties": {
                "name": {"type": "string"},
                "version": {"type": "string"},
                "max_upload_size": {"type": "integer", "description": "Bytes."},
            },
            "additionalProperties": {"type": "string", "description": "The address of a part of the service."},
        },
        "examples": {
            "directory": {
                "value": {
                    "name": "Picasso",
                    "version": "1.0.0",
                    "max_upload_size": 5 * 2**30,
                    "upload": f"{BASE}{addresses.UPLOAD}",
                    "files": f"{BASE}{addresses.FILES}",
                }
            }
        },
    }
}
FRONT_PAGE = {
    **page(
        "get_front_page",
        "HTML for clients that list it in `Accept`, as browsers do. The directory as JSON for all others.",
        "service",
        {**DIRECTORY, **HTML},
    )
}

ALIVE = health("health", "Whether this process answers. Answered without the database.", {"status": "ok"})
READY = health(
    "ready",
    "Whether everything that the service needs is available.",
    {"status": "ok", "checks": {"database": "ok", "storage": "ok", "worker": "ok"}},
    s503="Something is unavailable; `checks` says what.",
)

OPERATIONS: dict[str, dict[str, Any]] = {
    **uploads.OPERATIONS,
    **remote.OPERATIONS,
    f"{addresses.DOWNLOADS}{{id}}/{{name}}": {
        "get": download("download_file", "Download the original file.", ID, NAME)
    },
    f"{addresses.DOWNLOADS}{{id}}/derived/{{processor}}/{{name}}": {
        "get": download(
            "download_derivative", "Download a derivative of a file.", ID, path_parameter("processor"), NAME
        )
    },
    addresses.HOME: {"get": FRONT_PAGE},
    addresses.API: {"get": {**FRONT_PAGE, "operationId": "get_directory"}},
    addresses.DOCS: {"get": page("get_docs", "For people. It loads nothing from elsewhere.", "schema", HTML)},
    addresses.ALIVE: {"get": ALIVE},
    addresses.READY: {"get": READY},
}

OPTIONS = {
    **{path: {"204": UPLOAD_ANSWER} for path in uploads.OPERATIONS},
    **{path: {"204": ANSWER} for path in remote.OPERATIONS},
}
"""What these answer to OPTIONS, by path. Views describe themselves."""

WITHOUT_OPTIONS = (addresses.HOME, addresses.API, addresses.DOCS, addresses.ALIVE, addresses.READY)
"""Besides downloads. They answer 405."""


def has_options(path: str) -> bool:
    return path not in WITHOUT_OPTIONS and not path.startswith(addresses.DOWNLOADS)
