"""Tokens for pages, and the proof that a file was uploaded with the token of a form.

A form may be seen by people without an account, so each form that is shown has an owner of its own in Picasso, unless
the project names one. The files that were uploaded with the token of a form have this owner, and the form sends the
owner back, signed by Django. So nobody can hand in a file that somebody else has uploaded.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core import signing

from picasso.contrib.django.connection import Connection, client, connection

SALT = "picasso.contrib.django"
PROOF_SECONDS = 24 * 3600
"""The longest life of a token."""
FORM = "form:"
SCOPES = ("files:read", "files:write")
MAX_FILES = 50
"""With one token: somebody may choose again, and again."""


@dataclass(frozen=True)
class Wishes:
    """What a field says of its files."""

    accept: Sequence[str] = ()
    """Patterns of types, ``image/*``, or suffixes, ``.pdf``. Only types are enforced by the service."""
    max_size: int | None = None
    """Bytes."""
    pipeline: str = ""
    visibility: str = ""
    tags: Sequence[str] = ()
    attributes: Mapping[str, Any] = field(default_factory=dict)
    resize: int = 0
    """Pixels of the longer side that pictures are made smaller to in the browser; 0 for none."""

    @property
    def media_types(self) -> list[str]:
        """Empty if suffixes say what is accepted: the service knows types only."""
        return [] if any("/" not in each for each in self.accept) else list(self.accept)

    def claims(self, owner: str) -> dict[str, Any]:
        """Of a token."""
        found = {
            "owner": owner,
            "scopes": list(SCOPES),
            "max_files": MAX_FILES,
            "max_size": self.max_size,
            "media_types": self.media_types,
            "pipeline": self.pipeline,
            "visibility": self.visibility,
            "tags": list(self.tags),
            "attributes": dict(self.attributes),
        }
        return {name: value for name, value in found.items() if value}


def new_owner() -> str:
    return FORM + secrets.token_urlsafe(16)


def proof_of(owner: str) -> str:
    return signing.dumps(owner, salt=SALT)


def owner_in(proof: str) -> str | None:
    """None for what is no proof, or too old."""
    try:
        found = signing.loads(proof, salt=SALT, max_age=PROOF_SECONDS)
    except signing.BadSignature:
        return None
    return found if isinstance(found, str) else None


def token_for(owner: str, wishes: Wishes) -> str:
    """Raises `PicassoError`, only if there is no signing secret."""
    found = connection()
    claims = wishes.claims(owner)
    if found.signing_secret:
        return signed(claims, found)
    answer = client().request("POST", "tokens/", body={**claims, "valid_for": found.token_seconds})
    return str(answer["token"])


def signed(claims: Mapping[str, Any], found: Connection) -> str:
    """A JWT (RFC 7519) by HS256."""
    head = {"alg": "HS256", "typ": "JWT", "kid": found.key_id}
    body = {**claims, "aud": "picasso", "exp": int(time.time()) + found.token_seconds}
    text = b".".join(base64url(json.dumps(part).encode()) for part in (head, body))
    signature = hmac.new(found.signing_secret.encode(), text, hashlib.sha256).digest()
    return (text + b"." + base64url(signature)).decode()


def base64url(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")
