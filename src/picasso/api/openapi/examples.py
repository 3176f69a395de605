"""An example of each kind of answer and of each body, by the name of its schema. A test validates them all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from picasso.api.openapi import access_examples, remote_examples, system_examples, webhook_examples
from picasso.api.openapi.access_examples import KEY
from picasso.api.openapi.example_values import (
    AT,
    AUDIT_ID,
    BASE,
    BATCH_ID,
    DELIVERY_ID,
    DERIVED_ID,
    FILE_ID,
    FUTURE,
    IMPORT_ID,
    JOB_ID,
    LATER,
    SHA256,
    UPLOAD_ID,
    WEBHOOK_ID,
)

FILE: dict[str, Any] = {
    "id": FILE_ID,
    "file": f"{BASE}/files/{FILE_ID}/beach.jpg?expires=1796025600&signature=4Rk1bq1cV3hX",
    "name": "beach.jpg",
    "size": 2_481_904,
    "media_type": "image/jpeg",
    "declared_type": "image/jpeg",
    "sha256": SHA256,
    "uploaded_at": AT,
    "state": "processed",
    "processed": True,
    "visibility": "private",
    "owner": "user-17",
    "expires_at": None,
    "scan": "",
    "quarantined": False,
    "tags": ["beach", "summer"],
    "attributes": {"order": 17},
}

DERIVATIVE = {
    "role": "thumbnail-256-webp",
    "url": f"{BASE}/files/{FILE_ID}/derived/image/thumbnail-256.webp?expires=1796025600&signature=9sTb0pLq2aZ",
    "media_type": "image/webp",
    "size": 9_120,
    "width": 256,
    "height": 171,
}

FAILURE = {"code": "corrupt", "detail": "The picture ends too early."}

JOB = {
    "id": JOB_ID,
    "file": FILE_ID,
    "file_name": "beach.jpg",
    "processor": "image",
    "pipeline": "default",
    "queue": "quick",
    "priority": 0,
    "state": "failed",
    "attempt": 1,
    "progress": None,
    "error": FAILURE,
    "final": True,
    "log": "",
    "requested_at": AT,
    "due_at": AT,
    "started_at": AT,
    "finished_at": LATER,
    "waited": 0.02,
    "ran": 1.2,
}

IMPORT = {
    "id": IMPORT_ID,
    "url": "https://example.com/beach.jpg",
    "state": "running",
    "bytes": 1_048_576,
    "size": 2_481_904,
    "attempts": 1,
    "name": "beach.jpg",
    "pipeline": "default",
    "tags": ["beach"],
    "attributes": {},
    "owner": "user-17",
    "file": None,
    "error": None,
    "created_at": AT,
    "due_at": AT,
    "finished_at": None,
}

PIPELINE = {
    "name": "default",
    "allowed_types": ["image/*"],
    "forbidden_types": ["image/svg+xml"],
    "max_size": 20_000_000,
}
QUEUE = {
    "name": "quick",
    "paused": False,
    "waiting": 3,
    "queued": 1,
    "running": 2,
    "paused_at": None,
    "paused_by": "",
    "oldest": 0.4,
}

BATCH = {
    "id": BATCH_ID,
    "action": "tag",
    "state": "running",
    "total": 12_000,
    "done": 2_560,
    "failed": 0,
    "error": "",
    "failures": [],
    "created_at": AT,
    "updated_at": LATER,
}

EVENT = {
    "seq": 42,
    "type": "file.processed",
    "at": LATER,
    "owner": "user-17",
    "tags": ["beach", "summer"],
    "media_type": "image/jpeg",
    "pipeline": "default",
    "data": {"id": FILE_ID, "name": "beach.jpg", "size": 2_481_904, "state": "processed"},
}

ANSWERS: Mapping[str, Any] = {
    **remote_examples.ANSWERS,
    **access_examples.ANSWERS,
    **webhook_examples.ANSWERS,
    **system_examples.ANSWERS,
    "StoredFile": FILE,
    "Days": {"results": [{"day": "2026-11-30", "count": 12}], "next": None},
    "Neighbours": {"previous": None, "next": FILE},
    "ListedFile": FILE,
    "FileDetail": {
        **FILE,
        "facts": {"file": {"media_type": "image/jpeg"}, "image": {"width": 4032, "height": 2688}},
        "derivatives": [DERIVATIVE],
        "error": None,
        "webhook_url": "https://app.example.com/picasso",
        "webhook_disabled_at": None,
    },
    "Trash": {**FILE, "deleted_at": LATER},
    "Job": JOB,
    "Import": IMPORT,
    "Link": {"url": FILE["file"], "expires_at": FUTURE},
    "Pipeline": PIPELINE,
    "Queue": QUEUE,
    "FileBatch": BATCH,
    "BatchOutcome": {
        "action": "delete",
        "total": 2,
        "done": 1,
        "failed": 1,
        "results": [
            {"id": FILE_ID, "status": 200},
            {"id": DERIVED_ID, "status": 404, "code": "not-found", "detail": "There is nothing at this address."},
        ],
    },
    "Count": {"count": 212, "more": False},
    "JobSummary": {
        "states": [{"state": "failed", "count": 212, "more": False}],
        "failures": [
            {"error": "corrupt", "processor": "image", "count": 212, "more": False, "final": True, "example": JOB}
        ],
    },
    "Outcome": {"count": 12, "more": False},
    "ErrorCodes": {
        "requests": [
            {"code": "not-found", "status": 404, "cause": "There is no such file.", "remedy": "Check the id."}
        ],
        "jobs": [
            {"code": "corrupt", "retried": False, "cause": "The file is damaged.", "remedy": "Upload a sound file."}
        ],
    },
    "EventPage": {"results": [EVENT], "last": 42, "more": False, "reset": False},
}

REQUESTS: Mapping[str, Any] = {
    **remote_examples.REQUESTS,
    **access_examples.REQUESTS,
    **webhook_examples.REQUESTS,
    "NewImportRequest": {"url": "https://example.com/beach.jpg", "tags": ["beach"]},
    "NewLinkRequest": {"expires_in": 3600},
    "FilterRequest": {"state": "failed", "processor": "image"},
    "NewFileBatchRequest": {"action": "delete", "ids": [FILE_ID]},
    "PatchedFileChangesRequest": {"name": "summer.jpg", "tags": ["beach"]},
}

LINES = {
    "application/x-ndjson": '{"id":"' + AUDIT_ID + '","at":"' + AT + '","action":"file.deleted","outcome":"done"}\n',
    "text/event-stream": f'id: 42\nevent: file.processed\ndata: {{"seq":42,"data":{{"id":"{FILE_ID}"}}}}\n\n',
    "text/html": "<!doctype html>",
}
"""Of answers that are no JSON."""

DOCUMENT = {"openapi": "3.1.0", "info": {"title": "Picasso", "version": "1.0.0"}, "paths": {}}

UPLOAD = {
    "id": UPLOAD_ID,
    "offset": 1_048_576,
    "length": 2_481_904,
    "complete": False,
    "expires_at": FUTURE,
    "file_id": None,
    "tags": ["beach"],
    "attributes": {},
}

PATHS: Mapping[str, str | int] = {
    "files": FILE_ID,
    "jobs": JOB_ID,
    "derivatives": "caption",
    "batch": BATCH_ID,
    "imports": IMPORT_ID,
    "webhooks": WEBHOOK_ID,
    "keys": str(KEY["id"]),
    "people": 7,
    "uploads": UPLOAD_ID,
    "upload": "beach.jpg",
    "projects": "shop",
    "queues": "quick",
    "deliveries": DELIVERY_ID,
    "derived": "image",
    "{id}": "beach.jpg",
    "{processor}": "thumbnail-256.webp",
}
"""Examples of parameters in paths, by the part of the path before them."""


def of_page(results: list[Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    count = {"count": len(results)} if "count" in schema["properties"] else {}
    return {**count, "next": None, "previous": None, "results": results}


def in_path(path: str, name: str) -> str | int | None:
    parts = path.split("/")
    return PATHS.get(parts[parts.index(f"{{{name}}}") - 1])
