"""The doors' operations in the OpenAPI document, which otherwise knows only what Django serves."""

from __future__ import annotations

from typing import Any

from django.urls import get_script_prefix

PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
FILE = {"application/json": {"schema": {"$ref": "#/components/schemas/File"}}}
BYTES = {"*/*": {"schema": {"type": "string", "format": "binary"}}}


def problems(**reasons: str) -> dict[str, Any]:
    """Responses by status, given as ``s404="…"``."""
    return {status.removeprefix("s"): {"description": why, "content": PROBLEM} for status, why in reasons.items()}


UPLOAD = {
    "operationId": "upload_file",
    "tags": ["upload"],
    "description": "Store one file. Answered when its bytes and its row are safe on disk; processing follows.",
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": {"type": "string", "format": "binary"}},
                }
            }
        },
    },
    "responses": {
        "201": {
            "description": "Stored.",
            "headers": {"Location": {"description": "The file's own address.", "schema": {"type": "string"}}},
            "content": FILE,
        },
        **problems(
            s400="No part `file`, more than one, an empty file, or a form that is not whole.",
            s408="No byte arrived for too long.",
            s413="Larger than this service takes.",
            s415="Not multipart/form-data.",
            s503="The database is away; try again after Retry-After.",
            s507="No space is left.",
        ),
    },
}

DOWNLOAD_RESPONSES = {
    "200": {"description": "The bytes.", "content": BYTES},
    "206": {"description": "A range of the bytes.", "content": BYTES},
    "304": {"description": "Not modified."},
    **problems(s404="There is no such file.", s412="A precondition failed.", s416="The range lies past the end."),
}


def text_parameter(name: str, **schema: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string", **schema}}


ID, NAME = text_parameter("id", format="uuid"), text_parameter("name")


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
    "/api/v1.0/upload/": {"post": UPLOAD},
    "/files/{id}/{name}": {"get": download("download_file", "The bytes as they were uploaded.", ID, NAME)},
    "/files/{id}/derived/{processor}/{name}": {
        "get": download("download_derivative", "What was made of a file.", ID, text_parameter("processor"), NAME)
    },
    "/healthz": {"get": health("health", "Whether this process answers.")},
    "/readyz": {"get": health("ready", "Whether all that the service needs is there.", s503="Something is not.")},
}


def add_doors(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """A postprocessing hook of drf-spectacular."""
    result["paths"] = dict(sorted({**result["paths"], **DOORS}.items()))
    return result


def add_root(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Where the service is served below a path, all paths are below that."""
    root = get_script_prefix().rstrip("/")
    return {**result, "servers": [{"url": root}]} if root else result
