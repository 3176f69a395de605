"""The operations of the upload doors in the OpenAPI document. What they mean: docs/uploads.md."""

from __future__ import annotations

from typing import Any

from picasso import addresses

PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
BYTES = {"schema": {"type": "string", "format": "binary"}}


def problems(**reasons: str) -> dict[str, Any]:
    """Responses by status, given as ``s404="…"``."""
    return {status.removeprefix("s"): {"description": why, "content": PROBLEM} for status, why in reasons.items()}


def told(**headers: str) -> dict[str, Any]:
    """Response headers by name, with hyphens for underscores."""
    return {
        name.replace("_", "-"): {"description": what, "schema": {"type": "string"}} for name, what in headers.items()
    }


def path_parameter(name: str, **schema: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string", **schema}}


def header(name: str, what: str, **schema: Any) -> dict[str, Any]:
    return {"name": name, "in": "header", "description": what, "schema": {"type": "string", **schema}}


COMPLETE = header("Upload-Complete", "`?0`: more is to come; `?1`: this is the end.", enum=["?0", "?1"])
INTEROP = header("Upload-Draft-Interop-Version", "The draft's version that the client speaks.", enum=[*"345678"])
OFFSET = header("Upload-Offset", "Where the content belongs; it must be where the upload is.", pattern=r"^\d{1,15}$")
LENGTH = header("Upload-Length", "Bytes of the whole.", pattern=r"^\d{1,15}$")
TUS = header("Tus-Resumable", "By tus.", enum=["1.0.0"])
KEY = header("Idempotency-Key", "A retry with the same key makes no second file.", maxLength=255)
DIGEST = header("Repr-Digest", "Of the whole; verified when it is complete.")
CONTENT_DIGEST = header("Content-Digest", "Of this request's content; verified.")
DISPOSITION = header("Content-Disposition", "Has the file's name.")
METADATA = header("Upload-Metadata", "tus' `filename`, `filetype`, `pipeline` and others.")
PIPELINE = {"name": "pipeline", "in": "query", "schema": {"type": "string"}, "description": "What is to be done."}

FORM = {
    "schema": {
        "type": "object",
        "required": ["file"],
        "properties": {"file": {"type": "string", "format": "binary"}, "pipeline": {"type": "string"}},
    }
}

UPLOAD = {
    "type": "object",
    "required": ["id", "offset", "length", "complete", "expires_at", "file_id"],
    "properties": {
        "id": {"type": "string", "format": "uuid"},
        "offset": {"type": ["integer", "null"], "description": "Bytes that are safe; null while parts are joined."},
        "length": {"type": ["integer", "null"], "description": "Bytes; null while nobody has said."},
        "complete": {"type": "boolean"},
        "expires_at": {"type": "string", "format": "date-time"},
        "file_id": {"type": ["string", "null"], "format": "uuid", "description": "What it has become."},
    },
}

STORED = {
    "description": "Stored; or begun, by tus and with `Upload-Complete: ?0`: then Location is the upload's.",
    "headers": told(
        Location="The file's own address.",
        Content_Location="The same.",
        Repr_Digest="Of its bytes.",
        Upload_Offset="Of an upload that may go on.",
        Upload_Complete="Of an upload that may go on.",
        Upload_Limit="What may be sent, and for how long.",
    ),
    "content": {"application/json": {"schema": {"anyOf": [{"$ref": "#/components/schemas/File"}, UPLOAD]}}},
}

REFUSED = problems(
    s400="Something is missing or malformed; a digest does not match; lengths contradict each other.",
    s403="A final upload takes its content from its parts.",
    s404="A part of a final upload is not there.",
    s408="No byte arrived for too long.",
    s409="The Idempotency-Key's first request is under way; a part belongs to another upload.",
    s410="What the Idempotency-Key stands for is no longer there.",
    s411="A raw body without Content-Length and digest.",
    s412="By tus: another version.",
    s413="Larger than this service takes.",
    s415="Neither a form nor a raw body with a name.",
    s422="The Idempotency-Key was another request's.",
    s423="Just being finished; try again.",
    s460="By tus: the chunk is not what its checksum says.",
    s503="The database is away; try again after Retry-After.",
    s507="No space is left, or too much is unfinished.",
)


def storing(operation: str, description: str, *parameters: dict[str, Any], form: bool = False) -> dict[str, Any]:
    content = {"multipart/form-data": FORM} if form else {}
    return {
        "operationId": operation,
        "tags": ["upload"],
        "description": description,
        "parameters": [
            *parameters,
            *(PIPELINE, DISPOSITION, COMPLETE, INTEROP, LENGTH, METADATA, KEY, DIGEST, CONTENT_DIGEST),
        ],
        "requestBody": {"required": True, "content": {**content, "application/octet-stream": BYTES}},
        "responses": {"201": STORED, **REFUSED},
    }


def of_upload(operation: str, description: str, answers: dict[str, Any], *parameters: dict[str, Any]) -> dict[str, Any]:
    return {
        "operationId": operation,
        "tags": ["upload"],
        "description": description,
        "parameters": [path_parameter("id", format="uuid"), *parameters],
        "responses": {
            **answers,
            **problems(
                s400="Something is missing or malformed.",
                s404="There is no such upload.",
                s409="Another offset (Upload-Offset says which), or a newer request took over.",
                s410="It has expired, or its file was deleted.",
                s412="By tus: another version.",
                s423="Just being finished; try again.",
                s503="The database is away; try again after Retry-After.",
            ),
        },
    }


def adding(operation: str, description: str, *parameters: dict[str, Any]) -> dict[str, Any]:
    added = {"description": "Added.", "headers": told(Upload_Offset="Where the upload is now.")}
    answers = {"204": added, "201": STORED, **REFUSED}
    found = of_upload(operation, description, answers, TUS, OFFSET, COMPLETE, INTEROP, LENGTH, *parameters)
    content = dict.fromkeys(("application/offset+octet-stream", "application/partial-upload"), BYTES)
    return {**found, "requestBody": {"content": content}}


SHOWN = {"description": "It.", "content": {"application/json": {"schema": UPLOAD}}}
OVERRIDE = header("X-HTTP-Method-Override", "Which of the others is meant.", enum=["PATCH", "HEAD", "DELETE"])
NAMED = path_parameter("name")

OPERATIONS: dict[str, dict[str, Any]] = {
    addresses.UPLOAD: {
        "post": storing(
            "upload_file", "Store a file: by form, or as a raw body, which with Upload-Complete may go on.", form=True
        ),
        "put": storing("put_file", "Store a file, whose name Content-Disposition has."),
    },
    f"{addresses.UPLOAD}{{name}}": {
        "post": storing("upload_named_file", "Store a file of this name.", NAMED),
        "put": storing("put_named_file", "Store a file of this name: `curl -T`.", NAMED),
    },
    addresses.UPLOADS: {
        "post": storing("create_upload", "Begin an upload that may go on, by tus or by the IETF draft.", TUS),
        "put": storing("put_upload", "The same by the draft, or a raw body whose name Content-Disposition has."),
    },
    f"{addresses.UPLOADS}{{id}}": {
        "get": of_upload("show_upload", "How far it is, for people; disturbs nobody.", {"200": SHOWN}),
        "patch": adding("append_to_upload", "Add to it, by tus or by the draft."),
        "post": adding("override_method_of_upload", "By tus, for clients that know no PATCH.", OVERRIDE),
        "delete": of_upload(
            "cancel_upload", "Cancel it. A file that it has become stays.", {"204": {"description": "Gone."}}
        ),
    },
}
