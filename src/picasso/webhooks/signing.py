"""Secrets and signatures (Standard Webhooks 1.0.0, "Signature scheme")."""

from __future__ import annotations

import base64
import hmac
import secrets
from collections.abc import Sequence
from datetime import timedelta

from django.utils import timezone

from picasso.access.ciphers import Cipher
from picasso.models import Webhook

PREFIX = "whsec_"
SECRET_BYTES = 32

cipher = Cipher("webhook")


def new_secret() -> str:
    """As a receiver has it: ``whsec_`` and 32 random bytes in base 64."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def replace(row: Webhook, secret: str, grace: timedelta) -> None:
    """Until ``grace`` is over the old secret signs, too."""
    row.old_secret, row.old_secret_until = row.secret, timezone.now() + grace
    row.secret = cipher.encrypt(secret)
    row.save(update_fields=["secret", "old_secret", "old_secret_until"])


def key_of(secret: str) -> bytes:
    return base64.b64decode(secret.removeprefix(PREFIX))


def signature(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """``v1,`` and the HMAC-SHA256 of id, time and body in base 64."""
    mac = hmac.digest(key_of(secret), f"{message_id}.{timestamp}.".encode() + body, "sha256")
    return f"v1,{base64.b64encode(mac).decode()}"


def headers(keys: Sequence[str], message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Of one attempt. ``keys`` are the secrets that are valid now: while one replaces another there are two."""
    return {
        "Content-Type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signature(secret, message_id, timestamp, body) for secret in keys),
    }
