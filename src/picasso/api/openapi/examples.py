"""An example of each kind of answer and of each body, by the name of its schema. A test validates them all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from picasso.api.openapi import remote_examples

BASE = "https://files.example.com"
FILE_ID = "019ab3f2-7c1e-7d3a-9f52-3a4be0c5d1f7"
DERIVED_ID = "019ab3f2-7c40-7b11-8f0e-0f5a3c6b7d21"
JOB_ID = "019ab3f2-7c1f-7a02-b0c4-91d2e3f4a5b6"
UPLOAD_ID = "019ab3f3-0a10-7c55-9d1b-5e6f7a8b9c0d"
IMPORT_ID = "019ab3f4-11aa-7e90-8c3d-2b4a6c8e0f12"
WEBHOOK_ID = "019ab3f5-2b3c-7d4e-9f60-718293a4b5c6"
DELIVERY_ID = "019ab3f5-9d8e-7f01-a2b3-c4d5e6f70819"
BATCH_ID = "019ab3f6-3344-7556-8778-99aabbccddee"
AUDIT_ID = "019ab3f7-4455-7667-8889-a0b1c2d3e4f5"
AT, LATER, FUTURE = "2026-11-30T08:00:00Z", "2026-11-30T08:00:01.250000Z", "2031-12-31T23:59:59Z"
SHA256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

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
    "processor": "image",
    "pipeline": "default",
    "queue": "quick",
    "priority": 0,
    "state": "failed",
    "attempt": 1,
    "progress": None,
    "error": FAILURE,
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

WEBHOOK = {
    "id": WEBHOOK_ID,
    "url": "https://app.example.com/hooks/picasso",
    "description": "Tells the shop of new pictures.",
    "types": ["file.processed", "file.failed"],
    "media_types": ["image/*"],
    "pipelines": [],
    "owners": [],
    "payload": "thin",
    "enabled": True,
    "disabled_reason": "",
    "disabled_at": None,
    "failures": 0,
    "failing_since": None,
    "created_at": AT,
    "created_by": "key:Xk3v9QpL2mZt",
}

DELIVERY = {
    "id": DELIVERY_ID,
    "event": 42,
    "message_id": "msg_019ab3f59d8e7f01a2b3c4d5e6f70819",
    "type": "file.processed",
    "state": "delivered",
    "attempts": [{"at": LATER, "milliseconds": 38, "status": 204, "error": "", "answer": ""}],
    "next_attempt_at": None,
    "created_at": AT,
    "finished_at": LATER,
}

KEY = {
    "id": "Xk3v9QpL2mZt",
    "name": "shop server",
    "scopes": ["files:read", "files:write"],
    "networks": ["10.0.0.0/8"],
    "public_key": "",
    "expires_at": None,
    "revoked_at": None,
    "last_used_at": LATER,
    "created_at": AT,
    "created_by": "key:9hTq2WcR5nBd",
}

PROJECT = {
    "name": "shop",
    "created_at": AT,
    "pipelines": None,
    "visibility": "private",
    "cors_origins": ["https://shop.example.com"],
    "policy": {"media_types": ["image/*"]},
    "quotas": {"bytes": 1_000_000_000_000},
    "owner_quotas": {"files": 1000},
    "rates": {"key": "600/60"},
    "scan": {},
    "imports": {},
    "webhook_hosts": ["app.example.com"],
    "retention_days": None,
    "trash_days": 30,
}

QUEUE = {"name": "quick", "paused": False, "waiting": 3, "queued": 1, "running": 2, "oldest": 0.4}

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

ENTRY = {
    "id": AUDIT_ID,
    "at": AT,
    "project": "shop",
    "kind": "key",
    "actor": "Xk3v9QpL2mZt",
    "owner": "",
    "address": "203.0.113.7",
    "action": "file.deleted",
    "target": "file",
    "target_id": FILE_ID,
    "outcome": "done",
    "count": 1,
    "details": {},
}

NO_LIMITS = dict.fromkeys(("bytes", "files", "bytes_per_day", "unfinished_bytes", "concurrent_uploads"))

ANSWERS: Mapping[str, Any] = {
    **remote_examples.ANSWERS,
    "StoredFile": FILE,
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
    "Webhook": WEBHOOK,
    "NewWebhook": {**WEBHOOK, "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"},
    "Delivery": DELIVERY,
    "Replayed": {"count": 3},
    "Key": KEY,
    "NewKey": {**KEY, "key": "pk_Xk3v9QpL2mZt_example", "signing_secret": "example"},
    "Secret": {"kid": KEY["id"], "alg": "HS256", "signing_secret": "example"},
    "Token": {"token": "eyJhbGciOiJIUzI1NiJ9.e30.example", "expires_at": LATER},
    "Link": {"url": FILE["file"], "expires_at": FUTURE},
    "Project": PROJECT,
    "SharedSecret": {"secret": "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="},
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
    "Outcome": {"count": 12, "more": False},
    "EventPage": {"results": [EVENT], "last": 42, "more": False, "reset": False},
    "Audit": ENTRY,
    "Me": {
        "kind": "key",
        "project": "shop",
        "scopes": KEY["scopes"],
        "owner": None,
        "key": {"id": KEY["id"], "name": KEY["name"], "expires_at": None},
        "person": None,
    },
    "Usage": {
        "owner": None,
        "files": 1_204,
        "bytes": 48_201_337_000,
        "bytes_today": 12_003_400,
        "limits": {**NO_LIMITS, "bytes": 1_000_000_000_000},
    },
}

REQUESTS: Mapping[str, Any] = {
    **remote_examples.REQUESTS,
    "NewImportRequest": {"url": "https://example.com/beach.jpg", "tags": ["beach"]},
    "WebhookRequest": {"url": WEBHOOK["url"], "types": WEBHOOK["types"], "payload": "thin"},
    "PatchedWebhookRequest": {"enabled": True},
    "RotationRequest": {"grace": 3600},
    "ReplayRequest": {"failed": True, "since": AT},
    "KeyRequest": {"name": KEY["name"], "scopes": KEY["scopes"]},
    "PatchedKeyRequest": {"name": "shop server 2"},
    "RotateRequest": {"grace": 3600},
    "NewTokenRequest": {"valid_for": 600, "owner": "user-17", "max_size": 10_000_000, "media_types": ["image/*"]},
    "NewLinkRequest": {"expires_in": 3600},
    "ProjectRequest": {"name": "shop", "trash_days": 30},
    "PatchedProjectRequest": {"retention_days": 365},
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

PATHS: Mapping[str, str] = {
    "files": FILE_ID,
    "jobs": JOB_ID,
    "derivatives": "caption",
    "batch": BATCH_ID,
    "imports": IMPORT_ID,
    "webhooks": WEBHOOK_ID,
    "keys": str(KEY["id"]),
    "uploads": UPLOAD_ID,
    "upload": "beach.jpg",
    "projects": "shop",
    "queues": "quick",
    "derived": "image",
    "{id}": "beach.jpg",
    "{processor}": "thumbnail-256.webp",
}
"""Examples of parameters in paths, by the part of the path before them."""


def of_page(results: list[Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    count = {"count": len(results)} if "count" in schema["properties"] else {}
    return {**count, "next": None, "previous": None, "results": results}


def in_path(path: str, name: str) -> str | None:
    parts = path.split("/")
    return PATHS.get(parts[parts.index(f"{{{name}}}") - 1])
