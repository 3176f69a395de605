"""The operations for uploads in the OpenAPI document. What they mean: docs/uploads.md."""

from __future__ import annotations

from typing import Any

from picasso import addresses
from picasso.api.openapi.examples import UPLOAD as UPLOAD_EXAMPLE
from picasso.api.openapi.parts import BYTES, component, header_docs, path_parameter, problems
from picasso.api.openapi.upload_parameters import (
    COMPLETE,
    CREATED_COMPLETE,
    DISPOSITION,
    FORM,
    OFFSET,
    OVERRIDE,
    PREFER,
    QUERY,
)

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


CONTENT = {"schema": {**BYTES["schema"], "minLength": 1}}


def create_operation(
    name: str, description: str, content: dict[str, Any], *parameters: dict[str, Any]
) -> dict[str, Any]:
    return {
        "operationId": name,
        "tags": ["upload"],
        "description": description,
        "parameters": list(parameters),
        "requestBody": {"required": True, "content": content},
        "responses": {"201": STORED, **REFUSED},
    }


def raw_operation(name: str, description: str, *parameters: dict[str, Any]) -> dict[str, Any]:
    """A raw body becomes a file."""
    return create_operation(
        name, f"{description} {BESIDE} {KEY}", {"application/octet-stream": CONTENT}, *parameters, *QUERY, PREFER
    )


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


APPENDED = {
    "description": "The content is stored.",
    "headers": header_docs(
        Upload_Offset="The number of bytes stored.",
        Upload_Expires="Of tus: when the upload expires.",
        Upload_Complete="Of the IETF draft: `?0`.",
        Content_Location="The URL of the file, if the upload has become one.",
        Preference_Applied="`wait=30`, if the service has waited.",
    ),
}
OF_CONTENT = {"204": APPENDED, "201": STORED, **REFUSED}


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
NAME = path_parameter("name")

BESIDE = (
    "`attributes`, a JSON object, may be in the query as well. Tags, attributes and `webhook_url` may also be in the "
    "headers `Picasso-Tags`, `Picasso-Attributes` and `Picasso-Webhook-Url`. With `Upload-Complete` it is resumable: "
    "see docs/uploads.md."
)
KEY = (
    "With an `Idempotency-Key` of 1 to 255 characters, repeating the request creates no second file. `Repr-Digest` and "
    "`Content-Digest` (RFC 9530) are verified."
)
OF_TUS_TOO = "tus clients use this address as well, with the headers of their protocol (https://tus.io)."


def required(parameter: dict[str, Any]) -> dict[str, Any]:
    return {**parameter, "required": True}


OPERATIONS: dict[str, dict[str, Any]] = {
    addresses.UPLOAD: {
        "post": create_operation(
            "upload_file",
            "Upload a file as a form. The fields may also be parameters of the query, a field `token` before the file "
            f"may be an upload token, and a field `attributes` has a JSON object. A raw body is possible, "
            f"too: as with `PUT`. {KEY}",
            {"multipart/form-data": FORM},
            PREFER,
        ),
        "put": raw_operation("put_file", "Upload a file as a raw body.", required(DISPOSITION)),
    },
    f"{addresses.UPLOAD}{{name}}": {
        "post": raw_operation("upload_named_file", "Upload a file with this name.", NAME),
        "put": raw_operation("put_named_file", "Upload a file with this name, as `curl -T` does.", NAME),
    },
    addresses.UPLOADS: {
        method: {
            **create_operation(
                name,
                f"Create a resumable upload by the IETF draft. `Content-Disposition` may have its name. {KEY} {also}",
                {},
                required(CREATED_COMPLETE),
                *QUERY,
                PREFER,
            ),
            "requestBody": {"content": {"application/octet-stream": BYTES}},
        }
        for method, name, also in (("post", "create_upload", OF_TUS_TOO), ("put", "put_upload", BESIDE))
    },
    f"{addresses.UPLOADS}{{id}}": {
        "get": upload_operation(
            "show_upload", "Show the upload, without interrupting a request.", {"200": SHOWN_UPLOAD}
        ),
        "head": upload_operation(
            "find_offset",
            f"The number of bytes that are stored. A request that still sends content ends. {OF_TUS_TOO}",
            FOUND_OFFSET,
        ),
        "patch": upload_operation(
            "append_to_upload",
            f"Append content by the IETF draft: the body, as `application/partial-upload`. {OF_TUS_TOO}",
            OF_CONTENT,
            required(COMPLETE),
            required(OFFSET),
            PREFER,
        ),
        "post": upload_operation(
            "override_method_of_upload",
            "For clients that can only send POST. With `PATCH` it needs the headers of tus.",
            {**FOUND_OFFSET, "201": STORED, **REFUSED, "204": APPENDED},
            required(OVERRIDE),
        ),
        "delete": upload_operation(
            "cancel_upload",
            f"Cancel the upload. A finished file is kept. {OF_TUS_TOO}",
            {"204": {"description": "Deleted."}},
        ),
    },
}
