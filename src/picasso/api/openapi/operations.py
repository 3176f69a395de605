"""What the document says of each operation besides its shape: a summary, the scope it needs, its own error codes.

A test holds that each operation has a row, and that the scopes are those of the service.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from picasso.access.principal import Scope
from picasso.api.openapi.errors import JSON_BODY


class Row(NamedTuple):
    summary: str
    """Plain English, without a full stop."""
    scope: Scope | None = None
    """None: any valid credential."""
    codes: tuple[str, ...] = ()
    """Besides those of every operation."""


URLS = ("url-not-valid", "address-not-allowed")
CREATION = (
    *("invalid-upload", "inconsistent-upload-length", "digest-mismatch", "token-used-up", "upload-timeout"),
    *("idempotency-key-in-use", "idempotency-key-reused", "conflict", "gone", "length-required", "quota-exceeded"),
    *("too-large", "unsupported-media-type", "type-not-allowed", "unsupported-content-encoding", "forbidden-content"),
    *("locked", "too-many-uploads", "unsupported-transfer-encoding", "storage-full", "unfinished-full"),
    *("unsupported-tus-version", "checksum-mismatch", "superseded", "webhook-host-not-allowed", *URLS),
)
OF_UPLOAD = ("gone", "superseded", "locked", "unsupported-tus-version", "conflict")
APPENDING = (
    *(*CREATION, *OF_UPLOAD),
    *("completed-upload", "mismatching-upload-offset"),
)
DOWNLOAD = (
    *("invalid-link", "expired-link", "precondition-failed", "range-not-satisfiable"),
    *("not-scanned", "infected", "content-refused", "not-scanned-yet", "not-checked-yet"),
)
LEASED = ("lease-lost", "gone")
SENDING = (
    *(*LEASED, "conflict", "too-large", "upload-timeout", "storage-full"),
    *("unsupported-content-encoding", "unsupported-transfer-encoding"),
)
CREATION_OF_IMPORT = (
    *JSON_BODY,
    *URLS,
    "idempotency-key-reused",
    "quota-exceeded",
    "too-many-imports",
    "webhook-host-not-allowed",
)

READ, WRITE, DELETE = Scope.FILES_READ, Scope.FILES_WRITE, Scope.FILES_DELETE
HOOKS, ADMIN, WORKER = Scope.WEBHOOKS_WRITE, Scope.PROJECT_ADMIN, Scope.JOBS_WORK

UPLOADS: Mapping[str, Row] = {
    "upload_file": Row("Upload a file", WRITE, CREATION),
    "put_file": Row("Upload a file as a raw body", WRITE, CREATION),
    "upload_named_file": Row("Upload a raw body with this name", WRITE, CREATION),
    "put_named_file": Row("Upload a raw body with this name by PUT", WRITE, CREATION),
    "create_upload": Row("Create a resumable upload", WRITE, CREATION),
    "put_upload": Row("Create a resumable upload by PUT", WRITE, CREATION),
    "show_upload": Row("Show a resumable upload", WRITE, OF_UPLOAD),
    "find_offset": Row("Find the offset from which to resume an upload", WRITE, OF_UPLOAD),
    "append_to_upload": Row("Append content to a resumable upload", WRITE, APPENDING),
    "override_method_of_upload": Row("Use another method by POST", WRITE, (*APPENDING, "method-not-allowed")),
    "cancel_upload": Row("Cancel a resumable upload", WRITE, OF_UPLOAD),
}

FILES: Mapping[str, Row] = {
    "list_files": Row("List files", READ),
    "get_file": Row("Show a file", READ, ("precondition-failed",)),
    "list_file_days": Row("Count files by day", READ),
    "get_file_neighbours": Row("Show the files before and after a file", READ),
    "change_file": Row("Change a file", WRITE, (*JSON_BODY, "precondition-failed")),
    "delete_file": Row("Delete a file", DELETE, ("precondition-failed",)),
    "restore_file": Row("Restore a deleted file", DELETE),
    "create_link": Row("Make a link to the bytes of a file", READ, JSON_BODY),
    "change_files": Row("Change many files", WRITE, (*JSON_BODY, "conflict")),
    "get_file_batch": Row("Show how far a change of many files is", WRITE),
    "stop_file_batch": Row("Stop a change of many files", WRITE),
    "list_trash": Row("List deleted files", READ),
    "download_file": Row("Download a file", READ, DOWNLOAD),
    "download_derivative": Row("Download a derivative of a file", READ, DOWNLOAD),
}

WORK: Mapping[str, Row] = {
    "list_jobs": Row("List jobs", Scope.JOBS_READ),
    "list_file_jobs": Row("List the jobs of a file", Scope.JOBS_READ),
    "get_job": Row("Show a job", Scope.JOBS_READ),
    "retry_job": Row("Retry a job", Scope.JOBS_WRITE, ("conflict",)),
    "cancel_job": Row("Cancel a job", Scope.JOBS_WRITE, ("conflict",)),
    "summarize_jobs": Row("Count jobs by state and by reason of failure", Scope.JOBS_READ),
    "count_jobs": Row("Count the jobs that match filters", Scope.JOBS_READ),
    "retry_jobs": Row("Retry many jobs", Scope.JOBS_WRITE, JSON_BODY),
    "cancel_jobs": Row("Cancel many jobs", Scope.JOBS_WRITE, JSON_BODY),
    "claim_jobs": Row("Take jobs of remote processors", WORKER, (*JSON_BODY, "too-many-streams")),
    "renew_job": Row("Extend the lease of a job", WORKER, LEASED),
    "report_progress_of_job": Row("Report how far a job is", WORKER, (*JSON_BODY, *LEASED)),
    "put_derivative": Row("Send a derivative of a job", WORKER, SENDING),
    "post_derivative": Row("Send a derivative of a job by POST", WORKER, SENDING),
    "finish_job": Row("End a job with its results", WORKER, (*JSON_BODY, *LEASED)),
    "fail_job": Row("End a job without a result", WORKER, (*JSON_BODY, *LEASED)),
    "list_pipelines": Row("List the pipelines that uploads may name", WRITE),
    "list_queues": Row("List the queues", Scope.JOBS_READ),
    "pause_queue": Row("Pause a queue", Scope.SERVICE_ADMIN),
    "resume_queue": Row("Resume a queue", Scope.SERVICE_ADMIN),
    "get_system": Row("Show what is wrong, queues and workers", Scope.JOBS_READ),
    "get_metrics": Row("Show what happened over time", Scope.JOBS_READ),
    "get_stored_types": Row("Show how much is stored of which types", Scope.JOBS_READ),
    "check_system": Row("Check what the service needs", Scope.SERVICE_ADMIN),
    "get_settings": Row("Show the settings", Scope.SERVICE_ADMIN),
    "list_events": Row("List or follow events", Scope.EVENTS_READ, ("too-many-streams",)),
    "list_imports": Row("List imports", WRITE),
    "create_import": Row("Import a file from a URL", WRITE, CREATION_OF_IMPORT),
    "get_import": Row("Show an import", WRITE),
    "retry_import": Row("Try a failed import again", WRITE, ("conflict", "quota-exceeded", "too-many-imports")),
    "cancel_import": Row("Cancel an import", WRITE, ("conflict",)),
}

ACCESS: Mapping[str, Row] = {
    "get_me": Row("Show who asks, and what they may do"),
    "list_keys": Row("List keys", ADMIN),
    "create_key": Row("Create a key", ADMIN, JSON_BODY),
    "get_key": Row("Show a key", ADMIN),
    "update_key": Row("Change a key", ADMIN, JSON_BODY),
    "revoke_key": Row("Revoke a key", ADMIN),
    "rotate_key": Row("Create the successor of a key", ADMIN, (*JSON_BODY, "conflict")),
    "show_signing_secret": Row("Show the secret that signs tokens", ADMIN),
    "create_token": Row("Create a token", WRITE, JSON_BODY),
    "rotate_link_keys": Row("Sign links with a new key", ADMIN),
    "revoke_link_keys": Row("End all links", ADMIN),
    "list_projects": Row("List projects", ADMIN),
    "create_project": Row("Create a project", Scope.SERVICE_ADMIN, (*JSON_BODY, "conflict")),
    "get_project": Row("Show a project", ADMIN),
    "update_project": Row("Change the settings of a project", ADMIN, (*JSON_BODY, "conflict")),
    "delete_project": Row("Delete a project", Scope.SERVICE_ADMIN, ("conflict",)),
    "list_people": Row("List people", ADMIN),
    "create_person": Row("Create a person", ADMIN, JSON_BODY),
    "get_person": Row("Show a person", ADMIN),
    "update_person": Row("Change the roles of a person", ADMIN, (*JSON_BODY, "conflict")),
    "replace_password": Row("Give a person a new password", Scope.SERVICE_ADMIN, (*JSON_BODY, "conflict")),
    "invite_person": Row("Invite a person to set a password", ADMIN, (*JSON_BODY, "conflict")),
    "withdraw_invitation": Row("End an invitation", ADMIN),
    "sign_out_person": Row("End the sessions of a person", Scope.SERVICE_ADMIN),
    "get_usage": Row("Show how much is stored", READ),
    "list_audit": Row("List what happened in the project", ADMIN),
}

WEBHOOKS: Mapping[str, Row] = {
    "list_webhooks": Row("List webhooks", HOOKS),
    "create_webhook": Row("Create a webhook", HOOKS, (*JSON_BODY, *URLS, "too-many-webhooks")),
    "get_webhook": Row("Show a webhook", HOOKS),
    "update_webhook": Row("Change a webhook", HOOKS, (*JSON_BODY, *URLS)),
    "delete_webhook": Row("Delete a webhook", HOOKS),
    "rotate_webhook_secret": Row("Make a new secret for a webhook", HOOKS, (*JSON_BODY, "conflict")),
    "test_webhook": Row("Send a test message", HOOKS, ("conflict",)),
    "replay_webhook": Row("Send messages again", HOOKS, (*JSON_BODY, "conflict")),
    "list_webhook_deliveries": Row("List the deliveries of a webhook", HOOKS),
    "get_webhook_delivery": Row("Show a delivery with what it says", HOOKS),
    "list_file_deliveries": Row("List the deliveries to the webhook of a file", HOOKS),
    "rotate_project_webhook_secret": Row("Make a new secret for webhooks of files", ADMIN, JSON_BODY),
}

SERVICE: Mapping[str, Row] = {
    "list_error_codes": Row("List the error codes with cause and remedy"),
    "get_directory": Row("List the addresses of the service"),
    "get_front_page": Row("Show the page to upload files, or the directory"),
    "get_schema": Row("Get this document"),
    "get_docs": Row("Show this document as a page"),
    "health": Row("Check whether the process answers"),
    "ready": Row("Check whether the service is ready", None, ("not-ready",)),
}

ROWS: Mapping[str, Row] = {**UPLOADS, **FILES, **WORK, **ACCESS, **WEBHOOKS, **SERVICE}
