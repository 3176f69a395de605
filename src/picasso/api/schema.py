"""Adds the operations of the raw ASGI handlers to the OpenAPI document; drf-spectacular knows only Django's views."""

from __future__ import annotations

from typing import Any

from django.urls import get_script_prefix

from picasso import addresses
from picasso.api.upload_schema import OPERATIONS, path_parameter, problems

BYTES = {"*/*": {"schema": {"type": "string", "format": "binary"}}}

DOWNLOAD_RESPONSES = {
    "200": {"description": "The bytes.", "content": BYTES},
    "206": {"description": "A range of the bytes.", "content": BYTES},
    "304": {"description": "Not modified."},
    **problems(s404="There is no such file.", s412="A precondition failed.", s416="The range is outside the file."),
}


ID, NAME = path_parameter("id", format="uuid"), path_parameter("name")


def download(operation: str, description: str, *parameters: dict[str, Any]) -> dict[str, Any]:
    return {
        "operationId": operation,
        "tags": ["files"],
        "description": description,
        "parameters": list(parameters),
        "responses": DOWNLOAD_RESPONSES,
    }


def health(operation: str, description: str, **other: str) -> dict[str, Any]:
    schema = {"type": "object", "required": ["status"], "properties": {"status": {"type": "string"}}}
    ok = {"description": "The status is `ok`.", "content": {"application/json": {"schema": schema}}}
    return {
        "operationId": operation,
        "tags": ["health"],
        "description": description,
        "responses": {"200": ok, **problems(**other)},
    }


HANDLERS: dict[str, dict[str, Any]] = {
    **OPERATIONS,
    f"{addresses.DOWNLOADS}{{id}}/{{name}}": {
        "get": download("download_file", "Download the original file.", ID, NAME)
    },
    f"{addresses.DOWNLOADS}{{id}}/derived/{{processor}}/{{name}}": {
        "get": download(
            "download_derivative", "Download a derivative of a file.", ID, path_parameter("processor"), NAME
        )
    },
    addresses.ALIVE: {"get": health("health", "Whether this process answers.")},
    addresses.READY: {
        "get": health(
            "ready",
            "Whether everything that the service needs is available.",
            s503="Something is unavailable; `checks` says what.",
        )
    },
}


def add_handlers(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """A postprocessing hook of drf-spectacular."""
    result["paths"] = dict(sorted({**result["paths"], **HANDLERS}.items()))
    return result


def add_root(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """A postprocessing hook: if the service is served below a path prefix, so are all paths."""
    root = get_script_prefix().rstrip("/")
    return {**result, "servers": [{"url": root}]} if root else result
