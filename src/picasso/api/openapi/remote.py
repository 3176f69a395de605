"""The operation that sends a derivative: its handler is no view (`picasso.web.derivatives`)."""

from __future__ import annotations

from typing import Any

from picasso import addresses
from picasso.api.openapi.parts import BYTES, header, path_parameter, problems
from picasso.api.openapi.remote_examples import DERIVATIVE
from picasso.process.remote.lease import PATTERN as LEASE_PATTERN

SCHEMA = {
    "type": "object",
    "required": list(DERIVATIVE),
    "properties": {
        "role": {"type": "string"},
        "media_type": {"type": "string", "description": "Detected from the content."},
        "size": {"type": "integer", "description": "Bytes."},
        "sha256": {"type": "string"},
        "width": {"type": ["integer", "null"]},
        "height": {"type": ["integer", "null"]},
    },
}


def side(name: str) -> dict[str, Any]:
    schema = {"type": "integer", "minimum": 0, "maximum": 2**31 - 1}
    return {"name": name, "in": "query", "schema": schema, "description": "Pixels, of a picture or a video."}


def send(operation: str) -> dict[str, Any]:
    content = {"application/json": {"schema": SCHEMA, "examples": {"derivative": {"value": DERIVATIVE}}}}
    return {
        "operationId": operation,
        "tags": ["remote processors"],
        "description": "The body is the bytes. One of the same role replaces the one before. Nobody sees it until the "
        "job finishes; if it does not, the bytes are removed.",
        "parameters": [
            path_parameter("id", format="uuid"),
            path_parameter("role", pattern="^[a-z0-9]+(-[a-z0-9]+)*$", maxLength=64),
            {**header("Picasso-Lease", "The `lease` of the claimed job.", pattern=LEASE_PATTERN), "required": True},
            side("width"),
            side("height"),
        ],
        "requestBody": {"required": True, "content": {"application/octet-stream": BYTES}},
        "responses": {
            "200": {"description": "It is kept for the end of the job.", "content": content},
            **problems(
                s400="The role, the size or the lease is malformed.",
                s404="There is no such job in the project.",
                s409="The lease is lost, or the job has too many derivatives.",
                s410="The file was deleted.",
                s413="All derivatives of a job together would have too many bytes.",
            ),
        },
    }


OPERATIONS: dict[str, dict[str, Any]] = {
    f"{addresses.JOBS}{{id}}/derivatives/{{role}}/": {"put": send("put_derivative"), "post": send("post_derivative")},
}
