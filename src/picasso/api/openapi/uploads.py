"""The operations for uploads in the OpenAPI document. What they mean: docs/uploads.md."""

from __future__ import annotations

from typing import Any

from picasso import addresses
from picasso.api.openapi.examples import UPLOAD as UPLOAD_EXAMPLE
from picasso.api.openapi.parts import BYTES, component, header_docs, path_parameter, problems
from picasso.api.openapi.upload_parameters import APPENDING, CREATION, CREATION_WITH_TUS, FORM, OFFSET, OVERRIDE, TUS

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


# An empty file is refused. An upload may begin without content.
RAW = {"application/octet-stream": {"schema": {**BYTES["schema"], "minLength": 1}}}
CONTENT = {"application/octet-stream": BYTES}
APPENDED_CONTENT = dict.fromkeys(("application/offset+octet-stream", "application/partial-upload"), BYTES)


def create_operation(
    name: str, description: str, body: dict[str, Any], *in_path: dict[str, Any], tus: bool = False
) -> dict[str, Any]:
    return {
        "operationId": name,
        "tags": ["upload"],
        "description": description,
        "parameters": [*in_path, *(CREATION_WITH_TUS if tus else CREATION)],
        "requestBody": body,
        "responses": {"201": STORED, **REFUSED},
    }


def required(content: dict[str, Any]) -> dict[str, Any]:
    return {"required": True, "content": content}


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

OPERATIONS: dict[str, dict[str, Any]] = {
    addresses.UPLOAD: {
        "post": create_operation(
            "upload_file",
            "Upload a file as a form, or as a raw body (resumable with `Upload-Complete`). The fields of the form may "
            "also be parameters of the query.",
            required({"multipart/form-data": FORM, **RAW}),
        ),
        "put": create_operation(
            "put_file", "Upload a file as a raw body. Content-Disposition contains its name.", required(RAW)
        ),
    },
    f"{addresses.UPLOAD}{{name}}": {
        "post": create_operation("upload_named_file", "Upload a file with this name.", required(RAW), NAME),
        "put": create_operation(
            "put_named_file", "Upload a file with this name, as `curl -T` does.", required(RAW), NAME
        ),
    },
    addresses.UPLOADS: {
        "post": create_operation(
            "create_upload",
            "Create a resumable upload, with tus or with the IETF draft.",
            {"content": CONTENT},
            tus=True,
        ),
        "put": create_operation(
            "put_upload", "Create a resumable upload with the IETF draft, or upload a raw body.", {"content": CONTENT}
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
        "patch": {
            **upload_operation(
                "append_to_upload",
                "Append content, with tus or with the IETF draft. `Upload-Offset` is needed, and one of `Tus-Resumable`"
                " and `Upload-Complete`.",
                {"204": APPENDED, "201": STORED, **REFUSED},
                *({**each, "required": True} if each is OFFSET else each for each in APPENDING),
            ),
            "requestBody": {"content": APPENDED_CONTENT},
        },
        "post": {
            **upload_operation(
                "override_method_of_upload",
                "For clients that can only send POST. With `PATCH` it needs the headers of tus.",
                {**FOUND_OFFSET, "201": STORED, **REFUSED, "204": APPENDED},
                {**OVERRIDE, "required": True},
                *APPENDING,
            ),
            "requestBody": {"content": APPENDED_CONTENT},
        },
        "delete": upload_operation(
            "cancel_upload",
            "Cancel the upload. A finished file is kept.",
            {"204": {"description": "Deleted."}},
            TUS,
        ),
    },
}
