"""The parameters of uploads, and the fields of a form, in the OpenAPI document. What they mean: docs/uploads.md.

Not among them are those of tus, which has a description of its own, and those whose value follows from the content or
from what was sent before: digests and Idempotency-Key. Descriptions name them.
"""

from __future__ import annotations

from typing import Any

from picasso.api.openapi.bodies import URL
from picasso.api.openapi.constraints import CONTROL, TAG
from picasso.api.openapi.parts import header
from picasso.metadata import MAX_TAGS
from picasso.receive.webhook_urls import MAX_URL

COMPLETE = header(
    "Upload-Complete",
    "Of the IETF draft. `?1`: this is the last content. `?0`: more follows in later requests.",
    enum=["?0", "?1"],
)
CREATED_COMPLETE = header(
    "Upload-Complete",
    "Of the IETF draft. `?0`: content follows in later requests. `?1`, with content, makes it a file at once.",
    enum=["?0"],
)
OFFSET = header(
    "Upload-Offset", "Position of this content: the upload's current offset.", pattern="^(0|[1-9][0-9]{0,14})$"
)
DISPOSITION = header(
    "Content-Disposition",
    "The name of the file. `filename*` (RFC 8187) is possible, too.",
    pattern=r'^attachment; filename="[ !#-\[\]-~]{1,255}"$',
    example='attachment; filename="beach.jpg"',
)
PREFER = header(
    "Prefer",
    "`wait=30`: answer when the file is processed or failed, or after so many seconds, at most 60 (RFC 7240).",
    example="wait=30",
)

WORD = rf"[^,{CONTROL}]"
WORDS = {
    "type": "array",
    "maxItems": MAX_TAGS,
    "items": {**TAG, "pattern": rf"^[^\[,\s{CONTROL}]{WORD}*$"},
}
"""Tags as they are sent where a comma separates them, and where a list of JSON is possible."""

WISHES: dict[str, dict[str, Any]] = {
    "pipeline": {"type": "string", "description": "The pipeline for the file."},
    "visibility": {
        "type": "string",
        "enum": ["public", "private"],
        "description": "`public`: everybody may fetch its bytes.",
    },
    "expires_at": {
        "anyOf": [{"type": "string", "format": "date-time"}, {"type": "string", "maxLength": 0}],
        "description": "The file is deleted then.",
    },
    "tags": {**WORDS, "description": "Words about the file. One with a comma needs a JSON list: docs/uploads.md."},
    "webhook_url": {
        "type": "string",
        "pattern": f"^({URL[1:-1]})?$",
        "maxLength": MAX_URL,
        "description": "Gets the events of the file (docs/webhooks.md). The project must allow its host.",
    },
}
"""What a client may say about a file, in the query or in a form."""


def in_query(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    described = {key: value for key, value in schema.items() if key != "description"}
    return {"name": name, "in": "query", "schema": described, "description": schema["description"]}


QUERY = tuple(in_query(name, schema) for name, schema in WISHES.items())

FORM = {
    "schema": {
        "type": "object",
        "required": ["file"],
        "properties": {
            "file": {"type": "string", "format": "binary", "minLength": 1},
            **WISHES,
        },
    }
}

OVERRIDE = header("X-HTTP-Method-Override", "The method to use instead of POST.", enum=["HEAD", "DELETE"])
