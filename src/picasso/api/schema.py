"""The doors' operations in the OpenAPI document, which otherwise knows only what Django serves."""

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
    **problems(s404="There is no such file.", s412="A precondition failed.", s416="The range lies past the end."),
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
    ok = {"description": "Yes.", "content": {"application/json": {"schema": schema}}}
    return {
        "operationId": operation,
        "tags": ["health"],
        "description": description,
        "responses": {"200": ok, **problems(**other)},
    }


DOORS: dict[str, dict[str, Any]] = {
    **OPERATIONS,
    f"{addresses.DOWNLOADS}{{id}}/{{name}}": {
        "get": download("download_file", "The bytes as they were uploaded.", ID, NAME)
    },
    f"{addresses.DOWNLOADS}{{id}}/derived/{{processor}}/{{name}}": {
        "get": download("download_derivative", "What was made of a file.", ID, path_parameter("processor"), NAME)
    },
    addresses.ALIVE: {"get": health("health", "Whether this process answers.")},
    addresses.READY: {"get": health("ready", "Whether all that the service needs is there.", s503="Something is not.")},
}


def add_doors(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """A postprocessing hook of drf-spectacular."""
    result["paths"] = dict(sorted({**result["paths"], **DOORS}.items()))
    return result


def add_root(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Where the service is served below a path, all paths are below that."""
    root = get_script_prefix().rstrip("/")
    return {**result, "servers": [{"url": root}]} if root else result
