"""The service that the project's setting ``PICASSO`` names, and the client for it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from picasso_client import Client

RETRIES = 1
SECONDS = 20
"""Of one request: somebody waits for the page."""


@dataclass(frozen=True)
class Connection:
    """The members of the setting, in lower case."""

    url: str
    """Of the service, as browsers reach it."""
    key: str
    """A key of a project, with ``files:read``, ``files:write`` and ``files:delete``."""
    signing_secret: str = ""
    """Of the key. Without it the service is asked for each token."""
    internal_url: str = ""
    """Of the service, as this server reaches it, if that differs."""
    token_seconds: int = 6 * 3600
    """How long a page may stay open before a file is chosen and sent."""
    cache_seconds: int = 60
    """How long what the service says of a file is kept in Django's cache."""

    @property
    def key_id(self) -> str:
        return self.key.split("_")[1]


def connection() -> Connection:
    """Raises `ImproperlyConfigured`."""
    return parsed(getattr(settings, "PICASSO", None))


def parsed(given: object) -> Connection:
    if not isinstance(given, Mapping):
        raise ImproperlyConfigured('Set PICASSO = {"URL": "https://files.example.com", "KEY": "pk_…"}.')
    known = {field.name.upper(): field.name for field in fields(Connection)}
    if unknown := sorted(set(given) - set(known)):
        raise ImproperlyConfigured(f"PICASSO has no member {', '.join(unknown)}; there are {', '.join(known)}.")
    if missing := [name for name in ("URL", "KEY") if not given.get(name)]:
        raise ImproperlyConfigured(f"PICASSO needs {' and '.join(missing)}.")
    found = Connection(**{known[name]: value for name, value in given.items()})
    if found.key.count("_") < 2:
        raise ImproperlyConfigured("PICASSO['KEY'] must be a key: pk_…")
    return found


def client() -> Client:
    """With the key. Threads share one; a process that was forked gets one of its own."""
    found = connection()
    return client_of(found.internal_url or found.url, found.key, os.getpid())


@cache
def client_of(url: str, key: str, _process: int) -> Client:
    return new_client(url, key)


def new_client(url: str, key: str) -> Client:
    """``key`` may be a token."""
    options: Mapping[str, Any] = {"timeout": SECONDS}
    return Client(url, key, retries=RETRIES, http=options)
