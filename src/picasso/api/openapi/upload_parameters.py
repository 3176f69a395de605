"""The parameters of uploads, and the fields of a form, in the OpenAPI document. What they mean: docs/uploads.md."""

from __future__ import annotations

from typing import Any

from picasso.api.openapi.bodies import URL
from picasso.api.openapi.constraints import CONTROL, TAG
from picasso.api.openapi.parts import header
from picasso.metadata import MAX_TAGS
from picasso.receive.webhook_urls import MAX_URL

NUMBER = r"^(0|[1-9][0-9]{0,14})$"
PAIR = r"[!-+\--~]+( [A-Za-z0-9+/]*={0,2})?"
DIGEST_OF = r"[a-z0-9*_.-]+=:[A-Za-z0-9+/]*={0,2}:"
DIGESTS = rf"^{DIGEST_OF}(, ?{DIGEST_OF})*$"

# Of the IETF draft

COMPLETE = header(
    "Upload-Complete",
    "Of the IETF draft. `?1`: this is the last content. `?0`: more follows in later requests.",
    enum=["?0", "?1"],
)
INTEROP = header("Upload-Draft-Interop-Version", "The client's version of the IETF draft.", enum=[*"345678"])
OFFSET = header("Upload-Offset", "Position of this content: the upload's current offset.", pattern=NUMBER)
LENGTH = header("Upload-Length", "Of tus and the IETF draft: size of the whole file in bytes.", pattern=NUMBER)

# Of tus

TUS = header("Tus-Resumable", "Marks a request of the tus protocol.", enum=["1.0.0"])
DEFER = header("Upload-Defer-Length", "Of tus, instead of `Upload-Length`: it follows later.", enum=["1"])
CONCAT = header(
    "Upload-Concat", "Of tus: `partial`, or `final;` and the URLs of the parts.", pattern="^(partial|final;.+)$"
)
CHECKSUM = header(
    "Upload-Checksum",
    "Of tus: `sha1` or `sha256`, and the digest of this content in base64.",
    pattern="^(sha1|sha256) [A-Za-z0-9+/]+={0,2}$",
)
METADATA = header(
    "Upload-Metadata",
    "Of tus: `filename`, `filetype`, `pipeline`, `visibility`, `expires_at`, `tags`, `attributes`, `webhook_url`"
    " and others.",
    pattern=f"^({PAIR}(, ?{PAIR})*)?$",
)
OVERRIDE = header("X-HTTP-Method-Override", "The method to use instead of POST.", enum=["PATCH", "HEAD", "DELETE"])

# Of all

KEY = header(
    "Idempotency-Key",
    "Repeating a request with the same key creates no second file.",
    minLength=1,
    maxLength=255,
    pattern=r"^\S(.*\S)?$",
)
DIGEST = header(
    "Repr-Digest", "The digest of the whole file (RFC 9530). Verified when the upload is complete.", pattern=DIGESTS
)
CONTENT_DIGEST = header("Content-Digest", "The digest of this request's content (RFC 9530). Verified.", pattern=DIGESTS)
DISPOSITION = header(
    "Content-Disposition",
    "The name of the file. `filename*` (RFC 8187) is possible, too. A raw body needs it, if the address has no name.",
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
    "attributes": {
        "type": "string",
        "contentMediaType": "application/json",
        "description": "What the application says about the file: a JSON object.",
    },
}
"""What a client may say about a file, in the query or in a form."""


def in_query(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    described = {key: value for key, value in schema.items() if key != "description"}
    return {"name": name, "in": "query", "schema": described, "description": schema["description"]}


QUERY = tuple(in_query(name, schema) for name, schema in WISHES.items())
HEADERS = (
    header("Picasso-Tags", "As the query's `tags`: a List of Strings (RFC 9651), or a JSON list."),
    header("Picasso-Attributes", "As the query's `attributes`; or as a Byte Sequence (RFC 9651)."),
    header("Picasso-Webhook-Url", "As the query's `webhook_url`.", pattern=f"^({URL[1:-1]})?$", maxLength=MAX_URL),
)
CREATION = (*QUERY, *HEADERS, DISPOSITION, COMPLETE, INTEROP, LENGTH, METADATA, KEY, DIGEST, CONTENT_DIGEST, PREFER)
"""Of every request that creates a file or an upload."""
CREATION_WITH_TUS = (TUS, DEFER, CONCAT, CHECKSUM, *CREATION)
APPENDING = (TUS, OFFSET, COMPLETE, INTEROP, LENGTH, CHECKSUM, CONTENT_DIGEST, PREFER)
"""Of every request that adds content to an upload."""

FORM = {
    "schema": {
        "type": "object",
        "required": ["file"],
        "properties": {
            "token": {"type": "string", "description": "An upload token. Before the file."},
            "file": {"type": "string", "format": "binary", "minLength": 1},
            **WISHES,
        },
    }
}
