"""Writes to the audit who signs in and out. Failures: `picasso.access.sign_in`."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.http import HttpRequest

from picasso.access import audit
from picasso.access.actor import Actor

PASSKEY = "picasso.passkey"
"""The key in ``META`` of the name of the passkey with which somebody signs in."""


def connect() -> None:
    user_logged_in.connect(signed_in, dispatch_uid="picasso.sign_in")
    user_logged_out.connect(signed_out, dispatch_uid="picasso.sign_out")


def actor_of(request: HttpRequest | None, user: Any) -> Actor:
    address = str(request.META.get("REMOTE_ADDR", "")) if request else ""
    return Actor("session", f"user:{user.pk}", address=address)


def signed_in(request: HttpRequest | None = None, user: Any = None, **_: Any) -> None:
    passkey = request.META.get(PASSKEY) if request else None
    audit.record_person("session.sign-in", user, actor=actor_of(request, user), passkey=passkey)


def signed_out(request: HttpRequest | None = None, user: Any = None, **_: Any) -> None:
    if user is not None:
        audit.record_person("session.sign-out", user, actor=actor_of(request, user))
