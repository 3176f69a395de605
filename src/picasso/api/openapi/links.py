"""Links between operations: which operation takes an id that an answer has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

OF_BODY, OF_PATH, NEXT = "$response.body#/id", "$request.path.id", "$response.body#/next"
FIRST = "$response.body#/results/0/id"

FILE = ("get_file", "change_file", "delete_file", "get_file_neighbours", "list_file_jobs", "create_link")
WEBHOOK = (
    *("get_webhook", "update_webhook", "rotate_webhook_secret", "test_webhook", "replay_webhook"),
    *("list_webhook_deliveries", "delete_webhook"),
)
UPLOAD = ("show_upload", "find_offset", "append_to_upload", "cancel_upload")
KEY = ("get_key", "update_key", "rotate_key", "show_signing_secret", "revoke_key")
PERSON = ("get_person", "update_person")
PROJECT = ("get_project", "update_project", "delete_project")

# (operation, status): the operations that take its id, and where that is.
LINKS: Mapping[tuple[str, str], Mapping[str, tuple[str, ...]]] = {
    ("upload_file", "201"): {OF_BODY: FILE},
    ("put_named_file", "201"): {OF_BODY: FILE},
    ("create_upload", "201"): {OF_BODY: UPLOAD},
    ("list_files", "200"): {FIRST: FILE},
    ("delete_file", "204"): {OF_PATH: ("restore_file", "get_file")},
    ("restore_file", "200"): {OF_PATH: ("get_file",)},
    ("list_trash", "200"): {FIRST: ("restore_file",)},
    ("list_file_jobs", "200"): {FIRST: ("get_job", "retry_job", "cancel_job")},
    ("list_jobs", "200"): {FIRST: ("get_job", "retry_job", "cancel_job")},
    ("change_files", "202"): {OF_BODY: ("get_file_batch", "stop_file_batch")},
    ("create_import", "201"): {OF_BODY: ("get_import", "cancel_import")},
    ("cancel_import", "204"): {OF_PATH: ("get_import",)},
    ("create_webhook", "201"): {OF_BODY: WEBHOOK},
    ("test_webhook", "202"): {OF_PATH: ("list_webhook_deliveries",)},
    ("create_key", "201"): {OF_BODY: KEY},
    ("create_person", "201"): {OF_BODY: PERSON},
    ("rotate_key", "201"): {OF_BODY: KEY},
}
BY_NAME: Mapping[tuple[str, str], Mapping[str, tuple[str, ...]]] = {
    ("create_project", "201"): {"$response.body#/name": PROJECT},
    ("list_queues", "200"): {"$response.body#/0/name": ("pause_queue", "resume_queue")},
}
PAGES = (
    *("list_files", "list_jobs", "list_imports", "list_keys", "list_projects", "list_audit", "list_webhooks"),
    "list_people",
    *("list_file_jobs", "list_webhook_deliveries"),
)


def links_of(operation: str, status: str, parameters: set[str]) -> dict[str, Any]:
    """The links of an answer, by name."""
    found: dict[str, Any] = {}
    for table, parameter in ((LINKS, "id"), (BY_NAME, "name")):
        for where, targets in table.get((operation, status), {}).items():
            for target in targets:
                found[target] = {"operationId": target, "parameters": {parameter: where}}
    if operation in PAGES and status == "200":
        same = {"id": OF_PATH} if "id" in parameters else {}
        found["next_page"] = {"operationId": operation, "parameters": {**same, "cursor": NEXT}}
    return found
