"""The operations for uploads in the OpenAPI document. What they mean: docs/uploads.md."""

from __future__ import annotations

from typing import Any

from picasso import addresses
from picasso.api.openapi.examples import UPLOAD as UPLOAD_EXAMPLE
from picasso.api.openapi.parts import BYTES, component, header, header_docs, path_parameter, problems, query

NUMBER = r"^[0-9]{1,15}$"
METADATA_PAIRS = r"^([!-+\--~]+( [A-Za-z0-9+/]*={0,2})?(, ?[!-+\--~]+( [A-Za-z0-9+/]*={0,2})?)*)?$"
DIGESTS = r"^[a-z0-9*_.-]+=:[A-Za-z0-9+/]*={0,2}:(, ?[a-z0-9*_.-]+=:[A-Za-z0-9+/]*={0,2}:)*$"

COMPLETE = header(
    "Upload-Complete",
    "Of the IETF draft. `?1`: this is the last content. `?0`: more follows in later requests.",
    enum=["?0", "?1"],
)
INTEROP = header("Upload-Draft-Interop-Version", "The client's version of the IETF draft.", enum=[*"345678"])
OFFSET = header("Upload-Offset", "Position of this content: the upload's current offset.", pattern=NUMBER)
LENGTH = header("Upload-Length", "Of tus and the IETF draft: size of the whole file in bytes.", pattern=NUMBER)
DEFER = header("Upload-Defer-Length", "Of tus, instead of `Upload-Length`: it follows later.", enum=["1"])
CONCAT = header(
    "Upload-Concat", "Of tus: `partial`, or `final;` and the URLs of the parts.", pattern="^(partial|final;.+)$"
)
CHECKSUM = header("Upload-Checksum", "Of tus: `sha1` or `sha256`, and the digest of this content in base64.")
TUS = header("Tus-Resumable", "Marks a request of the tus protocol.", enum=["1.0.0"])
KEY = header(
    "Idempotency-Key",
    "Repeating a request with the same key creates no second file.",
    minLength=1,
    maxLength=255,
)
DIGEST = header(
    "Repr-Digest", "The digest of the whole file (RFC 9530). Verified when the upload is complete.", pattern=DIGESTS
)
CONTENT_DIGEST = header("Content-Digest", "The digest of this request's content (RFC 9530). Verified.", pattern=DIGESTS)
DISPOSITION = header("Content-Disposition", 'Contains the name of the file: `attachment; filename="beach.jpg"`.')
METADATA = header(
    "Upload-Metadata",
    "Of tus: `filename`, `filetype`, `pipeline`, `visibility`, `expires_at`, `tags`, `attributes`, `webhook_url`"
    " and others.",
    pattern=METADATA_PAIRS,
)
PREFER = header(
    "Prefer",
    "`wait=30`: answer when the file is processed or failed, or after so many seconds, at most 60 (RFC 7240).",
    example="wait=30",
)

PIPELINE = query("pipeline", "The pipeline for the file.", minLength=1, maxLength=64)
VISIBILITY = query("visibility", "`public`: everybody may fetch its bytes.", enum=["public", "private"])
EXPIRES_AT = query("expires_at", "The file is deleted then.", format="date-time")
TAGS = query("tags", "Words about the file, with commas between them; or repeated, or a JSON list.")
ATTRIBUTES = query("attributes", "What the application says about the file: a JSON object.")
PICASSO_TAGS = header("Picasso-Tags", "As the query's `tags`: a List of Strings (RFC 9651), or a JSON list.")
PICASSO_ATTRIBUTES = header("Picasso-Attributes", "As the query's `attributes`; or as a Byte Sequence (RFC 9651).")
WEBHOOK_URL = query("webhook_url", "Gets the events of the file (docs/webhooks.md). The project must allow its host.")
PICASSO_WEBHOOK_URL = header("Picasso-Webhook-Url", "As the query's `webhook_url`.")

FORM = {
    "schema": {
        "type": "object",
        "required": ["file"],
        "properties": {
            "token": {"type": "string", "description": "An upload token. Before the file."},
            "file": {"type": "string", "format": "binary"},
            "pipeline": {"type": "string"},
            "visibility": {"type": "string", "enum": ["public", "private"]},
            "expires_at": {"type": "string", "format": "date-time"},
            "tags": {"type": "string", "description": "With commas between them; or repeated, or a JSON list."},
            "attributes": {"type": "string", "description": "A JSON object."},
            "webhook_url": {"type": "string", "description": "Gets the events of the file."},
        },
    }
}

