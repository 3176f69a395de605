"""Examples of keys, tokens, projects, usage and the audit. A test validates them, as those of `examples`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from picasso.api.openapi.example_values import AT, AUDIT_ID, FILE_ID, LATER

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

PERSON = {
    "id": 7,
    "name": "ann",
    "role": "operator",
    "role_everywhere": None,
    "active": True,
    "second_factor": True,
    "has_password": True,
    "invited_until": None,
    "external": False,
    "last_sign_in": LATER,
    "created_at": AT,
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
    "Key": KEY,
    "NewKey": {**KEY, "key": "pk_Xk3v9QpL2mZt_example", "signing_secret": "example"},
    "Secret": {"kid": KEY["id"], "alg": "HS256", "signing_secret": "example"},
    "Token": {"token": "eyJhbGciOiJIUzI1NiJ9.e30.example", "expires_at": LATER},
    "Project": PROJECT,
    "Person": PERSON,
    "PersonWithPassword": {**PERSON, "password": "example"},
    "CreatedPerson": {**PERSON, "password": "example"},
    "InvitedPerson": {
        **PERSON,
        "has_password": False,
        "invited_until": LATER,
        "invitation": {"url": "https://files.example.com/sign-in/invitation/?secret=example", "expires_at": LATER},
    },
    "Audit": ENTRY,
    "Me": {
        "kind": "key",
        "project": "shop",
        "trash_days": 30,
        "scopes": KEY["scopes"],
        "owner": None,
        "key": {"id": KEY["id"], "name": KEY["name"], "expires_at": None},
        "person": None,
        "projects": [],
    },
    "Usage": {
        "owner": None,
        "files": 1_204,
        "bytes": 48_201_337_000,
        "bytes_today": 12_003_400,
        "unfinished_bytes": 67_108_864,
        "concurrent_uploads": 1,
        "limits": {**NO_LIMITS, "bytes": 1_000_000_000_000},
    },
}

REQUESTS: Mapping[str, Any] = {
    "KeyRequest": {"name": KEY["name"], "scopes": KEY["scopes"]},
    "PatchedKeyRequest": {"name": "shop server 2"},
    "RotateRequest": {"grace": 3600},
    "NewTokenRequest": {"valid_for": 600, "owner": "user-17", "max_size": 10_000_000, "media_types": ["image/*"]},
    "NewPersonRequest": {"name": "ann", "role": "operator"},
    "NewInvitationRequest": {"expires_in": 259_200},
    "PatchedPersonChangesRequest": {"role": "viewer"},
    "NewPasswordRequest": {"remove_second_factor": False},
    "ProjectRequest": {"name": "shop", "trash_days": 30},
    "PatchedProjectRequest": {"retention_days": 365},
}
