"""HEAD, which each address with GET has, and OPTIONS."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from picasso import addresses
from picasso.api.openapi.parts import header_docs

ALLOW = header_docs(Allow="The methods that this address supports.")
OF_UPLOADS = header_docs(
    Tus_Version="The versions of tus that are supported.",
    Tus_Extension="The extensions of tus that are supported.",
    Tus_Max_Size="How many bytes a file may have.",
    Tus_Checksum_Algorithm="For `Upload-Checksum`.",
    Upload_Limit="Of the IETF draft: how many bytes a file may have.",
    Accept_Patch="The media types that a `PATCH` may have.",
)
METADATA = {
    "type": "object",
    "description": "What an address is for.",
    "required": ["name", "description", "renders", "parses"],
    "properties": {
        "name": {"type": "string"},
        "description": {"type": "string"},
        "renders": {"type": "array", "items": {"type": "string"}, "description": "Media types of answers."},
        "parses": {"type": "array", "items": {"type": "string"}, "description": "Media types of requests."},
        "actions": {"type": "object", "additionalProperties": {}, "description": "The fields of requests, by method."},
    },
}
SCHEMAS = {"Address": METADATA}
EXAMPLE = {
    "name": "File List",
    "description": "Files, newest first.",
    "renders": ["application/json"],
    "parses": ["application/json"],
}
ADDRESS = {"schema": {"$ref": "#/components/schemas/Address"}, "examples": {"Address": {"value": EXAMPLE}}}
ANSWER = {"description": "What the address supports.", "headers": ALLOW}
UPLOAD_ANSWER = {"description": "What the address supports, in headers.", "headers": {**ALLOW, **OF_UPLOADS}}


def head_of(operation: Mapping[str, Any]) -> dict[str, Any]:
    """As GET, without a body."""
    responses = {
        status: {name: part for name, part in response.items() if name not in {"content", "links"}}
        for status, response in operation["responses"].items()
    }
    return {
        **operation,
        "operationId": f"{operation['operationId']}_head",
        "description": "As `GET`, without a body.",
        "responses": responses,
    }


def options_of(
    path: str, operation: Mapping[str, Any], responses: Mapping[str, dict[str, Any]] | None = None
) -> dict[str, Any]:
    """``operation`` is the first one of the path. ``responses``: by default those of a view."""
    in_path = [each for each in operation.get("parameters", []) if each["in"] == "path"]
    content = dict.fromkeys(media_types(path, operation), ADDRESS)
    return {
        "operationId": f"{operation['operationId']}_options",
        "tags": operation["tags"],
        "description": "The methods of the address are in `Allow`.",
        "parameters": in_path,
        "responses": dict(responses or {"200": {**ANSWER, "content": content}}),
    }


def media_types(path: str, operation: Mapping[str, Any]) -> list[str]:
    """Those of answers to OPTIONS: what the address can answer at all."""
    return list(operation["responses"]["200"]["content"]) if path == addresses.SCHEMA else ["application/json"]
