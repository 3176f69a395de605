"""Every path of the service, and every absolute URL that it gives out.

Paths are as the service sees them: without the prefix that a proxy may serve it below. A base is the public URL of the
service as one client reaches it, without a slash at the end: `base_url`.
"""

from __future__ import annotations

import re
import uuid

HOME = "/"
ADMIN = "/admin/"
SIGN_IN = "/sign-in/"
SIGN_IN_CODE = "/sign-in/code/"
SIGN_IN_PASSKEY = "/sign-in/passkey/"
INVITATION = "/sign-in/invitation/"
SIGN_IN_OIDC = "/sign-in/oidc/"
SIGN_IN_OIDC_CALLBACK = "/sign-in/oidc/callback/"
SIGN_OUT = "/sign-out/"
ACCOUNT = "/account/"
STATIC = "/static/"
FAVICON = "/favicon.ico"
DOWNLOADS = "/files/"
ALIVE = "/healthz"
READY = "/readyz"

API = "/api/v1.0/"
UPLOAD = f"{API}upload/"
UPLOADS = f"{API}uploads/"
FILES = f"{API}files/"
IMPORTS = f"{API}imports/"
WEBHOOKS = f"{API}webhooks/"
FILE_BATCHES = f"{FILES}batch/"
JOBS = f"{API}jobs/"
CLAIMS = f"{JOBS}claim/"
EVENTS = f"{API}events/"
QUEUES = f"{API}queues/"
SYSTEM = f"{API}system/"
ME = f"{API}me/"
TOKENS = f"{API}tokens/"
ERROR_CODES = f"{API}error-codes/"
DOCS = f"{API}docs/"
SCHEMA = f"{API}schema/"

ID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
"""A UUID in a regular expression."""

# An original's key is ``<type>/<subtype>/<xx>/<id>-<name>``; the keys of derivatives and of old files have more parts.
ORIGINAL_FOLDERS = 2
ID_LENGTH = 37

CONSOLE = {
    "file": f"{DOWNLOADS}{ID}",
    "uploads": "/uploads",
    "trash": "/trash",
    "jobs": f"/jobs(?:/{ID})?",
    "system": "/system",
    "webhooks": f"/webhooks(?:/{ID})?",
    "keys": "/keys",
    "people": "/people",
    "projects": "/projects",
    "audit": "/audit",
    "developers": "/developers(?:/events)?",
}
"""The addresses of the views of the console besides `HOME`, as regular expressions; each may end with a slash.
static/picasso/console/core/routes.js has the same ones."""

_CONSOLE = re.compile(rf"({'|'.join(CONSOLE.values())})/?")

# A prefix that a proxy serves the service below must not begin like one of these.
RESERVED = tuple(path.rstrip("/") for path in (API, DOWNLOADS, ADMIN, SIGN_IN, SIGN_OUT, ACCOUNT, STATIC, ALIVE, READY))


def below(root: str, path: str) -> str | None:
    """The rest of ``path`` after ``root``, which ends with a slash; None if ``path`` is elsewhere.

    The slash at the end may be missing: ``/api/v1.0/upload`` is the same as ``/api/v1.0/upload/``.
    """
    return f"{path}/".removeprefix(root).removesuffix("/") if f"{path}/".startswith(root) else None


def is_console(path: str) -> bool:
    """Whether a page of the console is at this path. That of a file is below `DOWNLOADS`, beside the file's bytes."""
    return _CONSOLE.fullmatch(path) is not None


def base_url(public_url: str, scheme: str, host: str, root_path: str) -> str:
    """The base for a request that arrived with this scheme, host and prefix; ``public_url`` overrides all of them."""
    return public_url or f"{scheme}://{host}{root_path}"


def file_url(base: str, file_id: uuid.UUID | str) -> str:
    """Where the API describes a file."""
    return f"{base}{FILES}{file_id}/"


def file_batch_url(base: str, batch_id: uuid.UUID) -> str:
    return f"{base}{FILE_BATCHES}{batch_id}/"


def invitation_url(base: str, secret: str) -> str:
    """The link of an invitation. The name of the parameter keeps its value out of logs: `picasso.redaction`."""
    return f"{base}{INVITATION}?secret={secret}"


def upload_url(base: str, upload_id: uuid.UUID) -> str:
    return f"{base}{UPLOADS}{upload_id}"


def download_path(file_id: uuid.UUID, key: str) -> str:
    """Where the bytes of a file are, without the escapes of a URL; ``key`` is the one of the storage."""
    return f"{DOWNLOADS}{file_id}/{name_of(key)}"


def derivative_path(file_id: uuid.UUID, processor: str, key: str) -> str:
    """Where the bytes of a derivative are."""
    return f"{DOWNLOADS}{file_id}/derived/{processor}/{name_of(key)}"


def name_of(key: str) -> str:
    """The name at the end of a key of the storage, without the id before it (see `picasso.storage.names`)."""
    folders, _, name = key.rpartition("/")
    return name[ID_LENGTH:] if folders.count("/") == ORIGINAL_FOLDERS else name
