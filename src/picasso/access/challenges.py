"""Challenges of WebAuthn: made without a trace, answered once, and not valid for long.

A challenge is random, and says when it was made and, by a MAC, for what. So whoever asks for many fills no table: only
those that are answered are written down, until they would not be valid any more.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from datetime import timedelta

from django.conf import settings
from django.db.models.functions import Now

from picasso.models import UsedChallenge

SECONDS = 300
"""How long one is valid. Asking for a passkey takes a person less."""

MAX_AHEAD = 60
"""Seconds by which the clocks of the service's machines may differ."""

RANDOM_BYTES = 16
TIME_BYTES = 8
MAC_BYTES = 32


def new(purpose: str) -> bytes:
    """For this purpose only, which names the person where there is one."""
    text = secrets.token_bytes(RANDOM_BYTES) + int(time.time()).to_bytes(TIME_BYTES)
    return text + mac(text, purpose)


def use(challenge: bytes, purpose: str) -> bool:
    """Whether `new` has made it for this purpose, not long ago, and nobody has used it before."""
    age = age_of(challenge, purpose)
    if age is None or not -MAX_AHEAD <= age <= SECONDS:
        return False
    return UsedChallenge.objects.get_or_create(digest=digest(challenge))[1]


def is_late(challenge: bytes, purpose: str) -> bool:
    """Whether it was made for this purpose, and only too long ago: whoever answers it guesses nothing."""
    age = age_of(challenge, purpose)
    return age is not None and age > SECONDS


def age_of(challenge: bytes, purpose: str) -> float | None:
    """In seconds; None for one that `new` has not made for this purpose."""
    text, given = challenge[:-MAC_BYTES], challenge[-MAC_BYTES:]
    if len(text) != RANDOM_BYTES + TIME_BYTES or not hmac.compare_digest(mac(text, purpose), given):
        return None
    return time.time() - int.from_bytes(text[RANDOM_BYTES:])


def forget_old() -> None:
    """Those that are not valid any more, by the clock of any machine."""
    UsedChallenge.objects.filter(at__lt=Now() - timedelta(seconds=2 * SECONDS)).delete()


def mac(text: bytes, purpose: str) -> bytes:
    key = hashlib.sha256(f"picasso challenge 1\0{settings.SECRET_KEY}".encode()).digest()
    return hmac.digest(key, purpose.encode() + b"\0" + text, "sha256")


def digest(challenge: bytes) -> str:
    return hashlib.sha256(challenge).hexdigest()