UPLOAD: dict[str, Any] = {
    "type": "object",
    "description": "A resumable upload.",
    "required": ["id", "offset", "length", "complete", "expires_at", "file_id", "tags", "attributes"],
    "properties": {
        "id": {"type": "string", "format": "uuid"},
        "offset": {
            "type": ["integer", "null"],
            "description": "Bytes stored; null during concatenation.",
        },
        "length": {
            "type": ["integer", "null"],
            "description": "Size of the whole file; null if unknown.",
        },
        "complete": {"type": "boolean"},
        "expires_at": {"type": "string", "format": "date-time"},
        "file_id": {
            "type": ["string", "null"],
            "format": "uuid",
            "description": "The id of the finished file.",
        },
        "tags": {"type": "array", "items": {"type": "string"}},
        "attributes": {"type": "object", "additionalProperties": {}},
    },
}
SCHEMAS = {"Upload": UPLOAD}

UPLOAD_JSON = {
    "application/json": {"schema": component("schemas", "Upload"), "examples": {"Upload": {"value": UPLOAD_EXAMPLE}}}
}

STORED = {
    "description": "The file is stored. With tus or `Upload-Complete: ?0`: the upload is created; Location is its URL.",
    "headers": header_docs(
        Location="The URL of the file, or of the unfinished upload.",
        Content_Location="The URL of the file.",
        Repr_Digest="SHA-256 of the file.",
        Upload_Offset="For a resumable upload: the number of bytes stored.",
        Upload_Complete="For a resumable upload: whether it is complete.",
        Upload_Limit="The maximum size, and the seconds until the upload expires.",
        Upload_Expires="Of tus: when the upload expires.",
        Tus_Resumable="Of tus: its version.",
        Preference_Applied="`wait=30`, if the service has waited.",
    ),
    "content": {
        "application/json": {
            "schema": {
                "anyOf": [
                    component("schemas", "FileDetail"),
                    component("schemas", "StoredFile"),
                    component("schemas", "Upload"),
                ]
            },
            "examples": {"StoredFile": component("examples", "StoredFile"), "Upload": {"value": UPLOAD_EXAMPLE}},
        }
    },
}

REFUSED = problems(
    s400="Something is missing or malformed, a digest does not match, or lengths contradict each other.",
    s401="The key or the token is missing or not valid.",
    s403="Not allowed, or the token is used up, or content for a final upload of tus; it consists of its parts.",
    s404="A part of a final upload does not exist.",
    s408="No data arrived for too long.",
    s409="The first request with this Idempotency-Key is in progress, or a part belongs to another upload.",
    s410="The upload or file of this Idempotency-Key no longer exists.",
    s411="A raw body needs Content-Length or a digest.",
    s412="tus: unsupported version.",
    s413="Larger than the limit of this service; Upload-Limit has it.",
    s415="Neither a form nor a raw body with a name, a Content-Encoding, or a type that is not allowed.",
    s422="The Idempotency-Key was already used for a different request.",
    s423="Another request is finishing this upload. Try again.",
    s460="tus: the chunk does not match its checksum.",
    s503="The database is unavailable. Try again after Retry-After.",
    s507="Not enough space, or too many unfinished bytes.",
)


def create_operation(name: str, description: str, *parameters: dict[str, Any], form: bool = False) -> dict[str, Any]:
    content = {"multipart/form-data": FORM} if form else {}
    return {
        "operationId": name,
        "tags": ["upload"],
        "description": description,
        "parameters": [
            *parameters,
            *(
                PIPELINE,
                VISIBILITY,
                EXPIRES_AT,
                TAGS,
                ATTRIBUTES,
                WEBHOOK_URL,
                PICASSO_TAGS,
                PICASSO_ATTRIBUTES,
                PICASSO_WEBHOOK_URL,
                DISPOSITION,
                COMPLETE,
                INTEROP,
                LENGTH,
                METADATA,
                KEY,
                DIGEST,
                CONTENT_DIGEST,
                PREFER,
            ),
        ],
        "requestBody": {"required": True, "content": {**content, "application/octet-stream": BYTES}},
        "responses": {"201": STORED, **REFUSED},
    }


