"""The operations for uploads in the OpenAPI document. What they mean: docs/uploads.md."""

from __future__ import annotations

from typing import Any

from picasso import addresses

PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
BYTES = {"schema": {"type": "string", "format": "binary"}}


def problems(**reasons: str) -> dict[str, Any]:
    """Error responses by status: ``s404="…"``."""
    return {status.removeprefix("s"): {"description": why, "content": PROBLEM} for status, why in reasons.items()}


def header_docs(**headers: str) -> dict[str, Any]:
    """Response headers by name; underscores stand for hyphens."""
    return {
        name.replace("_", "-"): {"description": what, "schema": {"type": "string"}} for name, what in headers.items()
    }


def path_parameter(name: str, **schema: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string", **schema}}


def header(name: str, what: str, **schema: Any) -> dict[str, Any]:
    return {"name": name, "in": "header", "description": what, "schema": {"type": "string", **schema}}


COMPLETE = header(
    "Upload-Complete",
    "`?1`: this is the last content. `?0`: more follows in later requests.",
    enum=["?0", "?1"],
)
INTEROP = header("Upload-Draft-Interop-Version", "The client's version of the IETF draft.", enum=[*"345678"])
OFFSET = header("Upload-Offset", "Position of this content: the upload's current offset.", pattern=r"^\d{1,15}$")
LENGTH = header("Upload-Length", "Size of the whole file in bytes.", pattern=r"^\d{1,15}$")
TUS = header("Tus-Resumable", "Marks a request of the tus protocol.", enum=["1.0.0"])
KEY = header("Idempotency-Key", "Repeating a request with the same key creates no second file.", maxLength=255)
DIGEST = header("Repr-Digest", "The digest of the whole file. Verified when the upload is complete.")
CONTENT_DIGEST = header("Content-Digest", "The digest of this request's content. Verified.")
DISPOSITION = header("Content-Disposition", "Contains the name of the file.")
METADATA = header(
    "Upload-Metadata",
    "Of tus: `filename`, `filetype`, `pipeline`, `visibility`, `expires_at`, `tags`, `attributes` and others.",
)


def query(name: str, what: str, **schema: Any) -> dict[str, Any]:
    return {"name": name, "in": "query", "schema": {"type": "string", **schema}, "description": what}


PIPELINE = query("pipeline", "The pipeline for the file.")
VISIBILITY = query("visibility", "`public`: everybody may fetch its bytes.", enum=["public", "private"])
EXPIRES_AT = query("expires_at", "The file is deleted then.", format="date-time")
TAGS = query("tags", "Words about the file, with commas between them; or repeated, or a JSON list.")
ATTRIBUTES = query("attributes", "What the application says about the file: a JSON object.")
PICASSO_TAGS = header("Picasso-Tags", "As the query's `tags`: a List of Strings (RFC 9651), or a JSON list.")
PICASSO_ATTRIBUTES = header("Picasso-Attributes", "As the query's `attributes`; or as a Byte Sequence (RFC 9651).")
TOKEN = query("token", "An upload token, where no header can be sent.")

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
        },
    }
}

UPLOAD = {
    "type": "object",
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
        "attributes": {"type": "object"},
    },
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
    ),
    "content": {"application/json": {"schema": {"anyOf": [{"$ref": "#/components/schemas/File"}, UPLOAD]}}},
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
                PICASSO_TAGS,
                PICASSO_ATTRIBUTES,
                TOKEN,
                DISPOSITION,
                COMPLETE,
                INTEROP,
                LENGTH,
                METADATA,
                KEY,
                DIGEST,
                CONTENT_DIGEST,
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
        "headers": header_docs(Upload_Offset="The number of bytes stored."),
    }
    answers = {"204": added, "201": STORED, **REFUSED}
    found = upload_operation(name, description, answers, TUS, OFFSET, COMPLETE, INTEROP, LENGTH, *parameters)
    content = dict.fromkeys(("application/offset+octet-stream", "application/partial-upload"), BYTES)
    return {**found, "requestBody": {"content": content}}


SHOWN_UPLOAD = {
    "description": "The upload.",
    "headers": header_docs(
        Upload_Offset="The number of bytes stored.",
        Upload_Complete="Whether it is complete.",
        Upload_Length="Size of the whole file, if known.",
        Upload_Limit="The maximum size, and the seconds until the upload expires.",
    ),
    "content": {"application/json": {"schema": UPLOAD}},
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
        "post": create_operation("create_upload", "Create a resumable upload, with tus or with the IETF draft.", TUS),
        "put": create_operation(
            "put_upload",
            "Create a resumable upload with the IETF draft, or upload a raw body.",
        ),
    },
    f"{addresses.UPLOADS}{{id}}": {
        "get": upload_operation(
            "show_upload", "Show the upload, without interrupting a request.", {"200": SHOWN_UPLOAD}
        ),
        "patch": append_operation("append_to_upload", "Append content, with tus or with the IETF draft."),
        "post": append_operation("override_method_of_upload", "For tus clients that can only send POST.", OVERRIDE),
        "delete": upload_operation(
            "cancel_upload",
            "Cancel the upload. A finished file is kept.",
            {"204": {"description": "Deleted."}},
        ),
    },
}