def upload_operation(
    name: str, description: str, answers: dict[str, Any], *parameters: dict[str, Any]
) -> dict[str, Any]:
    return {
        "operationId": name,
        "tags": ["upload"],
        "description": description,
        "parameters": [path_parameter("id", format="uuid"), *parameters],
        "responses": {
            **answers,
            **problems(
                s400="Something is missing or malformed.",
                s401="The key or the token is missing or not valid.",
                s403="Not allowed, or content for a final upload of tus; it consists of its parts.",
                s404="There is no such upload.",
                s409="Wrong offset (Upload-Offset has the current one), or a newer request took over.",
                s410="The upload has expired, or its file was deleted.",
                s412="tus: unsupported version.",
                s423="Another request is finishing this upload. Try again.",
                s503="The database is unavailable. Try again after Retry-After.",
            ),
        },
    }


def append_operation(name: str, description: str, *parameters: dict[str, Any]) -> dict[str, Any]:
    added = {
        "description": "The content is stored.",
        "headers": header_docs(
            Upload_Offset="The number of bytes stored.",
            Upload_Expires="Of tus: when the upload expires.",
            Upload_Complete="Of the IETF draft: `?0`.",
            Content_Location="The URL of the file, if the upload has become one.",
            Preference_Applied="`wait=30`, if the service has waited.",
        ),
    }
    answers = {"204": added, "201": STORED, **REFUSED}
    of_content = (TUS, OFFSET, COMPLETE, INTEROP, LENGTH, CHECKSUM, CONTENT_DIGEST, PREFER)
    found = upload_operation(name, description, answers, *of_content, *parameters)
    content = dict.fromkeys(("application/offset+octet-stream", "application/partial-upload"), BYTES)
    return {**found, "requestBody": {"content": content}}


STATE = header_docs(
    Upload_Offset="The number of bytes stored.",
    Upload_Complete="Of the IETF draft: whether it is complete.",
    Upload_Length="Size of the whole file, if known.",
    Upload_Limit="Of the IETF draft: the maximum size, and the seconds until the upload expires.",
    Content_Location="The URL of the file, if the upload has become one.",
)
OF_TUS = header_docs(
    Upload_Expires="When the upload expires.",
    Upload_Metadata="As it was sent.",
    Upload_Concat="As it was sent.",
    Upload_Defer_Length="`1`, if the length is not known yet.",
    Tus_Resumable="The version of tus.",
)
SHOWN_UPLOAD = {"description": "The upload.", "headers": STATE, "content": UPLOAD_JSON}
FOUND_OFFSET = {
    "200": {"description": "With tus: the offset is in the headers.", "headers": {**STATE, **OF_TUS}},
    "204": {"description": "With the IETF draft: the offset is in the headers.", "headers": STATE},
}
OVERRIDE = header("X-HTTP-Method-Override", "The method to use instead of POST.", enum=["PATCH", "HEAD", "DELETE"])
NAME = path_parameter("name")

OPERATIONS: dict[str, dict[str, Any]] = {
    addresses.UPLOAD: {
        "post": create_operation(
            "upload_file",
            "Upload a file as a form, or as a raw body (resumable with `Upload-Complete`).",
            form=True,
        ),
        "put": create_operation("put_file", "Upload a file as a raw body. Content-Disposition contains its name."),
    },
    f"{addresses.UPLOAD}{{name}}": {
        "post": create_operation("upload_named_file", "Upload a file with this name.", NAME),
        "put": create_operation("put_named_file", "Upload a file with this name, as `curl -T` does.", NAME),
    },
    addresses.UPLOADS: {
        "post": create_operation(
            "create_upload",
            "Create a resumable upload, with tus or with the IETF draft.",
            *(TUS, DEFER, CONCAT, CHECKSUM),
        ),
        "put": create_operation(
            "put_upload",
            "Create a resumable upload with the IETF draft, or upload a raw body.",
        ),
    },
    f"{addresses.UPLOADS}{{id}}": {
        "get": upload_operation(
            "show_upload", "Show the upload, without interrupting a request.", {"200": SHOWN_UPLOAD}
        ),
        "head": upload_operation(
            "find_offset",
            "The number of bytes that are stored. A request that still sends content ends.",
            FOUND_OFFSET,
            TUS,
        ),
        "patch": append_operation("append_to_upload", "Append content, with tus or with the IETF draft."),
        "post": append_operation("override_method_of_upload", "For tus clients that can only send POST.", OVERRIDE),
        "delete": upload_operation(
            "cancel_upload",
            "Cancel the upload. A finished file is kept.",
            {"204": {"description": "Deleted."}},
            TUS,
        ),
    },
}
